//! Destinations in trouble: every job is delivered in the end, or is a dead letter that can be.

use std::net::SocketAddr;

use bytes::Bytes;
use serde_json::Value;

use crate::harness::{Answer, Folder, Process, SECRET, Target, github, request};

/// A running hookrule with one rule that forwards every push.
struct Forwarding {
    _folder: Folder,
    server: Process,
    target: Target,
}

impl Forwarding {
    async fn start(policy: &str) -> Self {
        let target = Target::start().await;
        let folder = Folder::new();
        let config = format!(
            "listen: 127.0.0.1:0
sources:
  github: {{provider: github, secrets: [{SECRET}]}}
destinations:
  sink: {{http: {{url: \"{}\"}}, allow_private: true, {policy}}}
",
            target.url("/sink")
        );
        let config = folder.write("hookrule.yaml", &config);
        folder.write(
            "rules/pass-on.yaml",
            "rules:\n  - name: pass-on\n    when: {event: push}\n    actions: [{forward: {destination: sink}}]\n",
        );
        let server = Process::start(&config);
        Self {
            _folder: folder,
            server,
            target,
        }
    }

    async fn push(&self, delivery: &str) {
        assert_eq!(push(self.server.address, delivery).await, 202);
    }

    fn ask(&self, arguments: &[&str]) -> Value {
        let output = self.server.ask(arguments);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

async fn push(address: SocketAddr, delivery: &str) -> u16 {
    let body = Bytes::from_static(b"{\"ref\":\"refs/heads/main\"}");
    let headers = github("push", delivery, &body);
    request(address, "POST", "/webhook/github", &headers, body)
        .await
        .0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_survives_500_429_a_hang_up_and_silence() {
    let forwarding =
        Forwarding::start("timeout: 300ms, retry: {schedule: [20ms, 20ms, 20ms, 20ms, 20ms]}")
            .await;
    forwarding.target.script([
        Answer::status(500),
        Answer::With(429, vec![("retry-after", "0.2".into())], String::new()),
        Answer::HangUp,
        Answer::Never,
        Answer::status(200),
    ]);
    forwarding.push("one").await;
    let received = forwarding.target.wait_for(5).await;
    let keys: Vec<_> = received
        .iter()
        .map(|r| r.header("idempotency-key").unwrap())
        .collect();
    assert!(
        keys.iter().all(|key| *key == keys[0]),
        "one key for every attempt: {keys:?}"
    );
    assert!(
        received.iter().all(|r| r.body == received[0].body),
        "the same bytes every time"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destination_that_never_recovers_leaves_a_dead_letter_that_requeue_delivers() {
    let forwarding = Forwarding::start("retry: {schedule: [10ms, 10ms]}").await;
    forwarding.target.otherwise(|_| Answer::status(503));
    forwarding.push("one").await;
    forwarding.target.wait_for(3).await;
    forwarding.server.wait_for_log("dead letter");
    let dead = forwarding.ask(&["dead", "list", "--format", "json"]);
    let job = dead[0]["id"].as_str().expect("a dead letter").to_owned();

    forwarding.target.otherwise(|_| Answer::status(200));
    let requeued = forwarding.server.ask(&["dead", "requeue", &job]);
    assert!(
        requeued.status.success(),
        "{}",
        String::from_utf8_lossy(&requeued.stderr)
    );
    let received = forwarding.target.wait_for(4).await;
    assert_eq!(
        received[3].header("idempotency-key"),
        received[0].header("idempotency-key")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_error_is_not_tried_again() {
    let forwarding = Forwarding::start("retry: {schedule: [10ms, 10ms]}").await;
    forwarding.target.otherwise(|_| Answer::status(422));
    forwarding.push("one").await;
    forwarding.server.wait_for_log("dead letter");
    assert_eq!(forwarding.target.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_delivery_is_performed_once() {
    let forwarding = Forwarding::start("concurrency: 2").await;
    assert_eq!(push(forwarding.server.address, "same").await, 202);
    assert_eq!(push(forwarding.server.address, "same").await, 200);
    assert_eq!(push(forwarding.server.address, "other").await, 202);
    forwarding.target.wait_for(2).await;
    let events = forwarding.ask(&["events", "list", "--format", "json"]);
    assert_eq!(events.as_array().map(Vec::len), Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_stale_missing_and_cut_off_deliveries_cause_nothing() {
    let forwarding = Forwarding::start("concurrency: 2").await;
    let address = forwarding.server.address;
    let body = Bytes::from_static(b"{\"ref\":\"refs/heads/main\"}");
    let good = github("push", "one", &body);
    let without: Vec<_> = good
        .iter()
        .filter(|(n, _)| n != "x-hub-signature-256")
        .cloned()
        .collect();
    let signature = |value: &str| {
        let mut headers = without.clone();
        headers.push(("x-hub-signature-256".into(), value.into()));
        headers
    };
    let right = good
        .iter()
        .find(|(n, _)| n == "x-hub-signature-256")
        .unwrap()
        .1
        .clone();
    let mut twice = good.clone();
    twice.push(("x-hub-signature-256".into(), right.clone()));
    let forgeries = [
        without.clone(),
        signature(""),
        signature("sha256="),
        signature(&right[..right.len() - 2]),
        signature(&format!("{}00", &right[..right.len() - 2])),
        signature(&right.replace("sha256=", "sha1=")),
        twice,
    ];
    let (status, refused) = request(address, "POST", "/webhook/nobody", &good, body.clone()).await;
    assert_eq!(status, 401);
    for headers in &forgeries {
        let answer = request(address, "POST", "/webhook/github", headers, body.clone()).await;
        assert_eq!(
            (answer.0, &answer.1),
            (401, &refused),
            "the same answer for all: {headers:?}"
        );
    }
    let other = Bytes::from_static(b"{\"ref\":\"refs/heads/evil\"}");
    assert_eq!(
        request(address, "POST", "/webhook/github", &good, other)
            .await
            .0,
        401
    );

    // The true one is accepted after all of that: refused ones leave no mark.
    assert_eq!(
        request(address, "POST", "/webhook/github", &good, body)
            .await
            .0,
        202
    );
    assert_eq!(forwarding.target.wait_for(1).await.len(), 1);
    let events = forwarding.ask(&["events", "list", "--format", "json"]);
    assert_eq!(events.as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destination_that_is_gone_is_paused_until_it_is_resumed() {
    let forwarding = Forwarding::start("concurrency: 1").await;
    forwarding.target.script([Answer::status(410)]);
    forwarding.push("one").await;
    forwarding.server.wait_for_log("destination paused");
    forwarding.push("two").await;
    let listed = forwarding.ask(&["destinations", "list", "--format", "json"]);
    assert_eq!(listed[0]["name"], "sink");
    assert!(
        listed[0]["paused"]
            .as_str()
            .is_some_and(|why| why.contains("410")),
        "{listed}"
    );
    assert_eq!(forwarding.target.received().len(), 1, "its jobs wait");

    let resumed = forwarding.server.ask(&["destinations", "resume", "sink"]);
    assert!(
        resumed.status.success(),
        "{}",
        String::from_utf8_lossy(&resumed.stderr)
    );
    forwarding.target.wait_for(2).await;
    let requeued = forwarding.server.ask(&["dead", "requeue", "--all"]);
    assert!(
        requeued.status.success(),
        "{}",
        String::from_utf8_lossy(&requeued.stderr)
    );
    forwarding.target.wait_for(3).await;
}
