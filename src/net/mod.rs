//! The one outgoing HTTP client: address guard, time limits, bounded answers, `Retry-After`.
//!
//! Comes in: a [`Request`] with a literal URL. Goes out: a [`Response`] of at most 64 KiB, or a
//! [`NetError`] that says whether the request can have been performed. Redirects are never followed,
//! proxies from the environment never used. What an answer means is left to `actions`.

mod client;
mod guard;
mod headers;
mod retry_after;
#[cfg(test)]
pub(crate) mod scripted;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

pub use client::{CONNECT_TIMEOUT, Client};
pub use guard::{is_public, private_host};
pub use headers::{FRAMING_HEADERS, header_name, is_header_value};
pub use retry_after::{RETRY_AFTER_MAX, retry_after};

/// The most of an answer that is read, in bytes.
pub const RESPONSE_BYTES_MAX: usize = 64 * 1024;

/// A request, ready to be sent.
#[derive(Clone)]
pub struct Request {
    /// The method, in upper case.
    pub method: String,
    /// The whole URL. It may contain a credential: it is never logged.
    pub url: url::Url,
    /// Headers; names and values are checked when it is sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// From the first byte sent to the last byte read.
    pub timeout: Duration,
    /// Whether addresses that are not public may be dialled.
    pub allow_private: bool,
}

impl fmt::Debug for Request {
    /// Without path, query and header values, which may hold credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str().unwrap_or("-");
        write!(
            f,
            "Request({} {host}, {} bytes)",
            self.method,
            self.body.len()
        )
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// Its status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body, cut after [`RESPONSE_BYTES_MAX`].
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The address is not public and the destination does not say `allow_private: true`.
    #[error("address {0} is not public; the destination may say `allow_private: true`")]
    Private(String),
    /// The request could not be made from what was given: a header that HTTP does not allow.
    #[error("{0}")]
    Invalid(String),
    /// The name could not be resolved.
    #[error("cannot resolve {0}")]
    Dns(String),
    /// No connection: nothing was sent.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// No agreement on TLS: nothing was sent.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// No whole answer in time. The request may have been performed.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The connection broke after the request was begun. It may have been performed.
    #[error("the connection broke: {0}")]
    Broken(String),
}

impl NetError {
    /// Whether the other side may have performed the request although no answer came.
    pub fn in_doubt(&self) -> bool {
        matches!(self, Self::Timeout(_) | Self::Broken(_))
    }
}
