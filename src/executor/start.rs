//! The executor's handle.

use std::sync::{Arc, PoisonError};

use tokio::sync::watch;

use crate::intake::{Handover, Permit};
use crate::net::Client;
use crate::runtime::Clock;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::telemetry::Telemetry;
use crate::stores::{LeasedJob, Store};

use super::state::{Shared, Slot};
use super::{Destinations, Kinds, Perform, Renderer, Settings, attempt, run, upkeep};

/// What the executor is built from.
pub struct Parts {
    /// Where jobs come from and outcomes go.
    pub store: Arc<dyn Store>,
    /// The outgoing HTTP client.
    pub client: Client,
    /// The time.
    pub clock: Clock,
    /// Where things are counted.
    pub telemetry: Telemetry,
    /// The configured destinations; replaced at a reload.
    pub destinations: watch::Receiver<Arc<Destinations>>,
    /// The executor's part of the policy; replaced at a reload.
    pub settings: watch::Receiver<Arc<Settings>>,
    /// Who renders deferred bodies.
    pub renderer: Arc<dyn Renderer>,
    /// When to stop.
    pub shutdown: Shutdown,
}

/// The running executor. Cloning shares it.
#[derive(Clone)]
pub struct Executor(Arc<Shared>);

impl Executor {
    /// Starts to perform jobs, with the action kinds of `actions::LIST`.
    pub fn start(parts: Parts) -> Self {
        Self::start_with(parts, Arc::new(Kinds))
    }

    /// Starts to perform jobs by somebody else's performing.
    pub fn start_with(parts: Parts, performer: Arc<dyn Perform>) -> Self {
        let shared = Shared::new(parts, performer);
        tokio::spawn(run::run(Arc::clone(&shared)));
        tokio::spawn(upkeep::renew(Arc::clone(&shared)));
        tokio::spawn(upkeep::tidy(Arc::clone(&shared)));
        Self(shared)
    }

    /// What does not work as it should: destinations that fail, are paused or do not exist.
    pub fn degraded(&self) -> Vec<String> {
        let mut troubles = self.0.lanes().troubles(self.0.now());
        let stranded = self.0.stranded.lock();
        troubles.extend(
            stranded
                .unwrap_or_else(PoisonError::into_inner)
                .iter()
                .cloned(),
        );
        troubles
    }

    /// Waits until, after the order to drain, all begun attempts are recorded and the rest is given
    /// back.
    ///
    /// # Cancellation
    /// Safe: the draining goes on.
    pub async fn drained(&self) {
        let mut over = self.0.over.subscribe();
        // The sender lives as long as `self`.
        let _ = over.wait_for(|over| *over).await;
    }
}

impl Handover for Executor {
    fn reserve(&self, destination: &str) -> Option<Permit> {
        let slot = self.0.reserve(destination)?;
        Some(Box::new(slot))
    }

    fn run(&self, jobs: Vec<(LeasedJob, Permit)>) {
        for (job, permit) in jobs {
            let slot = match permit.downcast::<Slot>() {
                Ok(slot) => *slot,
                // A permit of somebody else's making: the job needs one of ours.
                Err(_) => self.0.take(&job.job.destination),
            };
            attempt::begin(&self.0, job, slot);
        }
    }

    fn nudge(&self) {
        self.0.news.notify_one();
    }
}
