//! How long connections live, and how many there are.

use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::stage::{HANGING, Script, one, post, rest, start, start_with, status};
use crate::runtime::telemetry::Metric;
use crate::server::Settings;

#[tokio::test]
async fn idle_connections_end_and_busy_ones_do_not() {
    let settings = Settings {
        keep_alive_timeout: Duration::from_millis(50),
        ..Settings::default()
    };
    let script = Script {
        hold: true,
        ..Script::default()
    };
    let server = start_with(settings, script).await;
    let mut silent = server.connect().await;
    let mut busy = server.connect().await;
    let request = "POST /webhook/a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
    busy.write_all(request.as_bytes()).await.unwrap();
    server.script.began.notified().await;
    assert_eq!(rest(&mut silent).await, "");
    server.script.go.notify_one();
    status(&rest(&mut busy).await, 202);
}

#[tokio::test]
async fn a_peer_that_does_not_say_goodbye_is_cut_off() {
    let server = start(Settings {
        keep_alive_timeout: Duration::from_millis(50),
        ..Settings::default()
    })
    .await;
    let mut socket = server.connect().await;
    // HTTP/2's preface, empty settings and a whole request; the order to end stays unanswered.
    let mut request = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    request.extend_from_slice(b"\0\0\x06\x01\x05\0\0\0\x01\x83\x84\x86\x41\x01h");
    socket.write_all(&request).await.unwrap();
    let answer = rest(&mut socket).await;
    assert!(answer.contains("there is nothing here"), "{answer:?}");
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = start(Settings::default()).await;
    let mut socket = server.connect().await;
    for _ in 0..3 {
        let request = "POST /webhook/a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi";
        socket.write_all(request.as_bytes()).await.unwrap();
        status(&one(&mut socket).await, 202);
    }
    assert_eq!(server.taken(), 3);
}

#[tokio::test]
async fn one_address_has_so_many_connections() {
    let server = start(Settings {
        connections_per_address_max: 2,
        ..Settings::default()
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut socket = server.connect().await;
        let request = "POST /webhook/a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
        socket.write_all(request.as_bytes()).await.unwrap();
        status(&one(&mut socket).await, 202);
        held.push(socket);
    }
    assert_eq!(server.ask(post("/webhook/a", "", "")).await, "");
    let refused = server
        .telemetry
        .value(Metric::ConnectionsRefused, &["address"]);
    assert_eq!(refused, 1);
}

#[tokio::test]
async fn draining_finishes_what_is_begun_and_takes_nothing_new() {
    let script = Script {
        hold: true,
        ..Script::default()
    };
    let server = start_with(Settings::default(), script).await;
    let mut begun = server.connect().await;
    let mut idle = server.connect().await;
    let request = "POST /webhook/a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
    begun.write_all(request.as_bytes()).await.unwrap();
    server.script.began.notified().await;
    server.shutdown.drain();
    assert_eq!(rest(&mut idle).await, "");
    assert!(TcpStream::connect(server.address).await.is_err());
    server.script.go.notify_one();
    let answer = rest(&mut begun).await;
    status(&answer, 202);
    tokio::time::timeout(HANGING, server.serving)
        .await
        .expect("hangs")
        .unwrap();
}

#[tokio::test]
async fn a_second_order_does_not_wait() {
    let script = Script {
        hold: true,
        ..Script::default()
    };
    let server = start_with(Settings::default(), script).await;
    let mut begun = server.connect().await;
    let request = "POST /webhook/a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
    begun.write_all(request.as_bytes()).await.unwrap();
    server.script.began.notified().await;
    server.shutdown.stop();
    tokio::time::timeout(HANGING, server.serving)
        .await
        .expect("hangs")
        .unwrap();
}

#[tokio::test]
async fn http_2_is_spoken_too() {
    use http_body_util::{BodyExt as _, Full};
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let server = start(Settings::default()).await;
    let io = TokioIo::new(server.connect().await);
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
        .await
        .unwrap();
    tokio::spawn(connection);
    for (length, expected) in [(5, 202), (1001, 413)] {
        let request = hyper::Request::post(format!("http://{}/webhook/a", server.address))
            .body(Full::new(Bytes::from("x".repeat(length))))
            .unwrap();
        let reply = sender.send_request(request).await.unwrap();
        assert_eq!(reply.status(), expected);
        let _ = reply.into_body().collect().await;
    }
    assert_eq!(server.taken(), 1);
}
