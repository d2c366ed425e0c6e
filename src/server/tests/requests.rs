//! What is taken of a request, and what is refused.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::stage::{Script, post, rest, start, start_with, status};
use crate::runtime::telemetry::Metric;
use crate::server::Settings;

#[tokio::test]
async fn a_body_arrives_exactly_as_sent() {
    let server = start(Settings::default()).await;
    let body = "{\"a\" :\r\n 1}\0\u{e9}";
    let answer = server
        .ask(post("/webhook/shop?x=1&y=%20", "X-Sig: \u{e9}\r\n", body))
        .await;
    status(&answer, 202);
    assert!(answer.contains("x-ours: yes"));
    let taken = server.script.taken.lock().unwrap();
    let (source, delivery) = &taken[0];
    assert_eq!(source.as_deref(), Some("shop"));
    assert_eq!(delivery.body, body.as_bytes());
    assert_eq!(delivery.query.first("y"), Some(" "));
    assert_eq!(delivery.headers.single("X-SIG"), Some("\u{e9}"));
    assert_eq!(delivery.remote, Some([127, 0, 0, 1].into()));
}

#[tokio::test]
async fn chunks_are_joined() {
    let server = start(Settings::default()).await;
    let answer = server
        .ask(
            "POST /webhook HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\
             Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3;x=y\r\ndef\r\n0\r\n\r\n",
        )
        .await;
    status(&answer, 202);
    let taken = server.script.taken.lock().unwrap();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].1.body, "abcdef");
    assert_eq!(taken[0].0, None);
}

#[tokio::test]
async fn nothing_is_believed_behind_a_request_with_two_lengths() {
    let both = [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    ];
    for lengths in both {
        let server = start(Settings::default()).await;
        // The second request stands where a smuggled one would.
        let answer = server
            .ask(format!(
                "POST /webhook/a HTTP/1.1\r\nHost: h\r\n{lengths}\r\n0\r\n\r\n\
                 POST /webhook/b HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"
            ))
            .await;
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
        let taken = server.script.taken.lock().unwrap();
        assert!(
            taken
                .iter()
                .all(|(source, _)| source.as_deref() != Some("b"))
        );
    }
}

#[tokio::test]
async fn what_is_not_answered() {
    let server = start(Settings::default()).await;
    status(&server.ask(post("/admin", "", "")).await, 404);
    status(&server.ask(post("/webhook/%zz", "", "")).await, 404);
    let get = "GET /webhook/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let answer = server.ask(get).await;
    status(&answer, 405);
    assert!(answer.contains("allow: POST"), "{answer}");
    assert!(answer.contains("{\"error\":"), "{answer}");
    let twice = post(
        "/webhook/a",
        "Content-Encoding: identity\r\nContent-Encoding: br\r\n",
        "x",
    );
    status(&server.ask(twice).await, 415);
    assert_eq!(server.taken(), 0);
    let identity = post("/webhook/a", "Content-Encoding: Identity\r\n", "x");
    status(&server.ask(identity).await, 202);
}

#[tokio::test]
async fn a_body_over_its_limit_is_refused_unread() {
    let server = start(Settings::default()).await;
    let mut socket = server.connect().await;
    // Only the head is sent: the answer may not wait for the body.
    let head = "POST /webhook/a HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let answer = rest(&mut socket).await;
    status(&answer, 413);
    status(
        &server.ask(post("/webhook/a", "", &"x".repeat(1001))).await,
        413,
    );
    status(
        &server.ask(post("/webhook/a", "", &"x".repeat(1000))).await,
        202,
    );
    assert_eq!(server.taken(), 1);
}

#[tokio::test]
async fn a_chunked_body_over_its_limit_is_refused() {
    let server = start(Settings::default()).await;
    let mut request =
        b"POST /webhook/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..3 {
        request.extend_from_slice(format!("190\r\n{}\r\n", "x".repeat(400)).as_bytes());
    }
    // The last chunk never comes.
    status(&server.ask(request).await, 413);
    assert_eq!(server.taken(), 0);
}

#[tokio::test]
async fn bodies_in_flight_share_a_limit() {
    let settings = Settings {
        bodies_bytes_max: 1500,
        ..Settings::default()
    };
    let script = Script {
        hold: true,
        ..Script::default()
    };
    let server = start_with(settings, script).await;
    let mut first = server.connect().await;
    let request = post("/webhook/a", "", &"x".repeat(800));
    first.write_all(request.as_bytes()).await.unwrap();
    server.script.began.notified().await;
    let answer = server.ask(&request).await;
    status(&answer, 503);
    assert!(answer.contains("retry-after: "), "{answer}");
    server.script.go.notify_one();
    status(&rest(&mut first).await, 202);
    server.script.go.notify_one();
    status(&server.ask(&request).await, 202);
}

#[tokio::test]
async fn heads_have_limits() {
    let server = start(Settings::default()).await;
    let many = "X: 1\r\n".repeat(65);
    status(&server.ask(post("/webhook/a", &many, "")).await, 431);
    let long = format!("X-Long: {}\r\n", "x".repeat(17 * 1024));
    status(&server.ask(post("/webhook/a", &long, "")).await, 431);
    assert_eq!(server.taken(), 0);
    let most = "X: 1\r\n".repeat(60);
    status(&server.ask(post("/webhook/a", &most, "")).await, 202);
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let server = start(Settings::default()).await;
    for request in [
        "POST /webhook/a HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nabcde",
        "POST /webhook/a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "POST /webhook/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        "POST /webhook/a HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /webhook/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        "POST /webhook/a HTTP/1.1\r\nHost: h\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
        "POST /webhook/a HTTP/1.1\r\nHost: h\r\nX: a\r\n folded\r\nContent-Length: 0\r\n\r\n",
    ] {
        let answer = server.ask(request).await;
        status(&answer, 400);
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{request}");
    }
    assert_eq!(server.taken(), 0);
}

#[tokio::test]
async fn slow_heads_are_cut_off() {
    let server = start(Settings {
        header_timeout: Duration::from_millis(50),
        ..Settings::default()
    })
    .await;
    let mut socket = server.connect().await;
    socket.write_all(b"POST /webhook/a HT").await.unwrap();
    assert_eq!(rest(&mut socket).await, "");
    assert_eq!(server.taken(), 0);
}

#[tokio::test]
async fn slow_bodies_are_answered_408() {
    let idle = Settings {
        body_idle_timeout: Duration::from_millis(50),
        ..Settings::default()
    };
    let total = Settings {
        request_timeout: Duration::from_millis(50),
        ..Settings::default()
    };
    for settings in [idle, total] {
        let server = start(settings).await;
        let mut socket = server.connect().await;
        let part = "POST /webhook/a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc";
        socket.write_all(part.as_bytes()).await.unwrap();
        status(&rest(&mut socket).await, 408);
        assert_eq!(server.taken(), 0);
        let labels = ["unread", "too_slow"];
        assert_eq!(server.telemetry.value(Metric::Refused, &labels), 1);
    }
}

#[tokio::test]
async fn continue_is_said_only_when_the_body_is_wanted() {
    let server = start(Settings::default()).await;
    let head = |length: u64| {
        format!(
            "POST /webhook/a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\
             Connection: close\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let answer = server.ask(head(2000)).await;
    status(&answer, 413);
    let mut socket = server.connect().await;
    socket.write_all(head(2).as_bytes()).await.unwrap();
    let mut start = [0; 25];
    socket.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(b"hi").await.unwrap();
    status(&rest(&mut socket).await, 202);
}
