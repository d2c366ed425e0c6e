//! The model: everything in maps in memory, changed under one lock.
//!
//! Written to be obviously right, not fast: every verb looks through all jobs. Tests use it, and the
//! other stores are compared with it. It keeps nothing when the process ends.

mod chain;
mod flow;
mod kept;
mod lane;
mod leases;
mod listing;
mod state;

use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::event::{Event, EventId, FiringId, JobId};
use crate::plan::{Job, JobState, Plan};
use crate::runtime::{BoxFuture, Clock};

use super::{
    Acceptance, Accepted, Claim, Claimed, Companion, EventQuery, EventSummary, FiringSummary,
    JobHistory, JobQuery, Lease, Record, Result, Store, Swept, WholePage,
};
use state::State;

/// A store that lives as long as its process.
#[derive(Debug)]
pub struct MemoryStore {
    clock: Clock,
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty store in its first epoch.
    pub fn new(clock: Clock) -> Self {
        let mut state = State::default();
        state.begin_epoch(clock.now());
        Self {
            clock,
            state: Mutex::new(state),
        }
    }

    /// The store as the next process would find it, had this been on disk: a new epoch, in which all
    /// leases are lost.
    #[must_use]
    pub fn reopened(self) -> Self {
        self.lock().begin_epoch(self.clock.now());
        self
    }

    /// A verb never panics half-way through a change, so a poisoned lock guards a sound state.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer is there already.
fn now<'a, T: Send + 'a>(answer: T) -> BoxFuture<'a, T> {
    Box::pin(ready(answer))
}

impl Store for MemoryStore {
    fn accept(&self, batch: Vec<Acceptance>) -> BoxFuture<'_, Result<Vec<Accepted>>> {
        now(self.lock().accept(batch, self.clock.now()))
    }

    fn accept_replay(
        &self,
        event: EventId,
        run: u32,
        plan: Plan,
    ) -> BoxFuture<'_, Result<Option<usize>>> {
        now(self
            .lock()
            .accept_replay(event, run, plan, self.clock.now()))
    }

    fn claim(&self, claim: Claim) -> BoxFuture<'_, Result<Claimed>> {
        now(Ok(self.lock().claim(&claim, self.clock.now())))
    }

    fn renew(&self, leases: Vec<Lease>, lease: Duration) -> BoxFuture<'_, Result<Vec<bool>>> {
        let until = self.clock.now().after(lease);
        now(Ok(self.lock().renew(&leases, until)))
    }

    fn record(&self, batch: Vec<Record>) -> BoxFuture<'_, Result<Vec<bool>>> {
        now(Ok(self.lock().record(batch, self.clock.now())))
    }

    fn requeue(
        &self,
        jobs: Vec<JobId>,
    ) -> BoxFuture<'_, Result<Vec<std::result::Result<(), String>>>> {
        now(Ok(self.lock().requeue(&jobs, self.clock.now())))
    }

    fn discard(
        &self,
        jobs: Vec<JobId>,
    ) -> BoxFuture<'_, Result<Vec<std::result::Result<(), String>>>> {
        now(Ok(self.lock().discard(&jobs, self.clock.now())))
    }

    fn expire(&self, known: Vec<String>, max_age: Duration) -> BoxFuture<'_, Result<u64>> {
        let oldest = super::before(self.clock.now(), max_age);
        let at = self.clock.now();
        now(Ok(self.lock().expire(&known, oldest, at)))
    }

    fn sweep(&self, retention: Duration) -> BoxFuture<'_, Result<Swept>> {
        now(Ok(self.lock().sweep(retention, self.clock.now())))
    }

    fn pause<'a>(
        &'a self,
        destination: &'a str,
        reason: Option<&'a str>,
    ) -> BoxFuture<'a, Result<()>> {
        let mut state = self.lock();
        match reason {
            Some(reason) => state.paused.insert(destination.into(), reason.into()),
            None => state.paused.remove(destination),
        };
        now(Ok(()))
    }

    fn paused(&self) -> BoxFuture<'_, Result<Vec<(String, String)>>> {
        now(Ok(self.lock().paused.clone().into_iter().collect()))
    }

    fn keep_rule_set<'a>(&'a self, hash: &'a str, text: &'a str) -> BoxFuture<'a, Result<()>> {
        let mut state = self.lock();
        state
            .rule_sets
            .entry(hash.into())
            .or_insert_with(|| text.into());
        now(Ok(()))
    }

    fn rule_set<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<Option<String>>> {
        now(Ok(self.lock().rule_sets.get(hash).cloned()))
    }

    fn remember<'a>(&'a self, key: &'a str, value: &'a str) -> BoxFuture<'a, Result<()>> {
        self.lock().memory.insert(key.into(), value.into());
        now(Ok(()))
    }

    fn recall<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<String>>> {
        now(Ok(self.lock().memory.get(key).cloned()))
    }

    fn event(&self, id: EventId) -> BoxFuture<'_, Result<Option<Event>>> {
        now(self.lock().event(id))
    }

    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Vec<EventSummary>>> {
        now(Ok(self.lock().events(&query)))
    }

    fn events_whole(&self, query: EventQuery) -> BoxFuture<'_, Result<WholePage>> {
        now(Ok(self.lock().events_whole(&query)))
    }

    fn event_summary(&self, id: EventId) -> BoxFuture<'_, Result<Option<EventSummary>>> {
        let state = self.lock();
        now(Ok(state.events.get(&id).map(|kept| kept.summary.clone())))
    }

    fn jobs(&self, query: JobQuery) -> BoxFuture<'_, Result<Vec<Job>>> {
        now(Ok(self.lock().list_jobs(&query)))
    }

    fn job(&self, id: JobId) -> BoxFuture<'_, Result<Option<JobHistory>>> {
        let state = self.lock();
        now(Ok(state
            .find(id)
            .map(|kept| (kept.job.clone(), kept.attempts.clone()))))
    }

    fn outputs(&self, job: JobId) -> BoxFuture<'_, Result<Value>> {
        now(Ok(self.lock().outputs(job)))
    }

    fn firings(&self, event: EventId) -> BoxFuture<'_, Result<Vec<FiringSummary>>> {
        now(Ok(self.lock().firings_of(event)))
    }

    fn companions(&self, firing: FiringId) -> BoxFuture<'_, Result<Vec<Companion>>> {
        now(Ok(self.lock().companions(firing)))
    }

    fn counts(&self) -> BoxFuture<'_, Result<Vec<(JobState, u64)>>> {
        now(Ok(self.lock().counts()))
    }
}

#[cfg(test)]
mod tests {
    use super::MemoryStore;
    use crate::runtime::Clock;
    use crate::stores::contract::{Bed, promises};

    struct MemoryBed;

    impl Bed for MemoryBed {
        type Store = MemoryStore;

        fn open(&self, clock: &Clock) -> MemoryStore {
            MemoryStore::new(clock.clone())
        }

        fn reopen(&self, store: MemoryStore, _clock: &Clock) -> MemoryStore {
            store.reopened()
        }
    }

    promises!(MemoryBed);
}
