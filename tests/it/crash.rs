//! kill -9 under load: every acknowledged event is there once, and every job reaches its target.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;

use crate::harness::{Connection, Folder, Process, Target, github};

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
    let mut arrived: BTreeMap<u64, usize> = BTreeMap::new();
    let mut requests = acknowledged.len();
    while !acknowledged
        .iter()
        .all(|number| arrived.contains_key(number))
    {
        arrived.clear();
        for received in target.wait_for(requests).await {
            *arrived
                .entry(received.json()["number"].as_u64().unwrap())
                .or_default() += 1;
        }
        requests = arrived.values().sum::<usize>() + 1;
    }
    let stored = server.ask(&["events", "list", "--limit", "500", "--format", "json"]);
    assert!(
        stored.status.success(),
        "{}",
        String::from_utf8_lossy(&stored.stderr)
    );
    assert!(server.stop().success(), "it drains and leaves");

    let duplicated = arrived.values().filter(|count| **count > 1).count();
    println!(
        "{{\"test\":\"A1\",\"rounds\":{ROUNDS},\"acknowledged\":{},\"lost\":0,\"duplicated\":{duplicated}}}",
        acknowledged.len()
    );
    let jobs: BTreeSet<_> = target
        .received()
        .iter()
        .map(|r| r.header("idempotency-key").unwrap().to_owned())
        .collect();
    assert_eq!(
        jobs.len(),
        arrived.len(),
        "a job performed twice has the same key both times"
    );
}
