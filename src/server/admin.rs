//! The admin listener: `/healthz`, `/readyz`, `/metrics`.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{ALLOW, HeaderValue};
use hyper::{Method, Request, StatusCode};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::runtime::shutdown::Shutdown;
use crate::runtime::telemetry::Telemetry;
use crate::runtime::{BoxFuture, Clock};

use super::Settings;
use super::answers::{self, Reply, error, text};
use super::listener::Listening;

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
    /// When `/readyz` says that no more is taken.
    pub shutdown: Shutdown,
    /// When to stop serving: later than `shutdown`, so that `/readyz` can say so while the intake
    /// drains.
    pub closing: Shutdown,
}

impl Admin {
    /// Serves until the order to stop; ends when begun answers are sent.
    pub fn serve(self, listener: TcpListener) -> JoinHandle<()> {
        let listening = Listening {
            name: "admin",
            settings: self.settings.clone(),
            clock: self.clock.clone(),
            telemetry: self.telemetry.clone(),
            shutdown: self.closing.clone(),
        };
        let admin = Arc::new(self);
        let answer = move |request: Request<Incoming>, _from| {
            let admin = Arc::clone(&admin);
            async move { admin.answer(request.method(), request.uri().path()).await }
        };
        tokio::spawn(listening.run(listener, answer))
    }

    async fn answer(&self, method: &Method, path: &str) -> Reply {
        if !matches!(path, "/healthz" | "/readyz" | "/metrics") {
            return error(StatusCode::NOT_FOUND, "there is nothing here");
        }
        if method != Method::GET && method != Method::HEAD {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let mut reply = error(status, "this method is not answered here");
            let allowed = HeaderValue::from_static("GET, HEAD");
            reply.headers_mut().insert(ALLOW, allowed);
            return reply;
        }
        match path {
            "/healthz" => answers::json(StatusCode::OK, &json!({ "status": "ok" })),
            "/readyz" => self.ready().await,
            _ => text(
                "text/plain; version=0.0.4; charset=utf-8",
                self.telemetry.render(),
            ),
        }
    }

    async fn ready(&self) -> Reply {
        let Readiness { refusing, degraded } = self.health.readiness().await;
        let draining = self.shutdown.is_draining();
        let reason = match (draining, refusing) {
            (true, _) => Some("draining".to_owned()),
            (false, refusing) => refusing,
        };
        let (status, word) = match &reason {
            Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "refusing"),
            None if degraded.is_empty() => (StatusCode::OK, "ready"),
            None => (StatusCode::OK, "degraded"),
        };
        let mut shown = json!({ "status": word, "degraded": degraded });
        if let (Some(reason), Some(fields)) = (reason, shown.as_object_mut()) {
            fields.insert("reason".to_owned(), reason.into());
        }
        answers::json(status, &shown)
    }
}
