//! A store that fails when told to.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::event::{Event, EventId, FiringId, JobId};
use crate::plan::{Attempt, Job, JobState, Plan};
use crate::runtime::BoxFuture;
use crate::stores::memory::MemoryStore;
use crate::stores::{
    Acceptance, Accepted, Claim, Claimed, Companion, EventQuery, EventSummary, FiringSummary,
    JobQuery, Lease, Record, Result, Store, StoreError, Swept, WholePage,
};

/// What can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Verb {
    Accept,
    Claim,
    Record,
    Renew,
}

/// A store in memory that fails when told to.
pub(crate) struct FaultyStore {
    inner: MemoryStore,
    failing: Mutex<HashSet<Verb>>,
    failures: AtomicU64,
    claims: AtomicU64,
    lose: AtomicBool,
    looks: AtomicU64,
    promise: AtomicBool,
}

impl FaultyStore {
    pub(crate) fn over(inner: MemoryStore) -> Self {
        Self {
            inner,
            failing: Mutex::default(),
            failures: AtomicU64::new(0),
            claims: AtomicU64::new(0),
            lose: AtomicBool::new(false),
            looks: AtomicU64::new(0),
            promise: AtomicBool::new(false),
        }
    }

    pub(crate) fn fail(&self, verb: Verb) {
        self.failing.lock().unwrap().insert(verb);
    }

    pub(crate) fn mend(&self) {
        self.failing.lock().unwrap().clear();
    }

    /// How often it has failed so far.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::SeqCst)
    }

    /// How often jobs were claimed so far.
    pub(crate) fn claims(&self) -> u64 {
        self.claims.load(Ordering::SeqCst)
    }

    /// How often it was asked for jobs so far.
    pub(crate) fn looks(&self) -> u64 {
        self.looks.load(Ordering::SeqCst)
    }

    /// From now on it says that a job is due and gives none.
    pub(crate) fn promise_jobs(&self) {
        self.promise.store(true, Ordering::SeqCst);
    }

    /// The next renewal finds every lease lost.
    pub(crate) fn lose_leases(&self) {
        self.lose.store(true, Ordering::SeqCst);
    }

    fn guard(&self, verb: Verb) -> Result<()> {
        if self.failing.lock().unwrap().contains(&verb) {
            self.failures.fetch_add(1, Ordering::SeqCst);
            return Err(StoreError::Failed("as told".to_owned()));
        }
        Ok(())
    }
}

impl Store for FaultyStore {
    fn accept(&self, batch: Vec<Acceptance>) -> BoxFuture<'_, Result<Vec<Accepted>>> {
        Box::pin(async move {
            self.guard(Verb::Accept)?;
            self.inner.accept(batch).await
        })
    }

    fn accept_replay(
        &self,
        event: EventId,
        run: u32,
        plan: Plan,
    ) -> BoxFuture<'_, Result<Option<usize>>> {
        self.inner.accept_replay(event, run, plan)
    }

    fn claim(&self, claim: Claim) -> BoxFuture<'_, Result<Claimed>> {
        Box::pin(async move {
            self.looks.fetch_add(1, Ordering::SeqCst);
            self.guard(Verb::Claim)?;
            if self.promise.load(Ordering::SeqCst) {
                return Ok(Claimed {
                    jobs: Vec::new(),
                    next_due: Some(Duration::ZERO),
                });
            }
            let claimed = self.inner.claim(claim).await?;
            let found = u64::from(!claimed.jobs.is_empty());
            self.claims.fetch_add(found, Ordering::SeqCst);
            Ok(claimed)
        })
    }

    fn renew(&self, leases: Vec<Lease>, lease: Duration) -> BoxFuture<'_, Result<Vec<bool>>> {
        Box::pin(async move {
            self.guard(Verb::Renew)?;
            if self.lose.swap(false, Ordering::SeqCst) {
                return Ok(vec![false; leases.len()]);
            }
            self.inner.renew(leases, lease).await
        })
    }

    fn record(&self, batch: Vec<Record>) -> BoxFuture<'_, Result<Vec<bool>>> {
        Box::pin(async move {
            self.guard(Verb::Record)?;
            self.inner.record(batch).await
        })
    }

    fn requeue(
        &self,
        jobs: Vec<JobId>,
    ) -> BoxFuture<'_, Result<Vec<std::result::Result<(), String>>>> {
        self.inner.requeue(jobs)
    }

    fn expire(&self, known: Vec<String>, max_age: Duration) -> BoxFuture<'_, Result<u64>> {
        self.inner.expire(known, max_age)
    }

    fn sweep(&self, retention: Duration) -> BoxFuture<'_, Result<Swept>> {
        self.inner.sweep(retention)
    }

    fn pause<'a>(
        &'a self,
        destination: &'a str,
        reason: Option<&'a str>,
    ) -> BoxFuture<'a, Result<()>> {
        self.inner.pause(destination, reason)
    }

    fn paused(&self) -> BoxFuture<'_, Result<Vec<(String, String)>>> {
        self.inner.paused()
    }

    fn keep_rule_set<'a>(&'a self, hash: &'a str, text: &'a str) -> BoxFuture<'a, Result<()>> {
        self.inner.keep_rule_set(hash, text)
    }

    fn rule_set<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<Option<String>>> {
        self.inner.rule_set(hash)
    }

    fn remember<'a>(&'a self, key: &'a str, value: &'a str) -> BoxFuture<'a, Result<()>> {
        self.inner.remember(key, value)
    }

    fn recall<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<String>>> {
        self.inner.recall(key)
    }

    fn event(&self, id: EventId) -> BoxFuture<'_, Result<Option<Event>>> {
        self.inner.event(id)
    }

    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Vec<EventSummary>>> {
        self.inner.events(query)
    }

    fn events_whole(&self, query: EventQuery) -> BoxFuture<'_, Result<WholePage>> {
        self.inner.events_whole(query)
    }

    fn event_summary(&self, id: EventId) -> BoxFuture<'_, Result<Option<EventSummary>>> {
        self.inner.event_summary(id)
    }

    fn jobs(&self, query: JobQuery) -> BoxFuture<'_, Result<Vec<Job>>> {
        self.inner.jobs(query)
    }

    fn job(&self, id: JobId) -> BoxFuture<'_, Result<Option<(Job, Vec<Attempt>)>>> {
        self.inner.job(id)
    }

    fn outputs(&self, job: JobId) -> BoxFuture<'_, Result<Value>> {
        self.inner.outputs(job)
    }

    fn firings(&self, event: EventId) -> BoxFuture<'_, Result<Vec<FiringSummary>>> {
        self.inner.firings(event)
    }

    fn companions(&self, firing: FiringId) -> BoxFuture<'_, Result<Vec<Companion>>> {
        self.inner.companions(firing)
    }

    fn discard(
        &self,
        jobs: Vec<JobId>,
    ) -> BoxFuture<'_, Result<Vec<std::result::Result<(), String>>>> {
        self.inner.discard(jobs)
    }

    fn counts(&self) -> BoxFuture<'_, Result<Vec<(JobState, u64)>>> {
        self.inner.counts()
    }
}
