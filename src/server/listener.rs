//! The intake listener.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::intake::Intake;
use crate::runtime::Clock;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::telemetry::Telemetry;

use super::Settings;

/// Opens a listener.
///
/// # Errors
/// The address is in use or not ours.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// The intake listener's parts.
pub struct IntakeDoor {
    /// The limits; replaced at a reload.
    pub settings: watch::Receiver<Arc<Settings>>,
    /// The time.
    pub clock: Clock,
    /// Where things are counted.
    pub telemetry: Telemetry,
    /// Who takes deliveries in.
    pub intake: Arc<Intake>,
    /// When to stop.
    pub shutdown: Shutdown,
}

impl IntakeDoor {
    /// Serves until the order to drain; ends when begun requests are answered, or after
    /// `drain_timeout`.
    pub fn serve(self, _listener: TcpListener) -> JoinHandle<()> {
        unimplemented!()
    }
}
