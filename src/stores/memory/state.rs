//! What the model holds, and how events and jobs come into it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use crate::actions::KeptDelivery;
use crate::event::{Event, EventId, Headers, JobId, MediaKind, Payload, Proof, Query, SourceRef};
use crate::plan::{Attempt, Job, JobBody, JobState, NewJob, Plan};
use crate::runtime::Timestamp;

use super::super::reasons;
use super::super::{Acceptance, Accepted, EventSummary, LEASE, LeasedJob, Result, StoreError};

/// Everything.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) epoch: u64,
    pub(super) events: BTreeMap<EventId, KeptEvent>,
    /// In the order in which they were stored.
    pub(super) jobs: Vec<KeptJob>,
    /// By source and key.
    pub(super) dedupe: BTreeMap<(String, String), Seen>,
    pub(super) paused: BTreeMap<String, String>,
    pub(super) rule_sets: BTreeMap<String, String>,
    pub(super) memory: BTreeMap<String, String>,
}

/// An event and what the record of it shows.
#[derive(Debug)]
pub(super) struct KeptEvent {
    pub(super) summary: EventSummary,
    source: SourceRef,
    nonce: [u8; 16],
    query: Query,
    kind: MediaKind,
    pub(super) delivery: KeptDelivery,
}

/// A job and what only the store knows of it.
#[derive(Debug)]
pub(super) struct KeptJob {
    pub(super) job: Job,
    pub(super) after: Vec<JobId>,
    pub(super) delay: Duration,
    pub(super) attempts: Vec<Attempt>,
    pub(super) outputs: Value,
    /// Requeued jobs go after those due at the same moment.
    pub(super) requeues: u32,
    /// Claims so far.
    pub(super) number: u64,
    pub(super) lease: Option<Held>,
    /// The last epoch in which a lease was lost without an outcome after it.
    pub(super) lost_in: Option<u64>,
}

/// A lease as the store sees it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) epoch: u64,
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
    pub(super) started: bool,
}

/// A dedupe key that is remembered.
#[derive(Debug)]
pub(super) struct Seen {
    first: EventId,
    body: bytes::Bytes,
    pub(super) until: Timestamp,
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
        let mut keys = BTreeSet::new();
        for one in batch {
            let key = one
                .dedupe
                .as_ref()
                .filter(|d| !d.keep.is_zero())
                .map(|d| (&one.event.source.name, &d.key));
            if self.seen(one, now).is_some() || key.is_some_and(|key| !keys.insert(key)) {
                continue;
            }
            let id = one.event.id;
            if self.events.contains_key(&id) || !events.insert(id) {
                return Err(StoreError::Failed(reasons::event_twice(id)));
            }
            self.refuse_jobs_twice(&one.plan)?;
        }
        Ok(())
    }

    fn refuse_jobs_twice(&self, plan: &Plan) -> Result<()> {
        let mut jobs = BTreeSet::new();
        for job in &plan.jobs {
            if self.find(job.id).is_some() || !jobs.insert(job.id) {
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
        self.refuse_jobs_twice(&plan)?;
        let planned = plan.jobs.len();
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
            self.jobs.push(KeptJob::new(new, event, name.clone(), now));
        }
        for id in order {
            self.settle(id);
        }
    }
}

impl KeptJob {
    fn new(new: NewJob, event: EventId, event_name: String, now: Timestamp) -> Self {
        let state = match new.state {
            JobState::Waiting if new.after.is_empty() => JobState::Ready,
            JobState::Leased => JobState::Ready,
            state => state,
        };
        let due_at = now.after(new.delay);
        let job = Job {
            id: new.id,
            event,
            event_name,
            run: new.run,
            rule: new.rule,
            action: new.action,
            kind: new.kind,
            destination: new.destination,
            state,
            reason: new.reason,
            attempts: 0,
            leases_lost: 0,
            due_at,
            ready_at: (state == JobState::Ready).then_some(due_at),
            created_at: now,
            body: new.body,
        };
        Self {
            job,
            after: new.after,
            delay: new.delay,
            attempts: Vec::new(),
            outputs: Value::Null,
            requeues: 0,
            number: 0,
            lease: None,
            lost_in: None,
        }
    }

    pub(super) fn needs_delivery(&self) -> bool {
        matches!(
            self.job.body,
            JobBody::Prepared {
                needs_delivery: true,
                ..
            }
        )
    }
}

impl KeptEvent {
    fn new(event: Event, rule_set: String, matched: Vec<String>) -> Self {
        let raw = event.payload.raw().clone();
        let summary = EventSummary {
            id: event.id,
            source: event.source.name.clone(),
            provider: event.provider,
            names: event.names,
            delivery_id: event.delivery_id,
            received_at: event.received_at,
            strength: event.proof.strength(),
            body_bytes: raw.len() as u64,
            rule_set,
            matched,
            runs: 0,
        };
        Self {
            summary,
            source: event.source,
            nonce: event.nonce,
            query: event.query,
            kind: event.payload.kind().clone(),
            delivery: KeptDelivery {
                headers: event.headers,
                body: raw,
            },
        }
    }

    /// The event, as it came in.
    pub(super) fn restore(&self) -> Result<Event> {
        let KeptDelivery { headers, body } = &self.delivery;
        let headers: Headers = headers.clone();
        let payload = Payload::new(body.clone(), self.kind.clone())
            .map_err(|error| StoreError::Damaged(format!("{}: {error}", self.summary.id)))?;
        let summary = self.summary.clone();
        Ok(Event {
            id: summary.id,
            source: self.source.clone(),
            provider: summary.provider,
            names: summary.names,
            delivery_id: summary.delivery_id,
            received_at: summary.received_at,
            nonce: self.nonce,
            headers,
            query: self.query.clone(),
            payload,
            proof: Proof::restored_by_stores(summary.strength),
        })
    }
}
