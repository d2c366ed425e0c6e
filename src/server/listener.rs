//! Accepts connections, within limits, until the order to drain.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::runtime::Clock;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::telemetry::{Metric, Telemetry};

use super::Settings;
use super::answers::Reply;
use super::connection;
use super::crowd::{Crowd, Crowded};

/// The wait after an accept that failed for want of files or memory, so that it does not spin.
const ACCEPT_WAIT: Duration = Duration::from_millis(100);

/// Opens a listener.
///
/// # Errors
/// The address is in use or not ours.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// What every listener has.
pub(super) struct Listening {
    /// `intake` or `admin`, as it is counted.
    pub name: &'static str,
    pub settings: watch::Receiver<Arc<Settings>>,
    pub clock: Clock,
    pub telemetry: Telemetry,
    pub shutdown: Shutdown,
}

impl Listening {
    /// Accepts and serves; returns when the last connection has ended after the order to drain, or
    /// when the time for that is up.
    pub(super) async fn run<A, F>(self, listener: TcpListener, answer: A)
    where
        A: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let crowd = Arc::new(Crowd::default());
        let mut connections = JoinSet::new();
        let mut failing = false;
        loop {
            tokio::select! {
                biased;
                () = self.shutdown.draining() => break,
                // Ended connections are taken out, or the set would grow for ever.
                Some(_) = connections.join_next() => {
                    self.telemetry.set(Metric::Connections, &[self.name], crowd.count());
                }
                accepted = listener.accept() => match accepted {
                    Ok((socket, from)) => {
                        failing = false;
                        self.admit(socket, from, &crowd, &mut connections, &answer);
                    }
                    Err(error) => failing |= self.rest(&error, failing).await,
                },
            }
        }
        drop(listener);
        self.finish(connections).await;
    }

    fn admit<A, F>(
        &self,
        socket: TcpStream,
        from: SocketAddr,
        crowd: &Arc<Crowd>,
        connections: &mut JoinSet<()>,
        answer: &A,
    ) where
        A: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let settings = Arc::clone(&self.settings.borrow());
        let place = match crowd.enter(from.ip(), &settings) {
            Ok(place) => place,
            Err(crowded) => {
                let reason = match crowded {
                    Crowded::All => "all",
                    Crowded::Address => "address",
                };
                self.telemetry.count(Metric::ConnectionsRefused, &[reason]);
                return;
            }
        };
        self.telemetry
            .set(Metric::Connections, &[self.name], crowd.count());
        // Small answers go out at once; where the system says no, they go out a little later.
        let _ = socket.set_nodelay(true);
        let (clock, shutdown) = (self.clock.clone(), self.shutdown.clone());
        let answer = answer.clone();
        connections.spawn(async move {
            let answer = |request| answer(request, from);
            connection::serve(socket, settings, clock, shutdown, answer).await;
            drop(place);
        });
    }

    /// After a failed accept. A sender that hung up is no reason to wait; want of files is. Answers
    /// whether it was a reason; `said` is whether the log knows of it already.
    async fn rest(&self, error: &std::io::Error, said: bool) -> bool {
        use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
        if matches!(
            error.kind(),
            ConnectionAborted | ConnectionRefused | ConnectionReset
        ) {
            return false;
        }
        if !said {
            tracing::error!(listener = self.name, %error, "cannot accept connections");
        }
        tokio::select! {
            () = self.clock.sleep(ACCEPT_WAIT) => {}
            () = self.shutdown.draining() => {}
        }
        true
    }

    async fn finish(&self, mut connections: JoinSet<()>) {
        let limit = self.settings.borrow().drain_timeout;
        let ended = async { while connections.join_next().await.is_some() {} };
        tokio::select! {
            () = ended => {}
            () = self.clock.sleep(limit) => {
                tracing::warn!(
                    listener = self.name,
                    "requests that were still open have been cut off"
                );
            }
            () = self.shutdown.stopping() => {}
        }
        self.telemetry.set(Metric::Connections, &[self.name], 0);
    }
}
