//! One look at the store for jobs that can begin now.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::runtime::Timestamp;
use crate::runtime::telemetry::Metric;
use crate::stores::{Claim, StoreError};

use super::attempt;
use super::state::{Shared, Slot};

/// The longest time without looking at the store, so that what others did to it is seen.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The shortest wait when the store says that a job is due and gives none.
const EMPTY_WAIT: Duration = Duration::from_millis(50);

/// Where to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// At every destination.
    Everywhere,
    /// At those with more due jobs than there were slots.
    WhereJobsWait,
}

/// Claims and begins what can begin now. Answers when to look everywhere again.
///
/// # Errors
/// The store failed, which is logged and counted.
pub(super) async fn claim(shared: &Arc<Shared>, look: Look) -> Result<Timestamp, ()> {
    let now = shared.now();
    // Slots are taken before the store is asked: intake hands out the same ones meanwhile.
    let (mut slots, again_at) = shared.take_free(look);
    let again = again_at.map_or_else(|| now.after(LOOK_EVERY), |at| at.max(soon(now)));
    // Firings come to their time also while every destination is busy.
    if slots.is_empty() && look == Look::WhereJobsWait {
        return Ok(again);
    }
    let lease = shared.parts.settings.borrow().lease;
    let asked = slots.iter();
    let free = asked.map(|(name, slots)| (name.clone(), slots.len()));
    let free = free.collect();
    let claimed = shared.parts.store.claim(Claim { lease, free }).await;
    let claimed = claimed.map_err(|error| failed(shared, "claim", &error))?;
    let none = claimed.jobs.is_empty();
    for leased in claimed.jobs {
        let name = &leased.job.destination;
        let slot = slots.get_mut(name).and_then(Vec::pop);
        let slot = slot.unwrap_or_else(|| shared.take(name));
        attempt::begin(shared, leased, slot);
    }
    tell_backlogs(shared, slots);
    let next = match claimed.next_due {
        Some(wait) if none => now.after(wait.max(EMPTY_WAIT)),
        Some(wait) => now.after(wait),
        None => now.after(LOOK_EVERY),
    };
    Ok(next.min(again))
}

/// Where slots are left over, nobody waits for one.
fn tell_backlogs(shared: &Shared, left_over: BTreeMap<String, Vec<Slot>>) {
    for (name, slots) in left_over {
        if let Some(lane) = shared.lanes().get(&name) {
            lane.backlog = slots.is_empty();
        }
        drop(slots);
    }
}

fn soon(now: Timestamp) -> Timestamp {
    now.after(Duration::from_millis(1))
}

/// Pauses are kept by the store, where the operator's commands change them. The store itself gives no
/// job of a paused destination away; what is known here only keeps intake from leasing one.
///
/// # Errors
/// The store failed, which is logged and counted.
pub(super) async fn refresh_paused(shared: &Shared) -> Result<(), ()> {
    let paused = shared.parts.store.paused().await;
    let paused = paused.map_err(|error| failed(shared, "paused", &error))?;
    let paused: BTreeMap<String, String> = paused.into_iter().collect();
    let mut lanes = shared.lanes();
    let telemetry = &shared.parts.telemetry;
    let resumed = lanes.paused.keys();
    for name in resumed.filter(|name| !paused.contains_key(*name)) {
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
