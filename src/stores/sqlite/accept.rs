//! Events and jobs coming in.

use rusqlite::{OptionalExtension, params};

use crate::actions::KeptDelivery;
use crate::event::EventId;
use crate::plan::{Job, JobBody, JobState, NewJob, Plan};
use crate::runtime::Timestamp;

use super::super::{Acceptance, Accepted, Dedupe, LEASE, Lease, LeasedJob, reasons};
use super::events::{self, EventRow};
use super::fault::{Fault, Outcome};
use super::rows::{JobSeal, state_code};
use super::writer::Tx;

/// An acceptance, all text made, so that the writer has only to write.
pub(super) struct AcceptanceRows {
    event: EventRow,
    event_name: String,
    dedupe: Option<Dedupe>,
    rule_set: String,
    matched: String,
    jobs: Vec<JobRow>,
    /// Where a job is to be leased at once that needs it.
    delivery: Option<KeptDelivery>,
}

/// A planned job, its text made.
pub(super) struct JobRow {
    new: NewJob,
    body: String,
    seal: [u8; 16],
    wanted: bool,
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
        let mut jobs = job_rows(event.id, plan.jobs)?;
        for job in &mut jobs {
            job.wanted = lease.contains(&job.new.id);
        }
        let needed = jobs.iter().any(|job| job.wanted && job.needs_delivery());
        Ok(Self {
            event: EventRow::new(&event)?,
            event_name: event.name().to_owned(),
            dedupe,
            rule_set: plan.rule_set,
            matched: serde_json::to_string(&plan.matched)?,
            jobs,
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
                let jobs = leased.iter().filter_map(|place| self.jobs.get(*place));
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
}

fn job_rows(event: EventId, jobs: Vec<NewJob>) -> Outcome<Vec<JobRow>> {
    let row = |new: NewJob| {
        let body = serde_json::to_string(&new.body)?;
        let seal = JobSeal {
            id: new.id,
            event,
            run: new.run,
            rule: &new.rule,
            action: &new.action,
            kind: &new.kind,
            destination: &new.destination,
            body: &body,
        };
        Ok(JobRow {
            seal: seal.bytes(),
            body,
            wanted: false,
            new,
        })
    };
    jobs.into_iter().map(row).collect()
}

/// The jobs of a replay.
pub(super) fn replay_rows(event: EventId, plan: Plan) -> Outcome<Vec<JobRow>> {
    job_rows(event, plan.jobs)
}

impl Tx<'_> {
    pub(super) fn accept(&self, batch: &[AcceptanceRows]) -> Outcome<Vec<Kept>> {
        batch.iter().map(|one| self.accept_one(one)).collect()
    }

    fn accept_one(&self, one: &AcceptanceRows) -> Outcome<Kept> {
        let source = &one.event.source;
        if let Some(dedupe) = &one.dedupe {
            if let Some((first, body)) = self.seen(source, &dedupe.key)? {
                let same_body = body == one.event.body_sha256;
                return Ok(Kept::Duplicate { first, same_body });
            }
            let mut remember = self.db.prepare_cached(
                "INSERT OR REPLACE INTO dedupe (source, key, event, body_sha256, until) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            remember.execute(params![
                source,
                dedupe.key,
                one.event.id.as_bytes(),
                one.event.body_sha256,
                self.now.after(dedupe.keep).millis(),
            ])?;
        }
        one.event
            .insert(self.db, &one.rule_set, &one.matched)
            .map_err(|error| twice(error, || reasons::event_twice(one.event.id)))?;
        let leased = self.insert_jobs(one.event.id, &one.event_name, &one.jobs)?;
        Ok(Kept::New {
            at: self.now,
            epoch: self.epoch,
            leased,
        })
    }

    fn seen(&self, source: &str, key: &str) -> Outcome<Option<(EventId, [u8; 32])>> {
        let mut select = self.db.prepare_cached(
            "SELECT event, body_sha256 FROM dedupe WHERE source = ?1 AND key = ?2 AND until > ?3",
        )?;
        let seen = select.query_row(params![source, key, self.now.millis()], |row| {
            Ok((EventId::from_bytes(row.get(0)?), row.get(1)?))
        });
        Ok(seen.optional()?)
    }

