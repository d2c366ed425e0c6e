//! One connection: how long it may take for what.
//!
//! hyper knows one time limit for the headers and counts the wait for the next request into it; here a
//! connection between requests and one in the middle of a request's headers have their own limits.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

use crate::runtime::Clock;
use crate::runtime::shutdown::Shutdown;

use super::Settings;
use super::answers::Reply;

/// How long a connection that was told to end may take to do so, where nothing is begun on it: an
/// HTTP/2 peer must answer first.
const FAREWELL: Duration = Duration::from_secs(5);
/// Requests on one HTTP/2 connection at once.
const STREAMS_MAX: u32 = 100;
/// hyper reads heads into a buffer of at least so many bytes.
const BUFFER_BYTES_MIN: u64 = 8 * 1024;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing: between requests.
    Idle,
    /// The first bytes of a request are there, its head not yet whole.
    Head,
    /// So many requests are being read or answered.
    Busy(u32),
    /// HTTP/2 between requests: bytes there need not be a request.
    IdleStreams,
}

/// A socket that says when bytes arrive.
struct Watched<S> {
    socket: S,
    phase: Arc<watch::Sender<Phase>>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.phase.send_if_modified(|phase| {
                let begins = *phase == Phase::Idle;
                if begins {
                    *phase = Phase::Head;
                }
                begins
            });
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

/// One request being answered; the connection is idle again when the last is dropped.
struct Begun {
    phase: Arc<watch::Sender<Phase>>,
    version: Version,
}

impl Begun {
    fn new(phase: &Arc<watch::Sender<Phase>>, version: Version) -> Self {
        phase.send_modify(|phase| {
            *phase = match *phase {
                Phase::Busy(count) => Phase::Busy(count.saturating_add(1)),
                _ => Phase::Busy(1),
            }
        });
        let phase = Arc::clone(phase);
        Self { phase, version }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.phase.send_modify(|phase| {
            *phase = match *phase {
                Phase::Busy(count) if count > 1 => Phase::Busy(count - 1),
                _ if self.version == Version::HTTP_2 => Phase::IdleStreams,
                _ => Phase::Idle,
            }
        });
    }
}

/// Serves one connection until it ends, is idle or slow for too long, or the process stops.
pub(super) async fn serve<S, A, F>(
    socket: S,
    settings: Arc<Settings>,
    clock: Clock,
    shutdown: Shutdown,
    answer: A,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Reply> + Send + 'static,
{
    let phase = Arc::new(watch::Sender::new(Phase::Idle));
    let mut phases = phase.subscribe();
    let service = service_fn(|request: Request<Incoming>| {
        let begun = Begun::new(&phase, request.version());
        let reply = answer(request);
        async move {
            let reply = reply.await;
            drop(begun);
            Ok::<_, Infallible>(reply)
        }
    });
    let io = TokioIo::new(Watched {
        socket,
        phase: Arc::clone(&phase),
    });
    let builder = builder(&settings);
    let mut connection = pin!(builder.serve_connection(io, service));
    let mut ending = false;
    loop {
        let now = *phases.borrow_and_update();
        let limit = match now {
            Phase::Busy(_) => None,
            _ if ending => Some(FAREWELL.min(settings.keep_alive_timeout)),
            Phase::Head => Some(settings.header_timeout),
            Phase::Idle | Phase::IdleStreams => Some(settings.keep_alive_timeout),
        };
        tokio::select! {
            // A connection that breaks concerns nobody but its sender, who sends again.
            _ = connection.as_mut() => return,
            _ = phases.changed() => {}
            () = wait(&clock, limit) => {
                if ending || now == Phase::Head {
                    return;
                }
                ending = true;
                connection.as_mut().graceful_shutdown();
            }
            () = shutdown.draining(), if !ending => {
                ending = true;
                connection.as_mut().graceful_shutdown();
            }
            () = shutdown.stopping() => return,
        }
    }
}

async fn wait(clock: &Clock, limit: Option<Duration>) {
    match limit {
        Some(limit) => clock.sleep(limit).await,
        None => std::future::pending().await,
    }
}

fn builder(settings: &Settings) -> auto::Builder<TokioExecutor> {
    let head_bytes = settings.headers_bytes_max.max(BUFFER_BYTES_MIN);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .max_buf_size(usize::try_from(head_bytes).unwrap_or(usize::MAX))
        .max_headers(usize::try_from(settings.header_count_max).unwrap_or(usize::MAX))
        .half_close(false);
    builder
        .http2()
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(u32::try_from(head_bytes).unwrap_or(u32::MAX));
    builder
}
