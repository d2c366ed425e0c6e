//! What goes through a store: planned events in, leases and jobs out, outcomes back.

use std::time::Duration;

use crate::actions::KeptDelivery;
use crate::event::{Event, EventId, JobId};
use crate::plan::{Attempt, Job, JobBody, Plan};

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
    /// Those that are not due now stay as planned.
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
    /// The event's headers and body, where the job is prepared and needs them.
    pub delivery: Option<KeptDelivery>,
}

/// What a claim asks for.
#[derive(Debug, Clone)]
pub struct Claim {
    /// How long the leases last.
    pub lease: Duration,
    /// Destinations with free slots, and how many; `""` stands for the jobs that need no destination.
    /// Destinations not named, paused or without a free slot get nothing.
    pub free: Vec<(String, usize)>,
}

/// What a claim found.
#[derive(Debug, Clone, Default)]
pub struct Claimed {
    /// Leased to the caller, the longest due first.
    pub jobs: Vec<LeasedJob>,
    /// The wait until a job of the named destinations is due or its lease runs out, or a firing is due,
    /// if there is one: zero where more is due than there were slots, or firings than one claim looks
    /// at. Paused destinations do not count.
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
    /// The lease goes on. If it is lost the job is a dead letter.
    Started,
    /// A deferred body was rendered. The lease goes on.
    Prepared(JobBody),
    /// It is done; an attempt counts. Followers that wait for nothing else become ready, due after
    /// their own delay.
    Done {
        /// Kept for followers, at most [`super::OUTPUTS_BYTES_MAX`].
        outputs: serde_json::Value,
    },
    /// It is ready again after a wait.
    Retry {
        /// The wait.
        after: Duration,
        /// Whether the attempt counts.
        counts: bool,
    },
    /// It is a dead letter; an attempt counts. Followers are skipped.
    Dead {
        /// Why.
        reason: String,
    },
    /// It goes back untouched, due at once (drain). No outcome, no lost lease.
    Release,
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
