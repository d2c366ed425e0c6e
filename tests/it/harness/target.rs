//! A scripted receiver: records every request, byte for byte, and answers as it was told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// No wait in a test is longer than this; one that is fails.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// One request as a target received it.
#[derive(Debug, Clone)]
pub struct Received {
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in lower case, in order.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

/// How a target answers one request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// With a status, headers and a body.
    With(u16, Vec<(&'static str, String)>, String),
    /// Not at all: the connection stays open.
    Never,
    /// By closing the connection.
    HangUp,
    /// With 200, as soon as this says so.
    Once(watch::Receiver<bool>),
}

impl Answer {
    pub fn status(status: u16) -> Self {
        Self::With(status, Vec::new(), String::new())
    }

    /// With 200, as soon as this says so.
    pub fn once(open: &watch::Receiver<bool>) -> Self {
        Self::Once(open.clone())
    }

    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self::With(status, headers, body.to_string())
    }
}

type Rule = Arc<dyn Fn(&Received) -> Answer + Send + Sync>;

struct State {
    received: Mutex<Vec<Received>>,
    count: watch::Sender<usize>,
    script: Mutex<VecDeque<Answer>>,
    otherwise: Mutex<Rule>,
}

/// A receiver on 127.0.0.1. It ends with the test.
pub struct Target {
    address: SocketAddr,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

impl Target {
    /// Answers 200 until told otherwise.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            received: Mutex::default(),
            count: watch::Sender::new(0),
            script: Mutex::default(),
            otherwise: Mutex::new(Arc::new(|_| Answer::status(200))),
        });
        let task = tokio::spawn(serve(listener, Arc::clone(&state)));
        Self {
            address,
            state,
            task,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next requests are answered with these, in order.
    pub fn script(&self, answers: impl IntoIterator<Item = Answer>) {
        self.state.script.lock().unwrap().extend(answers);
    }

    /// Requests beyond the script are answered by this.
    pub fn otherwise(&self, rule: impl Fn(&Received) -> Answer + Send + Sync + 'static) {
        *self.state.otherwise.lock().unwrap() = Arc::new(rule);
    }

    pub fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    /// Waits until at least `count` requests have come, and returns all.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        let mut seen = self.state.count.subscribe();
        let came = tokio::time::timeout(PATIENCE, seen.wait_for(|seen| *seen >= count)).await;
        let received = self.received();
        assert!(
            came.is_ok(),
            "waited for {count} requests, {} came",
            received.len()
        );
        received
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&state), request));
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(
    state: Arc<State>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, std::io::Error> {
    let (head, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map_err(std::io::Error::other)?
        .to_bytes();
    let headers = head.headers.iter().map(|(name, value)| {
        (
            name.as_str().to_owned(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    });
    let received = Received {
        method: head.method.to_string(),
        path: head.uri.to_string(),
        headers: headers.collect(),
        body,
    };
    let scripted = state.script.lock().unwrap().pop_front();
    let answer = if let Some(answer) = scripted {
        answer
    } else {
        let rule = Arc::clone(&state.otherwise.lock().unwrap());
        rule(&received)
    };
    state.received.lock().unwrap().push(received);
    state.count.send_modify(|count| *count += 1);
    let answer = match answer {
        Answer::Once(mut open) => {
            // Who holds the other end has gone; then nobody waits for this answer either.
            let _ = open.wait_for(|open| *open).await;
            Answer::status(200)
        }
        other => other,
    };
    match answer {
        Answer::With(status, headers, body) => {
            let mut response = hyper::Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            Ok(response
                .body(Full::new(Bytes::from(body)))
                .expect("a response"))
        }
        Answer::Never | Answer::Once(_) => std::future::pending().await,
        Answer::HangUp => Err(std::io::Error::other("hung up")),
    }
}

/// Sends one request on a connection of its own.
pub async fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(String, String)],
    body: impl Into<Bytes>,
) -> (u16, Bytes) {
    let mut connection = Connection::open(address).await.expect("a connection");
    connection
        .send(method, path, headers, body.into())
        .await
        .expect("an answer")
}

/// One keep-alive connection.
pub struct Connection {
    sender: hyper::client::conn::http1::SendRequest<Full<Bytes>>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self, String> {
        let stream = tokio::net::TcpStream::connect(address)
            .await
            .map_err(|e| e.to_string())?;
        stream.set_nodelay(true).map_err(|e| e.to_string())?;
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|e| e.to_string())?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: Bytes,
    ) -> Result<(u16, Bytes), String> {
        let mut request = hyper::Request::builder().method(method).uri(path);
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("host"))
        {
            request = request.header("host", "localhost");
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body)).map_err(|e| e.to_string())?;
        self.sender.ready().await.map_err(|e| e.to_string())?;
        let response = self
            .sender
            .send_request(request)
            .await
            .map_err(|e| e.to_string())?;
        let status = response.status().as_u16();
        let body: Result<_, _> = response.into_body().collect().await;
        Ok((
            status,
            body.map_err(|e: hyper::Error| e.to_string())?.to_bytes(),
        ))
    }
}
