//! What people ask a store, and the record of an event that it answers with.

use serde::{Deserialize, Serialize};

use crate::event::{EventId, Strength};
use crate::plan::{Attempt, Job, JobState};
use crate::runtime::Timestamp;

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
