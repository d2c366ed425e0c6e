//! A store that cannot be written: nothing is acknowledged that is not kept, and it is over when the
//! trouble is.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use serde_json::Value;

use crate::harness::raw::{Reply, ask, get, post};
use crate::harness::{
    Answer, EAGER, Folder, Load, Mount, Process, Target, arrived, forwarding, github, needs,
    repeated, run,
};

const DISK_MEBIBYTES: u32 = 8;
const BALLAST_BYTES: usize = 4 * 1024 * 1024;
const SENDERS: usize = 8;

/// Keys of hookrule.yaml for a store here and an admin listener.
fn store_and_admin(disk: &Path) -> String {
    let store = disk.join("store");
    format!(
        "store: {}\nadmin: {{listen: 127.0.0.1:0}}\n",
        store.display()
    )
}

async fn push(server: &Process, delivery: &str, bytes: usize) -> Reply {
    let body = Bytes::from(format!(
        "{{\"number\":0,\"padding\":\"{}\"}}",
        "x".repeat(bytes)
    ));
    let headers = github("push", delivery, &body);
    ask(server.address, post("/webhook/github", &headers, &body)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_acknowledges_nothing_and_is_over_when_there_is_room() {
    let folder = Folder::new();
    let mount = Mount::tmpfs(&folder.path().join("disk"), DISK_MEBIBYTES);
    let Some(disk) = needs("tmpfs", mount) else {
        return;
    };
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![0; BALLAST_BYTES]).unwrap();
    let target = Target::start().await;
    let more = store_and_admin(disk.path());
    let config = forwarding(&folder, &target.url("/sink"), &more, EAGER);
    let mut server = Process::start(&config);
    assert_eq!(get(server.admin(), "/readyz").await.status(), 200);

    let next = Arc::new(AtomicU64::new(1));
    let load = Load::start(server.address, SENDERS, 20_000, &next);
    load.answered(503, 20).await;
    let sent = load.end().await;
    assert!(
        sent.answers.keys().all(|s| [202, 503].contains(s)),
        "{:?}",
        sent.answers
    );
    let refused = push(&server, "too-large-for-the-disk", 100_000).await;
    assert_eq!(refused.status(), 503, "{refused:?}");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((5..60).contains(&wait), "{wait}");
    let ready = get(server.admin(), "/readyz").await;
    assert_eq!(ready.status(), 503, "{ready:?}");
    assert!(ready.body().contains("full"), "{ready:?}");
    let metrics = get(server.admin(), "/metrics").await;
    let failures = "hookrule_store_failures_total{operation=\"accept\"}";
    assert!(metrics.body().contains(failures), "{metrics:?}");

    std::fs::remove_file(ballast).unwrap();
    let again = push(&server, "too-large-for-the-disk", 100_000).await;
    assert_eq!(again.status(), 202, "{again:?}");
    assert_eq!(get(server.admin(), "/readyz").await.status(), 200);
    arrived(&target, &sent.acknowledged).await;

    server.kill();
    let mut server = Process::start(&config);
    let stored = server.event_ids();
    let lost = sent
        .acknowledged
        .values()
        .filter(|id| !stored.contains(*id));
    let lost = lost.count();
    println!(
        "{{\"test\":\"A6\",\"acknowledged\":{},\"refused\":{},\"lost\":{lost},\"duplicated\":{}}}",
        sent.acknowledged.len(),
        sent.answers[&503],
        repeated(&target)
    );
    assert_eq!(lost, 0);
    assert!(server.stop().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outcomes_that_cannot_be_written_are_not_lost_nor_repeated_without_end() {
    let folder = Folder::new();
    let mount = Mount::tmpfs(&folder.path().join("disk"), DISK_MEBIBYTES);
    let Some(disk) = needs("tmpfs", mount) else {
        return;
    };
    let target = Target::start().await;
    let (open, opened) = tokio::sync::watch::channel(false);
    target.otherwise(move |_| Answer::once(&opened));
    let more = store_and_admin(disk.path());
    let config = forwarding(&folder, &target.url("/sink"), &more, EAGER);
    let mut server = Process::start(&config);
    assert_eq!(push(&server, "one", 10).await.status(), 202);
    target.wait_for(1).await;

    // The disk fills up while the target is at work; its answer cannot be written then.
    let ballast = disk.path().join("ballast");
    let filled = fill(&ballast);
    assert!(filled > 0);
    let refused = push(&server, "two", 100_000).await;
    assert_eq!(refused.status(), 503, "{refused:?}");
    open.send_replace(true);
    server.wait_for_log("an outcome could not be recorded");
    std::fs::remove_file(ballast).unwrap();
    assert_eq!(push(&server, "two", 100_000).await.status(), 202);
    target.wait_for(2).await;
    server.stop();

    let server = Process::start(&config);
    let jobs = server.ask(&["jobs", "list", "--format", "json"]);
    let jobs: Value = serde_json::from_slice(&jobs.stdout).unwrap();
    let states: Vec<_> = jobs
        .as_array()
        .unwrap()
        .iter()
        .map(|job| &job["state"])
        .collect();
    assert_eq!(states, ["done", "done"]);
    let requests = target.received().len();
    println!("{{\"test\":\"A7\",\"jobs\":2,\"requests\":{requests},\"lost\":0}}");
    assert_eq!(requests, 2, "what was answered is not asked again");
}

/// Writes until there is no room left.
fn fill(path: &Path) -> u64 {
    use std::io::Write as _;
    let mut file = std::fs::File::create(path).unwrap();
    for bytes in [64 * 1024, 4096, 512] {
        while file.write_all(&vec![0; bytes]).is_ok() {}
    }
    file.metadata().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_cannot_be_written_is_named_at_the_start() {
    let folder = Folder::new();
    let mount = Mount::tmpfs(&folder.path().join("disk"), DISK_MEBIBYTES);
    let Some(disk) = needs("tmpfs", mount) else {
        return;
    };
    let more = store_and_admin(disk.path());
    let config = forwarding(&folder, "http://127.0.0.1:9/", &more, "");
    disk.freeze().unwrap();
    expect_refusal(&config, disk.path());
    drop(disk);

    // The same for one that has been used before.
    let disk = Mount::tmpfs(&folder.path().join("disk"), DISK_MEBIBYTES).unwrap();
    let mut server = Process::start(&config);
    assert!(server.stop().success());
    disk.freeze().unwrap();
    expect_refusal(&config, &disk.path().join("store"));
}

#[track_caller]
fn expect_refusal(config: &Path, named: &Path) {
    let refused = run(&["serve", "--config", config.to_str().unwrap()]);
    let error = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{error}");
    assert!(error.contains(named.to_str().unwrap()), "{error}");
    assert!(error.contains("Read-only file system"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_has_one_process() {
    let folder = Folder::new();
    let config = forwarding(&folder, "http://127.0.0.1:9/", "", "");
    let server = Process::start(&config);
    let second = run(&["serve", "--config", config.to_str().unwrap()]);
    let error = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(2), "{error}");
    let holder = format!("in use by process {}", server.pid());
    assert!(error.contains(&holder), "{error}");
    assert_eq!(
        push(&server, "one", 1).await.status(),
        202,
        "the first goes on"
    );
}
