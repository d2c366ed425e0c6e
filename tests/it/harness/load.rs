//! Senders that never rest, and what they were answered.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::target::PATIENCE;
use super::{Connection, Folder, Received, SECRET, Target, github};

/// Writes a configuration with one source and one destination, and a rule that forwards every push to
/// it. `more` are lines of hookrule.yaml, `policy` are keys of the destination.
pub fn forwarding(folder: &Folder, url: &str, more: &str, policy: &str) -> PathBuf {
    folder.write("rules/pass-on.yaml", RULES);
    let comma = if policy.is_empty() { "" } else { ", " };
    let text = format!(
        "listen: 127.0.0.1:0
sources:
  github: {{provider: github, secrets: [{SECRET}]}}
destinations:
  sink: {{http: {{url: \"{url}\"}}, allow_private: true{comma}{policy}}}
{more}"
    );
    folder.write("hookrule.yaml", &text)
}

const RULES: &str = "rules:
  - name: pass-on
    when: {provider: github, event: push}
    actions: [{forward: {destination: sink}}]
";

/// A retry policy that never waits long, nor ends.
pub const EAGER: &str = "retry: {schedule: [50ms, 100ms, 200ms], repeat: 500ms, max_age: 1h}";

#[derive(Default)]
struct Tally {
    /// Event ids by the number of the delivery.
    acknowledged: Mutex<BTreeMap<u64, String>>,
    /// How often each status came.
    answers: watch::Sender<BTreeMap<u16, usize>>,
    enough: AtomicBool,
}

/// Pushes with numbers in them, on several connections at once.
pub struct Load {
    tally: Arc<Tally>,
    senders: JoinSet<()>,
}

/// What became of a load.
#[derive(Debug)]
pub struct Sent {
    /// Event ids by the number of the delivery.
    pub acknowledged: BTreeMap<u64, String>,
    /// How often each status came.
    pub answers: BTreeMap<u16, usize>,
}

impl Load {
    /// Each sender goes on until its connection breaks or it is told to end. `padding` is the length
    /// of a text in each body; numbers are taken from `next`.
    pub fn start(
        address: SocketAddr,
        senders: usize,
        padding: usize,
        next: &Arc<AtomicU64>,
    ) -> Self {
        let tally = Arc::<Tally>::default();
        let mut set = JoinSet::new();
        for _ in 0..senders {
            set.spawn(send(address, padding, Arc::clone(next), Arc::clone(&tally)));
        }
        let senders = set;
        Self { tally, senders }
    }

    /// Waits until this status has been answered so often.
    pub async fn answered(&self, status: u16, count: usize) {
        let mut answers = self.tally.answers.subscribe();
        let enough = answers.wait_for(|answers| answers.get(&status).is_some_and(|n| *n >= count));
        let came = tokio::time::timeout(PATIENCE, enough).await.is_ok();
        let answers = self.tally.answers.borrow().clone();
        assert!(came, "waited for {count} times {status}: {answers:?}");
    }

    /// What has been acknowledged until now.
    pub fn acknowledged(&self) -> BTreeMap<u64, String> {
        self.tally.acknowledged.lock().unwrap().clone()
    }

    /// Ends after the requests that are under way.
    pub async fn end(mut self) -> Sent {
        self.tally.enough.store(true, Ordering::Relaxed);
        while let Some(sender) = self.senders.join_next().await {
            sender.expect("a sender without panic");
        }
        Sent {
            acknowledged: self.acknowledged(),
            answers: self.tally.answers.borrow().clone(),
        }
    }
}

async fn send(address: SocketAddr, padding: usize, next: Arc<AtomicU64>, tally: Arc<Tally>) {
    let Ok(mut connection) = Connection::open(address).await else {
        return;
    };
    let padding = "x".repeat(padding);
    while !tally.enough.load(Ordering::Relaxed) {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let body = Bytes::from(format!("{{\"number\":{number},\"padding\":\"{padding}\"}}"));
        let headers = github("push", &format!("delivery-{number}"), &body);
        let sent = connection.send("POST", "/webhook/github", &headers, body);
        let Ok((status, answer)) = sent.await else {
            return;
        };
        if status == 202 {
            let answer: Value = serde_json::from_slice(&answer).expect("a JSON answer");
            let id = answer["event_id"].as_str().expect("an id").to_owned();
            tally.acknowledged.lock().unwrap().insert(number, id);
        }
        tally
            .answers
            .send_modify(|answers| *answers.entry(status).or_default() += 1);
    }
}

/// Waits until a push with each of these numbers has come to the target.
pub async fn arrived(target: &Target, numbers: &BTreeMap<u64, String>) {
    let mut requests = numbers.len();
    loop {
        let received = target.wait_for(requests).await;
        let arrived: BTreeSet<u64> = received.iter().map(number).collect();
        let missing = numbers.keys().filter(|n| !arrived.contains(n)).count();
        if missing == 0 {
            return;
        }
        requests = received.len() + missing;
    }
}

/// How many pushes came to the target more than once, always with the key of the first time.
pub fn repeated(target: &Target) -> usize {
    let received = target.received();
    let mut keys: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for request in &received {
        let key = request.header("idempotency-key").expect("a key");
        keys.entry(number(request)).or_default().push(key);
    }
    for (number, keys) in &keys {
        let same = keys.iter().all(|key| *key == keys[0]);
        assert!(same, "push {number} came with other keys: {keys:?}");
    }
    keys.values().filter(|keys| keys.len() > 1).count()
}

fn number(request: &Received) -> u64 {
    request.json()["number"].as_u64().expect("a number")
}
