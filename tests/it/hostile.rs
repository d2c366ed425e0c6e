//! What strangers may send: every answer of the table, and requests that no polite sender would write.

use std::net::SocketAddr;

use bytes::Bytes;
use hookrule::runtime::{Clock, Timestamp};
use tokio::io::AsyncWriteExt as _;

use crate::harness::raw::{Reply, ask, connect, head, post, rest};
use crate::harness::{Folder, Process, SECRET, github, signed, signed_at};

const BODY_BYTES_MAX: usize = 2048;
const HELLO: &[u8] = b"{\"type\":\"url_verification\",\"challenge\":\"c-123\"}";

/// A hookrule that takes GitHub's and Slack's deliveries and has no rules.
struct Door {
    _folder: Folder,
    server: Process,
}

impl Door {
    fn open(policy: &str) -> Self {
        let folder = Folder::new();
        let text = format!(
            "listen: 127.0.0.1:0
sources:
  github: {{provider: github, secrets: [{SECRET}], body_max: 2KiB}}
  slack: {{provider: slack, secrets: [{SECRET}]}}
policy: {{{policy}}}
"
        );
        let config = folder.write("hookrule.yaml", &text);
        folder.write("rules/none.yaml", "rules: []\n");
        let server = Process::start(&config);
        Self {
            _folder: folder,
            server,
        }
    }

    fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// A push with this body, signed.
    async fn push(&self, delivery: &str, body: impl Into<Bytes>) -> Reply {
        let body = body.into();
        self.send(&github("push", delivery, &body), &body).await
    }

    async fn send(&self, headers: &[(String, String)], body: &[u8]) -> Reply {
        ask(self.address(), post("/webhook/github", headers, body)).await
    }

    /// It still takes what is good, and has kept nothing but that and `before`.
    async fn expect_well(&self, before: usize) {
        let answer = self.push("the-last", "{}").await;
        assert_eq!(answer.status(), 202, "{answer:?}");
        assert_eq!(self.server.event_ids().len(), before + 1);
    }
}

fn slack(body: &Bytes, at: Timestamp) -> Vec<(String, String)> {
    signed_at(at, "slack", SECRET, None, "", "application/json", body)
}

fn without(headers: &[(String, String)], name: &str) -> Vec<(String, String)> {
    let others = headers.iter().filter(|(n, _)| n != name);
    others.cloned().collect()
}

