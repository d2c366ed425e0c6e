//! Signs as a provider would, for `hookrule send` and tests.

use bytes::Bytes;

use crate::event::{Delivery, Headers};
use crate::runtime::Timestamp;
use crate::secret::Secret;

use super::definition::Provider;
use super::filter::{Filter, filtered};
use super::identify::{Name, name_part, unparsed};
use super::letter::Letter;
use super::media::BodyForm;
use super::parts::{Parts, Piece, Place};
use super::reading::Reading;

/// A delivery about to be sent.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its headers before signing; event name and delivery id headers are added by [`sign`].
    pub headers: Headers,
    /// Its body.
    pub body: Bytes,
    /// The dotted event name it is to carry, where it has one (`pull_request.opened`).
    pub event: Option<String>,
    /// The delivery id it is to carry.
    pub delivery_id: String,
}

/// What the sender would send for a draft: its own headers, and the event's name, the delivery id, the
/// timestamp and the signature where this provider puts them.
///
/// # Errors
/// Where the scheme needs a private key that we do not have, or something that is signed is missing.
pub fn sign(
    provider: &Provider,
    scheme: Option<&str>,
    secret: &Secret,
    draft: &Draft,
    now: Timestamp,
) -> Result<Delivery, String> {
    let mut letter = Letter::new(provider, secret, draft);
    if !letter.has("content-type") {
        let first = provider.content_types().first();
        let content_type = first.map_or("application/json", BodyForm::content_type);
        letter.set("content-type", content_type.to_owned());
    }
    if let Some(event) = &draft.event {
        put_event(provider, &mut letter, event, now);
    }
    if provider.signs() {
        let scheme = provider.scheme(scheme)?;
        let signed: Vec<_> = scheme.headers();
        put_delivery_id(provider, &mut letter, &draft.delivery_id, &signed);
        scheme
            .sign(secret, &mut letter, now)
            .map_err(|why| format!("`{}` cannot be signed: {why}", provider.name()))?;
    } else {
        put_delivery_id(provider, &mut letter, &draft.delivery_id, &[]);
    }
    Ok(letter.delivery(now))
}

/// Sets the first header that can be the delivery id, and every other one that is signed.
fn put_delivery_id(provider: &Provider, letter: &mut Letter, id: &str, signed: &[&str]) {
    let headers = provider.delivery_id().iter().filter_map(Parts::only_header);
    for (number, header) in headers.enumerate() {
        let needed = number == 0 || signed.iter().any(|name| name.eq_ignore_ascii_case(header));
        if needed && !letter.has(header) {
            letter.set(header, id.to_owned());
        }
    }
}

/// Sets the header that names the event, where a name is made of one: from the most specific name
/// whose other parts the body has.
fn put_event(provider: &Provider, letter: &mut Letter, event: &str, now: Timestamp) {
    let delivery = letter.delivery(now);
    let reading = unparsed(provider, &delivery);
    let names = provider.event_names().iter().rev();
    let found = names
        .filter(|name| name.when.as_ref().is_none_or(|when| when.holds(&reading)))
        .find_map(|name| header_for(name, &reading, event));
    if let Some((header, value)) = found {
        letter.set(&header, value);
    }
}

