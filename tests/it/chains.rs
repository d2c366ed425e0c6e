//! Actions that use what others gave, actions for each value of a list, and answers to the sender.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::harness::{Answer, Folder, Process, SECRET, Target, github, request};

fn start(folder: &Folder, target: &Target, rules: &str) -> Process {
    let url = target.url("");
    let config = format!(
        "listen: 127.0.0.1:0
sources: {{github: {{provider: github, secrets: [{SECRET}]}}}}
destinations:
  sink: {{http: {{url: \"{url}\"}}, allow_private: true}}
"
    );
    folder.write("rules/a.yaml", rules);
    Process::start(&folder.write("hookrule.yaml", &config))
}

async fn push(server: &Process, delivery: &str, body: &Value) -> (u16, Bytes) {
    let body = Bytes::from(body.to_string());
    let headers = github("push", delivery, &body);
    request(server.address, "POST", "/webhook/github", &headers, body).await
}

const EACH: &str = "rules:
  - name: each
    when: {event: push}
    for_each: $.alerts[*]
    vars: {name: '{{upper item.name}}'}
    actions:
      - name: told
        http: {destination: sink, path: /told, body: {about: '{{vars.name}}', as: '{{actions.opened.body.number}}'}}
      - name: opened
        conditions: [{item: $.level, gte: 2}]
        http: {destination: sink, path: '/open/{{item.name}}'}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_item_has_its_own_chain() {
    let target = Target::start().await;
    target.otherwise(|received| match received.path.strip_prefix("/open/") {
        Some(name) => Answer::json(200, &json!({"number": name.len()})),
        None => Answer::status(200),
    });
    let folder = Folder::new();
    let server = start(&folder, &target, EACH);
    let alert = |name: &str, level: u32| json!({"name": name, "level": level});
    let alerts = json!({"alerts": [alert("disk", 2), alert("noise", 1), alert("network", 3)]});
    assert_eq!(push(&server, "1", &alerts).await.0, 202);
    let received = target.wait_for(4).await;
    let mut told: Vec<_> = received
        .iter()
        .filter(|request| request.path == "/told")
        .map(|request| request.json().to_string())
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            r#"{"about":"DISK","as":4}"#,
            r#"{"about":"NETWORK","as":7}"#
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_uses_a_dead_one_is_skipped_and_says_why() {
    let target = Target::start().await;
    target.otherwise(|_| Answer::status(400));
    let folder = Folder::new();
    let server = start(
        &folder,
        &target,
        "rules:
  - name: chain
    when: {event: push}
    actions:
      - {name: record, http: {destination: sink, path: /record}}
      - {name: tell, http: {destination: sink, path: /tell, body: {seen: '{{actions.record.status}}'}}}
",
    );
    assert_eq!(push(&server, "1", &json!({})).await.0, 202);
    target.wait_for(1).await;
    server.wait_for_log("dead");
    let listed = server.ask(&["jobs", "list", "--format", "json"]);
    let jobs: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let text = jobs.to_string();
    let job = |action: &str| {
        let jobs = jobs
            .as_array()
            .or_else(|| jobs["jobs"].as_array())
            .unwrap_or_else(|| panic!("{text}"));
        jobs.iter()
            .find(|job| job["action"] == action)
            .unwrap_or_else(|| panic!("{text}"))
            .clone()
    };
    assert_eq!(job("record")["state"], "dead");
    assert_eq!(job("tell")["state"], "skipped");
    assert!(
        job("tell")["reason"].as_str().unwrap().contains("record"),
        "{text}"
    );
    assert_eq!(target.received().len(), 1);
}

const RESPOND: &str = "rules:
  - name: answer
    when: {event: push}
    respond:
      status: 201
      headers: {X-Ref: '{{payload.ref}}'}
      body: {text: 'seen {{payload.ref}}', event: '{{event.id}}'}
    actions: [{http: {destination: sink}}]
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_answers_the_sender_and_its_duplicate() {
    let target = Target::start().await;
    let folder = Folder::new();
    let server = start(&folder, &target, RESPOND);
    let body = json!({"ref": "refs/heads/main"});
    let (status, first) = push(&server, "1", &body).await;
    assert_eq!(status, 201);
    let answer: Value = serde_json::from_slice(&first).unwrap();
    assert_eq!(answer["text"], "seen refs/heads/main");
    target.wait_for(1).await;
    // The same again, the id of the first event included; nothing runs.
    let (status, again) = push(&server, "1", &body).await;
    assert_eq!((status, again), (201, first));
    // What cannot be rendered is answered as usual, and the event is taken.
    let (status, usual) = push(&server, "2", &json!({})).await;
    assert_eq!(status, 202);
    let usual: Value = serde_json::from_slice(&usual).unwrap();
    assert_eq!(usual["status"], "accepted");
    server.wait_for_log("a rule's answer could not be given");
    assert_eq!(target.wait_for(2).await.len(), 2);
    // A forgery is refused like any other.
    let forged = Bytes::from(body.to_string());
    let mut headers = github("push", "3", &forged);
    headers.retain(|(name, _)| name != "x-hub-signature-256");
    let refused = request(server.address, "POST", "/webhook/github", &headers, forged).await;
    assert_eq!(refused.0, 401);
}
