//! The commands that people type: what each prints, beside a running hookrule and without one.

use std::path::Path;
use std::process::Output;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::harness::{Answer, Folder, Process, SECRET, Target, github, request, run};

const RULES: &str = r#"
rules:
  - name: pass-on
    when: {provider: github, event: push}
    actions:
      - forward: {destination: ci}
      - log: {message: "{{payload.repository.full_name}}"}
  - name: needs-a-value
    when: {provider: github, event: issues.opened}
    actions:
      - log: {message: "{{payload.nowhere}}"}
  - name: switched-off
    enabled: false
    when: {unmatched: true}
    actions: [{log: {message: hi}}]
"#;

struct Place {
    folder: Folder,
    target: Target,
    config: std::path::PathBuf,
}

impl Place {
    async fn new() -> Self {
        let (folder, target) = (Folder::new(), Target::start().await);
        folder.write("rules/rules.yaml", RULES);
        let url = target.url("/in");
        let config = folder.write(
            "hookrule.yaml",
            &format!(
                "listen: 127.0.0.1:0\nsources:\n  github: {{provider: github, secrets: [{SECRET}]}}\n\
                 destinations:\n  ci: {{http: {{url: \"{url}\"}}, allow_private: true, retry: {{schedule: [50ms]}}}}\n"
            ),
        );
        Self {
            folder,
            target,
            config,
        }
    }

    /// A command on this configuration: what it said on standard output.
    #[track_caller]
    fn says(&self, exit: i32, arguments: &str) -> String {
        said(&self.ask(arguments), exit, arguments)
    }

    #[track_caller]
    fn json(&self, exit: i32, arguments: &str) -> Value {
        let arguments = format!("{arguments} --format json");
        let text = self.says(exit, &arguments);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments}: {error}\n{text}"))
    }

    fn ask(&self, arguments: &str) -> Output {
        ask(&self.config, arguments)
    }

    /// Sends a sample to a running hookrule and answers with its event's id.
    #[track_caller]
    fn send(&self, server: &Process, event: &str) -> String {
        let url = format!("http://{}/webhook/github", server.address);
        let answer = self.says(0, &format!("send github {event} --url {url}"));
        let body = answer.strip_prefix("202 ").expect("it was accepted");
        let body: Value = serde_json::from_str(body).unwrap();
        body["event_id"].as_str().unwrap().to_owned()
    }
}

fn ask(config: &Path, arguments: &str) -> Output {
    let mut arguments: Vec<_> = arguments.split(' ').collect();
    arguments.extend(["--config", config.to_str().unwrap()]);
    run(&arguments)
}

#[track_caller]
fn said(output: &Output, exit: i32, arguments: &str) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(
        output.status.code(),
        Some(exit),
        "{arguments}: {text}\n{complaint}"
    );
    text
}

#[track_caller]
fn has(text: &str, pieces: &[&str]) {
    for piece in pieces {
        assert!(text.contains(piece), "no `{piece}` in\n{text}");
    }
}

