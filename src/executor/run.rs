//! The loop: claims due jobs for destinations with free slots, and waits for the next reason to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::runtime::Timestamp;
use crate::runtime::telemetry::Metric;
use crate::stores::{Claim, StoreError};

use super::attempt;
use super::shared::{BreakOff, Shared};

/// The longest time without looking at the store, so that what others did to it is seen.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The wait after the store failed; doubles.
const STORE_WAIT: Duration = Duration::from_secs(1);
/// The longest such wait.
const STORE_WAIT_MAX: Duration = Duration::from_secs(30);
/// The shortest wait when the store says that a job is due and gives none.
const EMPTY_WAIT: Duration = Duration::from_millis(50);
/// How long attempts that are broken off may take to say so.
const BREAK_OFF_WAIT: Duration = Duration::from_secs(5);

/// Runs until the order to drain, then drains.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut destinations = shared.parts.destinations.clone();
    let mut failures = 0_u32;
    let mut paused_seen: Option<Timestamp> = None;
    while !shared.parts.shutdown.is_draining() {
        let Ok(wait) = turn(&shared, &mut paused_seen).await else {
            failures = failures.saturating_add(1);
            let doubled = STORE_WAIT.saturating_mul(2_u32.saturating_pow(failures - 1));
            // Nudges do not shorten this wait: a store in trouble is left alone.
            tokio::select! {
                () = shared.parts.clock.sleep(doubled.min(STORE_WAIT_MAX)) => {}
                () = shared.parts.shutdown.draining() => {}
            }
            continue;
        };
        failures = 0;
        tokio::select! {
            biased;
            () = shared.parts.shutdown.draining() => {}
            changed = destinations.changed() => {
                shared.lanes().follow(&shared.parts.destinations.borrow());
                if changed.is_err() {
                    // Nobody will reload any more: the process is ending.
                    shared.parts.shutdown.draining().await;
                }
            }
            () = shared.wake.notified() => {}
            () = shared.parts.clock.sleep(wait) => {}
        }
    }
    drain(&shared).await;
}

/// One look at the store. Answers how long nothing will be due.
async fn turn(shared: &Arc<Shared>, paused_seen: &mut Option<Timestamp>) -> Result<Duration, ()> {
    let now = shared.now();
    if paused_seen.is_none_or(|seen| now.since(seen) >= LOOK_EVERY || now < seen) {
        refresh_paused(shared).await?;
        *paused_seen = Some(now);
    }
    let (free, again_at) = shared.lanes().free(now);
    let again = again_at.map_or(LOOK_EVERY, |at| at.since(now).max(Duration::from_millis(1)));
    if free.is_empty() {
        return Ok(again.min(LOOK_EVERY));
    }
    let lease = shared.parts.settings.borrow().lease;
    let asked: BTreeMap<String, usize> = free.iter().cloned().collect();
    let claimed = shared.parts.store.claim(Claim { lease, free }).await;
    let claimed = claimed.map_err(|error| failed(shared, "claim", &error))?;
    let mut got: BTreeMap<&str, usize> = BTreeMap::new();
    for leased in &claimed.jobs {
        *got.entry(leased.job.destination.as_str()).or_default() += 1;
    }
    for (name, asked) in &asked {
        let got = got.get(name.as_str()).copied().unwrap_or(0);
        if let Some(lane) = shared.lanes().get(name) {
            lane.backlog = got >= *asked;
        }
    }
    let none = claimed.jobs.is_empty();
    for leased in claimed.jobs {
        let slot = shared.take(&leased.job.destination);
        attempt::begin(shared, leased, slot);
    }
    let mut next = claimed.next_due.unwrap_or(LOOK_EVERY);
    if none {
        next = next.max(EMPTY_WAIT);
    }
    Ok(next.min(again).min(LOOK_EVERY))
}

/// Pauses are kept by the store, where the operator's commands change them. The store itself gives no
/// job of a paused destination away; what is known here only keeps intake from leasing one.
async fn refresh_paused(shared: &Shared) -> Result<(), ()> {
    let paused = shared.parts.store.paused().await;
    let paused = paused.map_err(|error| failed(shared, "paused", &error))?;
    let paused: BTreeMap<String, String> = paused.into_iter().collect();
    let mut lanes = shared.lanes();
    let telemetry = &shared.parts.telemetry;
    for name in lanes
        .paused
        .keys()
        .filter(|name| !paused.contains_key(*name))
    {
        telemetry.set(Metric::Paused, &[name], 0);
    }
    for name in paused.keys() {
        telemetry.set(Metric::Paused, &[name], 1);
    }
    lanes.paused = paused;
    Ok(())
}

fn failed(shared: &Shared, operation: &str, error: &StoreError) {
    let telemetry = &shared.parts.telemetry;
    telemetry.count(Metric::StoreFailures, &[operation]);
    tracing::error!(operation, %error, "the store failed; jobs wait until it works again");
}

/// Begins nothing more, waits for what is begun, and breaks off what takes too long.
async fn drain(shared: &Arc<Shared>) {
    shared.lanes().closed = true;
    let limit = shared.parts.settings.borrow().drain_timeout;
    let mut count = shared.count.subscribe();
    let ended = tokio::select! {
        _ = count.wait_for(|count| *count == 0) => true,
        () = shared.parts.clock.sleep(limit) => false,
        () = shared.parts.shutdown.stopping() => false,
    };
    if !ended {
        let running = *count.borrow();
        tracing::warn!(
            running,
            "attempts that take too long are broken off; their jobs are kept"
        );
        shared.break_off(None, BreakOff::Drained);
        tokio::select! {
            _ = count.wait_for(|count| *count == 0) => {}
            () = shared.parts.clock.sleep(BREAK_OFF_WAIT) => {}
            () = shared.parts.shutdown.stopping() => {}
        }
    }
    shared.over.send_replace(true);
}
