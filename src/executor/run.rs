//! The loop: claims due jobs for destinations with free slots, and waits for the next reason to.

use std::sync::Arc;
use std::time::Duration;

use crate::runtime::Timestamp;

use super::claim::{LOOK_EVERY, Look, claim, refresh_paused};
use super::state::{BreakOff, Shared};

/// After an attempt has ended, or something new came, so long is waited for more of that before the
/// store is asked: one claim then does for all of them.
const GATHER: Duration = Duration::from_millis(10);
/// The wait after the store failed; doubles.
const STORE_WAIT: Duration = Duration::from_secs(1);
/// The longest such wait.
const STORE_WAIT_MAX: Duration = Duration::from_secs(30);
/// How long attempts that are broken off may take to say so.
const BREAK_OFF_WAIT: Duration = Duration::from_secs(5);

/// Runs until the order to drain, then drains.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut destinations = shared.parts.destinations.clone();
    let mut failures = 0_u32;
    let mut paused_at = shared.now();
    let mut look_at = paused_at;
    while !shared.parts.shutdown.is_draining() {
        if turn(&shared, &mut paused_at, &mut look_at).await.is_err() {
            failures = failures.saturating_add(1);
            let doubled = STORE_WAIT.saturating_mul(2_u32.saturating_pow(failures - 1));
            // Nothing shortens this wait: a store in trouble is left alone.
            tokio::select! {
                () = shared.parts.clock.sleep(doubled.min(STORE_WAIT_MAX)) => {}
                () = shared.parts.shutdown.draining() => {}
            }
            continue;
        }
        failures = 0;
        let now = shared.now();
        tokio::select! {
            biased;
            () = shared.parts.shutdown.draining() => {}
            changed = destinations.changed() => {
                shared.lanes().follow(&shared.parts.destinations.borrow());
                look_at = now;
                if changed.is_err() {
                    // Nobody will reload any more: the process is ending.
                    shared.parts.shutdown.draining().await;
                }
            }
            () = shared.wake.notified() => {}
            () = shared.news.notified() => look_at = look_at.min(now.after(GATHER)),
            () = shared.parts.clock.sleep(look_at.since(now)) => {}
        }
    }
    drain(&shared).await;
}

/// Asks the store for what can begin now: for every destination where that is due, else only for those
/// whose jobs wait for a slot.
async fn turn(
    shared: &Arc<Shared>,
    paused_at: &mut Timestamp,
    look_at: &mut Timestamp,
) -> Result<(), ()> {
    let now = shared.now();
    if is_due(*paused_at, now) {
        refresh_paused(shared).await?;
        *paused_at = now.after(LOOK_EVERY);
    }
    let look = if is_due(*look_at, now) {
        *look_at = now.after(LOOK_EVERY);
        Look::Everywhere
    } else {
        Look::WhereJobsWait
    };
    let next = claim(shared, look).await?;
    *look_at = next.min(*look_at);
    Ok(())
}

/// Whether it is time. Nothing is put off for longer than this: what is further away is of a clock that
/// was set back.
fn is_due(at: Timestamp, now: Timestamp) -> bool {
    now >= at || at.since(now) > LOOK_EVERY
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
