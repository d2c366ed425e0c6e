//! A listener on 127.0.0.1, and somebody scripted behind it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::event::{ContentEncoding, Delivery, Headers};
use crate::intake::{Admission, Answer};
use crate::runtime::BoxFuture;
use crate::runtime::Clock;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::telemetry::Telemetry;
use crate::server::{IntakeDoor, Receive, Settings, bind};

/// Longer than anything here takes; only a hanging test meets it.
pub(super) const HANGING: Duration = Duration::from_secs(20);

/// Takes everything and remembers it; `hold` makes it wait for `go` first.
#[derive(Default)]
pub(super) struct Script {
    pub taken: Mutex<Vec<(Option<String>, Delivery)>>,
    pub methods: Vec<String>,
    pub hold: bool,
    pub began: Notify,
    pub go: Notify,
}

impl Receive for Script {
    fn admission(&self, _source: Option<&str>, _headers: &Headers) -> Admission {
        Admission {
            body_bytes_max: 1000,
            methods: self.methods.clone(),
            encodings: vec![ContentEncoding::Gzip],
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

pub(super) struct Running {
    pub address: SocketAddr,
    pub script: Arc<Script>,
    pub telemetry: Telemetry,
    pub shutdown: Shutdown,
    pub serving: JoinHandle<()>,
}

pub(super) async fn start_with(settings: Settings, script: Script) -> Running {
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

pub(super) async fn start(settings: Settings) -> Running {
    start_with(settings, Script::default()).await
}

impl Running {
    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Everything that comes back until the server ends the connection.
    pub(super) async fn ask(&self, request: impl AsRef<[u8]>) -> String {
        let mut socket = self.connect().await;
        // The server may hang up while we are still sending.
        let _ = socket.write_all(request.as_ref()).await;
        rest(&mut socket).await
    }

    pub(super) fn taken(&self) -> usize {
        self.script.taken.lock().unwrap().len()
    }
}

pub(super) async fn rest(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = socket.read_to_end(&mut answer);
    let _ = tokio::time::timeout(HANGING, read).await.expect("hangs");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Reads one answer's head and a body of `{}`.
pub(super) async fn one(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n{}") {
        let byte = tokio::time::timeout(HANGING, socket.read_u8()).await;
        answer.push(byte.expect("hangs").expect("ends early"));
    }
    String::from_utf8(answer).unwrap()
}

pub(super) fn post(path: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {length}\r\n{more}\r\n{body}"
    )
}

#[track_caller]
pub(super) fn status(answer: &str, expected: u16) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {expected} ")),
        "expected {expected}: {answer}"
    );
}
