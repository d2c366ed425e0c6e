//! Planned events and jobs with all their text made, so that the writer has only to write.

use crate::actions::KeptDelivery;
use crate::event::EventId;
use crate::plan::{Job, JobBody, JobState, NewJob, Plan, Signal};
use crate::runtime::Timestamp;

use super::super::{Acceptance, Accepted, Dedupe, Lease, LeasedJob};
use super::events::EventRow;
use super::fault::Outcome;
use super::firings::FiringRow;
use super::rows::JobSeal;

/// An acceptance.
pub(super) struct AcceptanceRows {
    pub(super) event: EventRow,
    pub(super) event_name: String,
    pub(super) dedupe: Option<Dedupe>,
    pub(super) rule_set: String,
    pub(super) matched: String,
    pub(super) plan: PlanRows,
    /// Where a job is to be leased at once that needs it.
    delivery: Option<KeptDelivery>,
}

/// What of a plan is written.
pub(super) struct PlanRows {
    pub(super) firings: Vec<FiringRow>,
    pub(super) signals: Vec<Signal>,
    pub(super) jobs: Vec<JobRow>,
}

/// A planned job.
pub(super) struct JobRow {
    pub(super) new: NewJob,
    pub(super) body: String,
    pub(super) wanted: bool,
}

/// What became of an acceptance.
pub(super) enum Kept {
    /// Stored; the jobs at these places of the plan are leased.
    New {
        at: Timestamp,
        epoch: u64,
        leased: Vec<usize>,
    },
    /// Known already.
    Duplicate { first: EventId, same_body: bool },
}

impl AcceptanceRows {
    pub(super) fn new(one: Acceptance) -> Outcome<Self> {
        let Acceptance {
            event,
            dedupe,
            plan,
            lease,
        } = one;
        let rule_set = plan.rule_set.clone();
        let matched = serde_json::to_string(&plan.matched)?;
        let mut plan = PlanRows::new(plan)?;
        for job in &mut plan.jobs {
            job.wanted = lease.contains(&job.new.id);
        }
        let needed = plan
            .jobs
            .iter()
            .any(|job| job.wanted && job.needs_delivery());
        Ok(Self {
            event: EventRow::new(&event)?,
            event_name: event.name().to_owned(),
            dedupe,
            rule_set,
            matched,
            plan,
            delivery: needed.then(|| KeptDelivery {
                headers: event.headers,
                body: event.payload.raw().clone(),
            }),
        })
    }

    /// The answer, put together outside of the transaction.
    pub(super) fn answer(&self, kept: &Kept) -> Accepted {
        match kept {
            Kept::Duplicate { first, same_body } => Accepted::Duplicate {
                first: *first,
                same_body: *same_body,
            },
            Kept::New { at, epoch, leased } => {
                let jobs = leased.iter().filter_map(|place| self.plan.jobs.get(*place));
                Accepted::New(jobs.map(|job| self.leased(job, *at, *epoch)).collect())
            }
        }
    }

    fn leased(&self, row: &JobRow, at: Timestamp, epoch: u64) -> LeasedJob {
        let new = row.new.clone();
        let due_at = at.after(new.delay);
        LeasedJob {
            lease: Lease {
                job: new.id,
                epoch,
                number: 1,
            },
            delivery: self.delivery.clone().filter(|_| row.needs_delivery()),
            job: Job {
                id: new.id,
                event: self.event.id,
                event_name: self.event_name.clone(),
                run: new.run,
                rule: new.rule,
                action: new.action,
                kind: new.kind,
                destination: new.destination,
                state: JobState::Leased,
                reason: new.reason,
                attempts: 0,
                leases_lost: 0,
                due_at,
                ready_at: Some(due_at),
                created_at: at,
                item: new.item,
                firing: new.firing,
                lane: new.lane,
                body: new.body,
            },
        }
    }
}

impl JobRow {
    fn needs_delivery(&self) -> bool {
        let body = &self.new.body;
        matches!(body, JobBody::Prepared { needs_delivery, .. } if *needs_delivery)
    }

    /// The seal of this job of that event.
    pub(super) fn seal(&self, event: EventId, event_name: &str) -> [u8; 16] {
        let new = &self.new;
        let seal = JobSeal {
            id: new.id,
            event,
            event_name,
            run: new.run,
            rule: &new.rule,
            action: &new.action,
            kind: &new.kind,
            destination: &new.destination,
            body: &self.body,
            item: new.item,
            firing: new.firing,
            lane: new.lane.as_ref(),
        };
        seal.bytes()
    }
}

impl PlanRows {
    pub(super) fn new(plan: Plan) -> Outcome<Self> {
        let firings = plan.firings.into_iter().map(FiringRow::new);
        Ok(Self {
            firings: firings.collect::<Outcome<_>>()?,
            signals: plan.signals,
            jobs: job_rows(plan.jobs)?,
        })
    }
}

fn job_rows(jobs: Vec<NewJob>) -> Outcome<Vec<JobRow>> {
    let row = |new: NewJob| {
        Ok(JobRow {
            body: serde_json::to_string(&new.body)?,
            wanted: false,
            new,
        })
    };
    jobs.into_iter().map(row).collect()
}