/// The one header of a name, and what it must be for the name to be `event`.
fn header_for(name: &Name, reading: &Reading<'_>, event: &str) -> Option<(String, String)> {
    let mut header: Option<(&str, &[Filter])> = None;
    let (mut before, mut after) = (String::new(), String::new());
    for piece in name.text.pieces() {
        let side = if header.is_none() {
            &mut before
        } else {
            &mut after
        };
        match piece {
            Piece::Literal(text) => side.push_str(text),
            Piece::Part(Place::Header(name), filters) if header.is_none() => {
                header = Some((name, filters));
            }
            Piece::Part(place, filters) => {
                let text = filtered(reading.bytes(place).ok()?, filters, None)?;
                side.push_str(&name_part(std::str::from_utf8(&text).ok()?)?);
            }
            Piece::Optional(_) => {}
        }
    }
    let (header, filters) = header?;
    let value = event.strip_prefix(&before)?.strip_suffix(&after)?;
    let undo = |text: String, filter: &Filter| filter.undo(&text);
    let value = filters.iter().rev().fold(value.to_owned(), undo);
    (!value.is_empty()).then(|| (header.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::super::batch::events;
    use super::super::fuzz::{secret_for, set};
    use super::super::identify::media_kind;
    use super::super::registry::Providers;
    use super::super::sample::Sample;
    use super::super::verify::verify;
    use super::*;
    use crate::event::Payload;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
    /// No secret of any scheme, but something that stands for one.
    const PUBLIC: &str = "a public key of the sender's";

    fn draft(body: &str, event: &str) -> Draft {
        Draft {
            headers: Headers::default(),
            body: body.to_owned().into(),
            event: Some(event.to_owned()),
            delivery_id: "id-1".to_owned(),
        }
    }

    /// Signs, verifies what was signed, and gives its names and its delivery id.
    fn sent(provider: &str, draft: &Draft) -> (Headers, Vec<String>, Option<String>) {
        let provider = set(&Providers::builtin().find(provider).unwrap()).unwrap();
        let scheme = provider.schemes().first().copied().unwrap_or_default();
        let secret = secret_for(&provider, scheme).unwrap_or(Secret::new("none"));
        let delivery = sign(&provider, None, &secret, draft, NOW).unwrap();
        if provider.signs() {
            verify(&provider, None, &[secret], &delivery, NOW).unwrap();
        }
        let (names, id) = named(&provider, &delivery);
        (delivery.headers, names, id)
    }

    /// The names and the delivery id of the first event in a delivery.
    fn named(provider: &Provider, delivery: &Delivery) -> (Vec<String>, Option<String>) {
        let kind = media_kind(provider, delivery).unwrap();
        let payload = Payload::new(delivery.body.clone(), kind).unwrap();
        let (_, identity) = events(provider, delivery, payload).remove(0);
        (identity.names, identity.delivery_id)
    }

    /// A sample as `hookrule send` sends it.
    fn of(sample: &Sample) -> Draft {
        let own = sample.headers.iter().map(|(n, v)| (n.as_str(), v.clone()));
        let content_type = [("content-type", sample.content_type.clone())];
        Draft {
            headers: Headers::new(own.chain(content_type)),
            body: sample.body.clone(),
            event: Some(sample.event.clone()),
            delivery_id: "id-1".to_owned(),
        }
    }

    #[track_caller]
    fn check(provider: &str, body: &str, event: &str, header: (&str, &str), names: &[&str]) {
        let (headers, found, id) = sent(provider, &draft(body, event));
        assert_eq!(headers.single(header.0), Some(header.1));
        assert_eq!(
            (found.as_slice(), id.as_deref()),
            (&*strings(names), Some("id-1"))
        );
    }

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn the_events_name_travels_in_its_header() {
        let github = |body, event, value, names: &[&str]| {
            check("github", body, event, ("x-github-event", value), names);
        };
        let opened = r#"{"action":"opened"}"#;
        let both = ["pull_request", "pull_request.opened"];
        github(opened, "pull_request.opened", "pull_request", &both);
        github(opened, "pull_request", "pull_request", &both);
        github("{}", "push", "push", &["push"]);
        let topic = ("x-shopify-topic", "orders/create");
        check("shopify", "{}", "orders.create", topic, &["orders.create"]);
        let key = ("x-event-key", "repo:push");
        check("bitbucket", "{}", "repo.push", key, &["repo.push"]);
    }

    #[test]
    fn delivery_ids_travel_where_they_are_signed_too() {
        let body = r#"{"object_kind":"push"}"#;
        check("gitlab", body, "push", ("webhook-id", "id-1"), &["push"]);
        check(
            "gitlab",
            body,
            "push",
            ("idempotency-key", "id-1"),
            &["push"],
        );
    }

    /// Every scheme whose secret both sides have: one sample at least can be signed by it, and whatever is
    /// signed is verified and is the event that the sample says. The others say why not.
    #[test]
    fn whoever_has_the_secret_can_send_as_every_sender() {
        let providers = Providers::builtin();
        let (mut sent, mut theirs) = (0, 0);
        for name in providers.names() {
            let provider = set(&providers.find(name).unwrap()).unwrap();
            for scheme in provider.schemes() {
                let secret = secret_for(&provider, scheme).unwrap_or(Secret::new(PUBLIC));
                let own = provider.samples().iter().map(|sample| {
                    let sample = of(sample);
                    let delivery = sign(&provider, Some(scheme), &secret, &sample, NOW)?;
                    let secrets = [secret.clone()];
                    verify(&provider, Some(scheme), &secrets, &delivery, NOW)
                        .map_err(|why| format!("it is signed wrongly: {why}"))?;
                    let names = named(&provider, &delivery).0;
                    let is = sample.event.is_some_and(|event| names.contains(&event));
                    is.then_some(()).ok_or(format!("it is signed as {names:?}"))
                });
                let own: Vec<_> = own.collect();
                if provider.can_be_sent(Some(scheme)) {
                    assert!(own.contains(&Ok(())), "{name} by {scheme}: {own:#?}");
                    sent += 1;
                } else {
                    let why = |one: &Result<(), String>| {
                        one.as_ref()
                            .is_err_and(|why| why.contains("only the sender has"))
                    };
                    assert!(own.iter().all(why), "{name} by {scheme}: {own:#?}");
                    theirs += 1;
                }
                let wrong = |one: &Result<(), String>| {
                    one.as_ref()
                        .is_err_and(|why| why.starts_with("it is signed"))
                };
                assert!(!own.iter().any(wrong), "{name} by {scheme}: {own:#?}");
            }
        }
        assert!(sent >= 190 && theirs >= 15, "{sent} and {theirs}");
    }

    #[test]
    fn every_sender_has_a_sample() {
        let providers = Providers::builtin();
        for name in providers.names() {
            let provider = providers.find(name).unwrap();
            assert!(!provider.samples().is_empty(), "{name}");
            for sample in provider.samples() {
                let letters = sample.event.chars().filter(|c| c.is_alphabetic()).count();
                assert!(letters > 2, "{name}: `{}` is no event", sample.event);
            }
        }
    }

    /// Also without a signature a sample is the event that it says.
    #[test]
    fn every_sample_is_what_it_says() {
        let providers = Providers::builtin();
        for name in providers.names() {
            let provider = set(&providers.find(name).unwrap()).unwrap();
            for sample in provider.samples() {
                let draft = of(sample);
                let secret = Secret::new(PUBLIC);
                let mut letter = Letter::new(&provider, &secret, &draft);
                put_event(&provider, &mut letter, &sample.event, NOW);
                let names = named(&provider, &letter.delivery(NOW)).0;
                assert!(names.contains(&sample.event), "{name}: {names:?}");
            }
        }
    }

    #[test]
    fn a_given_header_is_kept() {
        let mut draft = draft("{}", "push");
        draft.headers = Headers::new([("X-GitHub-Delivery", "mine"), ("X-Extra", "1")]);
        let (headers, _, id) = sent("github", &draft);
        assert_eq!(
            (id.as_deref(), headers.single("x-extra")),
            (Some("mine"), Some("1"))
        );
    }
}
