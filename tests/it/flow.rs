//! Gates and lanes through a running process: exact among many events at once, and after kill -9.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::harness::{Answer, Connection, Folder, Process, SECRET, Target, github, request};

/// Senders at the same time.
const SENDERS: usize = 50;

/// A configuration with one receiver, and these rules.
fn configured(folder: &Folder, target: &Target, rules: &str) -> PathBuf {
    let url = target.url("/sink");
    folder.write("rules/flow.yaml", rules);
    let text = format!(
        "listen: 127.0.0.1:0
sources:
  github: {{provider: github, secrets: [{SECRET}]}}
destinations:
  sink: {{http: {{url: \"{url}\"}}, allow_private: true, retry: {{schedule: [50ms], repeat: 100ms, max_age: 1h}}}}
"
    );
    folder.write("hookrule.yaml", &text)
}

/// A rule with these keys that posts what its action says.
fn rule(name: &str, keys: &str, body: &str) -> String {
    format!(
        "  - name: {name}\n    {}\n    actions: [{{http: {{destination: sink, body: {body}}}}}]\n",
        keys.replace("; ", "\n    ")
    )
}

async fn send(server: &Process, event: &str, body: &Value) -> String {
    let delivery = format!("{event}-{body}");
    let body = Bytes::from(body.to_string());
    let headers = github(event, &delivery, &body);
    let answer = request(server.address, "POST", "/webhook/github", &headers, body).await;
    assert_eq!(answer.0, 202, "{answer:?}");
    let answer: Value = serde_json::from_slice(&answer.1).unwrap();
    answer["event_id"].as_str().unwrap().to_owned()
}

fn ask(server: &Process, arguments: &[&str]) -> Value {
    let output = server.ask(arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// What became of an event at its gates: state and reason of each firing.
fn firings(server: &Process, event: &str) -> Vec<(String, String)> {
    let shown = ask(server, &["events", "show", event, "--format", "json"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let firings = shown["firings"].as_array().unwrap().iter();
    firings
        .map(|one| (text(&one["state"]), text(&one["reason"])))
        .collect()
}

fn jobs(server: &Process, arguments: &[&str]) -> Vec<Value> {
    let mut all = vec!["jobs", "list", "--limit", "500", "--format", "json"];
    all.extend(arguments);
    ask(server, &all).as_array().unwrap().clone()
}

/// An event whose request shows, when it arrives, that all firings stored before it were looked at.
const MARK: &str = "  - name: mark
    when: {event: milestone}
    throttle: {at_most: 100, per: 1h}
    actions: [{http: {destination: sink, path: /mark, body: {n: \"{{payload.n}}\"}}}]
";

async fn mark(server: &Process, target: &Target, n: usize) {
    send(server, "milestone", &json!({"n": n})).await;
    let mut count = 0;
    loop {
        count += 1;
        let received = target.wait_for(count).await;
        let mark = |one: &crate::harness::Received| {
            one.path.ends_with("/mark") && one.json() == json!({"n": n})
        };
        if received.iter().any(mark) {
            return;
        }
        count = count.max(received.len());
    }
}

/// What the target was sent, but for marks.
fn bodies(target: &Target) -> Vec<Value> {
    let received = target.received().into_iter();
    let real = received.filter(|one| !one.path.ends_with("/mark"));
    real.map(|one| one.json()).collect()
}

/// Sends pushes with these numbers from many connections at once.
async fn push_all(server: &Process, numbers: std::ops::Range<usize>) {
    let address = server.address;
    let senders = numbers.map(|n| {
        tokio::spawn(async move {
            let body = Bytes::from(json!({"n": n}).to_string());
            let headers = github("push", &format!("push-{n}"), &body);
            let mut connection = Connection::open(address).await.unwrap();
            let sent = connection.send("POST", "/webhook/github", &headers, body);
            assert_eq!(sent.await.unwrap().0, 202);
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttle_counts_exactly_among_many_senders_and_over_kill_9() {
    let (target, folder) = (Target::start().await, Folder::new());
    let three = rule(
        "three",
        "when: {event: push}; throttle: {at_most: 3, per: 1h}",
        "{n: \"{{payload.n}}\"}",
    );
    let config = configured(&folder, &target, &format!("rules:\n{three}{MARK}"));
    let mut server = Process::start(&config);
    push_all(&server, 0..SENDERS / 2).await;
    server.kill();
    let mut server = Process::start(&config);
    push_all(&server, SENDERS / 2..SENDERS).await;
    mark(&server, &target, 1).await;
    let throttled = jobs(&server, &["--rule", "three", "--state", "throttled"]);
    assert_eq!(throttled.len(), SENDERS - 3);
    let reason = throttled[0]["reason"].as_str().unwrap();
    assert!(reason.contains("at most 3 in 1h"), "{reason}");
    // Those that pass are not throttled again; kill -9 may have them sent twice, and by the same key.
    while bodies(&target).len() < 3 {
        target.wait_for(target.received().len() + 1).await;
    }
    let mut numbers: Vec<_> = bodies(&target).iter().map(Value::to_string).collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 3, "{numbers:?}");
    assert!(server.stop().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_keeps_the_order_of_acceptance_over_kill_9() {
    let (target, folder) = (Target::start().await, Folder::new());
    let lane = rule(
        "lane",
        "when: {event: push}; order_by: one-by-one",
        "{id: \"{{event.id}}\"}",
    );
    let config = configured(&folder, &target, &format!("rules:\n{lane}"));
    // Nothing is answered until everything is accepted.
    let (open, opened) = watch::channel(false);
    target.otherwise(move |_| Answer::once(&opened));
    let mut server = Process::start(&config);
    push_all(&server, 0..SENDERS).await;
    target.wait_for(1).await;
    assert_eq!(
        target.received().len(),
        1,
        "the first is still being performed"
    );
    server.kill();
    let mut server = Process::start(&config);
    open.send_replace(true);
    let mut accepted: Vec<String> = jobs(&server, &[])
        .iter()
        .map(|job| job["event"].as_str().unwrap().to_owned())
        .collect();
    accepted.reverse();
    assert_eq!(accepted.len(), SENDERS);
    let mut arrived: Vec<String> = Vec::new();
    while arrived.len() < SENDERS {
        let all = target.wait_for(target.received().len().max(SENDERS)).await;
        arrived = all
            .iter()
            .map(|one| one.json()["id"].as_str().unwrap().to_owned())
            .collect();
        // The one that was under way when the process was killed comes twice, and before all others.
        arrived.dedup();
        if arrived.len() < SENDERS {
            target.wait_for(all.len() + 1).await;
        }
    }
    assert_eq!(arrived, accepted);
    assert!(server.stop().success());
}

/// One rule for each gate that waits or remembers.
fn remembering() -> String {
    let rules = [
        rule(
            "gather",
            "when: {event: push}; digest: {key: \"{{payload.repo}}\", window: 10d, max: 3}",
            "{gathered: \"{{#each events}}{{this.payload.n}} {{/each}}\", first: \"{{payload.n}}\"}",
        ),
        rule(
            "pair",
            "when: {event: release}; join: {within: 1d, key: \"{{payload.id}}\", with: {built: {when: {event: create}, key: \"{{payload.of}}\"}}}",
            "{released: \"{{payload.id}}\", built: \"{{join.built.payload.by}}\"}",
        ),
        rule(
            "silence",
            "when: {event: deployment}; unless: {within: 1d, key: \"{{payload.id}}\", when: {event: deployment_status}}",
            "{silent: \"{{payload.id}}\"}",
        ),
        rule(
            "status",
            "when: {event: status}; changed: {key: \"{{payload.of}}\", value: \"{{payload.is}}\"}",
            "{status: \"{{payload.is}}\"}",
        ),
    ];
    format!("rules:\n{}{MARK}", rules.concat())
}

/// Waits for what passes in the end, and that nothing else came.
async fn all_have_come(target: &Target) {
    while bodies(target).len() < 5 {
        target.wait_for(target.received().len() + 1).await;
    }
    let counted = bodies(target)
        .into_iter()
        .map(|body| (body.to_string(), body));
    let found: BTreeMap<String, Value> = counted.collect();
    let expected = [
        json!({"gathered": "1 2 3 ", "first": 1}),
        json!({"released": 7, "built": "ci"}),
        json!({"released": 8, "built": "hand"}),
        json!({"status": "up"}),
        json!({"status": "down"}),
    ];
    let expected: BTreeMap<_, _> = expected
        .into_iter()
        .map(|body| (body.to_string(), body))
        .collect();
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_at_gates_survives_kill_9() {
    let (target, folder) = (Target::start().await, Folder::new());
    let config = configured(&folder, &target, &remembering());
    let mut server = Process::start(&config);
    for n in 1..=2 {
        send(&server, "push", &json!({"repo": "a", "n": n})).await;
    }
    let built = send(&server, "create", &json!({"of": 7, "by": "ci"})).await;
    let early = send(&server, "release", &json!({"id": 8})).await;
    let deployed = send(&server, "deployment", &json!({"id": 5})).await;
    send(&server, "status", &json!({"of": "x", "is": "up"})).await;
    mark(&server, &target, 1).await;
    assert_eq!(
        firings(&server, &early),
        [("waiting".to_owned(), String::new())]
    );
    assert_eq!(firings(&server, &built), []);
    server.kill();

    let mut server = Process::start(&config);
    send(&server, "push", &json!({"repo": "b", "n": 9})).await;
    let last = send(&server, "push", &json!({"repo": "a", "n": 3})).await;
    send(&server, "release", &json!({"id": 7})).await;
    send(&server, "create", &json!({"of": 8, "by": "hand"})).await;
    let status = send(&server, "deployment_status", &json!({"id": 5})).await;
    let same = send(
        &server,
        "status",
        &json!({"of": "x", "is": "up", "again": true}),
    )
    .await;
    send(&server, "status", &json!({"of": "x", "is": "down"})).await;
    mark(&server, &target, 2).await;

    let [(state, reason)] = firings(&server, &deployed).try_into().unwrap();
    assert_eq!(state, "ended");
    assert!(
        reason.contains("unless") && reason.contains(&status),
        "{reason}"
    );
    let [(state, reason)] = firings(&server, &same).try_into().unwrap();
    assert!(
        state == "ended" && reason.contains("did not change"),
        "{reason}"
    );
    assert_eq!(jobs(&server, &["--event", &last])[0]["state"], "merged");
    assert_eq!(
        jobs(&server, &["--event", &deployed])[0]["state"],
        "cancelled"
    );
    all_have_come(&target).await;
    assert!(server.stop().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gates_open_when_their_time_has_come() {
    let (target, folder) = (Target::start().await, Folder::new());
    let rules = [
        rule("late", "when: {event: push}; delay: 300ms", "{rule: late}"),
        rule(
            "silent",
            "when: {event: push}; unless: {within: 200ms, key: k, when: {event: create}}",
            "{rule: silent}",
        ),
        rule(
            "quiet",
            "when: {event: push}; digest: {quiet: 300ms}",
            "{rule: quiet, count: \"{{length events}}\"}",
        ),
        rule(
            "shadow",
            "mode: shadow; when: {event: push}",
            "{rule: shadow}",
        ),
    ];
    let config = configured(&folder, &target, &format!("rules:\n{}", rules.concat()));
    let mut server = Process::start(&config);
    let event = send(&server, "push", &json!({})).await;
    let received = target.wait_for(3).await;
    let mut found: Vec<_> = received.iter().map(|one| one.json().to_string()).collect();
    found.sort();
    let quiet = json!({"rule": "quiet", "count": 1}).to_string();
    let mut expected = [
        json!({"rule": "late"}).to_string(),
        quiet,
        json!({"rule": "silent"}).to_string(),
    ];
    expected.sort();
    assert_eq!(found, expected);
    let shadow = jobs(&server, &["--event", &event, "--state", "shadow"]);
    assert_eq!((shadow.len(), &shadow[0]["rule"]), (1, &json!("shadow")));
    let shown = server.ask(&["events", "show", &event]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(
        shown.contains("GATES") && shown.contains("opened"),
        "{shown}"
    );
    assert!(server.stop().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replays_pass_gates_by_unless_they_are_told_otherwise() {
    let (target, folder) = (Target::start().await, Folder::new());
    let once = rule(
        "once",
        "when: {event: push}; throttle: {at_most: 1, per: 1h}; digest: {window: 10d, max: 1}",
        "{count: \"{{length events}}\"}",
    );
    let config = configured(&folder, &target, &format!("rules:\n{once}{MARK}"));
    let mut server = Process::start(&config);
    let event = send(&server, "push", &json!({})).await;
    target.wait_for(1).await;
    ask(&server, &["events", "replay", &event, "--format", "json"]);
    let received = target.wait_for(2).await;
    assert!(received.iter().all(|one| one.json() == json!({"count": 1})));
    ask(
        &server,
        &[
            "events",
            "replay",
            &event,
            "--through-gates",
            "--format",
            "json",
        ],
    );
    mark(&server, &target, 1).await;
    let found = firings(&server, &event);
    let states: Vec<_> = found.iter().map(|(state, _)| state.as_str()).collect();
    assert_eq!(states, ["opened", "opened", "ended"]);
    assert!(found[2].1.contains("throttle"), "{found:?}");
    assert!(server.stop().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_that_holds_its_lane_can_be_discarded() {
    let (target, folder) = (Target::start().await, Folder::new());
    let lane = rule(
        "lane",
        "when: {event: push}; order_by: {key: one, on_dead: hold}",
        "{n: \"{{payload.n}}\"}",
    );
    let config = configured(&folder, &target, &format!("rules:\n{lane}{MARK}"));
    let refusing = |one: &crate::harness::Received| one.json() == json!({"n": 1});
    target.otherwise(move |one| Answer::status(if refusing(one) { 400 } else { 200 }));
    let mut server = Process::start(&config);
    let mut events = Vec::new();
    for n in 1..=2 {
        events.push(send(&server, "push", &json!({"n": n})).await);
    }
    target.wait_for(1).await;
    mark(&server, &target, 9).await;
    server.wait_for_log("attempt ended");
    // It ends a moment before it is recorded.
    let mut looks = 0..1_000;
    let dead = loop {
        assert!(looks.next().is_some(), "the first job never died");
        let dead = jobs(&server, &["--state", "dead"]);
        if let [dead] = dead.as_slice() {
            break dead["id"].as_str().unwrap().to_owned();
        }
    };
    assert_eq!(
        jobs(&server, &["--event", &events[1]])[0]["state"],
        "waiting"
    );
    let done = ask(&server, &["dead", "discard", &dead, "--format", "json"]);
    assert_eq!(done[0]["refused"], Value::Null);
    let received = target.wait_for(3).await;
    assert_eq!(received[2].json(), json!({"n": 2}));
    assert_eq!(
        jobs(&server, &["--event", &events[0]])[0]["state"],
        "cancelled"
    );
    assert!(server.stop().success());
}
