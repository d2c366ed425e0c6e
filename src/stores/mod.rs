//! FAMILY: where it survives. One member for each way of keeping events and jobs.
//!
//! Comes in: planned events, claims, outcomes. Goes out: leased jobs and answers to queries. A store
//! knows nothing of HTTP, rules, or what an action does. What each must prove stands in `contract`,
//! which runs on all of them; [`memory`] is the model that the others are compared with.

#[cfg(test)]
mod contract;
pub mod gates;
mod listing;
pub mod memory;
pub mod reasons;
pub mod sqlite;
mod whole;
mod work;

use std::time::Duration;

use crate::event::{Event, EventId, FiringId, JobId};
use crate::plan::{Job, JobState, Plan};
use crate::runtime::{BoxFuture, Timestamp};

pub use gates::{FIRINGS_PER_CLAIM, FiringState, Gate, SETTLING};
pub use listing::{
    Companion, EventQuery, EventSummary, FiringSummary, JobHistory, JobQuery, LIST_MAX,
};
pub use whole::{PAGE_BYTES_MAX, WholeEvent, WholePage};
pub use work::{
    Acceptance, Accepted, Claim, Claimed, Dedupe, Lease, LeasedJob, Next, Record, Swept,
};

/// How long the leases last that [`Store::accept`] gives; also what claims usually ask for.
pub const LEASE: Duration = Duration::from_secs(30);

/// The most bytes of a job's outputs, as JSON text, that are kept for its followers; larger ones are
/// kept as null.
pub const OUTPUTS_BYTES_MAX: usize = 16 * 1024;

/// So many leases lost in distinct process runs without an outcome between them make a dead letter:
/// often enough that a crash of another job's making does not count, seldom enough that a job which
/// ends the process does not do so for ever.
pub const LEASES_LOST_MAX: u32 = 3;

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
    /// It cannot be written or read now, or the request contradicts what is stored; nothing was
    /// changed.
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

/// The moment `wait` before `now`; stops at the beginning of time instead of overflowing.
fn before(now: Timestamp, wait: Duration) -> Timestamp {
    now.before(wait)
}

/// Durable state. Every change is one transaction, and is on disk when its future returns: a power cut
/// after that loses nothing. After an error nothing of that change is there. Waits go in, never
/// instants: the store stamps the time itself.
///
/// Opening a store begins a new epoch. All leases of earlier epochs are lost at that moment.
///
/// A lease is lost when its epoch is over, or when its time is up and a claim or a sweep comes by.
/// That is recorded as an attempt `lost`, numbered by [`Lease::number`]. The job becomes ready again,
/// due as before; it becomes a dead letter instead if it had [`Next::Started`], or if it is the
/// [`LEASES_LOST_MAX`]th such loss in distinct epochs without an outcome between them.
///
/// Jobs of a firing wait until it has opened. A claim takes the firings that are due through their
/// gates ([`gates`]) before it leases, [`FIRINGS_PER_CLAIM`] at most.
///
/// Jobs of one destination and lane are ready one at a time, in the order in which they came to wait
/// for nothing else. The next has its turn when the one before is done, dead or cancelled; where its
/// lane holds, a dead letter keeps its turn until it is requeued, and goes first then, or discarded.
///
/// A job waiting for one that ends in any state but done is skipped, and so are those that wait for
/// it in turn; their reason names the first one.
///
/// # Cancellation
/// Dropping a future does not call off the change: it may be made or not.
pub trait Store: Send + Sync {
    /// Keeps events, their dedupe keys and their jobs: the whole batch or, after an error, nothing of
    /// it. Answers in the order of the batch. A key that is still remembered, from earlier or from
    /// the same batch, makes a duplicate, of which nothing is kept.
    ///
    /// Jobs named in [`Acceptance::lease`] are leased for [`LEASE`] if they are due at once and their
    /// destination is not paused; they come back in the order of the plan. A waiting job with
    /// nothing to wait for is ready.
    fn accept(&self, batch: Vec<Acceptance>) -> BoxFuture<'_, Result<Vec<Accepted>>>;

    /// Keeps the jobs of a replay of a stored event; `plan.jobs` carry the new run's number. Answers
    /// how many jobs were planned, or none where there is no such event. The event keeps the rule set
    /// and the matches of its intake. A run that is there already (two replays at the same time) is
    /// [`StoreError::Failed`].
    fn accept_replay(
        &self,
        event: EventId,
        run: u32,
        plan: Plan,
    ) -> BoxFuture<'_, Result<Option<usize>>>;