/// The rows of a table by the words in them, without its head.
fn rows(table: &str) -> Vec<Vec<&str>> {
    let rows = table.lines().skip(1);
    rows.map(|row| row.split_whitespace().collect()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_in_and_what_became_of_it() {
    let place = Place::new().await;
    let server = Process::start(&place.config);
    let event = place.send(&server, "push");
    place.target.wait_for(1).await;
    server.wait_for_log("action=\"forward\" destination=\"ci\" outcome=\"done\"");

    let list = place.says(0, "events list");
    let row = &rows(&list)[0];
    assert_eq!(
        (row[0], &row[2..]),
        (event.as_str(), &["github", "push", "pass-on"][..])
    );
    let listed = place.json(0, "events list --name push --source github --limit 5");
    assert_eq!(listed[0]["id"], event.as_str());
    assert_eq!(listed[0]["matched"], json!(["pass-on"]));
    assert_eq!(place.json(0, "events list --source nobody"), json!([]));

    let shown = place.says(0, &format!("events show {event}"));
    has(
        &shown,
        &[
            "github (github)",
            "signed",
            "matched      pass-on",
            "x-hub-signature-256: ***",
            "forward",
            "log",
            "done",
        ],
    );
    assert!(
        !shown.contains("refs/heads/main"),
        "the body is not shown unasked: {shown}"
    );
    has(
        &place.says(0, &format!("events show {event} --body")),
        &["\nbody\n", "refs/heads/main"],
    );
    assert_eq!(
        place.json(0, &format!("events show {event}"))["jobs"]
            .as_array()
            .unwrap()
            .len(),
        2
    );

    let replayed = place.says(0, &format!("events replay {event}"));
    assert_eq!(replayed, "run 1: 2 jobs, by pass-on\n");
    let received = place.target.wait_for(2).await;
    assert_eq!(
        received[0].body, received[1].body,
        "a replay sends the same event"
    );
    assert_ne!(
        received[0].header("idempotency-key"),
        received[1].header("idempotency-key"),
        "on purpose, and so as other jobs"
    );
    let replayed = place.json(0, &format!("events replay {event}"));
    assert_eq!(
        (&replayed["run"], &replayed["jobs"]),
        (&json!(2), &json!(2))
    );
    place.target.wait_for(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_answers_without_a_running_hookrule() {
    let place = Place::new().await;
    let mut server = Process::start(&place.config);
    let event = place.send(&server, "push");
    place.target.wait_for(1).await;
    assert!(server.stop().success());
    assert_eq!(rows(&place.says(0, "events list")).len(), 1);
    has(
        &place.says(0, &format!("events show {event}")),
        &["pass-on", "replays      0", "done"],
    );
    let output = place.ask(&format!("events replay {event}"));
    assert_eq!(said(&output, 0, "replay"), "run 1: 2 jobs, by pass-on\n");
    has(
        &String::from_utf8_lossy(&output.stderr),
        &["no hookrule is running"],
    );
    let server = Process::start(&place.config);
    place.target.wait_for(2).await;
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_turned_away_and_what_would_have_been_right() {
    let place = Place::new().await;
    let mut server = Process::start(&place.config);
    let nothing = place.ask("events list --refused");
    assert_eq!(said(&nothing, 0, "nothing yet"), "");
    has(
        &String::from_utf8_lossy(&nothing.stderr),
        &["nothing was refused"],
    );
    // A proxy that adds a line's end to what GitHub signed, twice; then a name that nobody has.
    let headers = github("push", "one", &Bytes::from_static(b"{}"));
    let body = Bytes::from_static(b"{}\n");
    for path in ["/webhook/github", "/webhook/github", "/webhook/githb"] {
        let answer = request(server.address, "POST", path, &headers, body.clone()).await;
        assert_eq!(answer.0, 401);
    }
    let shown = place.says(0, "events list --refused");
    has(
        &shown,
        &[
            "COUNT",
            "githb (unknown)",
            "127.0.0.1",
            "mismatch: X-Hub-Signature-256 does not match",
            "a line's end or spaces were added behind the body",
        ],
    );
    let of_source = place.json(0, "events list --refused --source github");
    let of_source = of_source.as_array().unwrap();
    assert_eq!(of_source.len(), 1);
    assert_eq!(of_source[0]["count"], 2);
    assert_eq!(of_source[0]["kind"], "mismatch");
    assert_eq!(of_source[0]["body_bytes"], 3);
    let names = of_source[0]["headers"].as_array().unwrap();
    assert!(names.contains(&json!("x-hub-signature-256")), "{names:?}");
    let signature = headers.iter().find(|(name, _)| name.contains("signature"));
    let (_, signature) = signature.unwrap();
    for text in [shown, of_source[0].to_string()] {
        assert!(!text.contains(signature), "{text}");
    }
    let newest = place.json(0, "events list --refused --limit 1");
    assert_eq!(newest[0]["named"], "githb");
    assert_eq!(place.json(0, "events list"), json!([]));
    assert!(server.stop().success());
    let alone = place.ask("events list --refused");
    assert_eq!(alone.status.code(), Some(1));
    has(
        &String::from_utf8_lossy(&alone.stderr),
        &["kept by the running hookrule only"],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn which_secrets_are_in_use() {
    let place = Place::new().await;
    let written = std::fs::read_to_string(&place.config).unwrap();
    place.folder.write("key.txt", SECRET);
    let kept = written.replace(SECRET, "\"${file:key.txt}\"");
    place.folder.write("hookrule.yaml", &kept);
    let mut server = Process::start(&place.config);
    let unused = place.says(0, "sources list");
    has(&unused, &["SOURCE", "github", " 0 "]);
    let body = Bytes::from_static(b"{}");
    let headers = github("push", "one", &body);
    for (body, status) in [(body, 202), (Bytes::from_static(b"[]"), 401)] {
        let answer = request(server.address, "POST", "/webhook/github", &headers, body).await;
        assert_eq!(answer.0, status);
    }
    has(&place.says(0, "sources list"), &["1 of 1", "mismatch"]);
    let shown = place.says(0, "sources show github");
    has(
        &shown,
        &["signature", "PROVED", "refused      2", "mismatch"],
    );
    let source = place.json(0, "sources show github");
    let secret = &source["secrets"][0];
    assert_eq!(secret["number"], 1);
    assert_eq!(secret["from"], "${file:key.txt}");
    assert_eq!(secret["proved"]["count"], 1);
    assert_eq!(secret["proved"]["last_at"], source["taken"]["last_at"]);
    assert_eq!(source["refused"]["kind"], "mismatch");
    assert_eq!(place.json(0, "sources list")[0], source);
    for text in [shown, source.to_string()] {
        assert!(!text.contains(SECRET), "{text}");
    }
    let unknown = place.ask("sources show githb");
    assert_eq!(unknown.status.code(), Some(1));
    has(
        &String::from_utf8_lossy(&unknown.stderr),
        &["there is no source `githb`; there are github"],
    );
    assert!(server.stop().success());
    let alone = place.ask("sources list");
    assert_eq!(alone.status.code(), Some(1));
    has(
        &String::from_utf8_lossy(&alone.stderr),
        &["counted by the running hookrule only"],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_and_dead_letters() {
    let place = Place::new().await;
    place.target.script([
        Answer::With(503, Vec::new(), "out for lunch".to_owned()),
        Answer::With(500, Vec::new(), "still out".to_owned()),
    ]);
    let server = Process::start(&place.config);
    let event = place.send(&server, "push");
    server.wait_for_log("dead letter; when its cause is mended, run: hookrule dead requeue");

    let dead = place.json(0, "dead list --destination ci");
    let job = dead[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&dead[0]["rule"], &dead[0]["attempts"]),
        (&json!("pass-on"), &json!(2))
    );
    let list = place.says(0, "dead list");
    has(&list, &[&job, "pass-on", "retry schedule"]);
    assert_eq!(rows(&list).len(), 1);
    let jobs = place.says(0, &format!("jobs list --event {event} --state dead"));
    assert_eq!(rows(&jobs)[0][..3], [job.as_str(), "0", "dead"]);
    assert_eq!(
        rows(&place.says(0, "jobs list --rule pass-on --state done"))[0][4],
        "log"
    );

    let shown = place.says(0, &format!("jobs show {job}"));
    has(
        &shown,
        &[
            &event,
            "destination  ci",
            "state        dead:",
            "503",
            "out for lunch",
            "still out",
        ],
    );
    let view = place.json(0, &format!("jobs show {job}"));
    assert_eq!(view["attempts"].as_array().unwrap().len(), 2);
    assert_eq!(view["attempts"][1]["number"], 2);

    assert_eq!(
        place.says(0, &format!("dead requeue {job}")),
        "1 requeued, 0 refused\n"
    );
    let received = place.target.wait_for(3).await;
    assert_eq!(
        received[0].header("idempotency-key"),
        received[2].header("idempotency-key")
    );
    assert_eq!(received[0].body, received[2].body);
    server.wait_for_log("action=\"forward\" destination=\"ci\" outcome=\"done\"");
    has(
        &place.says(0, &format!("jobs show {job}")),
        &["state        done", "200"],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_rendered_is_mended_in_its_rule() {
    let place = Place::new().await;
    let mut server = Process::start(&place.config);
    let event = place.send(&server, "issues.opened");
    let list = place.says(0, "dead list");
    has(&list, &["needs-a-value", "`payload.nowhere` is not there"]);
    let refused = place.says(1, "dead requeue --rule needs-a-value");
    let replay = format!("hookrule events replay {event}");
    has(
        &refused,
        &["not requeued", &replay, "0 requeued, 1 refused"],
    );
    assert!(server.stop().success());
    assert_eq!(rows(&place.says(0, "dead list")).len(), 1);
    assert_eq!(
        place.json(1, "dead requeue --all")[0]["job"],
        place.json(0, "dead list")[0]["id"]
    );
    place
        .folder
        .write("rules/rules.yaml", &RULES.replace("nowhere", "action"));
    assert_eq!(
        place.says(0, &format!("events replay {event}")),
        "run 1: 1 job, by needs-a-value\n"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_running() {
    let place = Place::new().await;
    let on_disk = place.says(0, "rules list");
    has(
        &on_disk,
        &[
            "provider github; event push",
            "forward → ci, log",
            "switched-off (disabled)",
            "rules/rules.yaml",
        ],
    );
    let server = Process::start(&place.config);
    assert_eq!(place.says(0, "rules list"), on_disk);
    // A file with an error does not replace the one that runs; `rules list` shows what runs.
    place
        .folder
        .write("rules/rules.yaml", &RULES.replace("when", "wenn"));
    server.wait_for_log("did you mean `when`?");
    assert_eq!(place.says(0, "rules list"), on_disk);
    let names: Vec<_> = place
        .json(0, "rules list")
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["name"].clone())
        .collect();
    assert_eq!(names, ["pass-on", "needs-a-value", "switched-off"]);
    drop(server);
    let output = place.ask("rules list");
    assert_eq!(output.status.code(), Some(2));
    has(
        &String::from_utf8_lossy(&output.stderr),
        &["did you mean `when`?"],
    );
}

#[test]
fn who_can_send() {
    let text = |arguments: &str| {
        said(
            &run(&arguments.split(' ').collect::<Vec<_>>()),
            0,
            arguments,
        )
    };
    let list = text("providers list");
    let names: Vec<_> = rows(&list).iter().map(|row| row[0]).collect();
    for name in [
        "github", "gitlab", "slack", "stripe", "shopify", "discord", "generic",
    ] {
        assert!(names.contains(&name), "{name}: {list}");
        // The lines to paste are a configuration that works.
        let shown = text(&format!("providers show {name}"));
        let source = shown.split("In hookrule.yaml:\n\n").nth(1).unwrap();
        let source: Vec<_> = source.lines().take_while(|line| !line.is_empty()).collect();
        let folder = Folder::new();
        let source = source.join("\n").replace("${env:", "${env:NOBODY_SET_");
        let source = source.replace(
            "_SECRET}",
            "_SECRET:-c2VjcmV0LWZvci10ZXN0cy1vbmx5LTMyLWJ5dGVz}",
        );
        let source = match name {
            "discord" => {
                source.replace("c2VjcmV0LWZvci10ZXN0cy1vbmx5LTMyLWJ5dGVz", &"ab".repeat(32))
            }
            _ => source,
        };
        let config = folder.write("hookrule.yaml", &format!("rules: [rules]\n{source}\n"));
        folder.write("rules/a.yaml", "rules: []\n");
        said(&ask(&config, "check"), 0, name);
    }
    let github = text("providers show github");
    has(
        &github,
        &[
            "Payload URL: https://YOUR-HOST/webhook/github",
            "Content type: application/json",
            "secrets: [\"${env:GITHUB_WEBHOOK_SECRET}\"]",
            "when: {provider: github, event: ",
            "hookrule send github ",
            "25 MiB",
        ],
    );
    let json: Value = serde_json::from_str(&text("providers show github --format json")).unwrap();
    assert_eq!(json["name"], "github");
    let output = run(&["providers", "show", "githb"]);
    assert_eq!(output.status.code(), Some(1));
    has(
        &String::from_utf8_lossy(&output.stderr),
        &["did you mean `github`?"],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_done_is_said_with_what_to_do() {
    let place = Place::new().await;
    let event = "evt_00000000000000000000000000000001";
    for (arguments, exit, advice) in [
        ("events list", 2, "`hookrule serve` makes it"),
        ("events show nonsense", 2, "evt_"),
        ("jobs list --state lost", 2, "write one of: waiting, ready"),
        ("dead requeue", 2, "JOB_ID"),
        ("send githb push", 1, "did you mean `github`?"),
        ("send stripe invoice.paid", 1, "no source in"),
        ("send github push", 1, "give --url"),
        (
            "send github push --url http://127.0.0.1:9/",
            2,
            "is `hookrule serve` running there?",
        ),
    ] {
        let output = place.ask(arguments);
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(exit), "{arguments}: {complaint}");
        has(&complaint, &[advice]);
        assert!(output.stdout.is_empty(), "{arguments}");
    }
    let server = Process::start(&place.config);
    for (arguments, advice) in [
        (format!("events show {event}"), "there is no event"),
        (format!("events replay {event}"), "there is no event"),
        (
            "jobs show job_00000000000000000000000000000001".to_owned(),
            "there is no job",
        ),
    ] {
        let output = place.ask(&arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments}");
        has(&String::from_utf8_lossy(&output.stderr), &[advice]);
    }
    // A forged delivery is refused, and `send` says so with its exit code.
    let forged = place.config.with_file_name("forged.yaml");
    let config = std::fs::read_to_string(&place.config).unwrap();
    std::fs::write(&forged, config.replace(SECRET, "another-secret-for-tests")).unwrap();
    let url = format!("http://{}/webhook/github", server.address);
    let answer = said(
        &ask(&forged, &format!("send github push --url {url}")),
        1,
        "send",
    );
    has(&answer, &["401"]);
}

#[test]
fn help_is_enough_to_begin() {
    let help = |arguments: &str| {
        said(
            &run(&arguments.split(' ').collect::<Vec<_>>()),
            0,
            arguments,
        )
    };
    let first = help("--help");
    for command in [
        "serve",
        "check",
        "send",
        "events",
        "jobs",
        "dead",
        "providers",
        "rules",
    ] {
        has(&first, &[&format!("  {command} ")]);
        has(
            &help(&format!("{command} --help")),
            &["Example", "hookrule ", "--config"],
        );
    }
    has(
        &first,
        &[
            "hookrule check",
            "hookrule serve",
            "hookrule send github push",
            "Exit codes: 0",
        ],
    );
}
