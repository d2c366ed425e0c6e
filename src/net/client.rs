//! Sending one request with reqwest, and reading what it says when it fails.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::redirect::Policy;
use rustls::crypto::ring;

use super::guard::{LookupError, Resolver, refuse_literal};
use super::headers::header_map;
use super::{NetError, RESPONSE_BYTES_MAX, Request, Response};

/// From dialling to the end of the TLS handshake, name look-up included.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection is kept for the next request.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// The client. Cloning shares its connections.
#[derive(Debug, Clone)]
pub struct Client {
    guarded: reqwest::Client,
    unguarded: reqwest::Client,
    /// Why no certificate can be trusted on this machine.
    rootless: Option<String>,
}

impl Client {
    /// A client with no connections yet. On a machine without trusted certificates it can send to
    /// `http://`; the first request to `https://` then fails and says why.
    ///
    /// # Errors
    /// Where no client can be built at all.
    pub fn new() -> Result<Self, NetError> {
        Self::with_resolvers(&Resolver::machine(true), &Resolver::machine(false))
    }

    pub(super) fn with_resolvers(
        guarded: &Resolver,
        unguarded: &Resolver,
    ) -> Result<Self, NetError> {
        // It is an error only where a provider is installed already, which is as good.
        let _ = ring::default_provider().install_default();
        let (guarded, rootless) = match build(guarded, true) {
            Ok(client) => (client, None),
            Err(error) => (
                build(guarded, false).map_err(|error| unbuilt(&error))?,
                Some(innermost(&error)),
            ),
        };
        let unguarded = build(unguarded, rootless.is_none()).map_err(|error| unbuilt(&error))?;
        Ok(Self {
            guarded,
            unguarded,
            rootless,
        })
    }

    /// One that trusts no certificate; made quickly, as tests need many.
    #[cfg(test)]
    pub(super) fn trusting_nobody() -> Self {
        let _ = ring::default_provider().install_default();
        Self {
            guarded: build(&Resolver::machine(true), false).unwrap(),
            unguarded: build(&Resolver::machine(false), false).unwrap(),
            rootless: None,
        }
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// Where there is no answer.
    ///
    /// # Cancellation
    /// Dropping it closes the connection; the request may have been performed.
    pub async fn send(&self, request: Request) -> Result<Response, NetError> {
        let timeout = request.timeout;
        let client = self.client_for(&request)?;
        let prepared = prepare(request)?;
        let mut answer = client
            .execute(prepared)
            .await
            .map_err(|error| classify(&error, timeout))?;
        let status = answer.status().as_u16();
        let headers = answer.headers().iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        let headers = headers.collect();
        let body = read(&mut answer)
            .await
            .map_err(|error| classify(&error, timeout))?;
        Ok(Response {
            status,
            headers,
            body,
        })
    }

    /// The body of a public address over https, if it answers with success.
    ///
    /// # Errors
    /// Says why there is none.
    pub async fn get(&self, url: &str, timeout: Duration) -> Result<Bytes, String> {
        let url: url::Url = url.parse().map_err(|error| format!("{error}"))?;
        if url.scheme() != "https" {
            return Err("only https is asked".to_owned());
        }
        let answer = self.send(Request {
            method: "GET".to_owned(),
            url,
            headers: Vec::new(),
            body: Bytes::new(),
            timeout,
            allow_private: false,
        });
        let answer = answer.await.map_err(|error| error.to_string())?;
        match answer.status {
            200..=299 => Ok(answer.body),
            status => Err(format!("it answered with {status}")),
        }
    }

    fn client_for(&self, request: &Request) -> Result<&reqwest::Client, NetError> {
        let url = &request.url;
        match url.scheme() {
            "http" => {}
            "https" => {
                if let Some(why) = &self.rootless {
                    let help = "install the ca-certificates package or set SSL_CERT_FILE";
                    return Err(NetError::Tls(format!("{why}; {help}")));
                }
            }
            _ => return Err(NetError::Invalid("the URL is not http or https".to_owned())),
        }
        if !url.has_host() || !url.username().is_empty() || url.password().is_some() {
            let why = "the URL needs a host and may not carry a user name or password";
            return Err(NetError::Invalid(why.to_owned()));
        }
        if request.allow_private {
            return Ok(&self.unguarded);
        }
        refuse_literal(url)?;
        Ok(&self.guarded)
    }
}

fn build(resolver: &Resolver, roots: bool) -> reqwest::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .dns_resolver(resolver.clone())
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(8);
    let builder = if roots {
        builder
    } else {
        builder.tls_certs_only([])
    };
    builder.build()
}

fn prepare(request: Request) -> Result<reqwest::Request, NetError> {
    let method = reqwest::Method::from_bytes(request.method.as_bytes())
        .map_err(|_| NetError::Invalid(format!("`{}` is not a method", request.method)))?;
    let mut prepared = reqwest::Request::new(method, request.url);
    *prepared.headers_mut() = header_map(&request.headers)?;
    *prepared.timeout_mut() = Some(request.timeout);
    *prepared.body_mut() = Some(request.body.into());
    Ok(prepared)
}

