//! What `/readyz` says.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::executor::Executor;
use crate::intake::Intake;
use crate::runtime::BoxFuture;
use crate::runtime::shutdown::Shutdown;
use crate::server::{Health, Readiness};

/// Gathers what every room knows of itself.
pub(super) struct Rooms {
    pub(super) intake: Arc<Intake>,
    pub(super) executor: Executor,
    pub(super) stale: watch::Receiver<Vec<PathBuf>>,
    pub(super) shutdown: Shutdown,
}

impl Health for Rooms {
    fn readiness(&self) -> BoxFuture<'_, Readiness> {
        Box::pin(async move {
            let refusing = if self.shutdown.is_draining() {
                Some("it is stopping".to_owned())
            } else {
                self.intake.refusing()
            };
            let stale = self.stale.borrow().clone();
            let mut degraded: Vec<_> = stale
                .iter()
                .map(|path| {
                    let path = path.display();
                    format!("{path} has errors; its last good version is running")
                })
                .collect();
            degraded.extend(self.executor.degraded());
            Readiness { refusing, degraded }
        })
    }
}
