//! Intake's part of `policy:`.

use std::time::Duration;

use crate::diagnostic::Diagnostics;
use crate::yaml::shape::Key;
use crate::yaml::{Fields, Shape, key};

/// What holds for every source that does not say otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The largest body where neither source nor provider says otherwise, in bytes. `body_max`,
    /// default 1 MiB.
    pub body_bytes_max: u64,
    /// How long a delivery id is remembered. `dedupe`, default 7 days.
    pub dedupe: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_bytes_max: 1024 * 1024,
            dedupe: Duration::from_hours(7 * 24),
        }
    }
}

impl Settings {
    /// Its keys of `policy:`.
    pub fn keys() -> [Key; 2] {
        [
            key(
                "body_max",
                Shape::size(),
                "The largest body where neither source nor provider says otherwise; over it: 413.",
                "2MiB",
            )
            .or("1MiB"),
            key(
                "dedupe",
                Shape::duration(),
                "How long a delivery id is remembered.",
                "14d",
            )
            .or("7d"),
        ]
    }

    /// Takes its keys from `policy:`; the caller finishes the block.
    pub fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Self {
        let mut settings = Self::default();
        if let Some(size) = fields.optional("body_max").and_then(|n| n.size(problems)) {
            settings.body_bytes_max = size;
        }
        if let Some(keep) = fields.optional("dedupe").and_then(|n| n.duration(problems)) {
            settings.dedupe = keep;
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
