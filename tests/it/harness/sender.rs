//! Signed deliveries, as their providers send them.

use bytes::Bytes;

use hookrule::event::Headers;
use hookrule::providers::Providers;
use hookrule::providers::sign::{Draft, sign};
use hookrule::runtime::{Clock, Timestamp};
use hookrule::secret::Secret;

/// The secret of every source in these tests.
pub const SECRET: &str = "a-secret-for-tests-only";
/// The same for providers that want base64 after `whsec_`.
pub const WHSEC: &str = "whsec_YS1zZWNyZXQtZm9yLXRlc3RzLW9ubHk=";

/// The headers of a signed delivery. `event` is the dotted name that travels in a header, if any does.
pub fn signed(
    provider: &str,
    secret: &str,
    event: Option<&str>,
    delivery_id: &str,
    content_type: &str,
    body: &Bytes,
) -> Vec<(String, String)> {
    let now = Clock::machine().now();
    signed_at(
        now,
        provider,
        secret,
        event,
        delivery_id,
        content_type,
        body,
    )
}

/// The same, signed at another time than now.
pub fn signed_at(
    at: Timestamp,
    provider: &str,
    secret: &str,
    event: Option<&str>,
    delivery_id: &str,
    content_type: &str,
    body: &Bytes,
) -> Vec<(String, String)> {
    let providers = Providers::builtin();
    let provider = providers.find(provider).expect("a built-in provider");
    let draft = Draft {
        headers: Headers::new([("content-type", content_type)]),
        body: body.clone(),
        event: event.map(str::to_owned),
        delivery_id: delivery_id.to_owned(),
    };
    let signed = sign(&provider, None, &Secret::new(secret), &draft, at);
    let signed = signed.expect("a provider that we can sign for");
    signed
        .headers
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// A signed GitHub push.
pub fn github(event: &str, delivery_id: &str, body: &Bytes) -> Vec<(String, String)> {
    signed(
        "github",
        SECRET,
        Some(event),
        delivery_id,
        "application/json",
        body,
    )
}
