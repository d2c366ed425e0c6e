//! Events and jobs coming in.

use rusqlite::{OptionalExtension, params};

use crate::event::{EventId, FiringId};
use crate::plan::JobState;

use super::super::{LEASE, reasons};
use super::events;
use super::fault::{Fault, Outcome};
use super::planned::{AcceptanceRows, JobRow, Kept, PlanRows};
use super::rows::state_code;
use super::writer::Tx;

/// How a job begins.
#[derive(Clone, Copy)]
struct First {
    state: JobState,
    lane_nr: Option<i64>,
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
        let leased = self.insert_plan(one.event.id, &one.event_name, &one.plan)?;
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
        plan: &PlanRows,
    ) -> Outcome<Option<usize>> {
        let Some(name) = events::name_of(self.db, event)? else {
            return Ok(None);
        };
        self.insert_plan(event, &name, plan)?;
        let mut count = self
            .db
            .prepare_cached("UPDATE events SET runs = max(runs, ?2) WHERE id = ?1")?;
        count.execute(params![event.as_bytes(), run])?;
        Ok(Some(plan.jobs.len()))
    }

    /// Answers the places of the jobs that are leased.
    fn insert_plan(&self, event: EventId, name: &str, plan: &PlanRows) -> Outcome<Vec<usize>> {
        self.insert_firings(event, &plan.firings)?;
        self.insert_signals(event, &plan.signals)?;
        self.insert_jobs(event, name, &plan.jobs)
    }

    fn insert_jobs(&self, event: EventId, name: &str, jobs: &[JobRow]) -> Outcome<Vec<usize>> {
        let mut leased = Vec::new();
        let mut waiting = Vec::new();
        for (place, job) in jobs.iter().enumerate() {
            let first = self.first(job)?;
            let seq = self.insert_job(event, name, job, first)?;
            match first.state {
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

    fn first(&self, job: &JobRow) -> Outcome<First> {
        let new = &job.new;
        let gated = new.firing.is_some();
        let free = match new.state {
            JobState::Waiting => new.after.is_empty() && !gated,
            JobState::Ready | JobState::Leased => !gated,
            state => {
                return Ok(First {
                    state,
                    lane_nr: None,
                });
            }
        };
        let lane = new.lane.as_ref().filter(|_| free);
        let turn = lane.map(|lane| self.next_turn(&new.destination, &lane.key));
        let turn = turn.transpose()?;
        let wanted = job.wanted && self.now.after(new.delay) <= self.now;
        let state = if !free || turn.is_some_and(|turn| !turn.first) {
            JobState::Waiting
        } else if wanted && !self.is_paused(&new.destination)? {
            JobState::Leased
        } else {
            JobState::Ready
        };
        let lane_nr = turn.map(|turn| turn.number);
        Ok(First { state, lane_nr })
    }

    fn insert_job(
        &self,
        event: EventId,
        name: &str,
        job: &JobRow,
        First { state, lane_nr }: First,
    ) -> Outcome<i64> {
        let new = &job.new;
        let due = self.now.after(new.delay).millis();
        let ready = matches!(state, JobState::Ready | JobState::Leased);
        let leased = state == JobState::Leased;
        let epoch = i64::try_from(self.epoch).unwrap_or(i64::MAX);
        let mut insert = self.db.prepare_cached(
            "INSERT INTO jobs (id, event, event_name, run, rule, action, kind, destination, state, \
             reason, delay, due_at, ready_at, created_at, number, epoch, leased_at, lease_until, \
             item, firing, lane, lane_hold, lane_nr) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, \
             ?18, ?19, ?20, ?21, ?22, ?23)",
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
            new.item,
            new.firing.as_ref().map(FiringId::as_bytes),
            new.lane.as_ref().map(|lane| &lane.key),
            new.lane.as_ref().is_some_and(|lane| lane.hold),
            lane_nr,
        ]);
        let seq = inserted.map_err(|error| twice(error, || reasons::job_twice(new.id)))?;
        let mut body = self
            .db
            .prepare_cached("INSERT INTO job_bodies (job, seal, body) VALUES (?1, ?2, ?3)")?;
        body.execute(params![seq, job.seal(event, name), job.body])?;
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
pub(super) fn twice(error: rusqlite::Error, why: impl FnOnce() -> String) -> Fault {
    let fault = Fault::from(error);
    if fault.is_twice() {
        Fault::refused(why())
    } else {
        fault
    }
}
