//! Events as they were, page by page: for whoever judges many of them again.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::event::{
    Event, EventId, Headers, MediaKind, Payload, Proof, Query, SourceRef, Strength,
};
use crate::runtime::Timestamp;

use super::{Result, StoreError};

/// A page ends with the event whose body makes it larger than this, in bytes; it has one event at least.
pub const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A stored event, its body not read yet. It is never shown: nothing in it is masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WholeEvent {
    /// Its id.
    pub id: EventId,
    /// The source it came in by.
    pub source: SourceRef,
    /// Its provider.
    pub provider: String,
    /// Its names, most general first.
    pub names: Vec<String>,
    /// The sender's id for it.
    pub delivery_id: Option<String>,
    /// When it was received.
    pub received_at: Timestamp,
    /// What stands behind it.
    pub strength: Strength,
    /// Its random bits.
    pub nonce: [u8; 16],
    /// Its headers.
    pub headers: Headers,
    /// The query of the request URL.
    pub query: Query,
    /// How its body is read.
    pub media: MediaKind,
    /// Its body.
    #[serde(with = "as_base64")]
    pub body: Bytes,
}

/// Some events, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WholePage {
    /// The events.
    pub events: Vec<WholeEvent>,
    /// Those between them that are not as they were written.
    pub damaged: Vec<EventId>,
    /// Where the next page begins, for [`super::EventQuery::before`]; none where this is the last.
    pub next: Option<EventId>,
}

impl WholeEvent {
    /// The event, as it came in.
    ///
    /// # Errors
    /// Its body is not what it was when it was accepted.
    pub fn restore(self) -> Result<Event> {
        let payload = Payload::new(self.body, self.media)
            .map_err(|error| StoreError::Damaged(format!("{}: {error}", self.id)))?;
        Ok(Event {
            id: self.id,
            source: self.source,
            provider: self.provider,
            names: self.names,
            delivery_id: self.delivery_id,
            received_at: self.received_at,
            nonce: self.nonce,
            headers: self.headers,
            query: self.query,
            payload,
            proof: Proof::restored_by_stores(self.strength),
        })
    }
}

mod as_base64 {
    use bytes::Bytes;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::crypto::Encoding;

    pub(super) fn serialize<S: Serializer>(body: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&Encoding::Base64.encode(body))
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = Encoding::Base64.decode(&text);
        let bytes = bytes.ok_or_else(|| D::Error::custom("a body that is not base64"))?;
        Ok(bytes.into())
    }
}
