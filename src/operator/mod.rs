//! What a person may do to a store: look at events and jobs, replay, requeue.
//!
//! Comes in: a [`Question`]. Goes out: an [`Answer`] in which credentials and what payloads call
//! passwords are masked. [`Direct`] answers from an open store; [`Remote`] asks the process that has
//! it open, through a socket in the store's folder. Who asks, and how answers are shown, is left to
//! `commands`.

mod direct;
mod explain;
mod redact;
mod remote;
mod socket;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{EventId, JobId};
use crate::intake::{SourceView, TurnedAway};
use crate::plan::{Attempt, Job, JobState};
use crate::runtime::BoxFuture;
use crate::stores::{EventQuery, EventSummary, FiringSummary, JobQuery, WholePage};

pub use direct::{Direct, describe};
pub use explain::{ActionWhy, Asked, Explanation, RuleWhy, Why, explain_here};
pub use redact::{MASK, Masks};
pub use remote::Remote;
pub use socket::{Socket, SocketError};

/// An event that never came in, as `trial` makes it up.
pub type Said = crate::trial::Said;

/// Somebody who answers.
pub trait Operator: Send + Sync {
    /// Does what is asked.
    fn ask(&self, question: Question) -> BoxFuture<'_, Result<Answer, OperatorError>>;
}

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Which events there are.
    Events(EventQuery),
    /// One event.
    Event {
        /// Which.
        id: EventId,
        /// With its body.
        body: bool,
    },
    /// Takes a stored event through today's rules.
    Replay {
        /// Which.
        id: EventId,
        /// Whether it passes the gates of its rules as a new event does, and not by them.
        #[serde(default)]
        through_gates: bool,
    },
    /// Which jobs there are.
    Jobs(JobQuery),
    /// One job with its attempts.
    Job {
        /// Which.
        id: JobId,
    },
    /// Makes dead letters ready again.
    Requeue(Selection),
    /// Gives up dead letters; those behind them in their lanes go on.
    Discard(Selection),
    /// Which destinations are paused.
    Paused,
    /// Pauses a destination: its jobs wait until it is resumed.
    Pause {
        /// Its name.
        destination: String,
        /// Why, for whoever asks later.
        reason: String,
    },
    /// Resumes a destination.
    Resume {
        /// Its name.
        destination: String,
    },
    /// How many jobs stand in each state.
    Counts,
    /// Which rules run.
    Rules,
    /// Why rules did, or did not, do something with an event.
    Explain(Why),
    /// Events as they were, to be judged again; not to be shown.
    EventsWhole(EventQuery),
    /// The rules that run, as text.
    RuleSet,
    /// Which deliveries were turned away lately.
    Refusals {
        /// Only those for this name, whether a source has it or not.
        source: Option<String>,
        /// At most so many.
        limit: usize,
    },
    /// Which sources there are, and which of their secrets are in use.
    Sources,
}

/// Which dead letters: those named, or else all that fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// These.
    pub jobs: Vec<JobId>,
    /// Only this destination's.
    pub destination: Option<String>,
    /// Only this rule's.
    pub rule: Option<String>,
}

/// What is answered; each variant belongs to the question of its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Newest first.
    Events(Vec<EventSummary>),
    /// None where there is no such event.
    Event(Option<Box<EventView>>),
    /// The replay's jobs are stored.
    Replayed(Replayed),
    /// Newest first.
    Jobs(Vec<Job>),
    /// None where there is no such job.
    Job(Option<Box<JobView>>),
    /// In the order they were named, or newest first.
    Requeued(Vec<Requeued>),
    /// In the order they were named, or newest first.
    Discarded(Vec<Requeued>),
    /// The paused destinations and why, after what was asked is done.
    Paused(BTreeMap<String, String>),
    /// Every state that has jobs.
    Counts(Vec<(JobState, u64)>),
    /// In the order they run.
    Rules(Vec<RuleView>),
    /// Rule by rule.
    Explained(Box<Explanation>),
    /// Newest first.
    EventsWhole(WholePage),
    /// What [`crate::rule::RuleSet::of_text`] reads.
    RuleSet(String),
    /// Newest first.
    Refusals(Vec<TurnedAway>),
    /// By name.
    Sources(Vec<SourceView>),
}

/// One header as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderView {
    /// In lower case.
    pub name: String,
    /// Masked where it holds a signature or credential.
    pub value: String,
}

/// One event as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventView {
    /// Its record.
    pub summary: EventSummary,
    /// Its headers, masked.
    pub headers: Vec<HeaderView>,
    /// Its body, masked, where it was asked for.
    pub body: Option<String>,
    /// Its jobs, newest first, without their data.
    pub jobs: Vec<Job>,
    /// What became of it at the gates of its rules.
    #[serde(default)]
    pub firings: Vec<FiringSummary>,
}

/// One job as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobView {
    /// The job, its data masked.
    pub job: Job,
    /// Its attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

/// What a replay led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replayed {
    /// The event.
    pub event: EventId,
    /// The run's number, counted from 1.
    pub run: u32,
    /// The rules that matched.
    pub matched: Vec<String>,
    /// Jobs that were stored.
    pub jobs: usize,
}

/// What became of one dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requeued {
    /// The job.
    pub job: JobId,
    /// Why it was not requeued or discarded, if it was not.
    pub refused: Option<String>,
}

/// One rule as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleView {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its file.
    pub file: String,
    /// Whether it is considered at all.
    pub enabled: bool,
    /// The events it is about, as it says so.
    pub when: String,
    /// What it does: `action → destination`.
    pub actions: Vec<String>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorError {
    /// What is asked for cannot be done; asking again will not help.
    #[error("{0}")]
    Refused(String),
    /// The store or the way to it failed.
    #[error("{0}")]
    Failed(String),
}
