//! kill -9 under load: every acknowledged event is there once, and every job reaches its target.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::harness::{EAGER, Folder, Load, Process, Target, arrived, forwarding, repeated};

const ROUNDS: usize = 3;
const SENDERS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_to_kill_9() {
    let target = Target::start().await;
    let folder = Folder::new();
    let config = forwarding(&folder, &target.url("/sink"), "", EAGER);
    let next = Arc::new(AtomicU64::new(0));
    let mut acknowledged = BTreeMap::new();

    for round in 0..ROUNDS {
        let mut server = Process::start(&config);
        let load = Load::start(server.address, SENDERS, 0, &next);
        // Another moment in each round: after so many answers, wherever the rest is just then.
        load.answered(202, 40 + 60 * round).await;
        server.kill();
        let sent = load.end().await;
        assert!(sent.answers.keys().all(|s| *s == 202), "{:?}", sent.answers);
        acknowledged.extend(sent.acknowledged);
    }

    let mut server = Process::start(&config);
    arrived(&target, &acknowledged).await;
    let stored = server.event_ids();
    let lost = acknowledged.values().filter(|id| !stored.contains(*id));
    assert_eq!(lost.count(), 0, "acknowledged and not stored");
    assert!(server.stop().success(), "it drains and leaves");

    let (count, duplicated) = (acknowledged.len(), repeated(&target));
    println!(
        "{{\"test\":\"A1\",\"rounds\":{ROUNDS},\"acknowledged\":{count},\"lost\":0,\"duplicated\":{duplicated}}}"
    );
}
