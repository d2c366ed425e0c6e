//! Queries of the model.

use serde_json::{Map, Value};

use crate::event::{Event, EventId, JobId};
use crate::plan::{Job, JobState};

use super::super::{
    EventQuery, EventSummary, JobQuery, LIST_MAX, PAGE_BYTES_MAX, Result, WholePage,
};
use super::kept::KeptEvent;
use super::state::State;

/// The limit that a query means.
fn limit(asked: usize) -> usize {
    if asked == 0 {
        LIST_MAX
    } else {
        asked.min(LIST_MAX)
    }
}

/// Whether a filter lets a value through; an absent one lets everything.
fn passes(filter: Option<&String>, value: &str) -> bool {
    filter.is_none_or(|wanted| wanted == value)
}

impl State {
    pub(super) fn event(&self, id: EventId) -> Result<Option<Event>> {
        self.events.get(&id).map(KeptEvent::restore).transpose()
    }

    pub(super) fn events(&self, query: &EventQuery) -> Vec<EventSummary> {
        let found = self.meant(query).take(limit(query.limit));
        found.map(|kept| kept.summary.clone()).collect()
    }

    pub(super) fn events_whole(&self, query: &EventQuery) -> WholePage {
        let mut page = WholePage::default();
        let mut bytes = 0;
        for kept in self.meant(query) {
            bytes += kept.delivery.body.len();
            page.events.push(kept.whole());
            if bytes >= PAGE_BYTES_MAX || page.events.len() == limit(query.limit) {
                page.next = Some(kept.summary.id);
                break;
            }
        }
        page
    }

    /// The events that a query means, newest first, without its limit.
    fn meant<'s>(&'s self, query: &'s EventQuery) -> impl Iterator<Item = &'s KeptEvent> {
        self.events.values().rev().filter(|kept| {
            let summary = &kept.summary;
            let named = |name| summary.names.contains(name);
            passes(query.source.as_ref(), &summary.source)
                && query.name.as_ref().is_none_or(named)
                && query.before.is_none_or(|before| summary.id < before)
        })
    }

    pub(super) fn list_jobs(&self, query: &JobQuery) -> Vec<Job> {
        self.jobs
            .iter()
            .rev()
            .map(|kept| &kept.job)
            .filter(|job| query.event.is_none_or(|event| job.event == event))
            .filter(|job| query.states.is_empty() || query.states.contains(&job.state))
            .filter(|job| passes(query.destination.as_ref(), &job.destination))
            .filter(|job| passes(query.rule.as_ref(), &job.rule))
            .take(limit(query.limit))
            .cloned()
            .collect()
    }

    pub(super) fn outputs(&self, job: JobId) -> Value {
        let after = self.find(job).map(|kept| kept.after.as_slice());
        let after = after.unwrap_or_default();
        let outputs: Map<String, Value> = self
            .jobs
            .iter()
            .filter(|kept| kept.job.state == JobState::Done && after.contains(&kept.job.id))
            .map(|kept| (kept.job.action.clone(), kept.outputs.clone()))
            .collect();
        Value::Object(outputs)
    }

    pub(super) fn counts(&self) -> Vec<(JobState, u64)> {
        let count = |state| {
            self.jobs
                .iter()
                .filter(|kept| kept.job.state == state)
                .count() as u64
        };
        JobState::ALL
            .iter()
            .map(|(state, _)| (*state, count(*state)))
            .collect()
    }
}
