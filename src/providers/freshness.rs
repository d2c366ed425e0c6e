//! The timestamp that a sender signs, and how old it may be.

use std::time::Duration;

use crate::diagnostic::{Diagnostics, code};
use crate::runtime::Timestamp;
use crate::yaml::{Fields, Node, Shape, key};

use super::parts::Place;
use super::signature::{named, place, place_shape};
use super::verify::Refusal;

/// How far from now a signed timestamp may lie, where a definition does not say.
pub const TOLERANCE: Duration = Duration::from_mins(5);

/// A signed timestamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// Where it stands.
    pub from: Place,
    /// What it counts.
    pub unit: Unit,
    /// How old it may be; none where the sender's own clients do not look.
    pub tolerance: Option<Duration>,
    /// How far ahead it may be, where that differs.
    pub ahead: Option<Duration>,
}

/// What a timestamp counts, from 1970 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Nothing: it is written as RFC 3339 has it.
    Rfc3339,
}

impl Unit {
    const NAMES: [&'static str; 3] = ["s", "ms", "rfc3339"];

    fn named(name: &str) -> Option<Self> {
        match name {
            "s" => Some(Self::Seconds),
            "ms" => Some(Self::Milliseconds),
            "rfc3339" => Some(Self::Rfc3339),
            _ => None,
        }
    }

    /// The characters that the longest timestamp has: until well after the year 30,000.
    fn chars_max(self) -> usize {
        match self {
            Self::Seconds => 12,
            Self::Milliseconds => 15,
            Self::Rfc3339 => 40,
        }
    }

    /// A timestamp as it was sent. Only plain digits are a number.
    fn read(self, sent: &str) -> Option<Timestamp> {
        if sent.is_empty() || sent.len() > self.chars_max() {
            return None;
        }
        let digits = || sent.bytes().all(|b| b.is_ascii_digit());
        let number = || digits().then(|| sent.parse::<i64>().ok()).flatten();
        match self {
            Self::Seconds => number().map(Timestamp::from_seconds),
            Self::Milliseconds => number().map(Timestamp::from_millis),
            // A zone's name in brackets, which RFC 9557 allows, could be the beginning of what follows.
            Self::Rfc3339 if sent.contains('[') => None,
            Self::Rfc3339 => Timestamp::parse(sent),
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Seconds => "a whole number of seconds",
            Self::Milliseconds => "a whole number of milliseconds",
            Self::Rfc3339 => "a time such as 2026-11-24T08:00:00Z",
        }
    }

    /// This time as a sender writes it.
    pub fn write(self, time: Timestamp) -> String {
        match self {
            Self::Seconds => time.seconds().to_string(),
            Self::Milliseconds => time.millis().to_string(),
            Self::Rfc3339 => time.to_string(),
        }
    }
}

impl Freshness {
    /// One that stands at a place, with the default tolerance.
    pub fn at(from: Place) -> Self {
        Self {
            from,
            unit: Unit::Seconds,
            tolerance: Some(TOLERANCE),
            ahead: None,
        }
    }

    /// What it looks like.
    pub(super) fn shape() -> Shape {
        Shape::map([
            key("from", place_shape(), "Where it stands.", "header:X-Time").required(),
            key(
                "unit",
                Shape::choice(Unit::NAMES),
                "What it counts since 1970: seconds, milliseconds; or RFC 3339.",
                "ms",
            )
            .or("s"),
            key(
                "tolerance",
                tolerance_shape(),
                "How old it may be; `none` looks at no clock.",
                "10m",
            )
            .or("5m"),
            key(
                "ahead",
                Shape::duration(),
                "How far in the future it may lie; as far as `tolerance` where it is left out.",
                "1m",
            ),
        ])
    }

    /// Reads the `timestamp:` block of a definition.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let from = fields
            .required("from", problems)
            .and_then(|node| place(node, problems));
        let unit = fields.optional("unit").map_or(Some(Unit::Seconds), |node| {
            named(node, &Unit::NAMES, Unit::named, problems)
        });
        let tolerance = fields
            .optional("tolerance")
            .map_or(Some(Some(TOLERANCE)), |node| tolerance(node, problems));
        let ahead = fields
            .optional("ahead")
            .map_or(Some(None), |node| node.duration(problems).map(Some));
        fields.finish(problems);
        Some(Self {
            from: from?,
            unit: unit?,
            tolerance: tolerance?,
            ahead: ahead?,
        })
    }