    pub(super) fn accept_replay(
        &self,
        event: EventId,
        run: u32,
        jobs: &[JobRow],
    ) -> Outcome<Option<usize>> {
        let Some(name) = events::name_of(self.db, event)? else {
            return Ok(None);
        };
        self.insert_jobs(event, &name, jobs)?;
        let mut count = self
            .db
            .prepare_cached("UPDATE events SET runs = max(runs, ?2) WHERE id = ?1")?;
        count.execute(params![event.as_bytes(), run])?;
        Ok(Some(jobs.len()))
    }

    /// Answers the places of the jobs that are leased.
    fn insert_jobs(&self, event: EventId, name: &str, jobs: &[JobRow]) -> Outcome<Vec<usize>> {
        let mut leased = Vec::new();
        let mut waiting = Vec::new();
        for (place, job) in jobs.iter().enumerate() {
            let state = self.first_state(job)?;
            let seq = self.insert_job(event, name, job, state)?;
            match state {
                JobState::Leased => leased.push(place),
                JobState::Waiting => waiting.push((seq, job.new.id)),
                _ => {}
            }
        }
        for job in waiting {
            self.settle(job)?;
        }
        Ok(leased)
    }

    fn first_state(&self, job: &JobRow) -> Outcome<JobState> {
        let new = &job.new;
        let ready = match new.state {
            JobState::Waiting => new.after.is_empty(),
            JobState::Ready | JobState::Leased => true,
            _ => false,
        };
        if !ready {
            return Ok(new.state);
        }
        let wanted = job.wanted && self.now.after(new.delay) <= self.now;
        Ok(if wanted && !self.is_paused(&new.destination)? {
            JobState::Leased
        } else {
            JobState::Ready
        })
    }

    fn insert_job(
        &self,
        event: EventId,
        name: &str,
        job: &JobRow,
        state: JobState,
    ) -> Outcome<i64> {
        let new = &job.new;
        let due = self.now.after(new.delay).millis();
        let ready = matches!(state, JobState::Ready | JobState::Leased);
        let leased = state == JobState::Leased;
        let epoch = i64::try_from(self.epoch).unwrap_or(i64::MAX);
        let mut insert = self.db.prepare_cached(
            "INSERT INTO jobs (id, event, event_name, run, rule, action, kind, destination, state, \
             reason, delay, due_at, ready_at, created_at, number, epoch, leased_at, lease_until) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, \
             ?18)",
        )?;
        let inserted = insert.insert(params![
            new.id.as_bytes(),
            event.as_bytes(),
            name,
            new.run,
            new.rule,
            new.action,
            new.kind,
            new.destination,
            state_code(state),
            new.reason,
            i64::try_from(new.delay.as_millis()).unwrap_or(i64::MAX),
            due,
            ready.then_some(due),
            self.now.millis(),
            i64::from(leased),
            leased.then_some(epoch),
            leased.then_some(self.now.millis()),
            leased.then_some(self.now.after(LEASE).millis()),
        ]);
        let seq = inserted.map_err(|error| twice(error, || reasons::job_twice(new.id)))?;
        let mut body = self
            .db
            .prepare_cached("INSERT INTO job_bodies (job, seal, body) VALUES (?1, ?2, ?3)")?;
        body.execute(params![seq, job.seal, job.body])?;
        for (nth, after) in (0_i64..).zip(&new.after) {
            let mut follow = self
                .db
                .prepare_cached("INSERT INTO follows (job, nth, after) VALUES (?1, ?2, ?3)")?;
            follow.execute(params![seq, nth, after.as_bytes()])?;
        }
        Ok(seq)
    }
}

/// What is there already is a contradiction, not a failure of the disk.
fn twice(error: rusqlite::Error, why: impl FnOnce() -> String) -> Fault {
    let fault = Fault::from(error);
    if fault.is_twice() {
        Fault::refused(why())
    } else {
        fault
    }
}