async fn read(answer: &mut reqwest::Response) -> reqwest::Result<Bytes> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await? {
        let room = RESPONSE_BYTES_MAX.saturating_sub(body.len());
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if body.len() >= RESPONSE_BYTES_MAX {
            break;
        }
    }
    Ok(body.freeze())
}

fn unbuilt(error: &reqwest::Error) -> NetError {
    NetError::Invalid(format!("no HTTP client: {}", innermost(error)))
}

/// What a failure means: whether anything can have been sent is what matters.
fn classify(error: &reqwest::Error, timeout: Duration) -> NetError {
    if let Some(lookup) = find::<LookupError>(error) {
        return match lookup {
            LookupError::Private(address) => NetError::Private(address.clone()),
            LookupError::Failed(why) => {
                let host = error.url().and_then(url::Url::host_str).unwrap_or("it");
                NetError::Dns(format!("{host}: {}", printable(why)))
            }
        };
    }
    let why = innermost(error);
    if error.is_builder() {
        return NetError::Invalid(why);
    }
    if error.is_connect() {
        return match (find::<rustls::Error>(error), error.is_timeout()) {
            (Some(tls), _) => NetError::Tls(printable(&tls.to_string())),
            (None, true) => NetError::Connect(format!("not within {CONNECT_TIMEOUT:?}")),
            (None, false) => NetError::Connect(why),
        };
    }
    if error.is_timeout() {
        return NetError::Timeout(timeout);
    }
    NetError::Broken(why)
}

/// The first cause of that type; an I/O error does not name what it wraps as its source, so it is
/// looked into.
fn find<E: std::error::Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut cause = error.source();
    while let Some(current) = cause {
        if let Some(found) = current.downcast_ref() {
            return Some(found);
        }
        cause = match current
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(wrapped) => Some(wrapped),
            None => current.source(),
        };
    }
    None
}

/// The innermost cause, in words. The outer ones may hold the URL, and a URL may hold a credential.
fn innermost(error: &reqwest::Error) -> String {
    let Some(mut cause) = error.source() else {
        return "the request could not be made".to_owned();
    };
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    printable(&cause.to_string())
}