    /// Checks a timestamp as it was sent.
    ///
    /// # Errors
    /// Where it is none, or lies too far from `now`.
    pub fn check(&self, sent: &str, now: Timestamp) -> Result<(), Refusal> {
        let Some(sent) = self.unit.read(sent) else {
            return Err(Refusal::Malformed {
                what: self.from.to_string(),
                why: format!("it is not {}", self.unit.title()),
            });
        };
        let Some(tolerance) = self.tolerance else {
            return Ok(());
        };
        // Whole seconds against whole seconds, as senders' own libraries do it.
        let now = match self.unit {
            Unit::Seconds => Timestamp::from_seconds(now.seconds()),
            Unit::Milliseconds | Unit::Rfc3339 => now,
        };
        let (by, direction, tolerance) = if sent > now {
            let tolerance = self.ahead.unwrap_or(tolerance);
            (sent.since(now), "in the future", tolerance)
        } else {
            (now.since(sent), "in the past", tolerance)
        };
        if by <= tolerance {
            return Ok(());
        }
        Err(Refusal::Stale {
            by,
            direction,
            tolerance,
        })
    }
}

/// What a tolerance looks like.
pub(super) fn tolerance_shape() -> Shape {
    Shape::either([Shape::duration(), Shape::only("none")])
}

/// A duration, or `none`.
pub fn tolerance(node: &Node, problems: &mut Diagnostics) -> Option<Option<Duration>> {
    if node.as_str() == Some("none") {
        return Some(None);
    }
    let tolerance = node.duration(problems)?;
    if tolerance.is_zero() {
        let message = "a tolerance of nothing refuses every delivery";
        problems.push(
            node.error(code::BAD_VALUE, message)
                .help("300s is usual; `none` looks at no clock"),
        );
        return None;
    }
    Some(Some(tolerance))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds() -> Freshness {
        Freshness::at(Place::Header("T".into()))
    }

    #[test]
    fn the_edge_is_inside() {
        let now = Timestamp::from_millis(1_700_000_000_999);
        for (sent, fresh) in [
            (1_699_999_699, false),
            (1_699_999_700, true),
            (1_700_000_000, true),
            (1_700_000_300, true),
            (1_700_000_301, false),
        ] {
            assert_eq!(seconds().check(&i64::to_string(&sent), now).is_ok(), fresh);
        }
    }

    #[test]
    fn only_plain_digits_are_a_time() {
        let now = Timestamp::from_seconds(1);
        let long = "1".repeat(400);
        for bad in [
            "",
            " 1",
            "1 ",
            "+1",
            "-1",
            "1e0",
            "1.0",
            "0x1",
            "notanumber",
            "1\u{661}",
            &long,
            "1000000000000",
        ] {
            let refusal = seconds().check(bad, now).unwrap_err();
            assert!(matches!(refusal, Refusal::Malformed { .. }), "{bad}");
        }
        assert!(seconds().check("0000000001", now).is_ok());
    }

    #[test]
    fn refusals_say_how_far() {
        let now = Timestamp::from_seconds(2_000);
        assert_eq!(
            seconds().check("1000", now).unwrap_err().to_string(),
            "the timestamp is 1000s in the past (at most 300s is allowed)"
        );
        let untimed = Freshness {
            tolerance: None,
            ..seconds()
        };
        assert!(untimed.check("1000", now).is_ok() && untimed.check("x", now).is_err());
        let millis = Freshness {
            unit: Unit::Milliseconds,
            ..seconds()
        };
        assert!(millis.check("2000000", now).is_ok() && millis.check("2000", now).is_err());
        let written = Freshness {
            unit: Unit::Rfc3339,
            ahead: Some(Duration::from_secs(1)),
            ..seconds()
        };
        for (sent, fresh) in [
            ("1970-01-01T00:33:20Z", true),
            ("1970-01-01T01:33:20.123456789+01:00", true),
            ("1970-01-01T00:28:20Z", true),
            ("1970-01-01T00:28:19Z", false),
            ("1970-01-01T00:33:21Z", true),
            ("1970-01-01T00:33:22Z", false),
            ("1970-01-01T00:33:20", false),
            ("1970-01-01T00:33:20Z[UTC]", false),
            ("2000", false),
        ] {
            assert_eq!(written.check(sent, now).is_ok(), fresh, "{sent}");
        }
    }
}
