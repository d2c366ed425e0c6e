//! The limits of the listeners: named, with their defaults.

use std::time::Duration;

use crate::diagnostic::Diagnostics;
use crate::yaml::shape::Key;
use crate::yaml::{Fields, Shape, key};

/// The server's part of `policy:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Bytes of all bodies being read or judged. `bodies_max`, default 256 MiB.
    pub bodies_bytes_max: u64,
    /// Bytes of one request's headers. `headers_max`, default 16 KiB.
    pub headers_bytes_max: u64,
    /// Headers of one request. `header_count_max`, default 64.
    pub header_count_max: u64,
    /// From the first byte of a request to the end of its headers. `header_timeout`, default 5 s.
    pub header_timeout: Duration,
    /// Between two pieces of a body. `body_idle_timeout`, default 10 s.
    pub body_idle_timeout: Duration,
    /// From the end of the headers to the end of the body. `request_timeout`, default 30 s.
    pub request_timeout: Duration,
    /// Between two requests of one connection. `keep_alive_timeout`, default 60 s.
    pub keep_alive_timeout: Duration,
    /// Open connections. `connections_max`, default 10,000.
    pub connections_max: u64,
    /// Open connections of one address. `connections_per_address_max`, default 256.
    pub connections_per_address_max: u64,
    /// How long begun requests may take to end when the process stops. `drain_timeout`, default 30 s.
    pub drain_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bodies_bytes_max: 256 * 1024 * 1024,
            headers_bytes_max: 16 * 1024,
            header_count_max: 64,
            header_timeout: Duration::from_secs(5),
            body_idle_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            keep_alive_timeout: Duration::from_mins(1),
            connections_max: 10_000,
            connections_per_address_max: 256,
            drain_timeout: Duration::from_secs(30),
        }
    }
}

impl Settings {
    /// Its keys of `policy:`.
    pub fn keys() -> Vec<Key> {
        room().into_iter().chain(times()).collect()
    }

    /// Takes its keys from `policy:`; the caller finishes the block.
    pub fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Self {
        let mut settings = Self::default();
        for (key, setting) in [
            ("bodies_max", &mut settings.bodies_bytes_max),
            ("headers_max", &mut settings.headers_bytes_max),
        ] {
            if let Some(size) = fields.optional(key).and_then(|node| node.size(problems)) {
                *setting = size;
            }
        }
        for (key, setting) in [
            ("header_count_max", &mut settings.header_count_max),
            ("connections_max", &mut settings.connections_max),
            (
                "connections_per_address_max",
                &mut settings.connections_per_address_max,
            ),
        ] {
            if let Some(count) = fields.optional(key).and_then(|node| node.count(problems)) {
                *setting = count;
            }
        }
        for (key, setting) in [
            ("header_timeout", &mut settings.header_timeout),
            ("body_idle_timeout", &mut settings.body_idle_timeout),
            ("request_timeout", &mut settings.request_timeout),
            ("keep_alive_timeout", &mut settings.keep_alive_timeout),
            ("drain_timeout", &mut settings.drain_timeout),
        ] {
            if let Some(time) = fields
                .optional(key)
                .and_then(|node| node.duration(problems))
            {
                *setting = time;
            }
        }
        settings
    }
}

/// How much there may be at once.
fn room() -> Vec<Key> {
    let sizes = [
        (
            "bodies_max",
            "All bodies being read or judged, together; over it: 503.",
            "512MiB",
            "256MiB",
        ),
        (
            "headers_max",
            "One request's headers; over it: 431.",
            "32KiB",
            "16KiB",
        ),
    ];
    let counts = [
        (
            "header_count_max",
            "How many headers one request may have; over it: 431.",
            100,
            64,
        ),
        (
            "connections_max",
            "Open connections of all addresses.",
            20_000,
            10_000,
        ),
        (
            "connections_per_address_max",
            "Open connections of one address.",
            1_000,
            256,
        ),
    ];
    let sizes = sizes.map(|(name, help, like, or)| key(name, Shape::size(), help, like).or(or));
    let count = || Shape::count(0, u64::MAX);
    let counts = counts.map(|(name, help, like, or)| key(name, count(), help, like).or(or));
    sizes.into_iter().chain(counts).collect()
}

/// How long things may take.
fn times() -> [Key; 5] {
    [
        (
            "header_timeout",
            "From the first byte of a request to the end of its headers; over it: 408.",
            "10s",
            "5s",
        ),
        (
            "body_idle_timeout",
            "Between two pieces of a body; over it: 408.",
            "20s",
            "10s",
        ),
        (
            "request_timeout",
            "From the end of the headers to the end of the body; over it: 408.",
            "60s",
            "30s",
        ),
        (
            "keep_alive_timeout",
            "Between two requests of one connection.",
            "30s",
            "60s",
        ),
        (
            "drain_timeout",
            "How long begun work may take to end when hookrule stops.",
            "20s",
            "30s",
        ),
    ]
    .map(|(name, help, like, or)| key(name, Shape::duration(), help, like).or(or))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::shape::defaults;

    #[test]
    fn editors_are_told_the_defaults_that_hold() {
        let node = defaults(&Settings::keys());
        let mut problems = Diagnostics::new();
        let mut fields = Fields::of(&node, &mut problems).unwrap();
        assert_eq!(
            Settings::parse(&mut fields, &mut problems),
            Settings::default()
        );
        assert!(!problems.has_errors());
    }
}