fn printable(text: &str) -> String {
    let clean = text.chars().filter(|c| !c.is_control()).take(300);
    clean.collect()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::super::scripted::{Say, Scripted, client, request};
    use super::*;

    async fn error(says: Say) -> NetError {
        let target = Scripted::start(vec![says]).await;
        let mut request = request(&target.url("/in"));
        if target.patience == "1s" {
            request.timeout = Duration::from_secs(1);
        }
        client().send(request).await.unwrap_err()
    }

    #[tokio::test]
    async fn a_request_goes_out_as_it_is_and_the_answer_comes_back() {
        let says = Say::with(202, &[("X-Answer", "yes")], "taken");
        let target = Scripted::start(vec![says]).await;
        let mut request = request(&target.url("/in?a=1"));
        request.headers = vec![("X-Test".to_owned(), "grüße".to_owned())];
        let answer = client().send(request).await.unwrap();
        assert_eq!(answer.status, 202);
        assert_eq!(answer.body, "taken");
        assert!(answer.headers.contains(&("x-answer".into(), "yes".into())));
        let heard = target.only();
        assert_eq!(heard.line, "POST /in?a=1 HTTP/1.1");
        assert_eq!(heard.header("x-test"), Some("grüße"));
        assert_eq!(heard.header("content-length"), Some("5"));
        assert_eq!(heard.header("accept-encoding"), None);
        assert_eq!(heard.body, b"hello");
    }

    #[tokio::test]
    async fn failures_say_whether_anything_was_sent() {
        let broken = error(Say::Close).await;
        assert!(matches!(broken, NetError::Broken(_)), "{broken:?}");
        let broken = error(Say::Raw(
            b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\nhal".into(),
        ))
        .await;
        assert!(broken.in_doubt(), "{broken:?}");
        let silent = error(Say::Nothing).await;
        assert!(matches!(silent, NetError::Timeout(_)), "{silent:?}");
        let nonsense = error(Say::Raw(b"SSH-2.0-x\r\n\r\n".into())).await;
        assert!(matches!(nonsense, NetError::Broken(_)), "{nonsense:?}");

        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", closed.local_addr().unwrap());
        drop(closed);
        let refused = client().send(request(&url)).await.unwrap_err();
        assert!(matches!(refused, NetError::Connect(_)), "{refused:?}");
        assert!(!refused.in_doubt());
    }

    #[tokio::test]
    async fn plain_text_where_tls_should_be_is_a_tls_failure() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 no\r\n\r\n")
                .await
                .unwrap();
            std::future::pending::<()>().await;
        });
        let tls = client().send(request(&url)).await.unwrap_err();
        assert!(matches!(tls, NetError::Tls(_)), "{tls:?}");
    }

    #[tokio::test]
    async fn private_addresses_get_not_a_byte() {
        let target = Scripted::start(vec![Say::text(200, "")]).await;
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"] {
            let mut request = request(&format!("http://{host}:{}/", target.port));
            request.allow_private = false;
            let refused = client().send(request).await.unwrap_err();
            assert!(
                matches!(refused, NetError::Private(_)),
                "{host}: {refused:?}"
            );
        }
        assert!(target.heard().is_empty());
    }

    /// Answers for every name: this machine.
    fn rebinding(guarded: bool) -> Resolver {
        Resolver::with(guarded, |_| {
            Box::pin(async { Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))]) })
        })
    }

    #[tokio::test]
    async fn a_name_that_leads_to_a_private_address_is_refused_when_dialled() {
        let target = Scripted::start(vec![Say::text(200, "")]).await;
        let client = Client::with_resolvers(&rebinding(true), &rebinding(false)).unwrap();
        let mut request = request(&format!("http://rebind.example:{}/", target.port));
        // The connection that one destination may open must not serve another that may not.
        assert_eq!(client.send(request.clone()).await.unwrap().status, 200);
        request.allow_private = false;
        let refused = client.send(request).await.unwrap_err();
        assert!(
            matches!(&refused, NetError::Private(what) if what == "127.0.0.1 of rebind.example"),
            "{refused:?}"
        );
        assert_eq!(target.heard().len(), 1);
    }

    #[tokio::test]
    async fn a_name_without_address_is_a_look_up_failure() {
        let failing = Resolver::with(true, |_| {
            Box::pin(async { Err(io::Error::other("no such host")) })
        });
        let client = Client::with_resolvers(&failing, &failing).unwrap();
        let failed = client
            .send(request("http://nowhere.example/x?token=abc"))
            .await;
        let failed = failed.unwrap_err();
        assert!(
            matches!(&failed, NetError::Dns(what) if what == "nowhere.example: no such host"),
            "{failed:?}"
        );
    }

    #[tokio::test]
    async fn redirects_are_not_followed() {
        let away = Scripted::start(vec![Say::text(200, "")]).await;
        for status in [301, 302, 303, 307, 308] {
            let says = Say::with(status, &[("Location", &away.url("/"))], "");
            let target = Scripted::start(vec![says]).await;
            let answer = client().send(request(&target.url("/"))).await.unwrap();
            assert_eq!(answer.status, status);
        }
        assert!(away.heard().is_empty());
    }

    #[tokio::test]
    async fn long_answers_are_cut_and_never_unpacked() {
        let says = Say::with(200, &[("Content-Encoding", "gzip")], &"x".repeat(1 << 20));
        let target = Scripted::start(vec![says]).await;
        let answer = client().send(request(&target.url("/"))).await.unwrap();
        assert_eq!(answer.body, "x".repeat(RESPONSE_BYTES_MAX));
    }

    #[tokio::test]
    async fn headers_cannot_break_out() {
        let target = Scripted::start(vec![Say::text(200, "")]).await;
        let bad = [
            ("X-A", "a\r\nX-B: b"),
            ("X-A", "a\nb"),
            ("X-A", "a\0b"),
            ("X-A: b\r\nX-B", "c"),
            ("X A", "b"),
            ("", "b"),
            ("Host", "evil.example"),
            ("content-length", "0"),
            ("Transfer-Encoding", "chunked"),
            ("Connection", "close"),
        ];
        for (name, value) in bad {
            let mut request = request(&target.url("/"));
            request.headers = vec![(name.to_owned(), value.to_owned())];
            let refused = client().send(request).await.unwrap_err();
            assert!(
                matches!(refused, NetError::Invalid(_)),
                "{name:?}: {refused:?}"
            );
        }
        for url in [
            "http://user:secret@127.0.0.1/",
            "ftp://127.0.0.1/",
            "data:x",
        ] {
            let refused = client().send(request(url)).await.unwrap_err();
            assert!(
                matches!(refused, NetError::Invalid(_)),
                "{url}: {refused:?}"
            );
            assert!(!refused.to_string().contains("secret"));
        }
        assert!(target.heard().is_empty());
    }

    #[tokio::test]
    async fn without_trusted_certificates_plain_http_works_and_https_says_why() {
        let mut client = client();
        client.rootless = Some("no certificates".to_owned());
        let target = Scripted::start(vec![Say::text(200, "")]).await;
        assert_eq!(
            client.send(request(&target.url("/"))).await.unwrap().status,
            200
        );
        let refused = client
            .send(request("https://example.com/"))
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("ca-certificates"), "{refused}");
    }
}
