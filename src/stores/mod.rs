//! FAMILY: where it survives. One member for each way of keeping events and jobs.
//!
//! Comes in: planned events, claims, outcomes. Goes out: leased jobs and answers to queries. A store
//! knows nothing of HTTP, rules, or what an action does. [`contract`] says what each must prove.

pub mod contract;
pub mod memory;
pub mod sqlite;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::actions::KeptDelivery;
use crate::event::{Event, EventId, JobId, Strength};
use crate::plan::{Attempt, Job, JobBody, JobState, Plan};
use crate::runtime::{BoxFuture, Timestamp};

/// Why a store could not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("the store {path} is in use by process {pid}; ask that process instead, or stop it")]
    Locked {
        /// The store's folder.
        path: String,
        /// The process that holds it.
        pid: String,
    },
    /// It cannot be written or read now; nothing was changed.
    #[error("the store failed: {0}")]
    Failed(String),
    /// It was written by a newer hookrule.
    #[error("the store has version {found}, this program knows {known}; use a newer hookrule")]
    TooNew {
        /// The version on disk.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// What is stored cannot be right.
    #[error("the store is damaged: {0}")]
    Damaged(String),
}

/// A result of a store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A planned event on its way to the store.
#[derive(Debug)]
pub struct Acceptance {
    /// The event.
    pub event: Event,
    /// What makes a redelivery of it recognisable, and for how long.
    pub dedupe: Option<Dedupe>,
    /// What it leads to.
    pub plan: Plan,
    /// Jobs of the plan that this process wants leased at once, because it has a free slot for them.
    pub lease: Vec<JobId>,
}

/// What makes a redelivery recognisable. Keys are per source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dedupe {
    /// The key.
    pub key: String,
    /// How long it is remembered.
    pub keep: Duration,
}

/// What became of an [`Acceptance`].
#[derive(Debug, Clone, PartialEq)]
pub enum Accepted {
    /// It is on disk, and these of its jobs are leased.
    New(Vec<LeasedJob>),
    /// It was accepted before, as this event. Nothing was stored.
    Duplicate {
        /// The event accepted first.
        first: EventId,
        /// Whether its body was the same.
        same_body: bool,
    },
}

/// The right to perform a job, until it runs out. A lease of an earlier epoch or an earlier claim of
/// the same job is worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// The process run that holds it.
    pub epoch: u64,
    /// The claim of this job, counted from 1.
    pub number: u64,
}

/// A job to be performed now.
#[derive(Debug, Clone, PartialEq)]
pub struct LeasedJob {
    /// The right to.
    pub lease: Lease,
    /// The job.
    pub job: Job,
    /// The event's headers and body, where the job needs them.
    pub delivery: Option<KeptDelivery>,
}

/// What a claim asks for.
#[derive(Debug, Clone)]
pub struct Claim {
    /// How long the leases last.
    pub lease: Duration,
    /// Destinations with free slots, and how many. Destinations not named get nothing.
    pub free: Vec<(String, usize)>,
}

/// What a claim found.
#[derive(Debug, Clone, Default)]
pub struct Claimed {
    /// Leased to the caller, the longest due first.
    pub jobs: Vec<LeasedJob>,
    /// The wait until the next job of the named destinations is due, if any waits.
    pub next_due: Option<Duration>,
}

/// What happened to a leased job.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The right to say so. A record under a lost lease changes nothing.
    pub lease: Lease,
    /// The try, where there was one.
    pub attempt: Option<Attempt>,
    /// What follows.
    pub next: Next,
}

/// What follows for a leased job.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// It is about to be performed and must not be again if no outcome is recorded (`in_doubt: dead`).
    /// The lease goes on.
    Started,
    /// A deferred body was rendered. The lease goes on.
    Prepared(JobBody),
    /// It is done. Followers that wait for nothing else become ready.
    Done {
        /// Kept until the chain ends.
        outputs: serde_json::Value,
    },
    /// It is ready again after a wait.
    Retry {
        /// The wait.
        after: Duration,
        /// Whether the attempt counts.
        counts: bool,
    },
    /// It is a dead letter. Followers are skipped.
    Dead {
        /// Why.
        reason: String,
    },
    /// It goes back untouched, due at once (drain).
    Release,
}

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
    /// Replays so far.
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
    /// At most so many.
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
    /// At most so many.
    pub limit: usize,
}

