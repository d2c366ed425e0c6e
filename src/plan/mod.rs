//! What should happen: an event and a rule set in, jobs out. Pure.
//!
//! Also the [`Job`] and its states, as stores keep them and the executor runs them.

pub mod job;

use crate::event::Event;
use crate::rule::RuleSet;

pub use job::{Attempt, Job, JobBody, JobState, NewJob};

/// What one event leads to.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The content hash of the rule set that judged it.
    pub rule_set: String,
    /// Names of the rules that matched, in order.
    pub matched: Vec<String>,
    /// The jobs, in order. Those that could not be rendered are there too, dead at birth.
    pub jobs: Vec<NewJob>,
}

/// Judges an event. `run` is 0 at intake, and one more for each replay.
pub fn plan(_rules: &RuleSet, _event: &Event, _run: u32) -> Plan {
    unimplemented!()
}

/// What one rule made of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleTrace {
    /// The rule's name.
    pub rule: String,
    /// Whether it matched.
    pub matched: bool,
    /// What decided that it did not: `enabled`, `provider`, `source`, `event`, `unmatched`, `stop`, or
    /// the test as written (`$.a`, `header X`).
    pub because: Option<String>,
    /// The value seen there, if any.
    pub seen: Option<serde_json::Value>,
}

/// What every rule makes of an event, in order: as [`plan`] decides it.
pub fn judge(_rules: &RuleSet, _event: &Event) -> Vec<RuleTrace> {
    unimplemented!()
}

/// Renders a deferred job, now that what it waited for is done. `outputs` holds what the done actions
/// of its rule gave, by action name.
///
/// # Errors
/// Why it can never be rendered, in words for people.
pub fn prepare(
    _job: &Job,
    _event: &Event,
    _outputs: &serde_json::Value,
) -> Result<JobBody, String> {
    unimplemented!()
}
