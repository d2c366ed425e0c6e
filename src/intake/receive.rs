//! The way of one delivery.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::diagnostic::Diagnostics;
use crate::event::{Delivery, Headers};
use crate::rule::RuleSet;
use crate::runtime::Clock;
use crate::runtime::telemetry::Telemetry;
use crate::stores::Store;
use crate::yaml::Fields;

use super::{Answer, Handover, Sources};

/// Intake's part of `policy:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The largest body where neither source nor provider says otherwise, in bytes. `body_max`,
    /// default 1 MiB.
    pub body_bytes_max: u64,
    /// How long a delivery id is remembered. `dedupe`, default 7 days.
    pub dedupe: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_bytes_max: 1024 * 1024,
            dedupe: Duration::from_secs(7 * 24 * 60 * 60),
        }
    }
}

impl Settings {
    /// Takes its keys from `policy:`; the caller finishes the block.
    pub fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Self {
        let mut settings = Self::default();
        if let Some(size) = fields.optional("body_max").and_then(|n| n.size(problems)) {
            settings.body_bytes_max = size;
        }
        if let Some(keep) = fields.optional("dedupe").and_then(|n| n.duration(problems)) {
            settings.dedupe = keep;
        }
        settings
    }
}

/// What intake is built from.
pub struct Parts {
    /// Where events go.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Clock,
    /// Where things are counted.
    pub telemetry: Telemetry,
    /// The configured sources; replaced at a reload.
    pub sources: watch::Receiver<Arc<Sources>>,
    /// The running rules; replaced at a reload.
    pub rules: watch::Receiver<Arc<RuleSet>>,
    /// Intake's part of the policy; replaced at a reload.
    pub settings: watch::Receiver<Arc<Settings>>,
    /// Where stored jobs go.
    pub handover: Arc<dyn Handover>,
}

/// What a listener must know before it reads a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The largest body, in bytes.
    pub body_bytes_max: u64,
    /// The methods that are answered; `POST` is always among them.
    pub methods: Vec<String>,
}

/// Takes deliveries in.
pub struct Intake {
    _parts: Parts,
}

impl Intake {
    /// An intake that is ready.
    pub fn new(parts: Parts) -> Self {
        Self { _parts: parts }
    }

    /// What holds for a delivery before its body is read; `None` is the nameless route.
    pub fn admission(&self, _source: Option<&str>, _headers: &Headers) -> Admission {
        unimplemented!()
    }

    /// Takes in one delivery, read whole.
    ///
    /// # Cancellation
    /// Dropping it leaves open whether the event was stored; the sender has no answer and sends again.
    pub async fn receive(&self, _source: Option<&str>, _delivery: Delivery) -> Answer {
        unimplemented!()
    }

    /// Why deliveries are refused at the moment, if they are: the store's last failure.
    pub fn refusing(&self) -> Option<String> {
        unimplemented!()
    }
}
