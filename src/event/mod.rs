//! What arrives: a [`Delivery`] as it was received, and the [`Event`] it turns out to be.
//!
//! Comes in: bytes and headers from a listener. Goes out: values that later rooms read and never
//! change. Whether to believe a delivery is left to `providers`; what follows from it to `rule`.

mod content_encoding;
pub mod delivery;
mod demand;
pub mod ids;
pub mod payload;
pub mod proof;
mod strength;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::runtime::Timestamp;

pub use content_encoding::ContentEncoding;
pub use delivery::{Delivery, Headers, Query};
pub use demand::ProofDemand;
pub use ids::{EventId, FiringId, JobId};
pub use payload::{
    Found, MediaKind, PathSet, Payload, PayloadError, QueryId, Shape, SlotId, Slots, Step, Steps,
    TestId,
};
pub use proof::Proof;
pub use strength::Strength;

/// A verified delivery, read: what rules match and templates show.
#[derive(Debug)]
pub struct Event {
    /// Ours, time-ordered, public.
    pub id: EventId,
    /// The configured source it came in by.
    pub source: SourceRef,
    /// The provider whose definition verified it.
    pub provider: String,
    /// The dotted names it answers to, most general first; never empty (`unknown` where the sender
    /// gave none).
    pub names: Vec<String>,
    /// The sender's id for this event, where it makes one anew for each.
    pub delivery_id: Option<String>,
    /// When intake had read it whole.
    pub received_at: Timestamp,
    /// 128 random bits, drawn once and stored: seeds fence ids, never shown.
    pub nonce: [u8; 16],
    /// Request headers without those that carry our credentials.
    pub headers: Headers,
    /// The query of the request URL.
    pub query: Query,
    /// The body.
    pub payload: Payload,
    /// How far the delivery was shown to be authentic.
    pub proof: Proof,
}

impl Event {
    /// The most specific name.
    pub fn name(&self) -> &str {
        self.names.last().map_or("unknown", String::as_str)
    }
}

/// The source as events carry it: enough for rules and templates, no secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRef {
    /// Its name in hookrule.yaml.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}
