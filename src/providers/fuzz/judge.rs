//! Whether a changed delivery that was believed says anything that nobody signed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::definition::Provider;
use super::super::identify::unparsed;
use super::super::media::{BodyForm, media_kind};
use super::super::parts::Place;
use super::super::schemes::Scheme;
use super::super::verify::verify;
use super::Specimen;
use crate::event::{Delivery, MediaKind, Payload, Strength};
use crate::secret::Secret;

/// What came of a changed delivery. Only [`Verdict::Forged`] must never be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It was turned away.
    Refused,
    /// It is proven, but its body is not what it is said to be: answered with 400 or 415, no event.
    Unreadable,
    /// Its signature covers the body, the text that was signed is the same byte for byte, and so is
    /// what the payload says: the change is in what no signature covers, or in how it is spelled.
    Same,
    /// The sender is proven and its body never was, before the change as after it: what was signed, or
    /// the credential, is the same byte for byte.
    Uncovered,
    /// The bytes are those that were signed, and their Content-Type, which nobody signs, says that they
    /// are plain text or are not: only where a definition takes plain text beside other bodies.
    Reread,
    /// It was believed, and says what nobody signed.
    Forged,
}

/// What proves a delivery: the texts that may have been signed, or the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Evidence {
    /// Each with every port, of each item.
    Signed(BTreeSet<Vec<u8>>),
    /// A token, a name and password, or a JSON Web Token.
    Credential(String),
    /// Neither can be told.
    None,
}

/// What a delivery has to prove it.
pub(super) fn evidence(
    provider: &Provider,
    scheme: &str,
    secrets: &[Secret],
    delivery: &Delivery,
) -> Evidence {
    let Ok(scheme) = provider.scheme(Some(scheme)) else {
        return Evidence::None;
    };
    let texts = secrets.iter().filter_map(|secret| {
        let mut reading = unparsed(provider, delivery);
        reading.secret = Some(secret);
        scheme.signed()?.contents(reading)
    });
    let texts: BTreeSet<_> = texts.flatten().collect();
    if !texts.is_empty() {
        return Evidence::Signed(texts);
    }
    let found = credential(scheme, provider, secrets, delivery);
    found.map_or(Evidence::None, Evidence::Credential)
}

/// A credential in its one spelling: base64 without padding, `Basic` in lower case and one blank.
fn credential(
    scheme: &dyn Scheme,
    provider: &Provider,
    secrets: &[Secret],
    delivery: &Delivery,
) -> Option<String> {
    let reading = unparsed(provider, delivery);
    let place = scheme.credentials().into_iter().next()?;
    let Ok(text) = reading.text(place) else {
        // Each item has its own: then it is one of the secrets, somewhere in the body.
        let body: Value = serde_json::from_slice(&delivery.body).ok()?;
        let inside = |secret: &&Secret| has_text(&body, secret.expose());
        return secrets.iter().find(inside).map(|s| s.expose().to_owned());
    };
    let text = text.trim_end_matches('=');
    Some(match text.split_once(' ') {
        Some((word, rest)) if word.eq_ignore_ascii_case("basic") => {
            format!("basic {}", rest.trim())
        }
        _ => text.to_owned(),
    })
}

fn has_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own == text,
        Value::Array(items) => items.iter().any(|item| has_text(item, text)),
        Value::Object(fields) => fields.values().any(|field| has_text(field, text)),
        _ => false,
    }
}

impl Evidence {
    /// Whether all of it stands in what was there before.
    fn within(&self, before: &Self) -> bool {
        match (self, before) {
            (Self::Signed(now), Self::Signed(before)) => now.is_subset(before),
            (Self::Credential(now), Self::Credential(before)) => now == before,
            _ => false,
        }
    }
}

/// What a payload says besides the signature, where that stands in it: it can be spelled in two ways.
pub(super) fn said(payload: &Payload, scheme: &dyn Scheme) -> Value {
    let mut value = payload.value().clone();
    let places = scheme.signed().map(|signed| &signed.signature.from);
    for place in places.into_iter().flatten() {
        if let (Place::Form(name), Some(fields)) = (place, value.as_object_mut()) {
            fields.remove(name.as_ref());
        }
    }
    value
}

