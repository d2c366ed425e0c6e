//! Outcomes coming back.

use rusqlite::params;

use crate::event::JobId;
use crate::plan::{JobBody, JobState};

use super::super::{Next, OUTPUTS_BYTES_MAX, Record};
use super::fault::Outcome;
use super::rows::{outputs_seal, state_code};
use super::writer::Tx;

impl Tx<'_> {
    /// Records one outcome; answers whether its lease was still held.
    pub(super) fn record(&self, record: &Record) -> Outcome<bool> {
        let id = record.lease.job;
        let Some(seq) = self.held(record.lease)? else {
            return Ok(false);
        };
        if let Some(attempt) = &record.attempt {
            self.add_attempt(seq, attempt)?;
        }
        let tried = u32::from(record.attempt.is_some());
        match &record.next {
            Next::Started => self.start(seq)?,
            Next::Prepared(body) => self.prepared(seq, body)?,
            Next::Done { outputs } => {
                self.done(seq, tried)?;
                self.keep_outputs((seq, id), &outputs.to_string())?;
                self.release_followers(id)?;
            }
            Next::Retry { after, counts } => {
                let due = self.now.after(*after).millis();
                self.retry(seq, u32::from(*counts), due)?;
            }
            Next::Dead { reason } => {
                let action = self.count_attempt(seq, tried)?;
                self.die((seq, id), &action, reason)?;
            }
            Next::Release => self.release(seq)?,
        }
        Ok(true)
    }

    fn start(&self, seq: i64) -> Outcome<()> {
        let mut update = self
            .db
            .prepare_cached("UPDATE jobs SET started = 1 WHERE seq = ?1")?;
        update.execute([seq])?;
        Ok(())
    }

    fn prepared(&self, seq: i64, body: &JobBody) -> Outcome<()> {
        let body = serde_json::to_string(body)?;
        let seal = self.reseal(seq, &body)?;
        let mut update = self
            .db
            .prepare_cached("UPDATE job_bodies SET body = ?2, seal = ?3 WHERE job = ?1")?;
        update.execute(params![seq, body, seal])?;
        Ok(())
    }

    fn done(&self, seq: i64, tried: u32) -> Outcome<()> {
        let mut update = self.db.prepare_cached(
            "UPDATE jobs SET state = ?2, attempts = attempts + ?3, epoch = NULL, \
             leased_at = NULL, lease_until = NULL, started = 0 WHERE seq = ?1 \
             RETURNING lane_nr IS NOT NULL",
        )?;
        let done = state_code(JobState::Done);
        let leaves = update.query_row(params![seq, done, tried], |row| row.get(0))?;
        if leaves {
            self.leave_lane(seq)?;
        }
        Ok(())
    }

    /// Only followers read outputs, so without them there is nothing to keep.
    fn keep_outputs(&self, (seq, id): (i64, JobId), outputs: &str) -> Outcome<()> {
        let mut followed = self
            .db
            .prepare_cached("SELECT 1 FROM follows WHERE after = ?1")?;
        if outputs.len() > OUTPUTS_BYTES_MAX || !followed.exists([id.as_bytes()])? {
            return Ok(());
        }
        let mut update = self.db.prepare_cached(
            "UPDATE job_bodies SET outputs = ?2, outputs_seal = ?3 WHERE job = ?1",
        )?;
        update.execute(params![seq, outputs, outputs_seal(id, outputs)])?;
        Ok(())
    }

    fn retry(&self, seq: i64, counted: u32, due: i64) -> Outcome<()> {
        let mut update = self.db.prepare_cached(
            "UPDATE jobs SET state = ?2, attempts = attempts + ?3, due_at = ?4, leases_lost = 0, \
             lost_in = NULL, epoch = NULL, leased_at = NULL, lease_until = NULL, started = 0 \
             WHERE seq = ?1",
        )?;
        update.execute(params![seq, state_code(JobState::Ready), counted, due])?;
        Ok(())
    }

    /// Answers the job's action.
    fn count_attempt(&self, seq: i64, tried: u32) -> Outcome<String> {
        let mut update = self.db.prepare_cached(
            "UPDATE jobs SET attempts = attempts + ?2 WHERE seq = ?1 RETURNING action",
        )?;
        Ok(update.query_row(params![seq, tried], |row| row.get(0))?)
    }

    fn release(&self, seq: i64) -> Outcome<()> {
        let mut update = self.db.prepare_cached(
            "UPDATE jobs SET state = ?2, due_at = min(due_at, ?3), epoch = NULL, \
             leased_at = NULL, lease_until = NULL, started = 0 WHERE seq = ?1",
        )?;
        update.execute(params![seq, state_code(JobState::Ready), self.now.millis()])?;
        Ok(())
    }
}
