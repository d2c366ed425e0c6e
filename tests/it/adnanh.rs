//! Hooks of adnanh/webhook do here what they did there.
//!
//! `adnanh/hooks.json` holds hooks of every shape that its documentation shows. They are imported, served,
//! and sent the requests that the documentation speaks of: what fires, with which arguments and
//! variables, and what is answered, must be as it says. One difference is wanted: there, a request that
//! is not signed as demanded got 500 or 200; here it is refused with 401 and never becomes an event.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use hookrule::crypto::{Algorithm, Encoding, Mac};

use crate::harness::{Folder, Process, project, request, run};

/// What the hooks' command writes into the pipe: the rule, its arguments, its variables.
const SCRIPT: &str = "#!/bin/sh
line=$HOOKRULE_RULE
for argument in \"$@\"; do line=\"$line|$argument\"; done
for value in \"$EVENT_NAME\" \"$SERVER_HOSTNAME\" \"$STAGE\" \"$ACTION\" \"$HOOK_target\"; do
  line=\"$line;$value\"
done
case $PWD in */work) line=\"$line;work\";; esac
printf '%s\\n' \"$line\" > PIPE
";

/// The imported hooks, being served.
struct Hooks {
    folder: Folder,
    server: Process,
    lines: Receiver<String>,
}

fn hex(algorithm: Algorithm, secret: &str, pieces: &[&str]) -> String {
    let tag = Mac::tag(algorithm, secret.as_bytes(), pieces);
    Encoding::Hex.encode(&tag)
}

/// The hooks with what differs from machine to machine filled in.
fn hooks(folder: &Folder) -> PathBuf {
    let text = std::fs::read_to_string(project().join("tests/it/adnanh/hooks.json")).unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let text = text
        .replace("SCRIPT", &place("hook.sh"))
        .replace("WORK", &place("work"));
    folder.write("hooks.json", &text)
}

fn import(folder: &Folder, more: &[&str]) -> (Option<i32>, String) {
    let file = hooks(folder);
    let into = folder.path().join("imported");
    let mut arguments = vec!["import", "adnanh", file.to_str().unwrap(), "--into"];
    arguments.push(into.to_str().unwrap());
    arguments.extend(more);
    let output = run(&arguments);
    let said = String::from_utf8(output.stdout).unwrap();
    (
        output.status.code(),
        said + &String::from_utf8_lossy(&output.stderr),
    )
}

