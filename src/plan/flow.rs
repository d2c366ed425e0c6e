//! What stands between a matched rule and its jobs, as it is planned and kept.
//!
//! Planning only renders keys and values. Whether a firing opens is decided where all of them are
//! known: in a store, in order of arrival.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::FiringId;
use crate::runtime::Timestamp;
use crate::runtime::calendar::{Cron, Zone};

/// A digest closes when the bodies of its events come to so many bytes.
pub const DIGEST_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A digest that waits for quiet closes after this, however lively it is.
pub const DIGEST_AGE_MAX: Duration = Duration::from_hours(24);

/// What one rule does about one event in one run (under `for_each`: about one item), where something
/// may hold it back. A rule without gates has none.
#[derive(Debug, Clone, PartialEq)]
pub struct NewFiring {
    /// Named by what it is; its jobs carry it.
    pub id: FiringId,
    /// The replay it belongs to; 0 at intake.
    pub run: u32,
    /// The rule's name: gates count per rule.
    pub rule: String,
    /// The item of a `for_each`, counted from 0.
    pub item: Option<u32>,
    /// When the event was received.
    pub received_at: Timestamp,
    /// What it has to pass.
    pub gates: Gates,
    /// The rule's vars, where a digest needs those of every event.
    pub vars: Value,
    /// Bytes of the event's body.
    pub body_bytes: u64,
}

/// The gates of a firing, in the order in which it passes them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gates {
    /// `during` with `otherwise: hold`: nothing happens before this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_until: Option<Timestamp>,
    /// Only what differs from the last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<Changed>,
    /// Only together with other events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<Join>,
    /// Only if another event does not come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unless: Option<Unless>,
    /// Only so often.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Throttle>,
    /// Together with others of its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// And then so much later.
    pub delay: Duration,
}

/// Passes when the value of a key differs from the last seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    /// Whose value it is.
    pub key: String,
    /// The value now.
    pub value: Value,
    /// What it must have been.
    pub from: Option<Value>,
    /// What it must be now.
    pub to: Option<Value>,
}

/// Passes when for each name another event with the same key has come, before or after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Join {
    /// What they share.
    pub key: String,
    /// How far apart they may have been received.
    pub within: Duration,
    /// The names of the others.
    pub names: Vec<String>,
    /// Whether it looks once and does not wait: a replay that passes gates by.
    #[serde(default)]
    pub at_once: bool,
}

/// Passes when no other event with the same key has come in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unless {
    /// What they share.
    pub key: String,
    /// How long is waited.
    pub within: Duration,
}

/// Passes at most so often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Throttle {
    /// What is counted together.
    pub key: String,
    /// How often.
    pub at_most: u32,
    /// In which time, sliding.
    pub per: Duration,
}

/// Gathers firings of one rule and key; the first leads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    /// What is gathered together.
    pub key: String,
    /// When it closes.
    pub closes: Closes,
    /// It closes at once with so many.
    pub max: u32,
    /// With fewer it comes to nothing.
    pub min: u32,
}

/// When a digest closes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closes {
    /// So long after the first.
    Window(Duration),
    /// So long after the last.
    Quiet(Duration),
    /// At the next time of a cron expression.
    At {
        /// The expression.
        cron: String,
        /// The time zone it is meant in.
        tz: String,
    },
}

impl Closes {
    /// When a digest closes whose first firing came at one time and its last at another.
    pub fn at(&self, first: Timestamp, last: Timestamp) -> Timestamp {
        match self {
            Self::Window(window) => first.after(*window),
            Self::Quiet(quiet) => last.after(*quiet).min(first.after(DIGEST_AGE_MAX)),
            Self::At { cron, tz } => {
                let zone = Zone::named(tz).unwrap_or(Zone::UTC);
                let cron = Cron::parse(cron, zone).ok();
                // `check` has read both; what cannot be read any more must not wait for ever.
                let next = cron.and_then(|cron| cron.next_after(first));
                next.unwrap_or(first)
            }
        }
    }
}

/// Where jobs run one at a time, in order of arrival: jobs of one destination with one key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lane {
    /// The key.
    pub key: String,
    /// Whether a dead letter holds those behind it until it is requeued or discarded.
    pub hold: bool,
}

/// An event that firings of a rule wait for, or are called off by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// The rule whose firings it is for.
    pub rule: String,
    /// The name under `join`; empty for `unless`.
    pub name: String,
    /// What it shares with those firings.
    pub key: String,
    /// When its event was received.
    pub received_at: Timestamp,
    /// How long it may be needed.
    pub keep: Duration,
}
