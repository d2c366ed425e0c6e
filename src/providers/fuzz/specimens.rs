//! Good deliveries: those that we can sign ourselves, and those that definitions show.

use bytes::Bytes;
use serde_json::Value;

use super::super::definition::{Overrides, Provider};
use super::super::media::{BodyForm, media_kind};
use super::super::registry::Providers;
use super::super::sign::{Draft, sign};
use super::super::vectors::Vector;
use super::super::verify::verify;
use super::judge::{Evidence, evidence, said};
use crate::event::{Delivery, Headers, MediaKind, Payload, Strength};
use crate::runtime::Timestamp;
use crate::secret::Secret;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const BODY: &str = r#"{"id":"1","type":"thing.happened"}"#;
const FORM: &str = "Body=Hello+Dear&From=%2B14158675309&MessageSid=SM1";

/// A good delivery, and how it is verified.
#[derive(Debug)]
pub struct Specimen {
    pub(in crate::providers) provider: Provider,
    pub(in crate::providers) scheme: String,
    pub(super) kind: &'static str,
    pub(in crate::providers) secrets: Vec<Secret>,
    pub(in crate::providers) now: Timestamp,
    pub(in crate::providers) delivery: Delivery,
    pub(in crate::providers) strength: Strength,
    /// What its payload says.
    pub(super) value: Value,
    /// What proves it.
    pub(super) evidence: Evidence,
    /// The headers that verification reads.
    pub(super) headers: Vec<String>,
}

/// A good delivery of each definition and scheme that we can sign for, and every one that a definition
/// shows.
pub fn specimens() -> Vec<Specimen> {
    let providers = Providers::builtin();
    let known = providers.names().into_iter();
    let mut found = Vec::new();
    for provider in known.filter_map(|name| providers.find(name)) {
        let schemes = provider.schemes().into_iter();
        found.extend(schemes.filter_map(|scheme| signed(&provider, scheme)));
        let shown = provider.vectors().iter();
        found.extend(shown.filter_map(|vector| shown_by(&provider, vector)));
    }
    found
}

/// A definition with every setting that it asks for.
pub fn set(provider: &Provider) -> Option<Provider> {
    let settings = provider.declared().iter();
    let settings = settings.map(|known| (known.name.clone(), Secret::new("a setting")));
    let overrides = Overrides {
        url: Some("https://hooks.example.com/webhook/x".into()),
        settings: Some(settings.collect()),
        ..Overrides::default()
    };
    provider.with(&overrides, None).ok()
}

/// A secret of the form that a scheme wants, if it is one that both sides have.
pub fn secret_for(provider: &Provider, scheme: &str) -> Option<Secret> {
    let secrets = [
        "whsec_aG9va3J1bGUgdGVzdCBzZWNyZXQ=",
        "aG9va3J1bGUgdGVzdCBzZWNyZXQ=",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "name:a password of some length",
    ];
    let mut secrets = secrets.map(Secret::new).into_iter();
    secrets.find(|secret| provider.check_secret(Some(scheme), secret).is_ok())
}

fn signed(provider: &Provider, scheme: &str) -> Option<Specimen> {
    let provider = set(provider)?;
    let secret = secret_for(&provider, scheme)?;
    let first = provider.content_types().first().map(BodyForm::kind);
    let body = match first {
        Some(MediaKind::Form | MediaKind::FormField(_)) => FORM,
        _ => BODY,
    };
    let draft = Draft {
        headers: Headers::default(),
        body: Bytes::from_static(body.as_bytes()),
        event: None,
        delivery_id: "id-1".to_owned(),
    };
    let delivery = sign(&provider, Some(scheme), &secret, &draft, NOW).ok()?;
    specimen(provider, scheme, vec![secret], delivery, NOW)
}

fn shown_by(provider: &Provider, vector: &Vector) -> Option<Specimen> {
    let shown = vector.accepted(provider)?;
    specimen(
        shown.provider,
        &shown.scheme,
        shown.secrets,
        shown.delivery,
        shown.now,
    )
}

fn specimen(
    provider: Provider,
    scheme: &str,
    mut secrets: Vec<Secret>,
    delivery: Delivery,
    now: Timestamp,
) -> Option<Specimen> {
    let by = |secrets: &[Secret]| verify(&provider, Some(scheme), secrets, &delivery, now).ok();
    let proof = by(&secrets)?;
    if !provider.scheme(Some(scheme)).ok()?.credentials().is_empty() {
        // Secrets of examples are so much alike that a change of one letter makes one of the other: that
        // is guessed, not forged.
        secrets.retain(|secret| by(std::slice::from_ref(secret)).is_some());
    }
    let kind = media_kind(&provider, &delivery).ok()?;
    let payload = Payload::new(delivery.body.clone(), kind).ok()?;
    let own = provider.scheme(Some(scheme)).ok()?;
    let headers = own.headers().into_iter().map(str::to_owned).collect();
    Some(Specimen {
        kind: own.kind(),
        evidence: evidence(&provider, scheme, &secrets, &delivery),
        strength: proof.strength(),
        value: said(&payload, own),
        scheme: scheme.to_owned(),
        headers,
        provider,
        secrets,
        delivery,
        now,
    })
}