    /// Takes the firings that are due through their gates. Then
    /// leases due jobs of the named destinations, for each the longest due first. Leases that ran out
    /// are lost now, and their jobs claimed again.
    fn claim(&self, claim: Claim) -> BoxFuture<'_, Result<Claimed>>;

    /// Makes leases end that long from now; answers for each whether it was still held. A lease whose
    /// time is up is held until a claim or a sweep comes by.
    fn renew(&self, leases: Vec<Lease>, lease: Duration) -> BoxFuture<'_, Result<Vec<bool>>>;

    /// Records outcomes, in order; answers for each whether its lease was still held. Those whose
    /// lease was lost change nothing, not even the job's attempts.
    fn record(&self, batch: Vec<Record>) -> BoxFuture<'_, Result<Vec<bool>>>;

    /// Makes dead letters ready again, due now and after all others due now, with fresh attempts and
    /// a fresh age; followers they had skipped wait again, unless they wait for another dead one too.
    /// Answers for each: requeued, or why not. A job that was never prepared is not requeued.
    fn requeue(
        &self,
        jobs: Vec<JobId>,
    ) -> BoxFuture<'_, Result<Vec<std::result::Result<(), String>>>>;

    /// Gives up dead letters: they are cancelled, and those behind them in their lanes go on. Answers
    /// for each: discarded, or why not.
    fn discard(
        &self,
        jobs: Vec<JobId>,
    ) -> BoxFuture<'_, Result<Vec<std::result::Result<(), String>>>>;

    /// Makes a dead letter of every ready job of a destination not in `known` that has been ready for
    /// longer than `max_age`; answers how many. Jobs that need no destination are left alone.
    fn expire(&self, known: Vec<String>, max_age: Duration) -> BoxFuture<'_, Result<u64>>;

    /// Clears away what is past its time: in steps, so that others get their turn between them.
    fn sweep(&self, retention: Duration) -> BoxFuture<'_, Result<Swept>>;

    /// Pauses a destination (`Some(reason)`) or resumes it. Its jobs stay, and none is leased.
    fn pause<'a>(
        &'a self,
        destination: &'a str,
        reason: Option<&'a str>,
    ) -> BoxFuture<'a, Result<()>>;

    /// The paused destinations and why, by name.
    fn paused(&self) -> BoxFuture<'_, Result<Vec<(String, String)>>>;

    /// Keeps the text of a rule set under its hash; keeping it twice is once.
    fn keep_rule_set<'a>(&'a self, hash: &'a str, text: &'a str) -> BoxFuture<'a, Result<()>>;

    /// The text of a rule set.
    fn rule_set<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<Option<String>>>;

    /// Remembers a small fact under a key, in place of what was remembered there.
    fn remember<'a>(&'a self, key: &'a str, value: &'a str) -> BoxFuture<'a, Result<()>>;

    /// What was remembered.
    fn recall<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<String>>>;

    /// An event as it was, for replay.
    fn event(&self, id: EventId) -> BoxFuture<'_, Result<Option<Event>>>;

    /// Events, newest first by their ids.
    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Vec<EventSummary>>>;

    /// Events as they were, newest first by their ids: a page of at most [`EventQuery::limit`] events
    /// and about [`PAGE_BYTES_MAX`]. A damaged event is named and passed over.
    fn events_whole(&self, query: EventQuery) -> BoxFuture<'_, Result<WholePage>>;

    /// One event's record.
    fn event_summary(&self, id: EventId) -> BoxFuture<'_, Result<Option<EventSummary>>>;

    /// Jobs, the last stored first.
    fn jobs(&self, query: JobQuery) -> BoxFuture<'_, Result<Vec<Job>>>;

    /// One job and its attempts, oldest first.
    fn job(&self, id: JobId) -> BoxFuture<'_, Result<Option<JobHistory>>>;

    /// The outputs of the done jobs that a job waits for, by action name: an object. Of several jobs of
    /// one action the one planned last counts.
    fn outputs(&self, job: JobId) -> BoxFuture<'_, Result<serde_json::Value>>;

    /// An event's firings, as they were stored.
    fn firings(&self, event: EventId) -> BoxFuture<'_, Result<Vec<FiringSummary>>>;

    /// The events beside a firing that has opened: those it was joined with, by name, or those of its
    /// digest, its own first, in order of arrival.
    fn companions(&self, firing: FiringId) -> BoxFuture<'_, Result<Vec<Companion>>>;

    /// How many jobs stand in each state: every state in the order of [`JobState::ALL`].
    fn counts(&self) -> BoxFuture<'_, Result<Vec<(JobState, u64)>>>;
}
