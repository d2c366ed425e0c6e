//! The listeners over real sockets, asked as no polite sender would.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::*;
use crate::runtime::Clock;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::telemetry::{Metric, Telemetry};

/// Longer than anything here takes; only a hanging test meets it.
const HANGING: Duration = Duration::from_secs(20);

/// Takes everything and remembers it; `hold` makes it wait for `go` first.
#[derive(Default)]
struct Script {
    taken: Mutex<Vec<(Option<String>, Delivery)>>,
    methods: Vec<String>,
    hold: bool,
    began: Notify,
    go: Notify,
}

impl Receive for Script {
    fn admission(&self, _source: Option<&str>, _headers: &Headers) -> Admission {
        Admission {
            body_bytes_max: 1000,
            methods: self.methods.clone(),
        }
    }

    fn receive<'a>(&'a self, source: Option<&'a str>, delivery: Delivery) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            self.began.notify_one();
            if self.hold {
                self.go.notified().await;
            }
            let source = source.map(str::to_owned);
            self.taken.lock().unwrap().push((source, delivery));
            Answer {
                status: 202,
                headers: vec![("x-ours".to_owned(), "yes".to_owned())],
                body: Bytes::from_static(b"{}"),
            }
        })
    }
}

struct Running {
    address: SocketAddr,
    script: Arc<Script>,
    telemetry: Telemetry,
    shutdown: Shutdown,
    serving: JoinHandle<()>,
}

async fn start_with(settings: Settings, script: Script) -> Running {
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let script = Arc::new(Script {
        methods: vec!["POST".to_owned()],
        ..script
    });
    let telemetry = Telemetry::new();
    let shutdown = Shutdown::new();
    let intake: Arc<Script> = Arc::clone(&script);
    let serving = IntakeDoor {
        settings: watch::channel(Arc::new(settings)).1,
        clock: Clock::machine(),
        telemetry: telemetry.clone(),
        intake,
        shutdown: shutdown.clone(),
    }
    .serve(listener);
    Running {
        address,
        script,
        telemetry,
        shutdown,
        serving,
    }
}

async fn start(settings: Settings) -> Running {
    start_with(settings, Script::default()).await
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Everything that comes back until the server ends the connection.
    async fn ask(&self, request: impl AsRef<[u8]>) -> String {
        let mut socket = self.connect().await;
        // The server may hang up while we are still sending.
        let _ = socket.write_all(request.as_ref()).await;
        rest(&mut socket).await
    }

    fn taken(&self) -> usize {
        self.script.taken.lock().unwrap().len()
    }
}

async fn rest(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = socket.read_to_end(&mut answer);
    let _ = tokio::time::timeout(HANGING, read).await.expect("hangs");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Reads one answer's head and a body of `{}`.
async fn one(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n{}") {
        let byte = tokio::time::timeout(HANGING, socket.read_u8()).await;
        answer.push(byte.expect("hangs").expect("ends early"));
    }
    String::from_utf8(answer).unwrap()
}

fn post(path: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {length}\r\n{more}\r\n{body}"
    )
}

#[track_caller]
fn status(answer: &str, expected: u16) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {expected} ")),
        "expected {expected}: {answer}"
    );
}

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
async fn chunks_are_joined_and_end_the_connection() {
    let server = start(Settings::default()).await;
    // The second request stands where a smuggled one would.
    let answer = server
        .ask(
            "POST /webhook HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\
             Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3;x=y\r\ndef\r\n0\r\n\r\n\
             POST /webhook/other HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
        )
        .await;
    status(&answer, 202);
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    let taken = server.script.taken.lock().unwrap();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].1.body, "abcdef");
    assert_eq!(taken[0].0, None);
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
    let gzip = post("/webhook/a", "Content-Encoding: gzip\r\n", "x");
    status(&server.ask(gzip).await, 415);
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

struct Fine(Readiness);

impl Health for Fine {
    fn readiness(&self) -> BoxFuture<'_, Readiness> {
        Box::pin(async { self.0.clone() })
    }
}

#[tokio::test]
async fn the_admin_listener_says_how_things_stand() {
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new();
    let closing = Shutdown::new();
    let telemetry = Telemetry::new();
    telemetry.count(Metric::Accepted, &["shop"]);
    let serving = Admin {
        settings: watch::channel(Arc::new(Settings::default())).1,
        clock: Clock::machine(),
        telemetry,
        health: Arc::new(Fine(Readiness {
            refusing: None,
            degraded: vec!["rules/a.yaml is stale".to_owned()],
        })),
        shutdown: shutdown.clone(),
        closing: closing.clone(),
    }
    .serve(listener);
    let get = async |path: &str| {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        rest(&mut socket).await
    };
    status(&get("/healthz").await, 200);
    let ready = get("/readyz").await;
    status(&ready, 200);
    assert!(ready.contains("rules/a.yaml is stale"), "{ready}");
    let line = "hookrule_events_accepted_total{source=\"shop\"} 1";
    assert!(get("/metrics").await.contains(line));
    status(&get("/webhook/a").await, 404);
    shutdown.drain();
    status(&get("/readyz").await, 503);
    closing.drain();
    tokio::time::timeout(HANGING, serving)
        .await
        .expect("hangs")
        .unwrap();
}
