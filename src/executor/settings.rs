//! How the executor leases, keeps and drains.

use std::time::Duration;

use crate::diagnostic::Diagnostics;
use crate::yaml::shape::Key;
use crate::yaml::{Fields, Shape, key};

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
    /// Its keys of `policy:`, besides `drain_timeout`, which the server has too.
    pub fn keys() -> [Key; 2] {
        [
            key(
                "lease",
                Shape::duration(),
                "How long a job belongs to the process that took it; renewed at a third of it.",
                "1m",
            )
            .or("30s"),
            key(
                "retention",
                Shape::duration(),
                "How long events and finished jobs are kept; waiting jobs and dead letters stay.",
                "30d",
            )
            .or("90d"),
        ]
    }

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
