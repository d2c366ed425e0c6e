//! Events and jobs in one SQLite database in a folder.
//!
//! One thread writes, many changes to a commit; a few connections read. Opening takes the folder's
//! lock, begins a new epoch, and so voids all leases of the process before. Bodies and jobs carry
//! seals: what is not as it was written is refused, never passed on.

mod accept;
mod chain;
mod desk;
mod events;
mod fault;
mod firings;
mod folder;
mod lanes;
mod leases;
mod listing;
mod planned;
mod readers;
mod record;
mod rows;
mod schema;
mod sweep;
#[cfg(test)]
mod tests;
mod whole;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, params};
use serde_json::Value;

use crate::event::{Event, EventId, FiringId, JobId};
use crate::plan::{Job, JobState, Plan};
use crate::runtime::{BoxFuture, Clock, Timestamp};

use super::{
    Acceptance, Accepted, Claim, Claimed, Companion, EventQuery, EventSummary, FiringSummary,
    JobHistory, JobQuery, Lease, Record, Result, Store, Swept, WholePage, before,
};
use fault::Outcome;
use folder::Folder;
use planned::{AcceptanceRows, PlanRows};
use readers::Readers;
use writer::{Tx, Writer};

/// A store in a folder of this machine.
#[derive(Debug)]
pub struct SqliteStore {
    // In the order in which they are dropped: queries, then what is queued to be written, then the
    // folder's lock.
    readers: Arc<Readers>,
    writer: Writer,
    folder: Arc<Folder>,
    clock: Clock,
}

impl SqliteStore {
    /// Opens the store in `folder`, makes it if it is not there, and begins a new epoch.
    ///
    /// # Errors
    /// Another process has it open; it is newer than this program, damaged, or cannot be written.
    pub fn open(folder: &Path, clock: Clock) -> Result<Self> {
        let folder = Arc::new(Folder::take(folder)?);
        let database = folder.database().to_owned();
        let opened = schema::open_writer(&database).and_then(|connection| {
            let epoch = begin_epoch(&connection, clock.now())?;
            Ok((connection, epoch))
        });
        let (connection, epoch) = opened.map_err(|fault| fault.into_error(&database))?;
        let shared = Arc::clone(&folder);
        Ok(Self {
            readers: Arc::new(Readers::new(database)),
            writer: Writer::start(connection, epoch, clock.clone(), shared)?,
            folder,
            clock,
        })
    }

    /// Finishes what is queued and gives the folder back. Dropping the store does the same.
    pub fn close(self) {
        drop(self);
    }

    /// The fault of preparing what is to be written, as the caller gets to see it.
    fn shown<T>(&self, made: Outcome<T>) -> Result<T> {
        made.map_err(|fault| fault.into_error(self.folder.database()))
    }
}

/// All leases are of earlier epochs now, so all are lost.
fn begin_epoch(connection: &Connection, now: Timestamp) -> Outcome<u64> {
    let transaction = connection.unchecked_transaction()?;
    let epoch: i64 = transaction.query_row(
        "UPDATE meta SET value = value + 1 WHERE key = 'epoch' RETURNING value",
        [],
        |row| row.get(0),
    )?;
    let tx = Tx {
        db: &transaction,
        now,
        epoch: u64::try_from(epoch).unwrap_or_default(),
    };
    tx.lose_until(Timestamp::from_millis(i64::MAX))?;
    let epoch = tx.epoch;
    transaction.commit()?;
    Ok(epoch)
}