fn with(headers: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let mut headers = without(headers, name);
    headers.push((name.to_owned(), value.to_owned()));
    headers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_good_is_taken_once() {
    let door = Door::open("");
    let body = Bytes::from_static(b"{}");
    let good = github("push", "one", &body);

    let accepted = door.send(&good, &body).await;
    assert_eq!(accepted.status(), 202);
    assert!(
        accepted
            .body()
            .starts_with("{\"status\":\"accepted\",\"event_id\":\"evt_")
    );
    let id = accepted.body().split('"').nth(7).unwrap();
    let duplicate = door.send(&good, &body).await;
    assert_eq!(duplicate.status(), 200);
    assert!(
        duplicate.body().contains("\"status\":\"duplicate\""),
        "{duplicate:?}"
    );
    assert!(
        duplicate.body().contains(&format!("events replay {id}")),
        "{duplicate:?}"
    );

    let hello = Bytes::from_static(HELLO);
    let headers = slack(&hello, Clock::machine().now());
    let handshake = ask(door.address(), post("/webhook/slack", &headers, &hello)).await;
    assert_eq!(handshake.status(), 200, "{handshake:?}");
    assert!(handshake.body().contains("c-123"), "{handshake:?}");
    door.expect_well(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_proves_nothing_learns_nothing() {
    let door = Door::open("");
    let body = Bytes::from_static(b"{}");
    let good = github("push", "one", &body);
    let hello = Bytes::from_static(HELLO);
    let now = Clock::machine().now();
    let greet = |at| {
        let headers = slack(&hello, at);
        ask(door.address(), post("/webhook/slack", &headers, &hello))
    };
    // Missing, wrong, for another body, stale, from the future, no such source: byte for byte the same.
    let missing = door
        .send(&without(&good, "x-hub-signature-256"), &body)
        .await;
    let wrong = with(
        &good,
        "x-hub-signature-256",
        &format!("sha256={}", "0".repeat(64)),
    );
    let wrong = door.send(&wrong, &body).await;
    let other = door.send(&good, b"[]").await;
    let minutes = |n: i64| Timestamp::from_millis(now.millis() + n * 60_000);
    let stale = greet(minutes(-6)).await;
    let early = greet(minutes(6)).await;
    let nobody = ask(door.address(), post("/webhook/nobody", &good, &body)).await;
    let nameless = ask(door.address(), post("/webhook", &[], &body)).await;
    for refused in [&missing, &wrong, &other, &stale, &early, &nobody, &nameless] {
        assert_eq!(refused.status(), 401, "{refused:?}");
        assert_eq!(refused.body(), missing.body());
    }
    door.expect_well(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_for_something_else_is_told_what_is_wrong() {
    let door = Door::open("");
    let body = Bytes::from_static(b"{}");
    let good = github("push", "one", &body);
    let elsewhere = ask(door.address(), post("/admin", &good, &body)).await;
    assert_eq!(elsewhere.status(), 404, "{elsewhere:?}");
    let get = "GET /webhook/github HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let get = ask(door.address(), get).await;
    assert_eq!(
        (get.status(), get.header("allow")),
        (405, Some("POST")),
        "{get:?}"
    );
    let broken = door.push("broken", "{\"a\":").await;
    assert_eq!(broken.status(), 400, "{broken:?}");
    let xml = Bytes::from_static(b"<a/>");
    let xml = signed("github", SECRET, Some("push"), "xml", "text/xml", &xml);
    let xml = door.send(&xml, b"<a/>").await;
    assert_eq!(xml.status(), 415, "{xml:?}");
    let gzip = door
        .send(&with(&good, "content-encoding", "gzip"), &body)
        .await;
    assert_eq!(gzip.status(), 415, "{gzip:?}");
    for refused in [elsewhere, get, broken, xml, gzip] {
        assert!(refused.body().starts_with("{\"error\":\""), "{refused:?}");
    }
    door.expect_well(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_over_their_limit() {
    let door = Door::open("bodies_max: 6KiB");
    let most = format!("\"{}\"", "x".repeat(BODY_BYTES_MAX - 2));
    assert_eq!(door.push("most", most).await.status(), 202);
    let more = format!("\"{}\"", "x".repeat(BODY_BYTES_MAX - 1));
    assert_eq!(door.push("more", more).await.status(), 413);

    // The answer comes on the head alone, and the connection ends.
    let mut declared = connect(door.address()).await;
    let mut request = head("/webhook/github", &[]);
    request.extend_from_slice(b"Content-Length: 100000000\r\n\r\n");
    declared.write_all(&request).await.unwrap();
    assert_eq!(rest(&mut declared).await.status(), 413);

    // One that lies about its length by not telling it; its last chunk never comes.
    let mut chunked = connect(door.address()).await;
    let mut request = head("/webhook/github", &[]);
    request.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
    for _ in 0..3 {
        request.extend_from_slice(format!("400\r\n{}\r\n", "x".repeat(1024)).as_bytes());
    }
    chunked.write_all(&request).await.unwrap();
    assert_eq!(rest(&mut chunked).await.status(), 413);
    // Slack's own limit is larger than all bodies together may be.
    let large = ask(door.address(), post("/webhook/slack", &[], &[b'x'; 10_000])).await;
    assert_eq!(large.status(), 503, "{large:?}");
    assert!(large.header("retry-after").is_some(), "{large:?}");
    door.expect_well(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_everything_before_reading_still_reads_the_answer() {
    let door = Door::open("");
    let body = vec![b'x'; 8 * 1024 * 1024];
    for _ in 0..5 {
        let answer = door.send(&[], &body).await;
        assert_eq!(answer.status(), 413);
    }
    door.expect_well(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_over_their_limit() {
    let door = Door::open("");
    let body = Bytes::from_static(b"{}");
    let good = github("push", "one", &body);
    let mut many = good.clone();
    many.extend((0..70).map(|n| (format!("x-{n}"), "1".to_owned())));
    let long = with(&good, "x-long", &"x".repeat(20 * 1024));
    let spread: Vec<_> = (0..20)
        .map(|n| (format!("x-{n}"), "x".repeat(1024)))
        .collect();
    for headers in [many, long, [good.clone(), spread].concat()] {
        let answer = door.send(&headers, &body).await;
        assert_eq!(answer.status(), 431, "{answer:?}");
    }
    let path = format!("/webhook/{}", "x".repeat(64 * 1024));
    let answer = ask(door.address(), post(&path, &good, &body)).await;
    assert!([404, 414, 431].contains(&answer.status()), "{answer:?}");
    door.expect_well(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_senders_are_let_go() {
    let limits = "header_timeout: 300ms, body_idle_timeout: 300ms, request_timeout: 1s";
    let door = Door::open(limits);
    let mut slow_head = connect(door.address()).await;
    slow_head
        .write_all(b"POST /webhook/github HTTP/1.1\r\nHo")
        .await
        .unwrap();
    let answer = rest(&mut slow_head).await;
    assert!(answer.0.is_empty() || answer.status() == 408, "{answer:?}");

    let mut silent = connect(door.address()).await;
    let mut request = head("/webhook/github", &[]);
    request.extend_from_slice(b"Content-Length: 100\r\n\r\n{");
    silent.write_all(&request).await.unwrap();
    assert_eq!(rest(&mut silent).await.status(), 408);

    // Never idle for long, and yet too slow.
    let (mut reading, mut writing) = connect(door.address()).await.into_split();
    writing.write_all(&request).await.unwrap();
    let drip = tokio::spawn(async move {
        while writing.write_all(b"1").await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        }
    });
    let mut answer = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut reading, &mut answer).await;
    assert_eq!(
        Reply(String::from_utf8_lossy(&answer).into_owned()).status(),
        408
    );
    drip.await.unwrap();
    assert!(door.server.event_ids().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_hides_in_another() {
    let door = Door::open("");
    let body = Bytes::from_static(b"{}");
    let good = github("push", "hidden", &body);
    let hidden = String::from_utf8(post("/webhook/github", &good, &body)).unwrap();
    let length = hidden.len();
    for (framing, body) in [
        // What a proxy that believes in lengths would pass on as one body.
        (
            format!(
                "Content-Length: {}\r\nTransfer-Encoding: chunked",
                length + 5
            ),
            "0\r\n\r\n",
        ),
        (
            format!(
                "Transfer-Encoding: chunked\r\nContent-Length: {}",
                length + 5
            ),
            "0\r\n\r\n",
        ),
        (
            "Transfer-Encoding: chunked\r\nContent-Length: 5".to_owned(),
            "0\r\n\r\n",
        ),
        ("Content-Length: 0\r\nContent-Length: 5".to_owned(), ""),
        ("Content-Length: +0".to_owned(), ""),
        ("Content-Length: 0, 5".to_owned(), ""),
        ("Transfer-Encoding: xchunked".to_owned(), ""),
        ("Transfer-Encoding: chunked, identity".to_owned(), ""),
        (
            "Transfer-Encoding: identity, chunked, chunked".to_owned(),
            "0\r\n\r\n",
        ),
        ("Transfer-Encoding: gzip, chunked".to_owned(), "0\r\n\r\n"),
        (
            "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked".to_owned(),
            "0\r\n\r\n",
        ),
        ("Transfer-Encoding : chunked".to_owned(), "0\r\n\r\n"),
        (
            "X: a\r\n Content-Length: 0\r\nContent-Length: 5".to_owned(),
            "",
        ),
        (
            "Transfer-Encoding: chunked".to_owned(),
            "10000000000000000\r\n",
        ),
        ("Transfer-Encoding: chunked".to_owned(), "-1\r\n"),
        ("Content-Length: 0\r\nX: a\0b".to_owned(), ""),
    ] {
        let request =
            format!("POST /webhook/github HTTP/1.1\r\nHost: h\r\n{framing}\r\n\r\n{body}{hidden}");
        let answer = ask(door.address(), &request).await;
        assert_eq!(answer.answers(), 1, "{framing}: {answer:?}");
        assert!(
            [400, 401].contains(&answer.status()),
            "{framing}: {answer:?}"
        );
        assert!(door.server.event_ids().is_empty(), "{framing}");
    }
    door.expect_well(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_are_not_what_they_say() {
    let door = Door::open("");
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(door.push("127", nested(127)).await.status(), 202);
    assert_eq!(door.push("128", nested(128)).await.status(), 400);
    assert_eq!(door.push("1000", nested(1000)).await.status(), 400);
    for (number, body) in [
        &b""[..],
        b"{\"a\":1}x",
        b"{\"a\":NaN}",
        b"// a\n{}",
        b"{'a':1}",
        b"\xef\xbb\xbf{}x",
        b"{\"a\":\"\xff\"}",
        b"{\"a\":\"\\ud800\"}",
        b"{\"a\":01}",
    ]
    .into_iter()
    .enumerate()
    {
        let answer = door.push(&format!("bad-{number}"), body).await;
        assert_eq!(answer.status(), 400, "{body:?}: {answer:?}");
    }
    for (number, body) in [
        &b"{\"id\":123456789012345678901234567890}"[..],
        b"{\"a\":-0}",
        b"{\"a\":\"\\u0000\"}",
        b"{\"a\":1,\"a\":2}",
    ]
    .into_iter()
    .enumerate()
    {
        let answer = door.push(&format!("good-{number}"), body).await;
        assert_eq!(answer.status(), 202, "{body:?}: {answer:?}");
    }
    door.expect_well(5).await;
}
