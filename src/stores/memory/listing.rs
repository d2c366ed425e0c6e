//! Queries of the model.

use serde_json::{Map, Value};

use crate::event::{Event, EventId, JobId};
use crate::plan::{Job, JobState};

use super::super::{EventQuery, EventSummary, JobQuery, LIST_MAX, Result};
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
        self.events
            .values()
            .rev()
            .map(|kept| &kept.summary)
            .filter(|summary| passes(query.source.as_ref(), &summary.source))
            .filter(|summary| {
                query
                    .name
                    .as_ref()
                    .is_none_or(|name| summary.names.contains(name))
            })
            .filter(|summary| query.before.is_none_or(|before| summary.id < before))
            .take(limit(query.limit))
            .cloned()
            .collect()
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