/// What a sweep cleared away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Events past their retention, with their finished jobs. Those with pending or dead jobs stay.
    pub events: u64,
    /// Dedupe keys past their time.
    pub dedupe_keys: u64,
    /// Leases that had run out; their jobs are ready again, or dead after the third.
    pub leases: u64,
}

/// Durable state. Every change is one transaction, and is on disk when its future returns: a power cut
/// after that loses nothing. Waits go in, never instants: the store stamps the time itself.
pub trait Store: Send + Sync {
    /// Keeps events, their dedupe keys and their jobs: each event wholly or not at all. Answers in the
    /// order of the batch. The same key twice in a batch is a duplicate too.
    fn accept(&self, batch: Vec<Acceptance>) -> BoxFuture<'_, Result<Vec<Accepted>>>;

    /// Keeps the jobs of a replay of a stored event; `plan.jobs` carry the new run's number. Answers
    /// how many jobs were planned, or none where there is no such event.
    fn accept_replay(
        &self,
        event: EventId,
        run: u32,
        plan: Plan,
    ) -> BoxFuture<'_, Result<Option<usize>>>;

    /// Leases due jobs of the named destinations. Leases that ran out are claimed again.
    fn claim(&self, claim: Claim) -> BoxFuture<'_, Result<Claimed>>;

    /// Extends leases; answers for each whether it was still held.
    fn renew(&self, leases: Vec<Lease>, lease: Duration) -> BoxFuture<'_, Result<Vec<bool>>>;

    /// Records outcomes; answers for each whether its lease was still held.
    fn record(&self, batch: Vec<Record>) -> BoxFuture<'_, Result<Vec<bool>>>;

    /// Makes dead letters ready again, with fresh attempts; followers they had skipped wait again.
    /// Answers for each: requeued, or why not.
    fn requeue(
        &self,
        jobs: Vec<JobId>,
    ) -> BoxFuture<'_, Result<Vec<std::result::Result<(), String>>>>;

    /// Makes a dead letter of every ready job of a destination not in `known` that has been ready for
    /// longer than `max_age`.
    fn expire(&self, known: Vec<String>, max_age: Duration) -> BoxFuture<'_, Result<u64>>;

    /// Clears away what is past its time.
    fn sweep(&self, retention: Duration) -> BoxFuture<'_, Result<Swept>>;

    /// Pauses a destination (`Some(reason)`) or resumes it.
    fn pause<'a>(
        &'a self,
        destination: &'a str,
        reason: Option<&'a str>,
    ) -> BoxFuture<'a, Result<()>>;

    /// The paused destinations and why.
    fn paused(&self) -> BoxFuture<'_, Result<Vec<(String, String)>>>;

    /// Keeps the text of a rule set under its hash; keeping it twice is once.
    fn keep_rule_set<'a>(&'a self, hash: &'a str, text: &'a str) -> BoxFuture<'a, Result<()>>;

    /// The text of a rule set.
    fn rule_set<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<Option<String>>>;

    /// Remembers a small fact under a key.
    fn remember<'a>(&'a self, key: &'a str, value: &'a str) -> BoxFuture<'a, Result<()>>;

    /// What was remembered.
    fn recall<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<String>>>;

    /// An event as it was, for replay.
    fn event(&self, id: EventId) -> BoxFuture<'_, Result<Option<Event>>>;

    /// Events, newest first.
    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Vec<EventSummary>>>;

    /// One event's record.
    fn event_summary(&self, id: EventId) -> BoxFuture<'_, Result<Option<EventSummary>>>;

    /// Jobs, newest first.
    fn jobs(&self, query: JobQuery) -> BoxFuture<'_, Result<Vec<Job>>>;

    /// One job and its attempts, oldest first.
    fn job(&self, id: JobId) -> BoxFuture<'_, Result<Option<(Job, Vec<Attempt>)>>>;

    /// The outputs of an event's done jobs in one run, by action name, for followers of one rule.
    fn outputs<'a>(
        &'a self,
        event: EventId,
        run: u32,
        rule: &'a str,
    ) -> BoxFuture<'a, Result<serde_json::Value>>;

    /// How many jobs stand in each state.
    fn counts(&self) -> BoxFuture<'_, Result<Vec<(JobState, u64)>>>;
}
