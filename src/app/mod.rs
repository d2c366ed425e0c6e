//! Builds every room, connects them, and drains them. The only place that knows them all.

mod health;
mod load;
mod reload;
mod render;
mod start;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::config::Environment;
use crate::diagnostic::Diagnostics;
use crate::executor::Executor;
use crate::operator::Socket;
use crate::runtime::Clock;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::telemetry::Telemetry;
use crate::stores::Store;

pub use load::{Loaded, find_rules, load, load_rules};
pub use reload::Reloaded;

use reload::Live;

/// How long what is left after the draining may take to end: answers of the admin listener, tasks.
const CLOSING_MAX: Duration = Duration::from_secs(1);

/// What a process is started with.
#[derive(Clone)]
pub struct Options {
    /// hookrule.yaml.
    pub config: PathBuf,
    /// The time.
    pub clock: Clock,
    /// Where `${env:NAME}` comes from.
    pub environment: Arc<dyn Environment>,
    /// When to stop.
    pub shutdown: Shutdown,
    /// Whether to start although rule or provider files have errors; those files are left out.
    pub skip_bad_rules: bool,
}

/// Why hookrule did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Files have errors.
    #[error("there are errors in the configuration")]
    Diagnostics(Diagnostics),
    /// Something else is in the way: an address, the store.
    #[error("{0}")]
    Operational(String),
}

/// A running hookrule.
pub struct App {
    listen: SocketAddr,
    admin: Option<SocketAddr>,
    live: Arc<Live>,
    telemetry: Telemetry,
    executor: Executor,
    shutdown: Shutdown,
    /// Given when everything is drained: `/readyz` answers until then.
    closing: Shutdown,
    intake_door: JoinHandle<()>,
    admin_door: Option<JoinHandle<()>>,
    reloader: JoinHandle<()>,
    socket: Option<Socket>,
}

impl App {
    /// Where webhooks come in.
    pub fn listen_addr(&self) -> SocketAddr {
        self.listen
    }

    /// Where operators look, if anywhere.
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.admin
    }

    /// What is counted.
    pub fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// Reads all files again; what has errors stays as it is.
    pub async fn reload(&self) -> Reloaded {
        self.live.reload().await
    }

    /// Runs until the order to stop, then drains.
    pub async fn run_until_stopped(self) {
        self.shutdown.draining().await;
        self.drain().await;
    }

    /// Takes nothing new, finishes what is begun, gives back the rest, and leaves.
    pub async fn drain(self) {
        let Self {
            executor,
            shutdown,
            closing,
            intake_door,
            admin_door,
            reloader,
            socket,
            live,
            ..
        } = self;
        shutdown.drain();
        reloader.abort();
        let _ = reloader.await;
        let finish = async {
            // Senders first: what they get acknowledged is on disk before the executor gives back.
            let _ = intake_door.await;
            executor.drained().await;
        };
        tokio::select! {
            // First: after that order the rooms end too, and what they had begun is not finished.
            biased;
            () = shutdown.stopping() => {
                tracing::warn!("stopped at once: what was begun is done at the next start");
            }
            () = finish => tracing::info!("stopped: everything begun is finished"),
        }
        if let Some(socket) = socket {
            socket.close().await;
        }
        closing.stop();
        if let Some(door) = admin_door {
            let _ = tokio::time::timeout(CLOSING_MAX, door).await;
        }
        let store = Arc::clone(&live.store);
        drop((live, executor));
        release(store).await;
    }
}

/// Gives the store's folder back: the next process may open it when this returns. Tasks that are
/// ending still hold the store for a moment.
async fn release(store: Arc<dyn Store>) {
    let alone = async {
        while Arc::strong_count(&store) > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    if tokio::time::timeout(CLOSING_MAX, alone).await.is_err() {
        tracing::warn!("the store is still in use; its folder is free when this process has ended");
    }
    // Dropping it writes what is queued, which may block.
    let _ = tokio::task::spawn_blocking(move || drop(store)).await;
}
