//! The admin listener: `/healthz`, `/readyz`, `/metrics`.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::runtime::shutdown::Shutdown;
use crate::runtime::telemetry::Telemetry;
use crate::runtime::{BoxFuture, Clock};

use super::Settings;

/// What `/readyz` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Why deliveries are refused now; none while they are taken.
    pub refusing: Option<String>,
    /// What does not work as it should although deliveries are taken: stale files, open circuits,
    /// paused destinations.
    pub degraded: Vec<String>,
}

/// Who knows how things stand.
pub trait Health: Send + Sync {
    /// How things stand now.
    fn readiness(&self) -> BoxFuture<'_, Readiness>;
}

/// The admin listener's parts.
pub struct Admin {
    /// The limits; replaced at a reload.
    pub settings: watch::Receiver<Arc<Settings>>,
    /// The time.
    pub clock: Clock,
    /// What is shown under `/metrics`.
    pub telemetry: Telemetry,
    /// What is shown under `/readyz`.
    pub health: Arc<dyn Health>,
    /// When to stop.
    pub shutdown: Shutdown,
}

impl Admin {
    /// Serves until the order to stop; ends when begun answers are sent.
    pub fn serve(self, _listener: TcpListener) -> JoinHandle<()> {
        unimplemented!()
    }
}
