//! Why a rule did or did not match.

use std::cell::OnceCell;
use std::sync::Arc;

use serde_json::Value;

use crate::event::Event;
use crate::rule::{NotAbout, Rule, RuleSet};

use super::gating::Passage;
use super::judging::{Judging, Kept, asks, caught};
use super::{JOBS_MAX, NewJob, RuleTrace};

/// One event before the rules of one set, each asked by itself.
pub(super) struct Tracing<'e> {
    rules: &'e RuleSet,
    event: &'e Event,
    /// The rules that matched, not counting those that take what is left; found when asked for.
    matched: OnceCell<Vec<&'e Rule>>,
}

impl<'e> Tracing<'e> {
    pub(super) fn new(rules: &'e RuleSet, event: &'e Event) -> Self {
        Self {
            rules,
            event,
            matched: OnceCell::new(),
        }
    }

    /// What a rule of the set makes of the event, and its jobs.
    pub(super) fn of(&self, rule: &Rule) -> (RuleTrace, Vec<NewJob>) {
        let mut trace = RuleTrace {
            rule: rule.name.clone(),
            matched: false,
            because: None,
            seen: None,
            note: None,
            passed_over: Vec::new(),
            respond: None,
            looked: Vec::new(),
            asked: Vec::new(),
        };
        if let Some((because, seen)) = self.objection(rule) {
            trace.because = Some(because.to_owned());
            trace.seen = Some(seen);
            return (trace, Vec::new());
        }
        let kept = Kept::with_places(asks(rule) * 3);
        let slots = self.event.payload.slots(&self.rules.paths);
        let mut judging = Judging::new(self.rules, self.event, &slots, &kept, 0);
        judging.passage = Passage::Ignored;
        judging.explains = true;
        let judged = caught(|| {
            let (decided, note) = judging.trace(rule);
            let made = if decided.holds {
                judging.rule(rule, JOBS_MAX)?
            } else {
                None
            };
            Ok((decided, note, made.unwrap_or_default()))
        });
        match judged.flatten() {
            Ok((decided, note, made)) => {
                trace.matched = decided.holds;
                trace.because = decided.because;
                trace.seen = decided.seen;
                trace.note = note;
                trace.looked = decided.looked;
                trace.passed_over = made.passed_over;
                trace.respond = made.respond;
                trace.asked = judging.asked;
                (trace, made.jobs)
            }
            Err(why) => {
                trace.note = Some(why);
                (trace, Vec::new())
            }
        }
    }

    /// Why a rule's conditions are not even looked at, and what was seen.
    fn objection(&self, rule: &Rule) -> Option<(&'static str, Value)> {
        let event = self.event;
        if !rule.enabled {
            return Some(("enabled", Value::Bool(false)));
        }
        match rule.when.objection(event) {
            None => {}
            Some(NotAbout::Provider) => return Some(("provider", event.provider.clone().into())),
            Some(NotAbout::Source) => return Some(("source", event.source.name.clone().into())),
            Some(NotAbout::Event) => return Some(("event", event.names.clone().into())),
            Some(NotAbout::Proof) => return Some(("proof", event.proof.strength().word().into())),
        }
        if rule.when.unmatched
            && let Some(other) = self.first_matched(rule)
        {
            return Some(("unmatched", other.into()));
        }
        let mut stopping = self.rules.stopping();
        let stopper = stopping.find(|other| stands_before(other, rule) && self.holds(other))?;
        Some(("stop", stopper.name.clone().into()))
    }

    /// The first other rule of the same namespace that matched.
    fn first_matched(&self, rule: &Rule) -> Option<&'e str> {
        let rules = self.rules;
        let find = || {
            let slots = self.event.payload.slots(&rules.paths);
            let candidates = rules.candidates(self.event, &slots).into_iter();
            let acts = |other: &&Arc<Rule>| !other.when.unmatched && !other.flow.shadow;
            let others = candidates.filter(acts).filter(|other| self.holds(other));
            others.map(Arc::as_ref).collect()
        };
        let mut matched = self.matched.get_or_init(find).iter();
        let other = matched.find(|other| other.namespace == rule.namespace)?;
        Some(&other.name)
    }

    /// Whether another rule is about the event and its conditions hold.
    fn holds(&self, other: &Rule) -> bool {
        let kept = Kept::with_places(asks(other));
        let slots = self.event.payload.slots(&self.rules.paths);
        let mut judging = Judging::new(self.rules, self.event, &slots, &kept, 0);
        other.when.objection(self.event).is_none()
            && caught(|| judging.trace(other).0.holds) == Ok(true)
    }
}

/// Whether a rule is asked before another of its file.
fn stands_before(other: &Rule, rule: &Rule) -> bool {
    other.place.file.path == rule.place.file.path
        && other.place.span.start < rule.place.span.start
        && other.when.unmatched == rule.when.unmatched
}
