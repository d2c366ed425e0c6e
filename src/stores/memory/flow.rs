//! Firings and their gates in the model.

use std::convert::Infallible;

use serde_json::Value;

use crate::event::{EventId, FiringId, JobId};
use crate::plan::{JobState, NewFiring, Signal};
use crate::runtime::Timestamp;

use super::super::gates::{Desk, FiringState, Gate, Signalled, Standing};
use super::super::{Companion, FiringSummary};
use super::state::State;

/// A firing and what only the store knows of it.
#[derive(Debug)]
pub(super) struct KeptFiring {
    pub(super) standing: Standing,
    run: u32,
    item: Option<u32>,
    vars: Value,
    reason: Option<String>,
    pub(super) companions: Vec<(String, EventId, Option<FiringId>)>,
}

impl KeptFiring {
    /// Whether there is something to decide yet.
    pub(super) fn is_open(&self) -> bool {
        matches!(
            self.standing.state,
            FiringState::Waiting | FiringState::Gathering
        )
    }
}

/// A signal that is remembered.
#[derive(Debug)]
pub(super) struct KeptSignal {
    signal: Signal,
    pub(super) event: EventId,
    pub(super) until: Timestamp,
}

/// A pass that counts.
#[derive(Debug)]
pub(super) struct KeptPass {
    rule: String,
    key: String,
    at: Timestamp,
    pub(super) until: Timestamp,
}

impl State {
    pub(super) fn insert_firings(&mut self, event: EventId, new: Vec<NewFiring>, now: Timestamp) {
        for new in new {
            self.firings_so_far += 1;
            let standing = Standing {
                seq: self.firings_so_far,
                id: new.id,
                event,
                rule: new.rule,
                received_at: new.received_at,
                body_bytes: new.body_bytes,
                state: FiringState::Waiting,
                gate: Gate::During,
                key: String::new(),
                due_at: new.gates.held_until.map_or(now, |until| until.max(now)),
                at: new.received_at,
                gathered: 0,
                gathered_bytes: 0,
                last_at: new.received_at,
                gates: new.gates,
            };
            self.firings.push(KeptFiring {
                standing,
                run: new.run,
                item: new.item,
                vars: new.vars,
                reason: None,
                companions: Vec::new(),
            });
        }
    }

    /// Keeps signals; firings that wait for them are looked at now.
    pub(super) fn insert_signals(&mut self, event: EventId, new: Vec<Signal>, now: Timestamp) {
        for signal in new {
            for kept in self.firings.iter_mut().filter(|kept| kept.is_open()) {
                let standing = &mut kept.standing;
                let waits = matches!(standing.gate, Gate::Join | Gate::Unless);
                if waits && standing.rule == signal.rule && standing.key == signal.key {
                    standing.due_at = standing.due_at.min(now);
                }
            }
            let until = now.after(signal.keep);
            let same = |kept: &&mut KeptSignal| {
                let one = &kept.signal;
                kept.event == event
                    && (&one.rule, &one.name, &one.key) == (&signal.rule, &signal.name, &signal.key)
            };
            match self.signals.iter_mut().find(same) {
                Some(known) => known.until = known.until.max(until),
                None => self.signals.push(KeptSignal {
                    signal,
                    event,
                    until,
                }),
            }
        }
    }

    fn firing_mut(&mut self, id: FiringId) -> Option<&mut KeptFiring> {
        self.firings.iter_mut().find(|kept| kept.standing.id == id)
    }

    /// Whether a firing lets its jobs go.
    pub(super) fn has_opened(&self, id: FiringId) -> bool {
        let mut firings = self.firings.iter();
        firings.any(|kept| kept.standing.id == id && kept.standing.state == FiringState::Opened)
    }

    /// When the next firing is due.
    pub(super) fn next_firing(&self) -> Option<Timestamp> {
        let open = self.firings.iter().filter(|kept| kept.is_open());
        open.map(|kept| kept.standing.due_at).min()
    }

    fn waiting_jobs(&self, firing: FiringId) -> Vec<JobId> {
        let jobs = self.jobs.iter().map(|kept| &kept.job);
        jobs.filter(|job| job.firing == Some(firing) && job.state == JobState::Waiting)
            .map(|job| job.id)
            .collect()
    }

    pub(super) fn firings_of(&self, event: EventId) -> Vec<FiringSummary> {
        let firings = self.firings.iter();
        firings
            .filter(|kept| kept.standing.event == event)
            .map(|kept| FiringSummary {
                id: kept.standing.id,
                rule: kept.standing.rule.clone(),
                run: kept.run,
                item: kept.item,
                state: kept.standing.state,
                gate: kept.standing.gate,
                due_at: kept.standing.due_at,
                gathered: kept.standing.gathered,
                reason: kept.reason.clone(),
            })
            .collect()
    }

