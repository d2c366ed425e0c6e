//! Signals: what is begun is finished, nothing acknowledged is lost, and the rest is done at the next
//! start.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use tokio::io::AsyncWriteExt as _;

use crate::harness::raw::{ask, connect, get, head, post, rest};
use crate::harness::{
    Answer, EAGER, Folder, Load, Process, Target, arrived, forwarding, github, repeated,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_under_load_loses_nothing() {
    let (down, up) = (Target::start().await, Target::start().await);
    down.otherwise(|_| Answer::status(503));
    let folder = Folder::new();
    let config = forwarding(&folder, &down.url("/sink"), "", EAGER);
    let mut server = Process::start(&config);
    let next = Arc::new(AtomicU64::new(0));
    let load = Load::start(server.address, 16, 100, &next);
    load.answered(202, 200).await;
    assert!(server.stop().success(), "{:?}", server.log());
    let sent = load.end().await;
    assert!(sent.answers.keys().all(|s| *s == 202), "{:?}", sent.answers);

    forwarding(&folder, &up.url("/sink"), "", EAGER);
    let mut server = Process::start(&config);
    arrived(&up, &sent.acknowledged).await;
    let stored = server.event_ids();
    let lost = sent
        .acknowledged
        .values()
        .filter(|id| !stored.contains(*id));
    let lost = lost.count();
    println!(
        "{{\"test\":\"E10\",\"acknowledged\":{},\"lost\":{lost},\"duplicated\":{}}}",
        sent.acknowledged.len(),
        repeated(&up)
    );
    assert_eq!(lost, 0);
    assert!(server.stop().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_half_sent_is_answered_and_a_job_half_done_is_finished() {
    let target = Target::start().await;
    let (open, opened) = tokio::sync::watch::channel(false);
    target.otherwise(move |_| Answer::once(&opened));
    let folder = Folder::new();
    let more = "admin: {listen: 127.0.0.1:0}\n";
    let config = forwarding(&folder, &target.url("/sink"), more, EAGER);
    let mut server = Process::start(&config);
    let body = Bytes::from_static(b"{\"number\":1}");
    let first = post("/webhook/github", &github("push", "one", &body), &body);
    assert_eq!(ask(server.address, first).await.status(), 202);
    target.wait_for(1).await;

    let body = Bytes::from_static(b"{\"number\":2}");
    let mut half = connect(server.address).await;
    let mut idle = connect(server.address).await;
    let mut request = head("/webhook/github", &github("push", "two", &body));
    request.extend_from_slice(b"Expect: 100-continue\r\nContent-Length: 12\r\n\r\n");
    half.write_all(&request).await.unwrap();
    // When it says this, the request has begun.
    let mut go_on = [0; 25];
    tokio::io::AsyncReadExt::read_exact(&mut half, &mut go_on)
        .await
        .unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    half.write_all(&body[..5]).await.unwrap();

    let admin = server.admin();
    server.signal("TERM");
    server.wait_for_log("stopping");
    assert_eq!(rest(&mut idle).await.0, "", "an idle connection is ended");
    let ready = get(admin, "/readyz").await;
    assert_eq!(ready.status(), 503, "{ready:?}");
    let refused = tokio::net::TcpStream::connect(server.address).await;
    assert!(refused.is_err(), "the door is closed");
    half.write_all(&body[5..]).await.unwrap();
    let answer = rest(&mut half).await;
    assert_eq!(answer.status(), 202, "{answer:?}");
    open.send_replace(true);
    assert!(server.end().success(), "{:?}", server.log());

    // The first is done, the second was stored and is still to do.
    let mut server = Process::start(&config);
    target.wait_for(2).await;
    assert!(server.stop().success());
    assert_eq!(repeated(&target), 0, "what was done is not done again");
    assert_eq!(target.received().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_sigterm_ends_at_once_and_loses_nothing() {
    let target = Target::start().await;
    target.otherwise(|_| Answer::Never);
    let folder = Folder::new();
    let config = forwarding(&folder, &target.url("/sink"), "", EAGER);
    let mut server = Process::start(&config);
    let body = Bytes::from_static(b"{\"number\":1}");
    let first = post("/webhook/github", &github("push", "one", &body), &body);
    assert_eq!(ask(server.address, first).await.status(), 202);
    target.wait_for(1).await;
    server.signal("TERM");
    server.wait_for_log("stopping: ");
    server.signal("TERM");
    assert!(server.end().success(), "{:?}", server.log());
    server.wait_for_log("stopped at once");

    target.otherwise(|_| Answer::status(200));
    let _server = Process::start(&config);
    let received = target.wait_for(2).await;
    let key = |at: usize| received[at].header("idempotency-key").unwrap();
    assert_eq!(key(0), key(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sighup_reads_the_files_again_and_kills_nobody() {
    let target = Target::start().await;
    let folder = Folder::new();
    let config = forwarding(&folder, &target.url("/sink"), "", EAGER);
    let mut server = Process::start(&config);
    // At once: whoever says that it listens also listens for signals.
    server.signal("HUP");
    server.wait_for_log("SIGHUP");
    server.wait_for_log("nothing has changed");

    let next = Arc::new(AtomicU64::new(0));
    let load = Load::start(server.address, 4, 100, &next);
    for _ in 0..100 {
        server.signal("HUP");
    }
    forwarding(&folder, &target.url("/elsewhere"), "", EAGER);
    server.signal("HUP");
    server.wait_for_log("revision 2");
    folder.write("hookrule.yaml", "sources: {github: {provider: nobody}}\n");
    server.signal("HUP");
    server.wait_for_log("stale: ");
    load.answered(202, 50).await;
    let sent = load.end().await;
    assert!(sent.answers.keys().all(|s| *s == 202), "{:?}", sent.answers);
    arrived(&target, &sent.acknowledged).await;

    // The broken file has not replaced the one before it.
    let before = target.received().len();
    let body = Bytes::from_static(b"{\"number\":0}");
    let last = post("/webhook/github", &github("push", "last", &body), &body);
    assert_eq!(ask(server.address, last).await.status(), 202);
    let received = target.wait_for(before + 1).await;
    assert_eq!(received.last().unwrap().path, "/elsewhere");
    assert!(server.stop().success(), "{:?}", server.log());
}
