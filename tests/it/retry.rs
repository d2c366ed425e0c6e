//! Destinations that ask for a pause, and those that never answer: who waits, and who does not.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::time::Instant;

use crate::harness::{Answer, Folder, Process, SECRET, Target, forwarding, github, request};

async fn push(server: &Process, event: &str, delivery: &str) {
    let body = Bytes::from(format!("{{\"delivery\":\"{delivery}\"}}"));
    let headers = github(event, delivery, &body);
    let answer = request(server.address, "POST", "/webhook/github", &headers, body).await;
    assert_eq!(answer.0, 202, "{answer:?}");
}

fn ask(server: &Process, arguments: &[&str]) -> Value {
    let output = server.ask(arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retry_after_holds_the_whole_destination_and_spends_no_attempt() {
    const WAIT: Duration = Duration::from_secs(2);
    let target = Target::start().await;
    let folder = Folder::new();
    // One attempt is all a job has: were the throttled one to count, it would be dead.
    let policy = "concurrency: 1, retry: {schedule: []}";
    let config = forwarding(&folder, &target.url("/sink"), "", policy);
    let mut server = Process::start(&config);
    let (told, mut when) = tokio::sync::watch::channel(None);
    target.otherwise(move |_| {
        let first = told.send_if_modified(|at| {
            let first = at.is_none();
            *at = at.or_else(|| Some(Instant::now()));
            first
        });
        if first {
            let wait = WAIT.as_secs().to_string();
            return Answer::With(429, vec![("retry-after", wait)], String::new());
        }
        Answer::status(200)
    });
    push(&server, "push", "first").await;
    when.wait_for(Option::is_some).await.unwrap();
    for number in 0..5 {
        push(&server, "push", &number.to_string()).await;
    }
    target.wait_for(2).await;
    let held = when.borrow().unwrap().elapsed();
    assert!(held >= WAIT, "asked again after {held:?}");
    let received = target.wait_for(7).await;
    // When it has ended, every outcome is recorded.
    assert!(server.stop().success());
    let first = received[0].header("idempotency-key").unwrap();
    let job = ask(&server, &["jobs", "show", first, "--format", "json"]);
    let outcomes = job["attempts"].as_array().unwrap().iter();
    let outcomes: Vec<_> = outcomes.map(|attempt| &attempt["outcome"]).collect();
    assert_eq!(outcomes, ["throttled", "done"], "{job}");
    assert_eq!(job["job"]["attempts"], 1, "{job}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destination_that_never_answers_holds_back_nobody_else() {
    const JOBS: usize = 40;
    let (silent, well) = (Target::start().await, Target::start().await);
    silent.otherwise(|_| Answer::Never);
    let folder = Folder::new();
    let text = format!(
        "listen: 127.0.0.1:0
sources:
  github: {{provider: github, secrets: [{SECRET}]}}
destinations:
  silent: {{http: {{url: \"{}\"}}, allow_private: true, timeout: 10m}}
  well: {{http: {{url: \"{}\"}}, allow_private: true}}
",
        silent.url("/"),
        well.url("/")
    );
    let config = folder.write("hookrule.yaml", &text);
    folder.write(
        "rules/both.yaml",
        "rules:
  - name: both
    when: {event: push}
    actions: [{forward: {destination: [silent, well]}}]
",
    );
    let mut server = Process::start(&config);
    for number in 0..JOBS {
        push(&server, "push", &number.to_string()).await;
    }
    well.wait_for(JOBS).await;
    assert_eq!(
        silent.received().len(),
        8,
        "its own concurrency and no more"
    );
    // Nor does it hold back the end: what it has not answered is left for the next start.
    server.signal("TERM");
    server.wait_for_log("stopping");
    server.signal("TERM");
    assert!(server.end().success());
}
