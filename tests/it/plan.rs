//! What a changed rule set would do with the events that were received.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::harness::{Folder, Process, SECRET, Target, command, github, request, run};

const RUNNING: &str = "rules:
  - name: tell
    when: {provider: github, event: push}
    actions: [{http: {destination: sink, path: /tell, body: {text: 'push to {{payload.ref}}', login: {password: '{{payload.word}}'}}}}]
  - name: main-only
    when: {event: push, conditions: [{path: $.ref, equals: main}]}
    actions: [{log: {message: main}}]
  - name: steady
    when: {event: push}
    actions: [{log: {message: same}}]
";

/// `tell` says something else, `main-only` takes other branches, `added` is new; `steady` is as it was.
const CHANGED: &str = "rules:
  - name: tell
    when: {provider: github, event: push}
    actions: [{http: {destination: sink, path: /tell, body: {text: 'pushed to {{payload.ref}}', login: {password: 'x{{payload.word}}'}}}}]
  - name: main-only
    when: {event: push, conditions: [{path: $.ref, equals: dev}]}
    actions: [{log: {message: '{{payload.none}}'}}]
  - name: steady
    when: {event: push}
    actions: [{log: {message: same}}]
  - name: added
    when: {event: ping}
    throttle: {key: k, at_most: 1, per: 1m}
    actions: [{log: {message: p}}]
  - name: added-and-quiet
    when: {event: issues}
    actions: [{log: {message: p}}]
";

