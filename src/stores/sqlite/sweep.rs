//! Clearing away: what to clear is found by a reader, and cleared by the writer in small steps.

use std::sync::Arc;

use rusqlite::{Connection, params};
use serde_json::Value;

use crate::event::JobId;
use crate::runtime::Timestamp;

use super::super::{Result, Swept, reasons};
use super::SqliteStore;
use super::fault::Outcome;
use super::writer::Tx;

/// Events or jobs in one step.
const STEP: usize = 200;

/// Dedupe keys in one step.
const KEYS_STEP: u64 = 1000;

/// An event past its retention, by time and place.
type Old = (i64, i64);

/// No job of an event that is ready, leased, waiting or dead, nor any of a firing that it stands
/// beside; and no firing may yet wait for it.
const SETTLED: &str = "NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.event = events.id \
     AND jobs.state IN (0, 1, 2, 4)) \
     AND NOT EXISTS (SELECT 1 FROM signals WHERE signals.event = events.id) \
     AND NOT EXISTS (SELECT 1 FROM companions JOIN firings ON firings.seq = companions.firing \
     JOIN jobs ON jobs.firing = firings.id WHERE companions.event = events.id \
     AND jobs.state IN (0, 1, 2, 4))";

impl SqliteStore {
    /// Clears away what is past its time, and events received before `oldest`.
    pub(super) async fn sweep_all(&self, oldest: Timestamp) -> Result<Swept> {
        let mut swept = Swept {
            leases: self.writer.change(|tx| tx.lose_until(tx.now)).await?,
            ..Swept::default()
        };
        loop {
            let forgotten = self.writer.change(|tx| tx.forget_keys(KEYS_STEP)).await?;
            swept.dedupe_keys += forgotten;
            if forgotten < KEYS_STEP {
                break;
            }
        }
        while self
            .writer
            .change(move |tx| tx.forget_flow(oldest, KEYS_STEP))
            .await?
        {}
        let mut past = (i64::MIN, 0);
        loop {
            let find = move |db: &Connection| old_events(db, oldest, past);
            let old = self.readers.read(find).await?;
            let Some(last) = old.last() else {
                return Ok(swept);
            };
            past = *last;
            let change = move |tx: &Tx<'_>| tx.delete_events(&old);
            swept.events += self.writer.change(change).await?;
        }
    }

    /// Makes dead letters of jobs of unknown destinations that became ready before `oldest`.
    pub(super) async fn strand_all(&self, known: Vec<String>, oldest: Timestamp) -> Result<u64> {
        let known: Arc<str> = Value::from(known).to_string().into();
        let (mut dead, mut past) = (0, 0);
        loop {
            let known = Arc::clone(&known);
            let find = move |db: &Connection| stranded(db, &known, oldest, past);
            let jobs = self.readers.read(find).await?;
            let Some(last) = jobs.last() else {
                return Ok(dead);
            };
            past = *last;
            let change = move |tx: &Tx<'_>| tx.strand(&jobs, oldest);
            dead += self.writer.change(change).await?;
        }
    }
}

/// The next events received before `oldest` that nobody needs any more.
fn old_events(db: &Connection, oldest: Timestamp, past: Old) -> Outcome<Vec<Old>> {
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
fn stranded(db: &Connection, known: &str, oldest: Timestamp, past: i64) -> Outcome<Vec<i64>> {
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
    fn delete_events(&self, old: &[Old]) -> Outcome<u64> {
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

    fn forget_keys(&self, at_most: u64) -> Outcome<u64> {
        let mut delete = self.db.prepare_cached(
            "DELETE FROM dedupe WHERE (source, key) IN \
             (SELECT source, key FROM dedupe WHERE until <= ?1 LIMIT ?2)",
        )?;
        let step = i64::try_from(at_most).unwrap_or(i64::MAX);
        Ok(delete.execute(params![self.now.millis(), step])? as u64)
    }

    /// Nobody needs what a firing that is yet to be looked at may ask for. Answers whether there may be
    /// more.
    fn forget_flow(&self, oldest: Timestamp, at_most: u64) -> Outcome<bool> {
        let now = self.now.millis();
        if self.next_firing()?.is_some_and(|due| due <= now) {
            return Ok(false);
        }
        let step = i64::try_from(at_most).unwrap_or(i64::MAX);
        let mut more = false;
        for (sql, end) in [
            (
                "DELETE FROM signals WHERE seq IN \
                 (SELECT seq FROM signals WHERE until <= ?1 LIMIT ?2)",
                now,
            ),
            (
                "DELETE FROM passes WHERE seq IN \
                 (SELECT seq FROM passes WHERE until <= ?1 LIMIT ?2)",
                now,
            ),
            (
                "DELETE FROM seen WHERE (rule, key) IN \
                 (SELECT rule, key FROM seen WHERE at < ?1 LIMIT ?2)",
                oldest.millis(),
            ),
        ] {
            let mut delete = self.db.prepare_cached(sql)?;
            more |= delete.execute(params![end, step])? as u64 >= at_most;
        }
        Ok(more)
    }

    fn strand(&self, jobs: &[i64], oldest: Timestamp) -> Outcome<u64> {
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
