//! One thread that owns the one connection that writes.
//!
//! It takes everything that is queued, runs it in one transaction and answers after the commit: under
//! load one fsync serves many requests. If a request is refused, the batch is run again with a
//! savepoint around each, so that the others are not: savepoints cost a sixth of the time, and
//! refusals are rare.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::runtime::{Clock, Timestamp};

use super::super::{Result, StoreError};
use super::fault::{Fault, Outcome};
use super::folder::Folder;

/// The most requests in one transaction, so that the first of them need not wait for ever.
const BATCH_MAX: usize = 256;

/// Pages in the log from which on they are moved into the database (4 MiB).
const LOG_PAGES_MAX: i64 = 1000;

/// The transaction that a request runs in.
pub(super) struct Tx<'c> {
    pub(super) db: &'c Connection,
    pub(super) now: Timestamp,
    pub(super) epoch: u64,
}

/// The way to the thread. Dropping it lets the thread finish what is queued, and waits for that.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<Sender<Box<dyn Request>>>,
    thread: Option<JoinHandle<()>>,
}

trait Request: Send {
    fn run(&mut self, tx: &Tx<'_>) -> Outcome<()>;
    fn answer(self: Box<Self>, end: Result<()>);
}

struct Change<T, F> {
    /// May be run more than once; what counts is the last time.
    work: F,
    made: Option<T>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: Fn(&Tx<'_>) -> Outcome<T> + Send> Request for Change<T, F> {
    fn run(&mut self, tx: &Tx<'_>) -> Outcome<()> {
        self.made = Some((self.work)(tx)?);
        Ok(())
    }

    fn answer(self: Box<Self>, end: Result<()>) {
        let Self { made, reply, .. } = *self;
        // Who has stopped waiting gets no answer; the change is made all the same.
        let _ = reply.send(end.and_then(|()| made.ok_or_else(gone)));
    }
}

fn gone() -> StoreError {
    StoreError::Failed("its writer has ended".to_owned())
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        epoch: u64,
        clock: Clock,
        folder: Arc<Folder>,
    ) -> Result<Self> {
        let (queue, requests) = channel();
        let mut desk = Desk {
            connection,
            epoch,
            clock,
            folder,
            broken: None,
        };
        let thread = std::thread::Builder::new().name("store-writer".to_owned());
        let thread = thread
            .spawn(move || desk.serve(&requests))
            .map_err(|error| StoreError::Failed(format!("cannot start its writer: {error}")))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Runs `work` in a transaction and answers after its commit.
    pub(super) async fn change<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Tx<'_>) -> Outcome<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let change = Change {
            work,
            made: None,
            reply,
        };
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue.send(Box::new(change)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has told its callers already.
            let _ = thread.join();
        }
    }
}

/// What the thread holds.
struct Desk {
    connection: Connection,
    epoch: u64,
    clock: Clock,
    folder: Arc<Folder>,
    /// Why nothing may be written until the store is opened again.
    broken: Option<String>,
}

impl Desk {
    fn serve(&mut self, requests: &Receiver<Box<dyn Request>>) {
        while let Ok(first) = requests.recv() {
            let mut batch = vec![first];
            batch.extend(requests.try_iter().take(BATCH_MAX - 1));
            let ends = match &self.broken {
                Some(why) => Err(StoreError::Failed(why.clone())),
                None => self.commit(&mut batch).map_err(|fault| self.judge(fault)),
            };
            match ends {
                Ok(ends) => {
                    let answers = batch.into_iter().zip(ends);
                    answers.for_each(|(request, end)| request.answer(end));
                    self.shorten_log();
                }
                Err(error) => batch
                    .into_iter()
                    .for_each(|request| request.answer(Err(error.clone()))),
            }
        }
    }

    /// Runs a batch and commits it. An error means that nothing of it was changed.
    fn commit(&mut self, batch: &mut [Box<dyn Request>]) -> Outcome<Vec<Result<()>>> {
        let mut done = self.run_all(batch);
        self.roll_back();
        if matches!(&done, Err(fault) if !fault.ends_batch()) {
            done = self.run_each(batch);
            self.roll_back();
        }
        let ends = done?;
        if !self.folder.is_whole() {
            let database = self.folder.database().display();
            let why = format!("{database} was moved or deleted while in use; restart hookrule");
            self.broken = Some(why.clone());
            return Err(Fault::refused(why));
        }
        Ok(ends)
    }

    /// Leaves no transaction behind that did not come to its commit.
    fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            // The error that led here is the one to tell.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }

    fn say(&self, sql: &str) -> Outcome<()> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    fn tx(&self) -> Tx<'_> {
        Tx {
            db: &self.connection,
            now: self.clock.now(),
            epoch: self.epoch,
        }
    }

    /// Runs requests until one fails.
    fn run_all(&self, batch: &mut [Box<dyn Request>]) -> Outcome<Vec<Result<()>>> {
        self.say("BEGIN IMMEDIATE")?;
        for request in batch.iter_mut() {
            request.run(&self.tx())?;
        }
        self.say("COMMIT")?;
        Ok(batch.iter().map(|_| Ok(())).collect())
    }

    /// Runs all requests; those that fail change nothing.
    fn run_each(&self, batch: &mut [Box<dyn Request>]) -> Outcome<Vec<Result<()>>> {
        self.say("BEGIN IMMEDIATE")?;
        let mut ends = Vec::with_capacity(batch.len());
        for request in batch {
            self.say("SAVEPOINT request")?;
            match request.run(&self.tx()) {
                Ok(()) => ends.push(Ok(())),
                Err(fault) if fault.ends_batch() || self.connection.is_autocommit() => {
                    return Err(fault);
                }
                Err(fault) => {
                    self.say("ROLLBACK TO request")?;
                    ends.push(Err(fault.into_error(self.folder.database())));
                }
            }
            self.say("RELEASE request")?;
        }
        self.say("COMMIT")?;
        Ok(ends)
    }

    fn judge(&mut self, fault: Fault) -> StoreError {
        let last = fault.is_final();
        let error = fault.into_error(self.folder.database());
        tracing::error!(%error, fatal = last, "a store transaction failed");
        if let (true, StoreError::Failed(why) | StoreError::Damaged(why)) = (last, &error) {
            self.broken = Some(format!(
                "an earlier write may be lost ({why}); restart hookrule"
            ));
        }
        error
    }

    /// Moves a long log into the database. Whoever was answered does not wait for it.
    fn shorten_log(&mut self) {
        let checkpoint = |mode: &str| -> rusqlite::Result<(i64, i64)> {
            let sql = format!("PRAGMA wal_checkpoint({mode})");
            let mut statement = self.connection.prepare_cached(&sql)?;
            statement.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))
        };
        let moved = match checkpoint("NOOP") {
            Ok((pages, moved)) if pages - moved < LOG_PAGES_MAX => return,
            Ok(_) => checkpoint("PASSIVE").map(|_| ()),
            Err(error) => Err(error),
        };
        if let Err(error) = moved {
            self.judge(error.into());
        }
    }
}
