//! The intake listener: `POST /webhook/{source}` and `POST /webhook`, and nothing else.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_ENCODING, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use hyper::{Method, Request, StatusCode};
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::event::{ContentEncoding, Delivery, Headers, Query};
use crate::runtime::Clock;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::telemetry::{Metric, Telemetry};

use super::answers::{Reply, closing, error, from_intake};
use super::body::{self, Unread};
use super::crowd::Budget;
use super::inflate::{Room, inflate};
use super::listener::Listening;
use super::{Receive, Settings};

/// The intake listener's parts.
pub struct IntakeDoor {
    /// The limits; replaced at a reload.
    pub settings: watch::Receiver<Arc<Settings>>,
    /// The time.
    pub clock: Clock,
    /// Where things are counted.
    pub telemetry: Telemetry,
    /// Who takes deliveries in: an `Arc<Intake>`.
    pub intake: Arc<dyn Receive>,
    /// When to stop.
    pub shutdown: Shutdown,
}

impl IntakeDoor {
    /// Serves until the order to drain; ends when begun requests are answered, or after
    /// `drain_timeout`.
    pub fn serve(self, listener: TcpListener) -> JoinHandle<()> {
        let listening = Listening {
            name: "intake",
            settings: self.settings.clone(),
            clock: self.clock.clone(),
            telemetry: self.telemetry.clone(),
            shutdown: self.shutdown.clone(),
        };
        let door = Arc::new(Door {
            parts: self,
            budget: Arc::default(),
        });
        let answer = move |request, from| {
            let door = Arc::clone(&door);
            async move { door.answer(request, from).await }
        };
        tokio::spawn(listening.run(listener, answer))
    }
}

struct Door {
    parts: IntakeDoor,
    budget: Arc<Budget>,
}

impl Door {
    async fn answer(&self, request: Request<Incoming>, from: SocketAddr) -> Reply {
        match self.take(request, from).await {
            Ok(reply) => reply,
            Err(reply) => *reply,
        }
    }

    async fn take(
        &self,
        request: Request<Incoming>,
        from: SocketAddr,
    ) -> Result<Reply, Box<Reply>> {
        let (head, incoming) = request.into_parts();
        let Some(source) = route(head.uri.path()) else {
            return Err(error(StatusCode::NOT_FOUND, "there is nothing here").into());
        };
        let source = source.as_deref();
        let settings = Arc::clone(&self.parts.settings.borrow());
        check_head(&head.headers, &settings)?;
        check_framing(&head.headers)?;
        let mut headers = headers(&head.headers);
        let admission = self.parts.intake.admission(source, &headers);
        check_method(&head.method, &admission.methods)?;
        let encoding = encoding(&head.headers, &admission.encodings)?;

        let mut share = self.budget.share();
        let read = body::read(
            incoming,
            admission.body_bytes_max,
            &mut share,
            &settings,
            &self.parts.clock,
        );
        let unread = |unread: Unread| {
            // The name in the path is the sender's choice: it is no label.
            let labels = ["unread", unread.word()];
            self.parts.telemetry.count(Metric::Refused, &labels);
            Box::new(unread.reply())
        };
        let mut body = read.await.map_err(unread)?;
        if let Some(encoding) = encoding {
            let mut room = Room {
                body_bytes_max: admission.body_bytes_max,
                share: &mut share,
                bodies_bytes_max: settings.bodies_bytes_max,
            };
            if !body.is_empty() {
                body = inflate(body, encoding, &mut room).await.map_err(unread)?;
            }
            // From here on it is a plain body, for proof, for rules and for whoever it is passed on to.
            headers = headers.keep(|name| !matches!(name, "content-encoding" | "content-length"));
        }
        let telemetry = &self.parts.telemetry;
        telemetry.set(Metric::BodiesInFlight, &[], self.budget.taken());
        let delivery = Delivery {
            method: head.method.as_str().to_owned(),
            query: Query::decode(head.uri.query().unwrap_or_default().as_bytes()),
            query_text: head.uri.query().unwrap_or_default().to_owned(),
            headers,
            body,
            received_at: self.parts.clock.now(),
            remote: Some(from.ip().to_canonical()),
        };
        let answer = self.parts.intake.receive(source, delivery).await;
        drop(share);
        telemetry.set(Metric::BodiesInFlight, &[], self.budget.taken());
        Ok(from_intake(answer))
    }
}

