//! Packed bodies: which are taken, and what arrives.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::stage::{Running, rest, start, status};
use crate::runtime::telemetry::Metric;
use crate::server::Settings;
use tokio::io::AsyncWriteExt as _;

/// A body that is shorter when it is packed, but not a bomb.
fn body() -> String {
    (0..60).fold(String::new(), |text, n| text + &format!("{{\"n\":{n}}}"))
}

fn gzip(plain: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

async fn post(server: &Running, encodings: &[&str], body: &[u8]) -> String {
    let mut request = format!(
        "POST /webhook/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for encoding in encodings {
        request.push_str("Content-Encoding: ");
        request.push_str(encoding);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    let mut socket = server.connect().await;
    let bytes = [request.as_bytes(), body].concat();
    // The server may hang up while we are still sending.
    let _ = socket.write_all(&bytes).await;
    rest(&mut socket).await
}

#[tokio::test]
async fn a_packed_body_arrives_plain() {
    let server = start(Settings::default()).await;
    for encodings in [
        &["gzip"][..],
        &["GZip"],
        &["x-gzip"],
        &[" gzip , identity"],
        &["identity", "gzip"],
        &["", "gzip"],
    ] {
        status(&post(&server, encodings, &gzip(&body())).await, 202);
        let (_, delivery) = server.script.taken.lock().unwrap().pop().unwrap();
        assert_eq!(delivery.body, body().as_bytes(), "{encodings:?}");
        let names: Vec<_> = delivery.headers.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["host", "connection"], "{encodings:?}");
    }
    status(&post(&server, &["gzip"], b"").await, 202);
    assert_eq!(server.telemetry.value(Metric::BodiesInFlight, &[]), 0);
}

/// The source of these tests takes gzip.
#[tokio::test]
async fn other_packings_are_not_taken() {
    let server = start(Settings::default()).await;
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(body().as_bytes()).unwrap();
    let zlib = zlib.finish().unwrap();
    for (encodings, packed) in [
        (&["deflate"][..], &zlib),
        (&["br"], &zlib),
        (&["zstd"], &zlib),
        (&["gzip, gzip"], &gzip(&body())),
        (&["gzip", "gzip"], &gzip(&body())),
        (&["gzip, br"], &gzip(&body())),
        (&["br", "gzip"], &gzip(&body())),
        (&["gzip;q=1"], &gzip(&body())),
        (&["\u{e9}"], &gzip(&body())),
    ] {
        let answer = post(&server, encodings, packed).await;
        status(&answer, 415);
        assert!(answer.contains("this Content-Encoding"), "{answer}");
    }
    assert_eq!(server.taken(), 0);
}

#[tokio::test]
async fn a_body_that_is_not_what_it_says_is_refused() {
    let server = start(Settings::default()).await;
    let whole = gzip(&body());
    for wrong in [
        body().as_bytes(),
        &whole[..whole.len() - 1],
        &[&whole[..], b"x"].concat(),
    ] {
        let answer = post(&server, &["gzip"], wrong).await;
        status(&answer, 415);
        assert!(
            answer.contains("is not what its Content-Encoding says"),
            "{answer}"
        );
    }
    assert_eq!(server.taken(), 0);
    let counted = server
        .telemetry
        .value(Metric::Refused, &["unread", "garbled"]);
    assert_eq!(counted, 3);
}

/// The source takes 1,000 bytes.
#[tokio::test]
async fn the_limit_is_that_of_the_plain_body() {
    let server = start(Settings::default()).await;
    let text = |bytes: usize| body().chars().cycle().take(bytes).collect::<String>();
    status(&post(&server, &["gzip"], &gzip(&text(1000))).await, 202);
    status(&post(&server, &["gzip"], &gzip(&text(1001))).await, 413);
    let bomb = gzip(&" ".repeat(1 << 20));
    assert!(bomb.len() > 1000, "this one is too long packed");
    status(&post(&server, &["gzip"], &bomb).await, 413);
    status(
        &post(&server, &["gzip"], &gzip(&" ".repeat(100_000))).await,
        413,
    );
    assert_eq!(server.taken(), 1);
    assert_eq!(server.telemetry.value(Metric::BodiesInFlight, &[]), 0);
}
