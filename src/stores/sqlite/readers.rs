//! A few connections that only read, each used by one query at a time, off the reactor.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::super::{Result, StoreError};
use super::fault::Outcome;
use super::schema;

/// Queries at the same time; more wait.
const READERS: usize = 4;

/// Read-only connections, opened when first needed.
#[derive(Debug)]
pub(super) struct Readers {
    database: PathBuf,
    idle: Mutex<Vec<Connection>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(database: PathBuf) -> Self {
        Self {
            database,
            idle: Mutex::new(Vec::new()),
            turns: Arc::new(Semaphore::new(READERS)),
        }
    }

    /// Runs a query that sees every change whose future has returned.
    pub(super) async fn read<T, F>(self: &Arc<Self>, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Outcome<T> + Send + 'static,
    {
        let ended = |_| StoreError::Failed("a query was cut off".to_owned());
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Failed("the store is closing".to_owned()))?;
        let readers = Arc::clone(self);
        // The turn goes along, because the query goes on where nobody waits for it any more.
        let run = move || {
            let _turn = turn;
            readers.run(query)
        };
        tokio::task::spawn_blocking(run).await.map_err(ended)?
    }

    fn run<T>(&self, query: impl FnOnce(&Connection) -> Outcome<T>) -> Result<T> {
        let connection = match self.idle().pop() {
            Some(connection) => Ok(connection),
            None => schema::open_reader(&self.database),
        };
        let done = connection.and_then(|connection| {
            let done = query(&connection);
            // One left in the middle of a transaction would go on seeing the past.
            if connection.is_autocommit() {
                self.idle().push(connection);
            }
            done
        });
        done.map_err(|fault| fault.into_error(&self.database))
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
