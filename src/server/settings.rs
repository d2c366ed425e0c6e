//! The limits of the listeners: named, with their defaults.

use std::time::Duration;

use crate::diagnostic::Diagnostics;
use crate::yaml::Fields;

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
