//! One HTTP request as it was received.

use std::net::IpAddr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::runtime::Timestamp;

/// One HTTP request, read whole, before anything is believed of it.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// `POST`, or what a handshake uses.
    pub method: String,
    /// The query of the URL, decoded.
    pub query: Query,
    /// The query as it was sent, without the `?`: some senders sign it.
    pub query_text: String,
    /// The headers.
    pub headers: Headers,
    /// The body exactly as sent.
    pub body: Bytes,
    /// When the body had been read whole.
    pub received_at: Timestamp,
    /// The address it came from.
    pub remote: Option<IpAddr>,
}

/// Request headers: names in lower case, in the order of arrival, repeated ones kept apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// From names in any case.
    pub fn new<N: AsRef<str>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let lower = |(name, value): (N, V)| (name.as_ref().to_ascii_lowercase(), value.into());
        Self(pairs.into_iter().map(lower).collect())
    }

    /// Every value of a header; the name in any case.
    pub fn all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> {
        self.0
            .iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    /// The value of a header that stands there exactly once.
    pub fn single(&self, name: &str) -> Option<&str> {
        let mut values = self
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v);
        let first = values.next()?;
        values.next().is_none().then_some(first)
    }

    /// Whether a header is there at all.
    pub fn contains(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Those whose name passes.
    #[must_use]
    pub fn keep(&self, mut passes: impl FnMut(&str) -> bool) -> Self {
        Self(
            self.0
                .iter()
                .filter(|(name, _)| passes(name))
                .cloned()
                .collect(),
        )
    }
}

/// A decoded URL query or form: pairs in order, repeated names kept apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// From decoded pairs.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// Decodes `a=1&b=%20`.
    pub fn decode(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The first value of a name.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// All pairs.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Those whose name passes.
    #[must_use]
    pub fn keep(&self, mut passes: impl FnMut(&str) -> bool) -> Self {
        let pairs = self.0.iter().filter(|(name, _)| passes(name));
        Self(pairs.cloned().collect())
    }
}
