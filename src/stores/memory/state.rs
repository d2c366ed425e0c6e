//! What the model holds, and how events and jobs come into it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::event::{EventId, FiringId, JobId};
use crate::plan::{JobState, NewJob, Plan};
use crate::runtime::Timestamp;

use super::super::reasons;
use super::super::{Acceptance, Accepted, Dedupe, LEASE, LeasedJob, Result, StoreError};
use super::flow::{KeptFiring, KeptPass, KeptSignal};
use super::kept::{KeptEvent, KeptJob};

/// Everything.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) epoch: u64,
    pub(super) events: BTreeMap<EventId, KeptEvent>,
    /// In the order in which they were stored.
    pub(super) jobs: Vec<KeptJob>,
    /// By source and key.
    pub(super) dedupe: BTreeMap<(String, String), Seen>,
    /// In the order in which they were stored.
    pub(super) firings: Vec<KeptFiring>,
    pub(super) firings_so_far: i64,
    /// In the order in which they were stored.
    pub(super) signals: Vec<KeptSignal>,
    pub(super) passes: Vec<KeptPass>,
    /// The last value of a key that a rule has seen, and when.
    pub(super) seen: BTreeMap<(String, String), (Value, Timestamp)>,
    pub(super) paused: BTreeMap<String, String>,
    pub(super) rule_sets: BTreeMap<String, String>,
    pub(super) memory: BTreeMap<String, String>,
}

/// A dedupe key that is remembered.
#[derive(Debug)]
pub(super) struct Seen {
    first: EventId,
    body: bytes::Bytes,
    pub(super) until: Timestamp,
}

/// What a batch has brought so far.
#[derive(Default)]
struct Known {
    firings: BTreeSet<FiringId>,
    jobs: BTreeSet<JobId>,
}

impl State {
    pub(super) fn find(&self, id: JobId) -> Option<&KeptJob> {
        self.jobs.iter().find(|kept| kept.job.id == id)
    }

    pub(super) fn find_mut(&mut self, id: JobId) -> Option<&mut KeptJob> {
        self.jobs.iter_mut().find(|kept| kept.job.id == id)
    }

    pub(super) fn accept(
        &mut self,
        batch: Vec<Acceptance>,
        now: Timestamp,
    ) -> Result<Vec<Accepted>> {
        self.refuse_twice(&batch, now)?;
        Ok(batch
            .into_iter()
            .map(|one| self.accept_one(one, now))
            .collect())
    }

    /// Nothing of a batch is kept if an event or a job of it is there already.
    fn refuse_twice(&self, batch: &[Acceptance], now: Timestamp) -> Result<()> {
        let mut events = BTreeSet::new();
        let mut known = Known::default();
        let mut keys = BTreeSet::new();
        for one in batch {
            let key = |dedupe: &Dedupe| (one.event.source.name.clone(), dedupe.key.clone());
            let key = one.dedupe.as_ref().map(key);
            if self.seen(one, now).is_some() || key.as_ref().is_some_and(|key| keys.contains(key)) {
                continue;
            }
            let kept = |dedupe: &Dedupe| now.after(dedupe.keep) > now;
            keys.extend(key.filter(|_| one.dedupe.as_ref().is_some_and(kept)));
            let id = one.event.id;
            if self.events.contains_key(&id) || !events.insert(id) {
                return Err(StoreError::Failed(reasons::event_twice(id)));
            }
            self.refuse_plan_twice(&one.plan, &mut known)?;
        }
        Ok(())
    }

    fn refuse_plan_twice(&self, plan: &Plan, known: &mut Known) -> Result<()> {
        for firing in &plan.firings {
            let mut kept = self.firings.iter().map(|kept| kept.standing.id);
            if kept.any(|id| id == firing.id) || !known.firings.insert(firing.id) {
                return Err(StoreError::Failed(reasons::firing_twice(firing.id)));
            }
        }
        for job in &plan.jobs {
            if self.find(job.id).is_some() || !known.jobs.insert(job.id) {
                return Err(StoreError::Failed(reasons::job_twice(job.id)));
            }
        }
        Ok(())
    }

    fn seen(&self, one: &Acceptance, now: Timestamp) -> Option<&Seen> {
        let key = (
            one.event.source.name.clone(),
            one.dedupe.as_ref()?.key.clone(),
        );
        self.dedupe.get(&key).filter(|seen| seen.until > now)
    }

    fn accept_one(&mut self, one: Acceptance, now: Timestamp) -> Accepted {
        if let Some(seen) = self.seen(&one, now) {
            return Accepted::Duplicate {
                first: seen.first,
                same_body: seen.body == *one.event.payload.raw(),
            };
        }
        if let Some(dedupe) = &one.dedupe {
            let key = (one.event.source.name.clone(), dedupe.key.clone());
            let seen = Seen {
                first: one.event.id,
                body: one.event.payload.raw().clone(),
                until: now.after(dedupe.keep),
            };
            self.dedupe.insert(key, seen);
        }
        let id = one.event.id;
        let order: Vec<JobId> = one.plan.jobs.iter().map(|job| job.id).collect();
        let kept = KeptEvent::new(one.event, one.plan.rule_set, one.plan.matched);
        self.events.insert(id, kept);
        self.insert_firings(id, one.plan.firings, now);
        self.insert_signals(id, one.plan.signals, now);
        self.insert_jobs(id, one.plan.jobs, now);
        let wanted = order.into_iter().filter(|id| one.lease.contains(id));
        let leased = wanted.filter_map(|id| self.lease_if_due(id, now)).collect();
        Accepted::New(leased)
    }

    fn lease_if_due(&mut self, id: JobId, now: Timestamp) -> Option<LeasedJob> {
        let job = &self.find(id)?.job;
        let due = job.state == JobState::Ready && job.due_at <= now;
        (due && !self.paused.contains_key(&job.destination)).then_some(())?;
        self.lease(id, now, LEASE)
    }

    pub(super) fn accept_replay(
        &mut self,
        event: EventId,
        run: u32,
        plan: Plan,
        now: Timestamp,
    ) -> Result<Option<usize>> {
        if !self.events.contains_key(&event) {
            return Ok(None);
        }
        self.refuse_plan_twice(&plan, &mut Known::default())?;
        let planned = plan.jobs.len();
        self.insert_firings(event, plan.firings, now);
        self.insert_signals(event, plan.signals, now);
        self.insert_jobs(event, plan.jobs, now);
        if let Some(kept) = self.events.get_mut(&event) {
            kept.summary.runs = kept.summary.runs.max(run);
        }
        Ok(Some(planned))
    }

    fn insert_jobs(&mut self, event: EventId, jobs: Vec<NewJob>, now: Timestamp) {
        let Some(names) = self.events.get(&event).map(|kept| &kept.summary.names) else {
            return;
        };
        let name = names.last().map_or("unknown", String::as_str).to_owned();
        let order: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
        for new in jobs {
            let kept = KeptJob::new(new, event, name.clone(), now);
            let (id, due) = (kept.job.id, kept.job.due_at);
            let turns = kept.job.state == JobState::Ready && kept.job.lane.is_some();
            self.jobs.push(kept);
            if turns {
                self.ready(id, due);
            }
        }
        for id in order {
            self.settle(id);
        }
    }
}
