//! What the loop, the running attempts and intake's fast path share.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot, watch};

use crate::runtime::Timestamp;
use crate::runtime::telemetry::Metric;
use crate::stores::Lease;

use super::circuit::Change;
use super::claim::Look;
use super::lane::Lanes;
use super::verdict::Effect;
use super::{Parts, Perform};

/// Why a running attempt is broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BreakOff {
    /// Its lease was lost: whoever has it now performs it.
    LeaseLost,
    /// The time for draining is up.
    Drained,
}

/// Everything the executor's tasks share.
pub(super) struct Shared {
    pub parts: Parts,
    pub performer: Arc<dyn Perform>,
    lanes: Mutex<Lanes>,
    /// Each with the way to break it off, until that was used.
    running: Mutex<HashMap<Lease, Option<oneshot::Sender<BreakOff>>>>,
    /// How many are running.
    pub count: watch::Sender<usize>,
    /// A slot is free that jobs wait for.
    pub wake: Notify,
    /// There may be something new to claim.
    pub news: Notify,
    /// Whether all is over.
    pub over: watch::Sender<bool>,
    /// Jobs that wait for destinations which do not exist.
    pub stranded: Mutex<Vec<String>>,
}

impl Shared {
    pub(super) fn new(parts: Parts, performer: Arc<dyn Perform>) -> Arc<Self> {
        let mut lanes = Lanes::default();
        lanes.follow(&parts.destinations.borrow());
        Arc::new(Self {
            parts,
            performer,
            lanes: Mutex::new(lanes),
            running: Mutex::default(),
            count: watch::Sender::new(0),
            wake: Notify::new(),
            news: Notify::new(),
            over: watch::Sender::new(false),
            stranded: Mutex::default(),
        })
    }

    pub(super) fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// A slot for one new job of a destination, if one is free and nobody older waits for it.
    pub(super) fn reserve(self: &Arc<Self>, destination: &str) -> Option<Slot> {
        let reserved = self.lanes().reserve(destination, self.now());
        reserved.then(|| self.slot(destination))
    }

    /// Every free slot of the destinations looked at, and when there is the next where time alone is
    /// waited for.
    pub(super) fn take_free(
        self: &Arc<Self>,
        look: Look,
    ) -> (BTreeMap<String, Vec<Slot>>, Option<Timestamp>) {
        let (taken, again_at) = self.lanes().take_free(look, self.now());
        let slots = |(name, count): (String, usize)| {
            let slots = (0..count).map(|_| self.slot(&name)).collect();
            (name, slots)
        };
        (taken.into_iter().map(slots).collect(), again_at)
    }

    /// A slot for a job that has to run whether one is free or not.
    pub(super) fn take(self: &Arc<Self>, destination: &str) -> Slot {
        if let Some(lane) = self.lanes().get(destination) {
            lane.take(self.now());
        }
        self.slot(destination)
    }

    fn slot(self: &Arc<Self>, destination: &str) -> Slot {
        Slot {
            shared: Arc::clone(self),
            destination: destination.to_owned(),
            used: false,
        }
    }

    /// A running attempt makes itself known; it hears when it is to break off.
    pub(super) fn enter(self: &Arc<Self>, lease: Lease) -> (Running, oneshot::Receiver<BreakOff>) {
        let (break_off, heard) = oneshot::channel();
        self.running().insert(lease, Some(break_off));
        let shared = Arc::clone(self);
        shared.tell_count();
        (Running { shared, lease }, heard)
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Lease, Option<oneshot::Sender<BreakOff>>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_count(&self) {
        let count = self.running().len();
        self.count.send_replace(count);
        let telemetry = &self.parts.telemetry;
        telemetry.set(Metric::Running, &[], count as u64);
    }

    /// The leases of all running attempts.
    pub(super) fn leases(&self) -> Vec<Lease> {
        self.running().keys().copied().collect()
    }

    /// Breaks off one attempt, or all.
    pub(super) fn break_off(&self, lease: Option<Lease>, why: BreakOff) {
        let mut running = self.running();
        let which: Vec<_> = match lease {
            Some(lease) => vec![lease],
            None => running.keys().copied().collect(),
        };
        for lease in which {
            if let Some(attempt) = running.get_mut(&lease).and_then(Option::take) {
                // It may have ended in this moment: then nobody hears, and that is well.
                let _ = attempt.send(why);
            }
        }
    }

    /// Takes in what an attempt says of its destination.
    pub(super) fn learn(&self, destination: &str, effect: &Effect, began: Timestamp) {
        if destination.is_empty() {
            return;
        }
        let now = self.now();
        let change = match self.lanes().get(destination) {
            Some(lane) => lane.learn(effect, began, now),
            None => None,
        };
        let telemetry = &self.parts.telemetry;
        match change {
            Some(Change::Opened(wait)) => {
                telemetry.set(Metric::CircuitOpen, &[destination], 1);
                tracing::warn!(
                    destination,
                    ?wait,
                    "destination keeps failing: its jobs wait, nothing is discarded"
                );
            }
            Some(Change::Closed) => {
                telemetry.set(Metric::CircuitOpen, &[destination], 0);
                tracing::info!(destination, "destination works again");
            }
            None => {}
        }
        if let Effect::Hold(wait) = effect {
            tracing::info!(destination, ?wait, "destination asked to be left alone");
        }
    }
}

/// One slot of a destination; given back when dropped.
pub(super) struct Slot {
    shared: Arc<Shared>,
    destination: String,
    /// Whether something was performed in it.
    used: bool,
}

impl Slot {
    /// Something is performed in it from here on.
    pub(super) fn use_up(&mut self) {
        self.used = true;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let awaited = match self.shared.lanes().get(&self.destination) {
            Some(lane) => {
                let awaited = lane.is_awaited();
                lane.give_back(!self.used);
                awaited
            }
            None => false,
        };
        if awaited {
            self.shared.wake.notify_one();
        }
    }
}

/// A running attempt's place among the running.
pub(super) struct Running {
    shared: Arc<Shared>,
    lease: Lease,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.running().remove(&self.lease);
        self.shared.tell_count();
    }
}
