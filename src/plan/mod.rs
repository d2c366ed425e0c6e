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
