//! The order to stop: the first signal drains, the second stops at once.

use tokio_util::sync::CancellationToken;

/// The order to stop, as everybody sees it. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    drain: CancellationToken,
    stop: CancellationToken,
}

impl Shutdown {
    /// An order that only [`Shutdown::drain`] and [`Shutdown::stop`] give.
    pub fn new() -> Self {
        Self::default()
    }

    /// An order that SIGTERM and SIGINT give: the first to drain, the second to stop at once.
    ///
    /// # Errors
    /// Where the process may not listen for signals.
    pub fn on_signals() -> std::io::Result<Self> {
        let shutdown = Self::new();
        let mut signals = Signals::listen()?;
        let given = shutdown.clone();
        tokio::spawn(async move {
            let name = signals.next().await;
            tracing::info!(
                signal = name,
                "stopping: no new work is taken, begun work is finished"
            );
            given.drain();
            let name = signals.next().await;
            tracing::warn!(signal = name, "stopping at once");
            given.stop();
        });
        Ok(shutdown)
    }

    /// Gives the order to drain: take nothing new, finish what is begun.
    pub fn drain(&self) {
        self.drain.cancel();
    }

    /// Gives the order to stop at once. What is on disk stays there and is done at the next start.
    pub fn stop(&self) {
        self.drain.cancel();
        self.stop.cancel();
    }

    /// Whether the order to drain was given.
    pub fn is_draining(&self) -> bool {
        self.drain.is_cancelled()
    }

    /// Waits for the order to drain.
    ///
    /// # Cancellation
    /// Safe.
    pub async fn draining(&self) {
        self.drain.cancelled().await;
    }

    /// Waits for the order to stop at once.
    ///
    /// # Cancellation
    /// Safe.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> &'static str {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}

#[cfg(test)]
mod tests {
    use super::Shutdown;

    #[tokio::test]
    async fn draining_comes_before_stopping() {
        let shutdown = Shutdown::new();
        assert!(!shutdown.is_draining());
        shutdown.drain();
        shutdown.draining().await;
        assert!(!shutdown.stop.is_cancelled());
        shutdown.stop();
        shutdown.stopping().await;
    }

    #[tokio::test]
    async fn stopping_at_once_also_drains() {
        let shutdown = Shutdown::new();
        shutdown.clone().stop();
        shutdown.draining().await;
    }
}
