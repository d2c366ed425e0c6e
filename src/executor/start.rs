//! The executor's handle.

use std::sync::Arc;

use tokio::sync::watch;

use crate::intake::{Handover, Permit};
use crate::net::Client;
use crate::runtime::Clock;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::telemetry::Telemetry;
use crate::stores::{LeasedJob, Store};

use super::{Destinations, Renderer, Settings};

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
pub struct Executor {}

impl Executor {
    /// Starts to perform jobs, with the action kinds of `actions::LIST`.
    pub fn start(_parts: Parts) -> Self {
        unimplemented!()
    }

    /// What does not work as it should: open circuits, paused and missing destinations.
    pub fn degraded(&self) -> Vec<String> {
        unimplemented!()
    }

    /// Waits until, after the order to drain, all begun attempts are recorded and the rest is given
    /// back.
    ///
    /// # Cancellation
    /// Safe: the draining goes on.
    pub async fn drained(&self) {
        unimplemented!()
    }
}

impl Handover for Executor {
    fn reserve(&self, _destination: &str) -> Option<Permit> {
        unimplemented!()
    }

    fn run(&self, _jobs: Vec<(LeasedJob, Permit)>) {
        unimplemented!()
    }

    fn nudge(&self) {
        unimplemented!()
    }
}