/// `/webhook` is the nameless route, `/webhook/NAME` a source's; the outer none is any other path.
#[expect(
    clippy::option_option,
    reason = "no route, the nameless route and a named one are three things"
)]
fn route(path: &str) -> Option<Option<String>> {
    if path == "/webhook" {
        return Some(None);
    }
    let encoded = path.strip_prefix("/webhook/")?;
    if encoded.is_empty() || encoded.contains('/') || !percent_is_whole(encoded) {
        return None;
    }
    let name = percent_decode_str(encoded).decode_utf8().ok()?;
    Some(Some(name.into_owned()))
}

/// Whether every `%` is followed by two hex digits.
fn percent_is_whole(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        let mut digits = rest.bytes().take(2);
        let mut digit = || digits.next().is_some_and(|b| b.is_ascii_hexdigit());
        digit() && digit()
    })
}

fn check_head(headers: &HeaderMap, settings: &Settings) -> Result<(), Box<Reply>> {
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    let too_many = headers.len() as u64 > settings.header_count_max;
    if too_many || bytes as u64 > settings.headers_bytes_max {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Err(closing(error(status, "the headers are too large")).into());
    }
    Ok(())
}

/// Refuses every transfer coding but `chunked`, once: what a server in front of us might frame in
/// another way must not be read here.
fn check_framing(headers: &HeaderMap) -> Result<(), Box<Reply>> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let plain = codings
        .next()
        .is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    if plain && codings.next().is_none() {
        return Ok(());
    }
    let refused = error(
        StatusCode::BAD_REQUEST,
        "write `Transfer-Encoding: chunked` or none",
    );
    Err(closing(refused).into())
}

fn check_method(method: &Method, allowed: &[String]) -> Result<(), Box<Reply>> {
    if allowed.iter().any(|name| name == method.as_str()) {
        return Ok(());
    }
    let mut reply = error(
        StatusCode::METHOD_NOT_ALLOWED,
        "this method is not answered here",
    );
    if let Ok(allowed) = HeaderValue::try_from(allowed.join(", ")) {
        reply.headers_mut().insert(ALLOW, allowed);
    }
    Err(Box::new(reply))
}

/// How the body is packed; none where it is plain. Only one packing is undone, and only where the source
/// takes it.
fn encoding(
    headers: &HeaderMap,
    allowed: &[ContentEncoding],
) -> Result<Option<ContentEncoding>, Box<Reply>> {
    let values = headers.get_all(CONTENT_ENCODING).iter();
    let tokens = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let mut packings = tokens
        .map(<[u8]>::trim_ascii)
        .filter(|token| !token.is_empty() && !token.eq_ignore_ascii_case(b"identity"));
    let Some(token) = packings.next() else {
        return Ok(None);
    };
    let token = std::str::from_utf8(token).ok();
    let found = token.and_then(ContentEncoding::of_token);
    let alone = packings.next().is_none();
    if let Some(encoding) = found.filter(|one| alone && allowed.contains(one)) {
        return Ok(Some(encoding));
    }
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    let message = "bodies with this Content-Encoding are not taken";
    Err(Box::new(error(status, message)))
}

/// The headers as text; values that are not UTF-8 are dropped.
fn headers(map: &HeaderMap) -> Headers {
    let text = |value: &HeaderValue| {
        std::str::from_utf8(value.as_bytes())
            .map(str::to_owned)
            .ok()
    };
    Headers::new(
        map.iter()
            .filter_map(|(name, value)| Some((name.as_str(), text(value)?))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes() {
        let named = |name: &str| Some(Some(name.to_owned()));
        assert_eq!(route("/webhook"), Some(None));
        assert_eq!(route("/webhook/github"), named("github"));
        assert_eq!(route("/webhook/my%20shop"), named("my shop"));
        assert_eq!(route("/webhook/a%2Fb"), named("a/b"));
        for path in [
            "",
            "/",
            "*",
            "/webhooks",
            "/webhook/",
            "/webhook/a/",
            "/webhook/a/b",
            "/Webhook/a",
            "//webhook/a",
            "/webhook/../admin",
            "/webhook/%",
            "/webhook/%2",
            "/webhook/%zz",
            "/webhook/%ff",
            "/healthz",
        ] {
            assert_eq!(route(path), None, "{path}");
        }
    }

    #[test]
    fn values_that_are_no_text_are_dropped() {
        let mut map = HeaderMap::new();
        map.insert("x-good", HeaderValue::from_static("yes"));
        map.insert("x-bad", HeaderValue::from_bytes(b"\xff").unwrap());
        map.append("X-Good", HeaderValue::from_bytes("né".as_bytes()).unwrap());
        let headers = headers(&map);
        let pairs: Vec<_> = headers.iter().collect();
        assert_eq!(pairs, [("x-good", "yes"), ("x-good", "né")]);
    }
}
