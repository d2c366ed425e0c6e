//! What should happen: an event and a rule set in, jobs out. Pure.
//!
//! Planning reads no clock, network, environment or randomness: the same rule set and event give the
//! same plan. Also the [`Job`] and its states, as stores keep them and the executor runs them.

mod deferred;
mod flow;
pub mod job;
mod jobs;
mod judging;
mod vars;
mod why;

use std::sync::Arc;

use serde_json::Value;

use crate::condition::Looked;
use crate::event::{Event, JobId};
use crate::rule::{Rule, RuleSet};

pub use deferred::prepare;
pub use flow::{
    Changed, Closes, DIGEST_AGE_MAX, DIGEST_BYTES_MAX, DIGEST_EVENTS_MAX, Digest, Gates, Join,
    Lane, NewFiring, Signal, Throttle, Unless, WINDOW_MAX,
};
pub use job::{Attempt, Job, JobBody, JobState, NewJob};

use judging::{Judging, Kept, caught};
use why::Tracing;

/// The most jobs of one event; a dead letter stands for the rest.
pub const JOBS_MAX: usize = 1_000;

/// What one event leads to.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The content hash of the rule set that judged it.
    pub rule_set: String,
    /// Names of the rules that matched, in order.
    pub matched: Vec<String>,
    /// The jobs, in order. Those that could not be rendered are there too, dead at birth.
    pub jobs: Vec<NewJob>,
    /// What has to pass gates before its jobs are ready.
    pub firings: Vec<NewFiring>,
    /// What other firings wait for, or are called off by.
    pub signals: Vec<Signal>,
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
    pub seen: Option<Value>,
    /// What went wrong on the way, such as a var that could not be computed.
    pub note: Option<String>,
    /// The conditions in the order they were looked at, up to the first that failed.
    pub looked: Vec<Looked>,
}

/// Judges an event. `run` is 0 at intake, and one more for each replay.
pub fn plan(rules: &RuleSet, event: &Event, run: u32) -> Plan {
    let mut plan = Plan {
        rule_set: rules.hash.clone(),
        matched: Vec::new(),
        jobs: Vec::new(),
        firings: Vec::new(),
        signals: Vec::new(),
    };
    let slots = event.payload.slots(&rules.paths);
    let candidates = rules.candidates(event, &slots);
    if candidates.is_empty() {
        return plan;
    }
    let kept = Kept::for_rules(&candidates);
    let mut judging = Judging::new(rules, event, &slots, &kept, run);
    let mut left_out = LeftOut::default();
    in_turn(&candidates, |rule| {
        let room = JOBS_MAX - plan.jobs.len();
        match caught(|| judging.rule(rule, room)).flatten() {
            Ok(None) => false,
            Ok(Some((jobs, more))) => {
                plan.matched.push(rule.name.clone());
                plan.jobs.extend(jobs);
                left_out.add(rule, more);
                true
            }
            Err(why) => {
                judging.forget();
                let reason = format!("rule `{}` could not be followed: {why}", rule.name);
                if room == 0 {
                    left_out.add(rule, 1);
                } else {
                    plan.jobs
                        .push(dead_letter(event, run, &rule.name, "", reason));
                }
                false
            }
        }
    });
    plan.jobs.extend(left_out.letter(event, run));
    plan
}

/// The names of the rules that match an event, in order, as [`plan`] decides it.
pub fn matched<'r>(rules: &'r RuleSet, event: &Event) -> Vec<&'r str> {
    let slots = event.payload.slots(&rules.paths);
    let candidates = rules.candidates(event, &slots);
    let kept = Kept::for_rules(&candidates);
    let mut judging = Judging::new(rules, event, &slots, &kept, 0);
    let mut matched = Vec::new();
    in_turn(&candidates, |rule| {
        let holds = caught(|| judging.matches(rule)).flatten() == Ok(true);
        if holds {
            matched.push(rule.name.as_str());
        }
        holds
    });
    matched
}

/// Asks rules in order whether they match: those for what is left only if no other does, and none
/// behind one that stops its file.
fn in_turn<'r>(candidates: &[&'r Arc<Rule>], mut ask: impl FnMut(&'r Rule) -> bool) {
    let mut any = false;
    for unmatched in [false, true] {
        if any {
            return;
        }
        let mut stopped = None;
        for rule in candidates {
            if rule.when.unmatched != unmatched || stopped == Some(&rule.place.file.path) {
                continue;
            }
            if ask(rule) {
                any = true;
                stopped = rule.stop.then_some(&rule.place.file.path).or(stopped);
            }
        }
    }
}

/// What every rule makes of an event, in order, as [`plan`] decides it.
pub fn judge(rules: &RuleSet, event: &Event) -> Vec<RuleTrace> {
    let tracing = Tracing::new(rules, event);
    rules.rules.iter().map(|rule| tracing.of(rule).0).collect()
}

/// What one rule of the set makes of an event, as [`plan`] decides it, and its jobs.
pub fn try_rule(rules: &RuleSet, event: &Event, rule: &Rule) -> (RuleTrace, Vec<NewJob>) {
    Tracing::new(rules, event).of(rule)
}

/// Jobs over [`JOBS_MAX`].
#[derive(Default)]
struct LeftOut {
    count: usize,
    first: Option<String>,
}

impl LeftOut {
    fn add(&mut self, rule: &Rule, more: usize) {
        self.count += more;
        if more > 0 && self.first.is_none() {
            self.first = Some(rule.name.clone());
        }
    }

    /// The dead letter that stands for all of them.
    fn letter(self, event: &Event, run: u32) -> Option<NewJob> {
        let rule = self.first?;
        let count = self.count;
        let reason = format!(
            "one event leads to at most {JOBS_MAX} jobs; {count} more, from rule `{rule}` on, were left out"
        );
        Some(dead_letter(event, run, &rule, "left out", reason))
    }
}

/// A job that was never one of an action: it only says what went wrong.
fn dead_letter(event: &Event, run: u32, rule: &str, part: &str, reason: String) -> NewJob {
    NewJob {
        id: JobId::derive(event.id, run, rule, "", part),
        run,
        rule: rule.to_owned(),
        action: String::new(),
        kind: String::new(),
        destination: String::new(),
        state: JobState::Dead,
        delay: std::time::Duration::ZERO,
        after: Vec::new(),
        item: None,
        firing: None,
        lane: None,
        reason: Some(reason),
        body: JobBody::Unprepared,
    }
}

#[cfg(test)]
mod tests;
