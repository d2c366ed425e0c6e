//! What a store itself writes as the reason where it ends a job.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::event::{EventId, FiringId, JobId};
use crate::plan::{Changed, JobState, Join, Throttle};
use crate::runtime::Timestamp;

/// The most of a value that a reason shows, in characters.
const VALUE_CHARS_MAX: usize = 60;

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

/// Why a firing cannot be stored again.
pub fn firing_twice(firing: FiringId) -> String {
    format!("the firing {firing} is stored already; another replay of the same event came first")
}

/// The reason of a dead letter that a person has given up.
pub const DISCARDED: &str = "discarded by a person";

/// A value as a reason shows it.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Why nothing changed that anybody could compare with.
pub fn never_seen(gate: &Changed) -> String {
    let (key, from) = (&gate.key, gate.from.as_ref().map(shown));
    let from = from.unwrap_or_default();
    format!("changed: no value of `{key}` was seen before, and it must have been {from}")
}

/// Why a value passes nothing.
pub fn not_changed(gate: &Changed) -> String {
    let (key, value) = (&gate.key, shown(&gate.value));
    format!("changed: the value of `{key}` did not change: it is {value}, as before")
}

/// Why a change does not count.
pub fn changed_from(gate: &Changed, last: &Value) -> String {
    let (key, last, from) = (&gate.key, shown(last), gate.from.as_ref().map(shown));
    let from = from.unwrap_or_default();
    format!("changed: the value of `{key}` was {last}, and it must have been {from}")
}

/// Why a change does not count.
pub fn changed_to(gate: &Changed) -> String {
    let (key, value, to) = (&gate.key, shown(&gate.value), gate.to.as_ref().map(shown));
    let to = to.unwrap_or_default();
    format!("changed: the value of `{key}` is {value}, and it must be {to}")
}

/// Why events were not joined.
pub fn not_joined(name: &str, gate: &Join) -> String {
    let (key, within) = (&gate.key, Length(gate.within));
    format!("join: no event came for `{name}` with the key `{key}` within {within}")
}

/// Why a firing was called off.
pub fn called_off(event: EventId, at: Timestamp) -> String {
    format!("unless: called off by {event}, received at {at}")
}

/// Why a firing was one too many.
pub fn throttled(gate: &Throttle) -> String {
    let (key, per) = (&gate.key, Length(gate.per));
    let times = gate.at_most;
    let of = if key.is_empty() {
        String::new()
    } else {
        format!(" for `{key}`")
    };
    format!("throttle: at most {times} in {per}{of}")
}

/// Where the event of a firing went.
pub fn merged(leader: EventId) -> String {
    format!("digest: taken up into that of {leader}")
}

/// Why a digest came to nothing.
pub fn too_few(gathered: u32, min: u32) -> String {
    let counted = if gathered == 1 { "event" } else { "events" };
    format!("digest: {gathered} {counted} came, and there must be at least {min}")
}

/// A duration as rules write it.
struct Length(Duration);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let units = [
            (86_400_000, "d"),
            (3_600_000, "h"),
            (60_000, "m"),
            (1_000, "s"),
        ];
        let fits = units
            .iter()
            .find(|(unit, _)| millis > 0 && millis.is_multiple_of(*unit));
        match fits {
            Some((unit, name)) => write!(f, "{}{name}", millis / unit),
            None => write!(f, "{millis}ms"),
        }
    }
}
