//! The admin listener.

use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::stage::{HANGING, rest, status};
use crate::runtime::shutdown::Shutdown;
use crate::runtime::telemetry::{Metric, Telemetry};
use crate::runtime::{BoxFuture, Clock};
use crate::server::{Admin, Health, Readiness, Settings, bind};

struct Fine(Readiness);

impl Health for Fine {
    fn readiness(&self) -> BoxFuture<'_, Readiness> {
        Box::pin(async { self.0.clone() })
    }
}

#[tokio::test]
async fn the_admin_listener_says_how_things_stand() {
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new();
    let closing = Shutdown::new();
    let telemetry = Telemetry::new();
    telemetry.count(Metric::Accepted, &["shop"]);
    let serving = Admin {
        settings: watch::channel(Arc::new(Settings::default())).1,
        clock: Clock::machine(),
        telemetry,
        health: Arc::new(Fine(Readiness {
            refusing: None,
            degraded: vec!["rules/a.yaml is stale".to_owned()],
        })),
        shutdown: shutdown.clone(),
        closing: closing.clone(),
    }
    .serve(listener);
    let get = async |path: &str| {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        rest(&mut socket).await
    };
    status(&get("/healthz").await, 200);
    let ready = get("/readyz").await;
    status(&ready, 200);
    assert!(ready.contains("rules/a.yaml is stale"), "{ready}");
    let line = "hookrule_events_accepted_total{source=\"shop\"} 1";
    assert!(get("/metrics").await.contains(line));
    status(&get("/webhook/a").await, 404);
    shutdown.drain();
    status(&get("/readyz").await, 503);
    closing.drain();
    tokio::time::timeout(HANGING, serving)
        .await
        .expect("hangs")
        .unwrap();
}
