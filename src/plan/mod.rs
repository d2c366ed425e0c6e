//! What should happen: an event and a rule set in, jobs out. Pure.
//!
//! Planning reads no clock, network, environment or randomness: the same rule set and event give the
//! same plan. Also the [`Job`] and its states, as stores keep them and the executor runs them.

mod compare;
mod deferred;
mod flow;
mod gating;
pub mod job;
mod jobs;
mod judging;
mod vars;
mod why;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::condition::Looked;
use crate::event::{Event, JobId};
use crate::rule::{Response, Rule, RuleSet};

pub use compare::{Change, Difference, JobDifference, PathDifference, RuleDifference, compare};
pub use deferred::{Beside, prepare};
pub use flow::{
    Changed, Closes, DIGEST_AGE_MAX, DIGEST_BYTES_MAX, Digest, Gates, Join, Lane, NewFiring,
    Signal, Throttle, Unless,
};
pub use gating::Passage;
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
    /// What the sender is answered: by the first rule that matched and says it. Or why that cannot be
    /// rendered.
    pub respond: Option<Result<Response, String>>,
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
    /// Actions of a rule that matched which do not run all the same.
    pub passed_over: Vec<PassedOver>,
    /// What the sender is answered by this rule, or why that cannot be rendered.
    pub respond: Option<Result<Response, String>>,
    /// The conditions in the order they were looked at, up to the first that failed.
    pub looked: Vec<Looked>,
    /// What was looked at of the conditions of its actions; under `for_each` once for each item.
    pub asked: Vec<Asked>,
}

/// The conditions of an action that were looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The action's name.
    pub action: String,
    /// In the order they were looked at, up to the first that failed.
    pub looked: Vec<Looked>,
}

/// An action that does not run although its rule matched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PassedOver {
    /// Its name.
    pub action: String,
    /// The item of a `for_each`, counted from 0.
    pub item: Option<u32>,
    /// What decided: the test as written, or an action that does not run itself.
    pub because: Option<String>,
    /// The value seen there, if any.
    pub seen: Option<Value>,
}

/// Judges an event. `run` is 0 at intake, and one more for each replay, which passes gates by.
pub fn plan(rules: &RuleSet, event: &Event, run: u32) -> Plan {
    let passage = if run == 0 {
        Passage::Gates
    } else {
        Passage::PassedBy
    };
    plan_through(rules, event, run, passage)
}

/// Judges an event; `passage` says which gates there are.
pub fn plan_through(rules: &RuleSet, event: &Event, run: u32, passage: Passage) -> Plan {
    let mut plan = Plan {
        rule_set: rules.hash.clone(),
        matched: Vec::new(),
        jobs: Vec::new(),
        firings: Vec::new(),
        signals: Vec::new(),
        respond: None,
    };
    let slots = event.payload.slots(&rules.paths);
    let candidates = rules.candidates(event, &slots);
    let asking: Vec<_> = match passage {
        Passage::Gates => rules.asking(event, &slots),
        Passage::PassedBy | Passage::Ignored => Vec::new(),
    };
    if candidates.is_empty() && asking.is_empty() {
        return plan;
    }
    let kept = Kept::for_rules(candidates.iter().chain(&asking).copied());
    let mut judging = Judging::new(rules, event, &slots, &kept, run);
    judging.passage = passage;
    for rule in asking {
        plan.hear(&mut judging, rule);
    }
    let mut left_out = LeftOut::default();
    in_turn(&candidates, |rule| {
        let room = JOBS_MAX.saturating_sub(plan.jobs.len());
        match caught(|| judging.rule(rule, room)).flatten() {
            Ok(None) => false,
            Ok(Some(made)) => {
                plan.matched.push(rule.name.clone());
                plan.jobs.extend(made.jobs);
                plan.firings.append(&mut judging.firings);
                left_out.add(rule, made.left_out);
                if made.respond.is_some() && !rule.flow.shadow {
                    plan.respond = made.respond;
                    judging.unanswered = false;
                }
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
    let kept = Kept::for_rules(candidates.iter().copied());
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

/// Asks rules in order whether they match: those for what is left only if no other of their namespace
/// does, and none behind one that stops its file. A shadow changes nothing for the others.
fn in_turn<'r>(candidates: &[&'r Arc<Rule>], mut ask: impl FnMut(&'r Rule) -> bool) {
    let mut any: Vec<Option<&str>> = Vec::new();
    for unmatched in [false, true] {
        let taken = any.clone();
        let mut stopped = None;
        for rule in candidates {
            let namespace = rule.namespace.as_ref().map(|namespace| &*namespace.name);
            if unmatched && taken.contains(&namespace) {
                continue;
            }
            if rule.when.unmatched != unmatched || stopped == Some(&rule.place.file.path) {
                continue;
            }
            if ask(rule) && !rule.flow.shadow {
                any.push(namespace);
                stopped = rule.stop.then_some(&rule.place.file.path).or(stopped);
            }
        }
    }
}

impl Plan {
    /// What an event is to a rule that asks for others.
    fn hear(&mut self, judging: &mut Judging<'_>, rule: &Rule) {
        match caught(|| judging.signals(rule)) {
            Ok((signals, dead)) => {
                self.signals.extend(signals);
                let room = JOBS_MAX.saturating_sub(self.jobs.len());
                self.jobs.extend(dead.into_iter().take(room));
            }
            Err(panic) => {
                judging.forget();
                let reason = format!("rule `{}` could not be followed: {panic}", rule.name);
                let (event, run) = (judging.event, judging.run);
                let letter = dead_letter(event, run, &rule.name, "other events", reason);
                self.jobs.push(letter);
            }
        }
    }
}

/// What every rule makes of an event, in order, as [`plan`] decides it.
pub fn judge(rules: &RuleSet, event: &Event) -> Vec<RuleTrace> {
    let tracing = Tracing::new(rules, event);
    rules.rules.iter().map(|rule| tracing.of(rule).0).collect()
}

/// What every rule, or only that of a name, makes of an event, in order, with its jobs.
pub fn explain<'r>(
    rules: &'r RuleSet,
    event: &Event,
    only: Option<&str>,
) -> Vec<(&'r Rule, RuleTrace, Vec<NewJob>)> {
    let tracing = Tracing::new(rules, event);
    let asked = |rule: &&Arc<Rule>| only.is_none_or(|name| rule.name == name);
    let asked = rules.rules.iter().filter(asked);
    asked
        .map(|rule| {
            let (trace, jobs) = tracing.of(rule);
            (rule.as_ref(), trace, jobs)
        })
        .collect()
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
