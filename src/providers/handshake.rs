//! Answers that a provider wants before or instead of an event.

use crate::event::Delivery;

use super::definition::Provider;

/// An answer to the sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: String,
}

/// The answer to a delivery that is a handshake. `proven` says whether it was verified: a handshake
/// that must be verified first is none before that.
pub fn handshake(_provider: &Provider, _delivery: &Delivery, _proven: bool) -> Option<Reply> {
    unimplemented!()
}

/// What the provider wants as the answer to an accepted event, where 202 with our JSON will not do.
pub fn acknowledgement(_provider: &Provider) -> Option<&Reply> {
    unimplemented!()
}
