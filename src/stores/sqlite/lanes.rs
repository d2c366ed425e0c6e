//! Lanes: jobs of one destination and key, one at a time. Only the first is ready, so that a claim
//! never looks through a long lane.

use rusqlite::{OptionalExtension, params};

use crate::plan::JobState;
use crate::runtime::Timestamp;

use super::fault::Outcome;
use super::rows::state_code;
use super::writer::Tx;

/// A job's place in a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) number: i64,
    /// Whether nobody stands before it.
    pub(super) first: bool,
}

impl Tx<'_> {
    /// The place that a job takes which comes to a lane now.
    pub(super) fn next_turn(&self, destination: &str, lane: &str) -> Outcome<Turn> {
        let mut select = self.db.prepare_cached(
            "SELECT max(lane_nr) FROM jobs WHERE destination = ?1 AND lane = ?2 \
             AND lane_nr IS NOT NULL",
        )?;
        let last: Option<i64> = select.query_row([destination, lane], |row| row.get(0))?;
        Ok(Turn {
            number: last.map_or(1, |last| last.saturating_add(1)),
            first: last.is_none(),
        })
    }

    /// Lets a waiting job go if it waits for nothing: due so long after its own delay.
    pub(super) fn ready_if_free(&self, seq: i64, from: Timestamp) -> Outcome<()> {
        let mut select = self.db.prepare_cached(
            "SELECT delay FROM jobs WHERE seq = ?1 AND lane_nr IS NULL \
             AND (firing IS NULL OR EXISTS (SELECT 1 FROM firings \
             WHERE firings.id = jobs.firing AND firings.state = 2)) \
             AND NOT EXISTS (SELECT 1 FROM follows \
             LEFT JOIN jobs AS first ON first.id = follows.after \
             WHERE follows.job = ?1 AND first.state IS NOT ?2)",
        )?;
        let done = state_code(JobState::Done);
        let delay: Option<i64> = select
            .query_row(params![seq, done], |row| row.get(0))
            .optional()?;
        match delay {
            Some(delay) => self.ready(seq, from.millis().saturating_add(delay)),
            None => Ok(()),
        }
    }

    /// A job waits for nothing any more: it is ready, or takes its place in its lane.
    pub(super) fn ready(&self, seq: i64, due: i64) -> Outcome<()> {
        let mut select = self
            .db
            .prepare_cached("SELECT destination, lane FROM jobs WHERE seq = ?1")?;
        let (destination, lane): (String, Option<String>) =
            select.query_row([seq], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let turn = lane.map(|lane| self.next_turn(&destination, &lane));
        let turn = turn.transpose()?;
        let first = turn.is_none_or(|turn| turn.first);
        let state = if first {
            JobState::Ready
        } else {
            JobState::Waiting
        };
        let mut update = self.db.prepare_cached(
            "UPDATE jobs SET state = ?2, due_at = ?3, ready_at = ?4, lane_nr = ?5 WHERE seq = ?1",
        )?;
        update.execute(params![
            seq,
            state_code(state),
            due,
            first.then_some(due),
            turn.map(|turn| turn.number),
        ])?;
        Ok(())
    }

    /// A job has had its turn; the next one has it.
    pub(super) fn leave_lane(&self, seq: i64) -> Outcome<()> {
        let mut select = self.db.prepare_cached(
            "SELECT destination, lane FROM jobs WHERE seq = ?1 AND lane_nr IS NOT NULL",
        )?;
        let found = select.query_row([seq], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        });
        let Some((destination, lane)) = found.optional()? else {
            return Ok(());
        };
        let mut leave = self
            .db
            .prepare_cached("UPDATE jobs SET lane_nr = NULL WHERE seq = ?1")?;
        leave.execute([seq])?;
        let mut next = self.db.prepare_cached(
            "UPDATE jobs SET state = 1, ready_at = max(due_at, ?3) WHERE state = 0 AND seq = \
             (SELECT seq FROM jobs WHERE destination = ?1 AND lane = ?2 AND lane_nr IS NOT NULL \
             ORDER BY lane_nr LIMIT 1)",
        )?;
        next.execute(params![destination, lane, self.now.millis()])?;
        Ok(())
    }
}
