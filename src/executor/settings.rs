//! How the executor leases, keeps and drains.

use std::time::Duration;

use crate::diagnostic::Diagnostics;
use crate::yaml::Fields;

/// The executor's part of `policy:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long a lease lasts. `lease`, default 30 s; renewed at a third of it.
    pub lease: Duration,
    /// How long events and finished jobs are kept. `retention`, default 90 days.
    pub retention: Duration,
    /// How long begun attempts may take to end when the process stops. Default 30 s.
    pub drain_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(30),
            retention: Duration::from_hours(90 * 24),
            drain_timeout: Duration::from_secs(30),
        }
    }
}

impl Settings {
    /// Takes its keys from `policy:`; the caller finishes the block.
    pub fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Self {
        let mut settings = Self::default();
        for (key, setting) in [
            ("lease", &mut settings.lease),
            ("retention", &mut settings.retention),
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
