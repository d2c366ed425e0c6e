//! A receiver that answers as a test tells it and keeps what it was sent, byte for byte.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Client, Request};

/// What the receiver does with one request.
#[derive(Debug, Clone)]
pub(crate) enum Say {
    /// These bytes.
    Raw(Vec<u8>),
    /// Nothing, while holding the connection open.
    Nothing,
    /// Closes the connection without an answer.
    Close,
}

impl Say {
    /// An answer with a body and `Content-Type: application/json`.
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::with(status, &[("Content-Type", "application/json")], body)
    }

    /// An answer with a body.
    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self::with(status, &[], body)
    }

    /// An answer with headers and a body.
    pub(crate) fn with(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let mut text = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        Self::Raw(format!("{text}\r\n{body}").into_bytes())
    }
}

/// A request as it came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    /// `POST /path?query HTTP/1.1`.
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Heard {
    /// The value of a header that stands there once.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(n, _)| n == name);
        let first = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} twice");
        first
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A running receiver on 127.0.0.1.
#[derive(Debug, Clone)]
pub(crate) struct Scripted {
    /// Its port.
    pub(crate) port: u16,
    /// A time limit for its answers: short only where one of them never comes.
    pub(crate) patience: &'static str,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Scripted {
    /// Starts one. Each request gets the next answer; the last one is repeated.
    pub(crate) async fn start(says: Vec<Say>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scripted = Self {
            port: listener.local_addr().unwrap().port(),
            patience: if says.iter().any(|say| matches!(say, Say::Nothing)) {
                "1s"
            } else {
                "60s"
            },
            heard: Arc::default(),
        };
        let heard = Arc::clone(&scripted.heard);
        let says = Arc::new(says);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let heard = Arc::clone(&heard);
                let says = Arc::clone(&says);
                tokio::spawn(async move {
                    let _ = serve(stream, &heard, &says).await;
                });
            }
        });
        scripted
    }

    /// The URL of a path there.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Everything it was sent so far.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// The one request it was sent.
    #[track_caller]
    pub(crate) fn only(&self) -> Heard {
        let mut heard = self.heard();
        assert_eq!(heard.len(), 1, "{heard:?}");
        heard.remove(0)
    }
}

async fn serve(
    mut stream: TcpStream,
    heard: &Mutex<Vec<Heard>>,
    says: &[Say],
) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            if let Some(found) = find(&buffer, b"\r\n\r\n") {
                break found;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let text = String::from_utf8_lossy(&buffer[..end]).into_owned();
        let mut lines = text.split("\r\n");
        let line = lines.next().unwrap().to_owned();
        let headers: Vec<_> = lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length = length.map_or(0, |(_, value)| value.parse().unwrap());
        while buffer.len() < end + 4 + length {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        let body = buffer[end + 4..end + 4 + length].to_vec();
        buffer.drain(..end + 4 + length);
        let next = {
            let mut heard = heard.lock().unwrap();
            heard.push(Heard {
                line,
                headers,
                body,
            });
            says[(heard.len() - 1).min(says.len() - 1)].clone()
        };
        match next {
            Say::Raw(bytes) => stream.write_all(&bytes).await?,
            Say::Nothing => {}
            Say::Close => return Ok(()),
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|part| part == needle)
}

/// A request that may go to this machine.
pub(crate) fn request(url: &str) -> Request {
    Request {
        method: "POST".to_owned(),
        url: url.parse().unwrap(),
        headers: Vec::new(),
        body: bytes::Bytes::from_static(b"hello"),
        timeout: Duration::from_secs(10),
        allow_private: true,
    }
}

/// A client.
pub(crate) fn client() -> Client {
    Client::trusting_nobody()
}