/// hookrule.yaml, the running rules in `rules`, the changed ones in `changed/rules`.
fn configured(url: &str) -> (Folder, PathBuf) {
    let folder = Folder::new();
    folder.write("rules/a.yaml", RUNNING);
    folder.write("changed/rules/a.yaml", CHANGED);
    let config = format!(
        "listen: 127.0.0.1:0
sources:
  github: {{provider: github, secrets: [{SECRET}]}}
  other: {{provider: github, secrets: [{SECRET}]}}
destinations:
  sink: {{http: {{url: \"{url}\"}}, allow_private: true}}
"
    );
    let config = folder.write("hookrule.yaml", &config);
    (folder, config)
}

async fn deliver(server: &Process, source: &str, event: &str, number: u32, body: &'static str) {
    let body = Bytes::from_static(body.as_bytes());
    let headers = github(event, &format!("{source}-{number}"), &body);
    let path = format!("/webhook/{source}");
    let answer = request(server.address, "POST", &path, &headers, body).await;
    assert_eq!(answer.0, 202, "{answer:?}");
}

const MAIN: &str = r#"{"ref":"main","word":"hunter2"}"#;
const DEV: &str = r#"{"ref":"dev","word":"hunter2"}"#;

/// Three pushes, two of them to main, and a ping.
async fn deliver_all(server: &Process) {
    deliver(server, "github", "push", 1, MAIN).await;
    deliver(server, "github", "push", 2, MAIN).await;
    deliver(server, "github", "push", 3, DEV).await;
    deliver(server, "other", "ping", 1, r#"{"zen":"z"}"#).await;
}

fn plan(config: &Path, arguments: &[&str]) -> Output {
    let config = config.to_str().unwrap();
    run(&[&["plan", "--config", config], arguments].concat())
}

#[track_caller]
fn said(output: &Output, code: i32) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{text}\n{error}");
    text
}

#[track_caller]
fn json_of(output: &Output) -> Value {
    serde_json::from_str(&said(output, 0)).expect("JSON")
}

#[track_caller]
fn refused(output: &Output, why: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains(why), "{error}");
}

fn new(folder: &Folder) -> String {
    folder.path().join("changed/rules").display().to_string()
}

/// What each rule comes to, in the order of the report.
fn counts(report: &Value) -> Value {
    let rules = report["rules"].as_object().unwrap();
    let keys = [
        "newly_matches",
        "no_longer_matches",
        "actions_differ",
        "new_dead_letters",
    ];
    let rules = rules.iter().map(|(name, rule)| {
        let counts: Vec<_> = keys.iter().map(|key| rule[key].clone()).collect();
        (name.clone(), Value::from(counts))
    });
    Value::Object(rules.collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn differences_are_counted_and_nothing_is_done() {
    let target = Target::start().await;
    let (folder, config) = configured(&target.url(""));
    let mut server = Process::start(&config);
    deliver_all(&server).await;
    target.wait_for(3).await;
    let jobs = said(&server.ask(&["jobs", "list"]), 0);

    let expected = json!({
        "added": [1, 0, 0, 0],
        "main-only": [1, 2, 0, 1],
        "tell": [0, 0, 3, 0],
    });
    let new = new(&folder);
    let report = json_of(&plan(&config, &[&new, "--format", "json"]));
    assert_eq!(counts(&report), expected);
    assert_eq!(
        (&report["events"], &report["differing"]),
        (&json!(4), &json!(4))
    );
    assert_eq!(report["gates"], json!({"throttle": 1}));
    assert_eq!(report["added"], json!(["added", "added-and-quiet"]));
    assert!(report["rules"]["tell"].get("examples").is_none());

    let text = said(&plan(&config, &[&new]), 0);
    for part in [
        "4 events judged, received ",
        "3 rules running, 5 rules in ",
        "added (new)",
        "matching none of these events: added-and-quiet",
        "stand: throttle 1",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("steady"), "{text}");

    // Nothing was performed, nothing was stored.
    assert_eq!(said(&server.ask(&["jobs", "list"]), 0), jobs);
    assert_eq!(target.received().len(), 3);

    // The running rules are those of the process, whatever stands on disk; without it, those on disk.
    let same = folder.path().join("rules").display().to_string();
    let none = said(&plan(&config, &[&same, "--exit-code"]), 0);
    assert!(none.contains("no difference"), "{none}");
    assert!(server.stop().success());
    let report = json_of(&plan(&config, &[&new, "--format", "json"]));
    assert_eq!(counts(&report), expected);
    said(&plan(&config, &[&new, "--exit-code"]), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn details_show_what_differs_and_hide_what_is_hidden() {
    let target = Target::start().await;
    let (folder, config) = configured(&target.url(""));
    let server = Process::start(&config);
    deliver_all(&server).await;
    let new = new(&folder);
    let text = said(&plan(&config, &[&new, "--details"]), 0);
    for part in [
        "differs for evt_",
        "    http → sink",
        "      rendered.body.text\n        - \"push to main\"\n        + \"pushed to main\"",
        "      rendered.body.login.password\n        - \"***\"\n        + \"***\"",
        "  newly matches evt_",
        "  no longer matches evt_",
        "`payload.none` is not there",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");

    let report = json_of(&plan(
        &config,
        &[&new, "--rule", "tell", "--format", "json"],
    ));
    assert_eq!(counts(&report), json!({"tell": [0, 0, 3, 0]}));
    let example = &report["rules"]["tell"]["examples"][0];
    assert_eq!(example["change"], "differs");
    let path = &example["jobs"][0]["paths"][0];
    assert_eq!(path["path"], "rendered.body.text");
    assert_eq!(path["after"], "pushed to dev", "the newest comes first");
    refused(
        &plan(&config, &[&new, "--rule", "tel"]),
        "did you mean `tell`?",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_chosen_by_number_source_and_time() {
    let target = Target::start().await;
    let (folder, config) = configured(&target.url(""));
    let server = Process::start(&config);
    deliver_all(&server).await;
    let new = new(&folder);
    let events = |arguments: &[&str]| {
        let arguments = [&[&*new, "--format", "json"], arguments].concat();
        json_of(&plan(&config, &arguments))["events"].clone()
    };
    assert_eq!(events(&["--limit", "2"]), 2);
    assert_eq!(events(&["--limit", "0"]), 0);
    assert_eq!(events(&["--source", "other"]), 1);
    assert_eq!(events(&["--since", "7d"]), 4);
    assert_eq!(events(&["--since", "0s"]), 0);
    refused(&plan(&config, &[&new, "--since", "yesterday"]), "24h");
}

#[test]
fn new_rules_with_errors_are_not_compared() {
    let (folder, config) = configured("http://127.0.0.1:9");
    let new = new(&folder);
    refused(&plan(&config, &[&new]), "there is no store");
    folder.write(
        "changed/rules/b.yaml",
        "rules:\n  - name: b\n    wehn: {}\n",
    );
    let output = plan(&config, &[&new]);
    refused(&output, "changed/rules/b.yaml:3");
    assert_eq!(said(&output, 2), "");
    refused(
        &plan(&config, &["/nowhere/rules"]),
        "there is nothing at /nowhere/rules",
    );
    refused(&plan(&config, &[]), "Usage");
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder);
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.com"]);
    let output = command.args(arguments).output().expect("git");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rules_of_a_git_revision_are_compared() {
    let target = Target::start().await;
    let (folder, config) = configured(&target.url(""));
    let root = folder.path();
    // The configuration lies below the top of the repository, the rules name a file beside them.
    folder.write("ops/rules/words.txt", "main\n");
    folder.write("ops/rules/a.yaml", RUNNING);
    std::fs::copy(&config, root.join("ops/hookrule.yaml")).unwrap();
    let config = root.join("ops/hookrule.yaml");
    git(root, &["init", "-q"]);
    git(root, &["add", "ops"]);
    git(root, &["commit", "-qm", "one"]);
    let listed = "lists: {words: words.txt}\nrules:
  - name: listed
    when: {event: push, conditions: [{path: $.ref, in: {list: words}}]}
    actions: [{log: {message: m}}]
";
    folder.write("ops/rules/b.yaml", listed);
    git(root, &["add", "ops"]);
    git(root, &["commit", "-qm", "two"]);
    folder.write("ops/rules/c.yaml", "rules:\n  - name: c\n    wehn: {}\n");
    git(root, &["add", "ops"]);
    git(root, &["commit", "-qm", "three"]);
    git(root, &["reset", "-q", "--hard", "HEAD~2"]);

    let server = Process::start(&config);
    deliver_all(&server).await;
    let before = git(root, &["status", "--porcelain", "--ignored"]);
    let report = json_of(&plan(&config, &["--git", "HEAD@{1}~1", "--format", "json"]));
    assert_eq!(counts(&report), json!({"listed": [2, 0, 0, 0]}));
    let same = said(&plan(&config, &["--git", "HEAD", "--exit-code"]), 0);
    assert!(same.contains("no difference"), "{same}");
    // From where hookrule.yaml is.
    let here = command(&["plan", "--git", "HEAD@{1}~1", "--exit-code"])
        .current_dir(root.join("ops"))
        .output()
        .unwrap();
    said(&here, 1);

    let faulty = plan(&config, &["--git", "HEAD@{1}"]);
    refused(&faulty, "HEAD@{1}:ops/rules/c.yaml:3");
    let error = String::from_utf8_lossy(&faulty.stderr);
    assert!(!error.contains("hookrule-plan"), "{error}");
    refused(&plan(&config, &["--git=--all"]), "no revision `--all`");
    refused(
        &plan(&config, &["--git", "nonsense"]),
        "no revision `nonsense`",
    );
    assert_eq!(git(root, &["status", "--porcelain", "--ignored"]), before);
}

#[test]
fn outside_of_a_repository_there_are_no_revisions() {
    let (_folder, config) = configured("http://127.0.0.1:9");
    refused(&plan(&config, &["--git", "HEAD"]), "not a git repository");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_keeps_the_namespace_of_its_name() {
    let folder = Folder::new();
    let rule = "rules:\n  - {name: one, when: {event: push}, actions: [{log: {message: m}}]}\n";
    folder.write(
        "rules/a.yaml",
        "rules:\n  - {name: one, when: {event: ping}, actions: [{log: {message: m}}]}\n",
    );
    folder.write("rules-acme/a.yaml", rule);
    folder.write("new/rules-acme/a.yaml", rule);
    let config = format!(
        "listen: 127.0.0.1:0
rules: [rules, {{path: rules-acme, namespace: acme, sources: ['*'], destinations: [], actions: [log]}}]
sources: {{github: {{provider: github, secrets: [{SECRET}]}}}}
"
    );
    let config = folder.write("hookrule.yaml", &config);
    let server = Process::start(&config);
    deliver(&server, "github", "push", 1, MAIN).await;
    let named = folder.path().join("new/rules-acme").display().to_string();
    let report = json_of(&plan(&config, &[&named, "--format", "json"]));
    assert_eq!(report["rules"], json!({}));
    assert_eq!(report["removed"], json!(["one"]));

    // A folder with a configuration of its own brings its namespaces with it.
    std::fs::copy(&config, folder.path().join("new/hookrule.yaml")).unwrap();
    folder.write("new/rules/a.yaml", rule);
    let whole = folder.path().join("new").display().to_string();
    let report = json_of(&plan(&config, &[&whole, "--format", "json"]));
    assert_eq!(counts(&report), json!({"one": [1, 0, 0, 0]}));

    std::fs::rename(
        folder.path().join("new/rules-acme"),
        folder.path().join("new/else"),
    )
    .unwrap();
    let elsewhere = folder.path().join("new/else").display().to_string();
    let output = plan(&config, &[&elsewhere]);
    let note = String::from_utf8_lossy(&output.stderr);
    assert!(note.contains("hookrule.yaml has namespaces"), "{note}");
}