    pub(super) fn companions(&self, firing: FiringId) -> Vec<Companion> {
        let found = self.firings.iter().find(|kept| kept.standing.id == firing);
        let vars = |member: FiringId| {
            let member = self.firings.iter().find(|kept| kept.standing.id == member);
            member.map_or(Value::Null, |kept| kept.vars.clone())
        };
        let all = found.iter().flat_map(|kept| &kept.companions);
        all.map(|(name, event, member)| Companion {
            name: name.clone(),
            event: *event,
            vars: member.map(vars),
        })
        .collect()
    }
}

/// Fails never.
impl Desk for State {
    type Fault = Infallible;

    fn due(&mut self, now: Timestamp) -> Result<Option<Standing>, Infallible> {
        let open = self.firings.iter().filter(|kept| kept.is_open());
        let due = open.filter(|kept| kept.standing.due_at <= now);
        let first = due.min_by_key(|kept| (kept.standing.due_at, kept.standing.seq));
        Ok(first.map(|kept| kept.standing.clone()))
    }

    fn leader(&mut self, rule: &str, key: &str) -> Result<Option<Standing>, Infallible> {
        let mut standing = self.firings.iter().map(|kept| &kept.standing);
        let leads = |one: &&Standing| one.state == FiringState::Gathering;
        Ok(standing
            .find(|one| leads(one) && one.rule == rule && one.key == key)
            .cloned())
    }

    fn seen(&mut self, rule: &str, key: &str) -> Result<Option<Value>, Infallible> {
        let key = (rule.to_owned(), key.to_owned());
        Ok(self.seen.get(&key).map(|(value, _)| value.clone()))
    }

    fn see(
        &mut self,
        rule: &str,
        key: &str,
        value: &Value,
        now: Timestamp,
    ) -> Result<(), Infallible> {
        let key = (rule.to_owned(), key.to_owned());
        self.seen.insert(key, (value.clone(), now));
        Ok(())
    }

    fn nearest(
        &mut self,
        firing: &Standing,
        name: &str,
        key: &str,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Option<Signalled>, Infallible> {
        let fits = |kept: &&KeptSignal| {
            let signal = &kept.signal;
            (signal.rule.as_str(), signal.name.as_str()) == (&firing.rule, name)
                && signal.key == key
                && kept.event != firing.event
                && (from..=to).contains(&signal.received_at)
        };
        let found = self.signals.iter().filter(fits).map(|kept| Signalled {
            event: kept.event,
            received_at: kept.signal.received_at,
        });
        Ok(found.min_by_key(|one| one.apart(firing.received_at)))
    }

    fn latest_pass(
        &mut self,
        rule: &str,
        key: &str,
        by: Timestamp,
    ) -> Result<Option<Timestamp>, Infallible> {
        let passes = self.passes.iter();
        let own = passes.filter(|pass| pass.rule == rule && pass.key == key && pass.at <= by);
        Ok(own.map(|pass| pass.at).max())
    }

    fn passes(
        &mut self,
        rule: &str,
        key: &str,
        (after, by): (Timestamp, Timestamp),
    ) -> Result<u64, Infallible> {
        let passes = self.passes.iter();
        let own = passes.filter(|pass| pass.rule == rule && pass.key == key);
        Ok(own.filter(|pass| pass.at > after && pass.at <= by).count() as u64)
    }

    fn pass(
        &mut self,
        rule: &str,
        key: &str,
        at: Timestamp,
        until: Timestamp,
    ) -> Result<(), Infallible> {
        self.passes.push(KeptPass {
            rule: rule.to_owned(),
            key: key.to_owned(),
            at,
            until,
        });
        Ok(())
    }

    fn accompany(
        &mut self,
        firing: &Standing,
        name: &str,
        event: EventId,
        member: Option<FiringId>,
    ) -> Result<(), Infallible> {
        if let Some(kept) = self.firing_mut(firing.id) {
            kept.companions.push((name.to_owned(), event, member));
        }
        Ok(())
    }

    fn keep(&mut self, firing: &Standing) -> Result<(), Infallible> {
        if let Some(kept) = self.firing_mut(firing.id) {
            kept.standing = firing.clone();
        }
        Ok(())
    }

    fn open(&mut self, firing: &Standing, due: Timestamp) -> Result<(), Infallible> {
        if let Some(kept) = self.firing_mut(firing.id) {
            kept.standing = Standing {
                state: FiringState::Opened,
                ..firing.clone()
            };
        }
        for id in self.waiting_jobs(firing.id) {
            self.ready_if_free(id, due);
        }
        Ok(())
    }

    fn end(&mut self, firing: &Standing, state: JobState, reason: &str) -> Result<(), Infallible> {
        if let Some(kept) = self.firing_mut(firing.id) {
            kept.reason = Some(reason.to_owned());
            kept.standing = Standing {
                state: FiringState::Ended,
                ..firing.clone()
            };
        }
        for id in self.waiting_jobs(firing.id) {
            if let Some(kept) = self.find_mut(id) {
                kept.job.state = state;
                kept.job.reason = Some(reason.to_owned());
            }
        }
        Ok(())
    }
}
