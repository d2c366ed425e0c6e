//! What is done by the clock: leases are renewed, old things swept away.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::plan::JobState;
use crate::runtime::telemetry::Metric;
use crate::stores::{JobQuery, StoreError};

use super::state::{BreakOff, Shared};

/// Between two sweeps.
const TIDY_EVERY: Duration = Duration::from_mins(1);
/// Jobs without a destination die after this.
const STRANDED_AGE_MAX: Duration = Duration::from_hours(7 * 24);
/// So many ready jobs are looked through for those without a destination.
const STRANDED_LOOK: usize = 1_000;

/// Renews the leases of running attempts, three times in a lease, until all is over. Attempts whose
/// lease was lost are broken off.
pub(super) async fn renew(shared: Arc<Shared>) {
    let mut over = shared.over.subscribe();
    loop {
        let lease = shared.parts.settings.borrow().lease;
        tokio::select! {
            () = shared.parts.clock.sleep(lease / 3) => {}
            _ = over.wait_for(|over| *over) => return,
        }
        let leases = shared.leases();
        if leases.is_empty() {
            continue;
        }
        match shared.parts.store.renew(leases.clone(), lease).await {
            Ok(held) => {
                for (lease, held) in leases.into_iter().zip(held) {
                    if !held {
                        shared.break_off(Some(lease), BreakOff::LeaseLost);
                    }
                }
            }
            Err(error) => failed(&shared, "renew", &error),
        }
    }
}

/// Sweeps once a minute until the order to drain.
pub(super) async fn tidy(shared: Arc<Shared>) {
    let mut dead_known = 0;
    loop {
        tokio::select! {
            () = shared.parts.clock.sleep(TIDY_EVERY) => {}
            () = shared.parts.shutdown.draining() => return,
        }
        let tidied = match tidy_once(&shared).await {
            Ok(()) => count_jobs(&shared, &mut dead_known).await,
            Err(error) => Err(error),
        };
        if let Err((operation, error)) = tidied {
            failed(&shared, operation, &error);
        }
    }
}

async fn tidy_once(shared: &Shared) -> Result<(), (&'static str, StoreError)> {
    let store = &shared.parts.store;
    let destinations = Arc::clone(&shared.parts.destinations.borrow());
    let mut known: Vec<String> = destinations.keys().cloned().collect();
    known.push(String::new());
    let expired = store
        .expire(known.clone(), STRANDED_AGE_MAX)
        .await
        .map_err(|error| ("expire", error))?;
    if expired > 0 {
        tracing::error!(
            jobs = expired,
            "jobs have waited too long for a destination that does not exist: hookrule dead list"
        );
    }
    let retention = shared.parts.settings.borrow().retention;
    let swept = store
        .sweep(retention)
        .await
        .map_err(|error| ("sweep", error))?;
    if swept.leases > 0 {
        let telemetry = &shared.parts.telemetry;
        telemetry.add(Metric::LeasesLost, &[], swept.leases);
        shared.news.notify_one();
    }
    tracing::debug!(
        events = swept.events,
        keys = swept.dedupe_keys,
        leases = swept.leases,
        "swept"
    );
    let query = JobQuery {
        states: vec![JobState::Ready],
        limit: STRANDED_LOOK,
        ..JobQuery::default()
    };
    let ready = store.jobs(query).await.map_err(|error| ("jobs", error))?;
    let mut stranded: BTreeMap<String, usize> = BTreeMap::new();
    for job in ready {
        if !known.contains(&job.destination) {
            *stranded.entry(job.destination).or_default() += 1;
        }
    }
    let said = stranded.into_iter().map(|(name, jobs)| {
        format!("destination `{name}` does not exist; jobs that wait for it: {jobs}")
    });
    let mut known_stranded = shared
        .stranded
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    *known_stranded = said.collect();
    for trouble in known_stranded.iter() {
        tracing::warn!("{trouble}");
    }
    Ok(())
}

/// Counts the jobs in each state. More dead letters than before are told: some die in the store, by
/// leases that were lost, where no attempt ends to tell of them.
async fn count_jobs(
    shared: &Shared,
    dead_known: &mut u64,
) -> Result<(), (&'static str, StoreError)> {
    let counts = shared.parts.store.counts().await;
    let counts: BTreeMap<_, _> = counts
        .map_err(|error| ("counts", error))?
        .into_iter()
        .collect();
    let count = |state| counts.get(&state).copied().unwrap_or(0);
    for (state, name) in JobState::ALL {
        let telemetry = &shared.parts.telemetry;
        telemetry.set(Metric::Jobs, &[name], count(state));
    }
    let dead = count(JobState::Dead);
    if dead > *dead_known {
        tracing::warn!(
            jobs = dead,
            "dead letters wait for a person: hookrule dead list"
        );
    }
    *dead_known = dead;
    Ok(())
}

fn failed(shared: &Shared, operation: &str, error: &StoreError) {
    let telemetry = &shared.parts.telemetry;
    telemetry.count(Metric::StoreFailures, &[operation]);
    tracing::error!(operation, %error, "the store failed");
}
