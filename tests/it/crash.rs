//! kill -9 under load: every acknowledged event is there once, and every job reaches its target.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;

use crate::harness::{Connection, Folder, Process, Received, Target, github};

const ROUNDS: u64 = 3;
const SENDERS: u64 = 16;

fn configuration(target: &Target) -> String {
    format!(
        "listen: 127.0.0.1:0
sources:
  github: {{provider: github, secrets: [{secret}]}}
destinations:
  sink:
    http: {{url: \"{url}\"}}
    allow_private: true
    retry: {{schedule: [50ms, 100ms, 200ms], repeat: 500ms, max_age: 1h}}
",
        secret = crate::harness::SECRET,
        url = target.url("/sink"),
    )
}

const RULES: &str = "rules:
  - name: pass-on
    when: {provider: github, event: push}
    actions: [{forward: {destination: sink}}]
";

/// Sends until the server is gone; answers which deliveries were acknowledged.
async fn send_until_it_dies(
    address: std::net::SocketAddr,
    next: Arc<AtomicU64>,
    acknowledged: Arc<AtomicU64>,
) -> Vec<u64> {
    let mut mine = Vec::new();
    let Ok(mut connection) = Connection::open(address).await else {
        return mine;
    };
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let body = Bytes::from(format!("{{\"number\":{number}}}"));
        let headers = github("push", &format!("delivery-{number}"), &body);
        match connection
            .send("POST", "/webhook/github", &headers, body)
            .await
        {
            Ok((202, _)) => {
                mine.push(number);
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Ok((status, body)) => panic!("answered {status}: {body:?}"),
            Err(_) => return mine,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_to_kill_9() {
    let target = Target::start().await;
    let folder = Folder::new();
    let config = folder.write("hookrule.yaml", &configuration(&target));
    folder.write("rules/pass-on.yaml", RULES);
    let next = Arc::new(AtomicU64::new(0));
    let mut acknowledged = BTreeSet::new();

    for round in 0..ROUNDS {
        let mut server = Process::start(&config);
        let seen = Arc::new(AtomicU64::new(0));
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                tokio::spawn(send_until_it_dies(
                    server.address,
                    Arc::clone(&next),
                    Arc::clone(&seen),
                ))
            })
            .collect();
        // Another moment in each round: after so many answers, wherever the rest is just then.
        let enough = 40 + 60 * round;
        while seen.load(Ordering::Relaxed) < enough {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.kill();
        for sender in senders {
            acknowledged.extend(sender.await.unwrap());
        }
    }

    let mut server = Process::start(&config);
    let all_arrived = |received: &[Received]| {
        let arrived: BTreeSet<u64> = received.iter().map(number_of).collect();
        acknowledged.is_subset(&arrived)
    };
    let mut received = target.wait_for(acknowledged.len()).await;
    while !all_arrived(&received) {
        received = target.wait_for(received.len() + 1).await;
    }
    let stored = stored(&server);
    assert!(server.stop().success(), "it drains and leaves");

    let lost = acknowledged
        .iter()
        .filter(|number| !stored.contains(number))
        .count();
    let unique: BTreeSet<_> = stored.iter().collect();
    assert_eq!(unique.len(), stored.len(), "every event is there once");
    let mut by_number: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    let received = target.received();
    for request in &received {
        let key = request.header("idempotency-key").unwrap().to_owned();
        by_number.entry(number_of(request)).or_default().insert(key);
    }
    let twice = received.len() - by_number.len();
    println!(
        "{{\"test\":\"A1\",\"rounds\":{ROUNDS},\"acknowledged\":{},\"lost\":{lost},\"performed_twice\":{twice}}}",
        acknowledged.len()
    );
    assert_eq!(lost, 0);
    assert!(
        by_number.values().all(|keys| keys.len() == 1),
        "a job performed twice has one key"
    );
}

fn number_of(request: &Received) -> u64 {
    request.json()["number"].as_u64().unwrap()
}

/// The number of every stored event, page by page.
fn stored(server: &Process) -> Vec<u64> {
    let mut numbers = Vec::new();
    let mut before: Option<String> = None;
    loop {
        let mut arguments = vec!["events", "list", "--limit", "500", "--format", "json"];
        if let Some(before) = &before {
            arguments.extend(["--before", before]);
        }
        let output = server.ask(&arguments);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let page: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let Some(last) = page.as_array().and_then(|page| page.last()) else {
            return numbers;
        };
        before = last["id"].as_str().map(str::to_owned);
        let ids = page
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["delivery_id"].as_str().unwrap());
        numbers.extend(ids.map(|id| {
            id.strip_prefix("delivery-")
                .unwrap()
                .parse::<u64>()
                .unwrap()
        }));
    }
}
