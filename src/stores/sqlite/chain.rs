//! Followers: released, skipped, revived; and dead letters, made and requeued.

use rusqlite::{OptionalExtension, params};

use crate::event::{EventId, JobId};
use crate::plan::{JobBody, JobState};

use super::super::reasons;
use super::fault::{Fault, Outcome};
use super::rows::{state_code, state_of};
use super::writer::Tx;

/// A job by its place in the table and its id.
pub(super) type JobKey = (i64, JobId);

impl Tx<'_> {
    /// The jobs that wait for this one by their `after` and stand in that state, as they were stored.
    fn followers(&self, id: JobId, state: JobState) -> Outcome<Vec<JobKey>> {
        let mut select = self.db.prepare_cached(
            "SELECT DISTINCT jobs.seq, jobs.id FROM follows JOIN jobs ON jobs.seq = follows.job \
             WHERE follows.after = ?1 AND jobs.state = ?2 ORDER BY jobs.seq",
        )?;
        let found = select.query_map(params![id.as_bytes(), state_code(state)], |row| {
            Ok((row.get(0)?, JobId::from_bytes(row.get(1)?)))
        })?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    fn set_state(&self, seq: i64, state: JobState, reason: Option<&str>) -> Outcome<()> {
        let mut update = self
            .db
            .prepare_cached("UPDATE jobs SET state = ?2, reason = ?3 WHERE seq = ?1")?;
        update.execute(params![seq, state_code(state), reason])?;
        Ok(())
    }

    /// Skips a waiting job if something it waits for will not be done.
    pub(super) fn settle(&self, (seq, id): JobKey) -> Outcome<()> {
        let mut state = self
            .db
            .prepare_cached("SELECT state FROM jobs WHERE seq = ?1")?;
        let state = state_of(state.query_row([seq], |row| row.get(0))?)?;
        if state != JobState::Waiting {
            return Ok(());
        }
        if let Some(reason) = self.blocked(seq)? {
            self.set_state(seq, JobState::Skipped, Some(&reason))?;
            self.skip_followers(id, &reason)?;
        }
        Ok(())
    }

    /// Why what a job waits for will not be done, if so.
    fn blocked(&self, seq: i64) -> Outcome<Option<String>> {
        let mut select = self.db.prepare_cached(
            "SELECT follows.after, jobs.state, jobs.action, jobs.reason \
             FROM follows LEFT JOIN jobs ON jobs.id = follows.after \
             WHERE follows.job = ?1 ORDER BY follows.nth",
        )?;
        let mut rows = select.query([seq])?;
        while let Some(row) = rows.next()? {
            let state: Option<i64> = row.get(1)?;
            let Some(state) = state else {
                let id = JobId::from_bytes(row.get(0)?);
                return Ok(Some(reasons::waits_for_unknown(id)));
            };
            match state_of(state)? {
                JobState::Skipped => return Ok(row.get(3)?),
                state if state == JobState::Done || !state.is_final() => {}
                state => {
                    let action: String = row.get(2)?;
                    return Ok(Some(reasons::skipped(&action, state)));
                }
            }
        }
        Ok(None)
    }

    /// Breadth first, as the model does, so that the reasons are the same.
    fn skip_followers(&self, id: JobId, reason: &str) -> Outcome<()> {
        let mut ended = vec![id];
        while !ended.is_empty() {
            let mut next = Vec::new();
            for id in ended {
                for (seq, follower) in self.followers(id, JobState::Waiting)? {
                    self.set_state(seq, JobState::Skipped, Some(reason))?;
                    next.push(follower);
                }
            }
            ended = next;
        }
        Ok(())
    }

    /// Makes a dead letter, whatever the job was.
    pub(super) fn die(&self, (seq, id): JobKey, action: &str, reason: &str) -> Outcome<()> {
        let mut update = self.db.prepare_cached(
            "UPDATE jobs SET state = ?2, reason = ?3, epoch = NULL, leased_at = NULL, \
             lease_until = NULL, started = 0 WHERE seq = ?1 \
             RETURNING lane_nr IS NOT NULL AND NOT lane_hold",
        )?;
        let leaves = update.query_row(params![seq, state_code(JobState::Dead), reason], |row| {
            row.get(0)
        })?;
        self.skip_followers(id, &reasons::skipped(action, JobState::Dead))?;
        if leaves {
            self.leave_lane(seq)?;
        }
        Ok(())
    }

    pub(super) fn release_followers(&self, id: JobId) -> Outcome<()> {
        for (seq, _) in self.followers(id, JobState::Waiting)? {
            self.ready_if_free(seq, self.now)?;
        }
        Ok(())
    }

    /// Makes one dead letter ready again, or says why not.
    pub(super) fn requeue(&self, id: JobId) -> Outcome<Result<(), String>> {
        let mut select = self.db.prepare_cached(
            "SELECT seq, state, event, body FROM jobs JOIN job_bodies ON job = seq WHERE id = ?1",
        )?;
        let found = select.query_row([id.as_bytes()], |row| {
            let event = EventId::from_bytes(row.get(2)?);
            Ok((
                row.get::<_, i64>(0)?,
                row.get(1)?,
                event,
                row.get::<_, String>(3)?,
            ))
        });
        let Some((seq, state, event, body)) = found.optional()? else {
            return Ok(Err(reasons::unknown(id)));
        };
        let state = state_of(state)?;
        if state != JobState::Dead {
            return Ok(Err(reasons::not_dead(id, state)));
        }
        let body: JobBody = serde_json::from_str(&body)
            .map_err(|error| Fault::damaged(format!("{id} of {event}: {error}")))?;
        if body == JobBody::Unprepared {
            return Ok(Err(reasons::never_prepared(event)));
        }
        let mut update = self.db.prepare_cached(
            "UPDATE jobs SET state = ?2, reason = NULL, attempts = 0, leases_lost = 0, \
             lost_in = NULL, requeues = requeues + 1, due_at = ?3, ready_at = ?3 WHERE seq = ?1 \
             RETURNING lane IS NOT NULL AND lane_nr IS NULL",
        )?;
        let ready = state_code(JobState::Ready);
        let comes_anew =
            update.query_row(params![seq, ready, self.now.millis()], |row| row.get(0))?;
        if comes_anew {
            self.ready(seq, self.now.millis())?;
        }
        self.revive_followers(id)?;
        Ok(Ok(()))
    }

    /// Gives up one dead letter, or says why not.
    pub(super) fn discard(&self, id: JobId) -> Outcome<Result<(), String>> {
        let mut select = self
            .db
            .prepare_cached("SELECT seq, state FROM jobs WHERE id = ?1")?;
        let found = select.query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)));
        let Some((seq, state)) = found.optional()? else {
            return Ok(Err(reasons::unknown(id)));
        };
        let state = state_of(state)?;
        if state != JobState::Dead {
            return Ok(Err(reasons::not_dead(id, state)));
        }
        self.set_state(seq, JobState::Cancelled, Some(reasons::DISCARDED))?;
        self.leave_lane(seq)?;
        Ok(Ok(()))
    }

    fn revive_followers(&self, id: JobId) -> Outcome<()> {
        let mut revived: Vec<JobKey> = Vec::new();
        let mut level: Vec<JobId> = vec![id];
        while !level.is_empty() {
            let mut next = Vec::new();
            for id in level {
                for (seq, follower) in self.followers(id, JobState::Skipped)? {
                    self.set_state(seq, JobState::Waiting, None)?;
                    revived.push((seq, follower));
                    next.push(follower);
                }
            }
            level = next;
        }
        revived.into_iter().try_for_each(|job| self.settle(job))
    }
}
