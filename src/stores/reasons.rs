//! What a store itself writes as the reason where it ends a job.

use crate::event::{EventId, JobId};
use crate::plan::JobState;

/// The reason of a job that lost [`super::LEASES_LOST_MAX`] leases: performing it may be what ends
/// the process.
pub const POISON: &str = "poison";

/// The reason of a job that had started, must not be performed twice, and left no outcome.
pub const IN_DOUBT: &str =
    "in doubt: it was started and no outcome was recorded; it may have been performed";

/// The note of the attempt that stands for a lost lease.
pub const LOST: &str = "no outcome was recorded: the process ended, or the lease ran out";

/// Why a job is skipped that waits for one which will not be done.
pub fn skipped(action: &str, state: JobState) -> String {
    let state = match state {
        JobState::Dead => "a dead letter",
        other => other.name(),
    };
    format!("it waits for `{action}`, which is {state}")
}

/// Why a job is skipped that waits for one nobody planned.
pub fn waits_for_unknown(job: JobId) -> String {
    format!("it waits for {job}, which was not planned")
}

/// Why a job is dead that was ready for too long.
pub fn no_destination(destination: &str) -> String {
    format!("its destination `{destination}` does not exist, and it has waited for too long")
}

/// Why a job cannot be requeued that was never prepared.
pub fn never_prepared(event: EventId) -> String {
    format!("it could not be rendered; mend its rule, then `hookrule events replay {event}`")
}

/// Why a job cannot be requeued that is no dead letter.
pub fn not_dead(job: JobId, state: JobState) -> String {
    format!("{job} is {}, not dead", state.name())
}

/// Why a job cannot be requeued that is not there.
pub fn unknown(job: JobId) -> String {
    format!("there is no job {job}")
}

/// Why an event cannot be stored again.
pub fn event_twice(event: EventId) -> String {
    format!("the event {event} is stored already")
}

/// Why a job cannot be stored again.
pub fn job_twice(job: JobId) -> String {
    format!("the job {job} is stored already; another replay of the same event came first")
}

/// The reason of a job that cannot be read as it was written, or whose event cannot.
pub const DAMAGED: &str =
    "damaged: it or its event is not stored as it was written; restore a backup of the store";
