//! What the event is called, and which delivery of the sender it is.

use crate::event::{Delivery, MediaKind, Payload};

use super::definition::Provider;

/// What a verified delivery says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Dotted names, most general first; `["unknown"]` where there is none.
    pub names: Vec<String>,
    /// The sender's id for this event.
    pub delivery_id: Option<String>,
    /// What makes a redelivery recognisable: the delivery id, or a digest of what was signed together
    /// with its timestamp. None where nothing does.
    pub dedupe_key: Option<String>,
}

/// A body type that the provider does not send.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("content type `{0}` is not one that this source takes")]
pub struct UnknownMedia(pub String);

/// How the body is to be read, from the definition and the Content-Type.
///
/// # Errors
/// [`UnknownMedia`] for a type the definition does not allow: 415.
pub fn media_kind(_provider: &Provider, _delivery: &Delivery) -> Result<MediaKind, UnknownMedia> {
    unimplemented!()
}

/// Names and ids of a verified, parsed delivery.
pub fn identify(_provider: &Provider, _delivery: &Delivery, _payload: &Payload) -> Identity {
    unimplemented!()
}
