//! Forgeries by thought: what somebody tries who knows the scheme, and has seen good deliveries.
//!
//! Each is made so that one guard alone refuses it: the rest of it is right.

mod keys;
mod places;
mod texts;
mod tokens;

use super::definition::{Overrides, Provider};
use super::media::media_kind;
use super::registry::Providers;
use super::verify::{Refusal, verify};
use crate::crypto::{Algorithm, Encoding, Mac};
use crate::event::{Delivery, Headers, Payload, Proof, Query};
use crate::runtime::Timestamp;
use crate::secret::Secret;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const SECRET: &str = "a secret of ours";
const URL: &str = "https://hooks.example.com/in/x";

/// A source of a built-in provider.
struct Source {
    provider: Provider,
    scheme: Option<&'static str>,
    secret: Secret,
}

impl Source {
    fn new(provider: &str, scheme: Option<&'static str>, secret: &str) -> Self {
        let known = Providers::builtin().find(provider).unwrap();
        let overrides = Overrides {
            url: Some(URL.into()),
            ..Overrides::default()
        };
        Self {
            provider: known.with(&overrides, scheme).unwrap(),
            scheme,
            secret: Secret::new(secret),
        }
    }

    fn verify(&self, delivery: &Delivery) -> Result<Proof, Refusal> {
        let secrets = std::slice::from_ref(&self.secret);
        verify(&self.provider, self.scheme, secrets, delivery, NOW)
    }

    #[track_caller]
    fn refuses(&self, delivery: &Delivery, kind: &str) {
        let refusal = self.verify(delivery).unwrap_err();
        assert_eq!(refusal.kind(), kind, "{refusal}");
    }

    /// What rules would see, where the body is what it is said to be.
    fn reads(&self, delivery: &Delivery) -> Option<serde_json::Value> {
        let kind = media_kind(&self.provider, delivery).ok()?;
        let payload = Payload::new(delivery.body.clone(), kind).ok()?;
        Some(payload.value().clone())
    }
}

fn delivery(headers: &[(&str, &str)], query: &str, body: &str) -> Delivery {
    Delivery {
        method: "POST".to_owned(),
        query: Query::decode(query.as_bytes()),
        query_text: query.to_owned(),
        headers: Headers::new(headers.iter().copied()),
        body: body.to_owned().into(),
        received_at: NOW,
        remote: None,
    }
}

/// The signature that whoever knows the secret would make of a text.
fn mac(algorithm: Algorithm, encoding: Encoding, text: &str) -> String {
    encoding.encode(&Mac::tag(algorithm, SECRET.as_bytes(), &[text]))
}

fn hex(text: &str) -> String {
    mac(Algorithm::Sha256, Encoding::Hex, text)
}