impl Store for SqliteStore {
    fn accept(&self, batch: Vec<Acceptance>) -> BoxFuture<'_, Result<Vec<Accepted>>> {
        Box::pin(async move {
            let rows = batch.into_iter().map(AcceptanceRows::new);
            let rows: Arc<Vec<_>> = Arc::new(self.shown(rows.collect())?);
            let written = Arc::clone(&rows);
            let kept = self.writer.change(move |tx| tx.accept(&written)).await?;
            let answers = rows.iter().zip(&kept);
            Ok(answers.map(|(row, kept)| row.answer(kept)).collect())
        })
    }

    fn accept_replay(
        &self,
        event: EventId,
        run: u32,
        plan: Plan,
    ) -> BoxFuture<'_, Result<Option<usize>>> {
        Box::pin(async move {
            let rows = self.shown(PlanRows::new(plan))?;
            let change = move |tx: &Tx<'_>| tx.accept_replay(event, run, &rows);
            self.writer.change(change).await
        })
    }

    fn claim(&self, claim: Claim) -> BoxFuture<'_, Result<Claimed>> {
        Box::pin(self.writer.change(move |tx| tx.claim(&claim)))
    }

    fn renew(&self, leases: Vec<Lease>, lease: Duration) -> BoxFuture<'_, Result<Vec<bool>>> {
        let change = move |tx: &Tx<'_>| leases.iter().map(|one| tx.renew(*one, lease)).collect();
        Box::pin(self.writer.change(change))
    }

    fn record(&self, batch: Vec<Record>) -> BoxFuture<'_, Result<Vec<bool>>> {
        let change = move |tx: &Tx<'_>| batch.iter().map(|one| tx.record(one)).collect();
        Box::pin(self.writer.change(change))
    }

    fn requeue(
        &self,
        jobs: Vec<JobId>,
    ) -> BoxFuture<'_, Result<Vec<std::result::Result<(), String>>>> {
        let change = move |tx: &Tx<'_>| jobs.iter().map(|id| tx.requeue(*id)).collect();
        Box::pin(self.writer.change(change))
    }

    fn discard(
        &self,
        jobs: Vec<JobId>,
    ) -> BoxFuture<'_, Result<Vec<std::result::Result<(), String>>>> {
        let change = move |tx: &Tx<'_>| jobs.iter().map(|id| tx.discard(*id)).collect();
        Box::pin(self.writer.change(change))
    }

    fn expire(&self, known: Vec<String>, max_age: Duration) -> BoxFuture<'_, Result<u64>> {
        let oldest = before(self.clock.now(), max_age);
        Box::pin(self.strand_all(known, oldest))
    }

    fn sweep(&self, retention: Duration) -> BoxFuture<'_, Result<Swept>> {
        let oldest = before(self.clock.now(), retention);
        Box::pin(self.sweep_all(oldest))
    }

    fn pause<'a>(
        &'a self,
        destination: &'a str,
        reason: Option<&'a str>,
    ) -> BoxFuture<'a, Result<()>> {
        let (name, reason) = (destination.to_owned(), reason.map(str::to_owned));
        Box::pin(self.writer.change(move |tx| {
            let sql = match reason {
                Some(_) => "INSERT OR REPLACE INTO destinations (name, paused) VALUES (?1, ?2)",
                None => "DELETE FROM destinations WHERE name = ?1 AND ?2 IS NULL",
            };
            tx.db.prepare_cached(sql)?.execute(params![name, reason])?;
            Ok(())
        }))
    }

    fn paused(&self) -> BoxFuture<'_, Result<Vec<(String, String)>>> {
        Box::pin(self.readers.read(listing::paused))
    }

    fn keep_rule_set<'a>(&'a self, hash: &'a str, text: &'a str) -> BoxFuture<'a, Result<()>> {
        let sql = "INSERT OR IGNORE INTO rule_sets (hash, text) VALUES (?1, ?2)";
        self.keep_text(sql, hash, text)
    }

    fn rule_set<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<Option<String>>> {
        self.text_at("SELECT text FROM rule_sets WHERE hash = ?1", hash)
    }

    fn remember<'a>(&'a self, key: &'a str, value: &'a str) -> BoxFuture<'a, Result<()>> {
        let sql = "INSERT OR REPLACE INTO memory (key, value) VALUES (?1, ?2)";
        self.keep_text(sql, key, value)
    }

    fn recall<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<String>>> {
        self.text_at("SELECT value FROM memory WHERE key = ?1", key)
    }

    fn event(&self, id: EventId) -> BoxFuture<'_, Result<Option<Event>>> {
        Box::pin(self.readers.read(move |db| events::load(db, id)))
    }

    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Vec<EventSummary>>> {
        Box::pin(self.readers.read(move |db| listing::events(db, &query)))
    }

    fn events_whole(&self, query: EventQuery) -> BoxFuture<'_, Result<WholePage>> {
        Box::pin(self.readers.read(move |db| whole::events_whole(db, &query)))
    }

    fn event_summary(&self, id: EventId) -> BoxFuture<'_, Result<Option<EventSummary>>> {
        Box::pin(self.readers.read(move |db| listing::event_summary(db, id)))
    }

    fn jobs(&self, query: JobQuery) -> BoxFuture<'_, Result<Vec<Job>>> {
        Box::pin(self.readers.read(move |db| listing::jobs(db, &query)))
    }

    fn job(&self, id: JobId) -> BoxFuture<'_, Result<Option<JobHistory>>> {
        Box::pin(self.readers.read(move |db| listing::job(db, id)))
    }

    fn outputs(&self, job: JobId) -> BoxFuture<'_, Result<Value>> {
        Box::pin(self.readers.read(move |db| listing::outputs(db, job)))
    }

    fn firings(&self, event: EventId) -> BoxFuture<'_, Result<Vec<FiringSummary>>> {
        Box::pin(self.readers.read(move |db| listing::firings(db, event)))
    }

    fn companions(&self, firing: FiringId) -> BoxFuture<'_, Result<Vec<Companion>>> {
        Box::pin(self.readers.read(move |db| listing::companions(db, firing)))
    }

    fn counts(&self) -> BoxFuture<'_, Result<Vec<(JobState, u64)>>> {
        Box::pin(self.readers.read(listing::counts))
    }
}

impl SqliteStore {
    fn keep_text<'a>(
        &'a self,
        sql: &'static str,
        key: &str,
        text: &str,
    ) -> BoxFuture<'a, Result<()>> {
        let (key, text) = (key.to_owned(), text.to_owned());
        Box::pin(self.writer.change(move |tx| {
            tx.db.prepare_cached(sql)?.execute(params![key, text])?;
            Ok(())
        }))
    }

    fn text_at<'a>(
        &'a self,
        sql: &'static str,
        key: &str,
    ) -> BoxFuture<'a, Result<Option<String>>> {
        let key = key.to_owned();
        Box::pin(self.readers.read(move |db| listing::text_at(db, sql, &key)))
    }
}
