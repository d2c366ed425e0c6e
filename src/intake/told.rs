//! What is logged and counted of an event once it is stored.

use crate::event::EventId;
use crate::plan::JobState;
use crate::runtime::telemetry::{Metric, Telemetry};
use crate::stores::Acceptance;

use super::source::Source;

/// What is logged and counted of an event once it is stored.
pub(super) struct Told {
    event: EventId,
    name: String,
    rules: usize,
    jobs: u64,
    /// Rule, action, id and reason of each job that is dead from birth.
    dead: Vec<String>,
}

impl Told {
    /// Notes it down before the event goes to the store.
    pub(super) fn of(acceptance: &Acceptance) -> Self {
        let jobs = &acceptance.plan.jobs;
        let dead = jobs.iter().filter(|job| job.state == JobState::Dead);
        Self {
            event: acceptance.event.id,
            name: acceptance.event.name().to_owned(),
            rules: acceptance.plan.matched.len(),
            jobs: jobs.len() as u64,
            dead: dead
                .map(|job| {
                    let reason = job.reason.as_deref().unwrap_or("no reason given");
                    format!("{} ({}/{}): {reason:?}", job.id, job.rule, job.action)
                })
                .collect(),
        }
    }

    /// Says it.
    pub(super) fn accepted(self, telemetry: &Telemetry, source: &Source, bytes: u64) {
        let Self {
            event,
            name,
            rules,
            jobs,
            dead,
        } = self;
        let source = source.name();
        telemetry.count(Metric::Accepted, &[source]);
        telemetry.add(Metric::BodyBytes, &[source], bytes);
        telemetry.add(Metric::Planned, &[], jobs);
        telemetry.add(Metric::Unprepared, &[], dead.len() as u64);
        tracing::info!(%event, source, ?name, rules, jobs, "event accepted");
        for job in dead {
            tracing::error!(
                %event,
                job,
                "a job could not be prepared; mend the rule, then run: hookrule events replay {event}"
            );
        }
    }
}