/// Verifies and reads a changed delivery as intake does, and says what came of it.
pub(super) fn judge(specimen: &Specimen, changed: &Delivery) -> Verdict {
    let Specimen {
        provider,
        scheme,
        secrets,
        ..
    } = specimen;
    let Ok(proof) = verify(provider, Some(scheme), secrets, changed, specimen.now) else {
        return Verdict::Refused;
    };
    let read = media_kind(provider, changed).ok();
    let read = read.and_then(|kind| Payload::new(changed.body.clone(), kind).ok());
    let Some(payload) = read else {
        return Verdict::Unreadable;
    };
    let evidence = evidence(provider, scheme, secrets, changed);
    if !evidence.within(&specimen.evidence) {
        return Verdict::Forged;
    }
    let Ok(own) = provider.scheme(Some(scheme)) else {
        return Verdict::Refused;
    };
    match (specimen.strength, proof.strength()) {
        (Strength::Signed, _) if said(&payload, own) == specimen.value => Verdict::Same,
        (Strength::Signed, Strength::Signed)
            if changed.body == specimen.delivery.body && takes_text(provider) =>
        {
            Verdict::Reread
        }
        (Strength::Authenticated, Strength::Authenticated) => Verdict::Uncovered,
        _ => Verdict::Forged,
    }
}

fn takes_text(provider: &Provider) -> bool {
    let kinds = provider.content_types();
    let mut kinds_only = kinds.iter().map(BodyForm::kind);
    kinds.len() > 1 && kinds_only.any(|kind| *kind == MediaKind::Text)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::super::sign::{Draft, sign};
    use super::super::specimens;
    use super::*;
    use crate::event::Headers;

    #[track_caller]
    fn check(provider: &str, scheme: &str, change: impl Fn(&mut Delivery), expected: Verdict) {
        let specimens = specimens();
        let fits = |one: &&Specimen| one.provider.name() == provider && one.scheme == scheme;
        let specimen = specimens.iter().find(fits).unwrap();
        let mut changed = specimen.delivery.clone();
        change(&mut changed);
        assert_eq!(judge(specimen, &changed), expected);
    }

    #[test]
    fn verdicts_are_what_they_say() {
        let unsigned = |delivery: &mut Delivery| {
            let all = delivery.headers.iter().map(|(n, v)| (n, v.to_owned()));
            delivery.headers = Headers::new(all.chain([("x-other", "1".to_owned())]));
        };
        check("github", "signature", unsigned, Verdict::Same);
        check("gitlab", "token", unsigned, Verdict::Uncovered);
        let other_body = |delivery: &mut Delivery| delivery.body = Bytes::from_static(b"{}");
        check("github", "signature", other_body, Verdict::Refused);
        check("gitlab", "token", other_body, Verdict::Uncovered);
        let as_xml = |delivery: &mut Delivery| {
            let others = delivery.headers.keep(|name| name != "content-type");
            let others = others.iter().map(|(n, v)| (n, v.to_owned()));
            let other = [("content-type", "application/xml".to_owned())];
            delivery.headers = Headers::new(others.chain(other));
        };
        check("github", "signature", as_xml, Verdict::Unreadable);
    }

    #[test]
    fn what_is_believed_and_was_not_shown_is_a_forgery() {
        let specimens = specimens();
        for (name, scheme) in [("github", "signature"), ("fusionauth", "shared")] {
            let fits = |one: &&Specimen| one.provider.name() == name && one.scheme == scheme;
            let specimen = specimens.iter().find(fits).unwrap();
            // As if the secret were known: whatever got another body believed.
            let draft = Draft {
                headers: Headers::default(),
                body: Bytes::from_static(b"{\"forged\":true}"),
                event: None,
                delivery_id: "id-1".to_owned(),
            };
            let (secret, now) = (specimen.secrets.first().unwrap(), specimen.now);
            let forged = sign(&specimen.provider, Some(scheme), secret, &draft, now).unwrap();
            assert_eq!(judge(specimen, &forged), Verdict::Forged);
        }
    }
}
