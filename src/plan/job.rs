//! One prepared action, durable.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::{EventId, FiringId, JobId};
use crate::runtime::Timestamp;

use super::flow::Lane;

/// What a job will do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobBody {
    /// Rendered: every attempt performs the same.
    Prepared {
        /// What the action kind's `prepare` made.
        data: Value,
        /// Whether performing it needs the event's headers and body.
        needs_delivery: bool,
    },
    /// To be rendered when what it waits for is done; then stored as prepared before its first
    /// attempt.
    Deferred {
        /// The action's configuration with its templates.
        config: Value,
        /// The rule's vars, computed.
        vars: Value,
        /// The rule set that planned it.
        rule_set: String,
        /// The value that `for_each` is at.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<Value>,
    },
    /// Could not be rendered: dead at birth.
    Unprepared,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// For other jobs or a gate.
    Waiting,
    /// To be performed when its time comes.
    Ready,
    /// Being performed.
    Leased,
    /// Performed.
    Done,
    /// A dead letter.
    Dead,
    /// Not performed, because a job it waits for died.
    Skipped,
    /// Called off.
    Cancelled,
    /// Planned by a rule in shadow mode, never performed.
    Shadow,
    /// Over a throttle's limit.
    Throttled,
    /// Replaced by a later job.
    Superseded,
    /// Taken up into a digest.
    Merged,
}

impl JobState {
    /// Every state with its name, as stored and shown.
    pub const ALL: [(JobState, &'static str); 11] = [
        (Self::Waiting, "waiting"),
        (Self::Ready, "ready"),
        (Self::Leased, "leased"),
        (Self::Done, "done"),
        (Self::Dead, "dead"),
        (Self::Skipped, "skipped"),
        (Self::Cancelled, "cancelled"),
        (Self::Shadow, "shadow"),
        (Self::Throttled, "throttled"),
        (Self::Superseded, "superseded"),
        (Self::Merged, "merged"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(state, _)| *state == self)
            .map_or("", |(_, name)| name)
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(state, _)| *state)
    }

    /// Whether nothing will happen to it any more unless a person acts.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Ready | Self::Leased)
    }
}

/// A job as planned, not yet stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// Named by what it is.
    pub id: JobId,
    /// The replay it belongs to; 0 at intake.
    pub run: u32,
    /// The rule's name.
    pub rule: String,
    /// The action's name.
    pub action: String,
    /// The action's kind.
    pub kind: String,
    /// The destination's name; empty where the kind needs none.
    pub destination: String,
    /// `Ready`, `Waiting` (for `after`), `Shadow`, or with a reason `Dead` or `Skipped`.
    pub state: JobState,
    /// How long after its commit it becomes due.
    pub delay: Duration,
    /// Jobs of the same plan that must be done first.
    pub after: Vec<JobId>,
    /// The item of a `for_each` it is about, counted from 0.
    pub item: Option<u32>,
    /// What must have opened before it is ready; one of the plan's firings.
    pub firing: Option<FiringId>,
    /// Where it takes its turn, if it must.
    pub lane: Option<Lane>,
    /// Why it is dead or skipped at birth.
    pub reason: Option<String>,
    /// What it will do.
    pub body: JobBody,
}

/// A job as a store keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The event it was planned for.
    pub event: EventId,
    /// That event's most specific name.
    pub event_name: String,
    /// The replay it belongs to.
    pub run: u32,
    /// The rule's name.
    pub rule: String,
    /// The action's name.
    pub action: String,
    /// The action's kind.
    pub kind: String,
    /// The destination's name; empty where the kind needs none.
    pub destination: String,
    /// Where it stands.
    pub state: JobState,
    /// Why it stands there: a dead letter's cause, a skipped job's dead one.
    pub reason: Option<String>,
    /// Attempts that counted.
    pub attempts: u32,
    /// Leases that ended without an outcome, in distinct process runs.
    pub leases_lost: u32,
    /// When it is due.
    pub due_at: Timestamp,
    /// When it first became ready; its age counts from here.
    pub ready_at: Option<Timestamp>,
    /// When it was planned.
    pub created_at: Timestamp,
    /// The item of a `for_each` it is about, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// The firing it belongs to, where there were gates to pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firing: Option<FiringId>,
    /// Where it takes its turn, if it must.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<Lane>,
    /// What it will do.
    pub body: JobBody,
}

/// One try, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Counted from 1, those that were not spent included.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// `done`, `retry`, `reject`, `in_doubt`, `lost`.
    pub outcome: String,
    /// Status and the beginning of the answer, redacted, at most 4 KiB.
    pub note: String,
}
