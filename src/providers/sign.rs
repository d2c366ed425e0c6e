//! Signs as a provider would, for `hookrule send` and tests.

use crate::event::Headers;
use crate::runtime::Timestamp;
use crate::secret::Secret;

use super::definition::Provider;

/// A delivery about to be sent.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its headers before signing; event name and delivery id headers are added by [`sign`].
    pub headers: Headers,
    /// Its body.
    pub body: bytes::Bytes,
    /// The dotted event name it is to carry, where it has one (`pull_request.opened`).
    pub event: Option<String>,
    /// The delivery id it is to carry.
    pub delivery_id: String,
}

/// The headers that make the draft a delivery of this provider.
///
/// # Errors
/// Where the scheme needs a private key that we do not have.
pub fn sign(
    _provider: &Provider,
    _scheme: Option<&str>,
    _secret: &Secret,
    _draft: &Draft,
    _now: Timestamp,
) -> Result<Headers, String> {
    unimplemented!()
}