impl Hooks {
    fn start() -> Self {
        let folder = Folder::new();
        let pipe = folder.path().join("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let script = SCRIPT.replace("PIPE", pipe.to_str().unwrap());
        let script = folder.write("hook.sh", &script);
        Command::new("chmod")
            .arg("755")
            .arg(&script)
            .status()
            .unwrap();
        std::fs::create_dir(folder.path().join("work")).unwrap();
        import(&folder, &[]);
        let config = folder.path().join("imported/hookrule.yaml");
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, text.replace("127.0.0.1:8443", "127.0.0.1:0")).unwrap();
        let server = Process::start(&config);
        let (send, lines) = channel();
        // Opened for both, so that it does not end between two commands.
        let pipe = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(pipe);
        std::thread::spawn(move || {
            for line in BufReader::new(pipe.unwrap()).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            folder,
            server,
            lines,
        }
    }

    async fn send(&self, path: &str, headers: &[(&str, String)], body: &str) -> (u16, String) {
        let json = !headers.iter().any(|(name, _)| *name == "Content-Type");
        let json = json.then_some(("Content-Type", "application/json".to_owned()));
        let headers: Vec<_> = headers
            .iter()
            .cloned()
            .chain(json)
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let path = format!("/webhook/{path}");
        let body = Bytes::copy_from_slice(body.as_bytes());
        let (status, body) = request(self.server.address, "POST", &path, &headers, body).await;
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// The request fires the hook: its command gets this.
    #[track_caller]
    fn fired(&self, expected: &str) {
        let line = self.lines.recv_timeout(Duration::from_mins(1));
        assert_eq!(line.as_deref(), Ok(expected));
    }

    /// How many jobs there are that run a command.
    fn jobs(&self) -> usize {
        let output = self
            .server
            .ask(&["jobs", "list", "--limit", "500", "--format", "json"]);
        let jobs: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        jobs.iter().filter(|job| job["action"] == "command").count()
    }
}

#[test]
fn hooks_are_imported_and_what_is_left_behind_is_told_by_its_place() {
    let folder = Folder::new();
    let (code, said) = import(&folder, &["--format", "json"]);
    assert_eq!(code, Some(1), "two hooks are disabled: {said}");
    let found: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (&found["hooks"], &found["disabled"]),
        (&json!(17), &json!(2))
    );
    assert_eq!(found["summary"]["errors"], 0, "{said}");
    let hooks = std::fs::read_to_string(folder.path().join("hooks.json")).unwrap();
    for finding in found["diagnostics"].as_array().unwrap() {
        assert_eq!(finding["code"], "HR0801", "{finding}");
        assert!(finding["file"].as_str().unwrap().ends_with("hooks.json"));
        let line = usize::try_from(finding["line"].as_u64().unwrap()).unwrap();
        assert!(!hooks.lines().nth(line - 1).unwrap().trim().is_empty());
    }
    for (place, said) in [
        (
            "\"http-methods\": [\"post\", \"GET\"]",
            "only POST is taken",
        ),
        ("\"name\": \"method\"", "no condition can test this value"),
        (
            "a-secret-for-tests-6",
            "a signature is demanded of the whole source",
        ),
        ("\"base64decode\": true", "nothing is written to a file"),
        (
            "include-command-output",
            "`include-command-output-in-response`: a command",
        ),
    ] {
        let told = found["diagnostics"]
            .as_array()
            .unwrap()
            .iter()
            .any(|finding| {
                let line = usize::try_from(finding["line"].as_u64().unwrap()).unwrap();
                hooks.lines().nth(line - 1).unwrap().contains(place)
                    && finding["message"].as_str().unwrap().starts_with(said)
            });
        assert!(told, "{place}: {found}");
    }
    let config = folder.path().join("imported/hookrule.yaml");
    let output = run(&["check", "--strict", "--config", config.to_str().unwrap()]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    let written = std::fs::read_to_string(&config).unwrap();
    assert!(
        !written.contains("a-secret-for-tests"),
        "secrets have files of their own"
    );

    let (code, said) = import(&folder, &[]);
    assert_eq!(code, Some(2));
    assert!(said.contains("nothing is overwritten"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fired_still_fires_with_the_same_values() {
    let hooks = Hooks::start();
    let push = r#"{"ref":"refs/heads/trunk","head_commit":{"id":"c0ffee","message":"ok"},"pusher":{"name":"ada","email":"a@b.example"},"actor":{"username":"bob"},"user_name":"eve"}"#;
    let sha1 = hex(Algorithm::Sha1, "a-secret-for-tests-1", &[push]);
    let signed = [("X-Hub-Signature", format!("sha1={sha1}"))];
    hooks.send("github-deploy", &signed, push).await;
    hooks.fired("github-deploy|c0ffee|ada|a@b.example;;;;;;work");
    hooks.send("bitbucket-deploy", &[], push).await;
    hooks.fired("bitbucket-deploy|bob;;;;;");
    hooks.send("print", &[], r#"{"a": [1.50, "x"]}"#).await;
    hooks.fired(r#"print|{"a":[1.50,"x"]};;;;;"#);

    let token = ("X-Gitlab-Token", "a-token-for-tests-only".to_owned());
    let answer = hooks.send("gitlab-deploy", &[token], push).await;
    assert_eq!(answer, (200, "Deploying".to_owned()));
    hooks.fired("gitlab-deploy|eve;;;;;");

    let ping = push.replace("trunk", "none");
    let sha256 = hex(Algorithm::Sha256, "a-secret-for-tests-2", &[&ping]);
    let signed = [
        ("X-Gogs-Signature", sha256),
        ("X-Gogs-Event", "ping".to_owned()),
    ];
    hooks.send("gogs-deploy", &signed, &ping).await;
    hooks.fired("gogs-deploy|c0ffee;;;;;");

    let form = (
        "Content-Type",
        "application/x-www-form-urlencoded".to_owned(),
    );
    let body = "token=a-token-for-tests-only&text=now";
    let answer = hooks
        .send("slash-command", std::slice::from_ref(&form), body)
        .await;
    assert_eq!(answer, (200, "On it".to_owned()));
    hooks.fired("slash-command;;;;;");
    let answer = hooks.send("simple?token=42", &[], "{}").await;
    assert_eq!(answer, (201, "Started".to_owned()));
    hooks.fired("simple;;;;;");
    hooks.send("with-file", &[], r#"{"binary":"aGk="}"#).await;
    hooks.fired("with-file;;;;;");

    let body = r#"{"eventName":"HostUp","data":{"SERVER_HOSTNAME":"h1"}}"#;
    let date = "Fri 08 Sep 2017 11:24:32 UTC";
    let signature = hex(Algorithm::Sha1, "a-secret-for-tests-3", &[body, date]);
    let signed = [("X-Signature", signature), ("Date", date.to_owned())];
    hooks.send("scalr", &signed, body).await;
    hooks.fired("scalr;HostUp;h1;test;;");

    let body =
        "payload=%7B%22state%22%3A%22passed%22%2C%22number%22%3A7%2C%22commit%22%3A%22abc%22%7D";
    hooks
        .send("build-passed", std::slice::from_ref(&form), body)
        .await;
    hooks.fired("build-passed|abc;;;;;");
    let body = r#"[{"event":"processed"},{"event":"deferred","smtp-id":"<s@x>"}]"#;
    hooks.send("list-payload", &[], body).await;
    hooks.fired("list-payload|<s@x>;;;;;");
    // What is not there was empty, and the command ran all the same.
    let kind = ("X-Kind", "k".to_owned());
    hooks.send("fixed-arguments?how=fast", &[kind], "{}").await;
    hooks.fired("fixed-arguments|-e|123123||k|fast;;;;;");

    let token = ("X-Static-Token", "a-token-for-tests-only".to_owned());
    let body = r#"{"action":"push","final":true,"target":"till"}"#;
    hooks.send("registry-push", &[token], body).await;
    hooks.fired("registry-push;;;;push;till");
    for secret in ["a-secret-for-tests-4", "a-secret-for-tests-5"] {
        let body = format!("{{\"by\":\"{secret}\"}}");
        let signed = [("X-Signature", hex(Algorithm::Sha512, secret, &[&body]))];
        hooks.send("two-secrets", &signed, &body).await;
        hooks.fired("two-secrets;;;;;");
    }
    assert_eq!(hooks.jobs(), 15);
    drop(hooks.folder);
}

/// A request: where it goes, its headers and body, and the status it is answered with.
type Request<'r> = (&'r str, Vec<(&'r str, String)>, &'r str, u16);

impl Hooks {
    async fn answered(&self, requests: &[Request<'_>]) {
        for (path, headers, body, expected) in requests {
            let (status, said) = self.send(path, headers, body).await;
            assert_eq!(status, *expected, "{path} {body}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_shown_to_come_from_its_sender_is_refused() {
    let hooks = Hooks::start();
    let push = r#"{"ref":"refs/heads/trunk","token":"a-token-for-tests-only"}"#;
    let wrong = |name| vec![(name, "00".to_owned())];
    let mut dated = wrong("X-Signature");
    dated.push(("Date", "Fri 08 Sep 2017 11:24:32 UTC".to_owned()));
    hooks
        .answered(&[
            ("github-deploy", vec![], push, 401),
            ("github-deploy", wrong("X-Hub-Signature"), push, 401),
            ("elsewhere-only", vec![], push, 401),
            ("gitlab-deploy", vec![], push, 401),
            ("gitlab-deploy", wrong("X-Gitlab-Token"), push, 401),
            ("gogs-deploy", wrong("X-Gogs-Signature"), push, 401),
            ("scalr", dated, push, 401),
            ("registry-push", wrong("X-Static-Token"), push, 401),
            ("two-secrets", wrong("X-Signature"), push, 401),
        ])
        .await;
    assert_eq!(hooks.jobs(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_fire_still_does_not() {
    let hooks = Hooks::start();
    let other = r#"{"ref":"refs/heads/other"}"#;
    let hub = hex(Algorithm::Sha1, "a-secret-for-tests-1", &[other]);
    let hub = vec![("X-Hub-Signature", format!("sha1={hub}"))];
    let gogs = |body: &str| {
        let signature = hex(Algorithm::Sha256, "a-secret-for-tests-2", &[body]);
        vec![("X-Gogs-Signature", signature)]
    };
    // `not`, and `not` of what is not there inside `and`.
    let wip = r#"{"ref":"refs/heads/main","head_commit":{"message":"wip: x"}}"#;
    let bare = r#"{"ref":"refs/heads/main"}"#;
    let token = vec![("X-Static-Token", "a-token-for-tests-only".to_owned())];
    let failed = r#"{"payload":"{\"state\":\"failed\",\"number\":7}"}"#;
    let (pushed, gone) = (
        r#"{"action":"push","final":false}"#,
        r#"{"action":"delete","final":true}"#,
    );
    hooks
        .answered(&[
            ("github-deploy", hub, other, 202),
            ("gogs-deploy", gogs(wip), wip, 202),
            ("gogs-deploy", gogs(bare), bare, 202),
            ("slash-command", vec![], r#"{"token":"another"}"#, 202),
            ("simple", vec![], "{}", 418),
            ("simple?token=43", vec![], "{}", 418),
            ("build-passed", vec![], failed, 202),
            ("build-passed", vec![], r#"{"payload":"no JSON"}"#, 202),
            ("list-payload", vec![], r#"[{"event":"deferred"}]"#, 202),
            ("registry-push", token.clone(), pushed, 202),
            ("registry-push", token, gone, 202),
            // Not carried over whole, and so not enabled.
            ("signature-or-branch", vec![], r#"{"branch":"main"}"#, 202),
            ("by-method", vec![], "{}", 202),
        ])
        .await;
    assert_eq!(hooks.jobs(), 0);
}
