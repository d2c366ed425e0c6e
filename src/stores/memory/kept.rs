//! Events and jobs as the model keeps them.

use std::time::Duration;

use serde_json::Value;

use crate::actions::KeptDelivery;
use crate::event::{Event, EventId, JobId, MediaKind, Query, SourceRef};
use crate::plan::{Attempt, Job, JobBody, JobState, NewJob};
use crate::runtime::Timestamp;

use super::super::{EventSummary, Result, WholeEvent};

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
    /// Its place in its lane, while it has one.
    pub(super) lane_nr: Option<u64>,
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

impl KeptJob {
    pub(super) fn new(new: NewJob, event: EventId, event_name: String, now: Timestamp) -> Self {
        let state = match new.state {
            JobState::Waiting | JobState::Ready | JobState::Leased if new.firing.is_some() => {
                JobState::Waiting
            }
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
            item: new.item,
            firing: new.firing,
            lane: new.lane,
            body: new.body,
        };
        Self {
            job,
            after: new.after,
            delay: new.delay,
            attempts: Vec::new(),
            outputs: Value::Null,
            lane_nr: None,
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
    pub(super) fn new(event: Event, rule_set: String, matched: Vec<String>) -> Self {
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
        self.whole().restore()
    }

    pub(super) fn whole(&self) -> WholeEvent {
        let KeptDelivery { headers, body } = self.delivery.clone();
        let summary = self.summary.clone();
        WholeEvent {
            id: summary.id,
            source: self.source.clone(),
            provider: summary.provider,
            names: summary.names,
            delivery_id: summary.delivery_id,
            received_at: summary.received_at,
            strength: summary.strength,
            nonce: self.nonce,
            headers,
            query: self.query.clone(),
            media: self.kind.clone(),
            body,
        }
    }
}
