//! Clearing away: what to clear is found by a reader, and cleared by the writer in small steps.

use rusqlite::{Connection, params};

use crate::event::JobId;
use crate::runtime::Timestamp;

use super::super::reasons;
use super::fault::Outcome;
use super::writer::Tx;

/// Events or jobs in one step.
pub(super) const STEP: usize = 200;

/// Dedupe keys in one step.
pub(super) const KEYS_STEP: u64 = 1000;

/// An event past its retention, by time and place.
pub(super) type Old = (i64, i64);

/// No job of an event that is ready, leased, waiting or dead.
const SETTLED: &str = "NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.event = events.id \
     AND jobs.state IN (0, 1, 2, 4))";

/// The next events received before `oldest` that nobody needs any more.
pub(super) fn old_events(db: &Connection, oldest: Timestamp, past: Old) -> Outcome<Vec<Old>> {
    let mut select = db.prepare_cached(&format!(
        "SELECT received_at, seq FROM events WHERE (received_at, seq) > (?1, ?2) \
         AND received_at < ?3 AND {SETTLED} ORDER BY received_at, seq LIMIT ?4"
    ))?;
    let step = i64::try_from(STEP).unwrap_or(i64::MAX);
    let found = select.query_map(params![past.0, past.1, oldest.millis(), step], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// The next ready jobs of destinations not in `known` (a JSON list), ready since before `oldest`.
pub(super) fn stranded(
    db: &Connection,
    known: &str,
    oldest: Timestamp,
    past: i64,
) -> Outcome<Vec<i64>> {
    let mut select = db.prepare_cached(
        "SELECT seq FROM jobs WHERE state = 1 AND seq > ?1 AND ready_at < ?2 \
         AND destination <> '' AND destination NOT IN (SELECT value FROM json_each(?3)) \
         ORDER BY seq LIMIT ?4",
    )?;
    let step = i64::try_from(STEP).unwrap_or(i64::MAX);
    let found = select.query_map(params![past, oldest.millis(), known, step], |row| {
        row.get(0)
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

impl Tx<'_> {
    pub(super) fn delete_events(&self, old: &[Old]) -> Outcome<u64> {
        let mut deleted = 0;
        // Its jobs, their bodies and attempts go with it.
        let mut delete = self
            .db
            .prepare_cached(&format!("DELETE FROM events WHERE seq = ?1 AND {SETTLED}"))?;
        for (_, seq) in old {
            deleted += delete.execute([seq])? as u64;
        }
        Ok(deleted)
    }

    pub(super) fn forget_keys(&self, at_most: u64) -> Outcome<u64> {
        let mut delete = self.db.prepare_cached(
            "DELETE FROM dedupe WHERE (source, key) IN \
             (SELECT source, key FROM dedupe WHERE until <= ?1 LIMIT ?2)",
        )?;
        let step = i64::try_from(at_most).unwrap_or(i64::MAX);
        Ok(delete.execute(params![self.now.millis(), step])? as u64)
    }

    pub(super) fn strand(&self, jobs: &[i64], oldest: Timestamp) -> Outcome<u64> {
        let mut dead = 0;
        for seq in jobs {
            let mut select = self.db.prepare_cached(
                "SELECT id, action, destination FROM jobs \
                 WHERE seq = ?1 AND state = 1 AND ready_at < ?2",
            )?;
            let mut rows = select.query(params![seq, oldest.millis()])?;
            if let Some(row) = rows.next()? {
                let (action, destination): (String, String) = (row.get(1)?, row.get(2)?);
                let key = (*seq, JobId::from_bytes(row.get(0)?));
                self.die(key, &action, &reasons::no_destination(&destination))?;
                dead += 1;
            }
        }
        Ok(dead)
    }
}
