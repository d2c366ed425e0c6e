//! What people ask a store, and the record of an event that it answers with.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::{EventId, FiringId, Strength};
use crate::plan::{Attempt, Job, JobState};
use crate::runtime::Timestamp;

use super::gates::{FiringState, Gate};

/// One job and its attempts, oldest first.
pub type JobHistory = (Job, Vec<Attempt>);

/// The longest answer of a listing, and what a limit of 0 means.
pub const LIST_MAX: usize = 500;

/// An event as it is shown: its record without the body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventSummary {
    /// Its id.
    pub id: EventId,
    /// The source it came in by.
    pub source: String,
    /// Its provider.
    pub provider: String,
    /// Its names, most general first.
    pub names: Vec<String>,
    /// The sender's id for it.
    pub delivery_id: Option<String>,
    /// When it was received.
    pub received_at: Timestamp,
    /// What stands behind it.
    pub strength: Strength,
    /// Bytes of its body.
    pub body_bytes: u64,
    /// The rule set that judged it.
    pub rule_set: String,
    /// The rules that matched.
    pub matched: Vec<String>,
    /// Replays so far: the highest run.
    pub runs: u32,
}

/// A firing as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiringSummary {
    /// Its id; its jobs carry it.
    pub id: FiringId,
    /// The rule.
    pub rule: String,
    /// The replay it belongs to; 0 at intake.
    pub run: u32,
    /// The item of a `for_each`, counted from 0.
    pub item: Option<u32>,
    /// Where it stands.
    pub state: FiringState,
    /// The gate where it waits, or was last.
    pub gate: Gate,
    /// When it is looked at again, where it waits.
    pub due_at: Timestamp,
    /// The events of the digest that it leads.
    pub gathered: u32,
    /// Why it has ended.
    pub reason: Option<String>,
}

/// An event beside the one that a firing is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Companion {
    /// Its name under `join`; empty in a digest.
    pub name: String,
    /// The event.
    pub event: EventId,
    /// The rule's vars for it, in a digest.
    pub vars: Option<Value>,
}

/// Which events to list, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventQuery {
    /// Only this source.
    pub source: Option<String>,
    /// Only those with this name among theirs.
    pub name: Option<String>,
    /// Only those older than this one, for paging.
    pub before: Option<EventId>,
    /// At most so many, and never more than [`LIST_MAX`]; 0 means that.
    pub limit: usize,
}

/// Which jobs to list, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobQuery {
    /// Only this event's.
    pub event: Option<EventId>,
    /// Only in these states; any where empty.
    pub states: Vec<JobState>,
    /// Only this destination's.
    pub destination: Option<String>,
    /// Only this rule's.
    pub rule: Option<String>,
    /// At most so many, and never more than [`LIST_MAX`]; 0 means that.
    pub limit: usize,
}
