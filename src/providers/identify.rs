//! What the event is called, and which delivery of the sender it is.

use std::borrow::Cow;

use serde_json::json;

use crate::crypto::{Encoding, sha256};
use crate::diagnostic::Diagnostics;
use crate::event::{Delivery, Payload};
use crate::yaml::{Fields, Node, Shape, Value, key};

use super::definition::Provider;
use super::parts::{Parts, Place};
use super::reading::Reading;
use super::signed::{parts, parts_shape};
use super::when::When;

pub use super::media::{UnknownMedia, media_kind};

/// The longest value that becomes part of an event's name, in characters.
pub const NAME_PART_CHARS_MAX: usize = 200;
/// The longest delivery id that is kept as it is, in bytes; of longer ones, the digest.
pub const DELIVERY_ID_BYTES_MAX: usize = 255;

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

/// One name that events may have.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    /// For which deliveries; none for all.
    pub when: Option<When>,
    /// The name.
    pub text: Parts,
}

impl Name {
    /// A name that holds for every delivery that has its parts.
    pub fn always(text: Parts) -> Self {
        Self { when: None, text }
    }

    /// What it looks like.
    pub(super) fn shape() -> Shape {
        let some = Shape::map([
            key(
                "when",
                When::shape(),
                "For which deliveries it is.",
                json!({"present": "json:action"}),
            )
            .required(),
            key(
                "name",
                parts_shape(),
                "The name.",
                "{json:type}.{json:action}",
            )
            .required(),
        ]);
        Shape::either([parts_shape(), some])
    }

    /// Reads an entry of `names:`: a text, or `{when, name}`.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        if !matches!(node.value, Value::Map(_)) {
            return parts(node, problems).map(Self::always);
        }
        let mut fields = Fields::of(node, problems)?;
        let when = fields
            .required("when", problems)
            .and_then(|node| When::parse(node, problems));
        let text = fields
            .required("name", problems)
            .and_then(|node| parts(node, problems));
        fields.finish(problems);
        Some(Self {
            when: Some(when?),
            text: text?,
        })
    }

    /// The name of a delivery, if it has all the parts.
    pub fn of(&self, reading: &Reading<'_>) -> Option<String> {
        if !self.when.as_ref().is_none_or(|when| when.holds(reading)) {
            return None;
        }
        reading
            .render(&self.text, |part| name_part(&part).map(Cow::Owned))
            .filter(|name| !name.is_empty())
    }
}

/// A sender's text as parts of a dotted name: letters, digits, `-` and `_` stay, dots separate, all
/// else becomes `_`. Nothing where nothing but dots is left.
pub fn name_part(text: &str) -> Option<String> {
    let keep = |c: char| {
        if c.is_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    };
    let text: String = text.chars().take(NAME_PART_CHARS_MAX).map(keep).collect();
    let parts: Vec<_> = text.split('.').filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join("."))
}

/// Names and ids of a verified, parsed delivery.
pub fn identify(provider: &Provider, delivery: &Delivery, payload: &Payload) -> Identity {
    let reading = Reading::of(delivery, payload);
    let mut names: Vec<String> = Vec::new();
    for name in provider
        .event_names()
        .iter()
        .filter_map(|name| name.of(&reading))
    {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        names.push("unknown".to_owned());
    }
    let delivery_id = provider
        .delivery_id()
        .iter()
        .find_map(|parts| reading.render(parts, Some))
        .map(bounded);
    let dedupe_key = delivery_id
        .clone()
        .or_else(|| signed_digest(provider, delivery));
    Identity {
        names,
        delivery_id,
        dedupe_key,
    }
}

fn bounded(id: String) -> String {
    if id.len() <= DELIVERY_ID_BYTES_MAX {
        return id;
    }
    digest(id.as_bytes())
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", Encoding::Hex.encode(&sha256(bytes)))
}

/// Whether the id of this payload stands in it, and not beside it.
pub(super) fn is_own_id(provider: &Provider, delivery: &Delivery, payload: &Payload) -> bool {
    let reading = Reading::of(delivery, payload);
    let mut ids = provider.delivery_id().iter();
    let used = ids.find(|parts| reading.render(parts, Some).is_some());
    used.is_some_and(|parts| parts.places().any(Place::in_body))
}

/// The digest of what was signed, by the first scheme whose signature and timestamp are there.
fn signed_digest(provider: &Provider, delivery: &Delivery) -> Option<String> {
    let content = provider
        .each_scheme()
        .find_map(|scheme| scheme.signed()?.timed_content(unparsed(provider, delivery)));
    content.map(|content| digest(&content))
}

/// A delivery that is not parsed yet, as far as its type allows.
pub(super) fn unparsed<'d>(provider: &'d Provider, delivery: &'d Delivery) -> Reading<'d> {
    Reading::new(delivery, provider.content_types()).with(provider.settings())
}

#[cfg(test)]
mod tests {
    use super::super::registry::Providers;
    use super::*;
    use crate::event::{Headers, Query};
    use crate::runtime::Timestamp;

    fn identity(provider: &str, headers: &[(&str, &str)], body: &str) -> Identity {
        let provider = Providers::builtin().find(provider).unwrap();
        let delivery = Delivery {
            method: "POST".to_owned(),
            query: Query::default(),
            query_text: String::new(),
            headers: Headers::new(headers.iter().copied()),
            body: body.to_owned().into(),
            received_at: Timestamp::from_seconds(0),
            remote: None,
        };
        let kind = media_kind(&provider, &delivery).unwrap();
        let payload = Payload::new(delivery.body.clone(), kind).unwrap();
        identify(&provider, &delivery, &payload)
    }

    #[test]
    fn names_are_dotted_whatever_the_sender_writes() {
        for (text, name) in [
            ("orders.create", Some("orders.create")),
            ("Push Hook", Some("Push_Hook")),
            ("a..b.", Some("a.b")),
            (".", None),
            ("", None),
            ("x\n{{y}}", Some("x___y__")),
            ("größe-1_2", Some("größe-1_2")),
        ] {
            assert_eq!(name_part(text).as_deref(), name, "{text}");
        }
        let long = "x".repeat(10_000);
        assert_eq!(name_part(&long).unwrap().len(), NAME_PART_CHARS_MAX);
    }

    #[test]
    fn what_is_missing_everywhere_is_unknown() {
        let found = identity("github", &[], "{}");
        assert_eq!(found.names, ["unknown"]);
        assert_eq!((found.delivery_id, found.dedupe_key), (None, None));
        // An action without an event has no name either, nor has an empty or a doubled header.
        let action = r#"{"action":"opened"}"#;
        assert_eq!(
            identity("github", &[("X-GitHub-Event", "")], action).names,
            ["unknown"]
        );
        let twice = [("X-GitHub-Event", "push"), ("X-GitHub-Event", "ping")];
        assert_eq!(identity("github", &twice, action).names, ["unknown"]);
    }

    #[test]
    fn a_redelivery_is_known_by_its_id_or_by_what_was_signed() {
        let found = identity("github", &[("X-GitHub-Delivery", "7")], "{}");
        assert_eq!(found.dedupe_key.as_deref(), Some("7"));
        let slack = |time| {
            let headers = [
                ("X-Slack-Request-Timestamp", time),
                ("X-Slack-Signature", "v0=00"),
            ];
            identity("slack", &headers, r#"{"type":"app_rate_limited"}"#).dedupe_key
        };
        assert!(slack("1").unwrap().starts_with("sha256:"));
        assert_eq!(slack("1"), slack("1"));
        assert_ne!(slack("1"), slack("2"));
        let signed = [("X-Signature-256", "sha256=00")];
        assert_eq!(identity("generic", &signed, "{}").dedupe_key, None);
    }

    #[test]
    fn a_very_long_id_is_kept_as_its_digest() {
        let body = format!(r#"{{"id":"{}"}}"#, "x".repeat(DELIVERY_ID_BYTES_MAX + 1));
        let found = identity("stripe", &[], &body);
        assert_eq!(
            found.delivery_id.as_ref().unwrap().len(),
            "sha256:".len() + 64
        );
        assert_eq!(found.delivery_id, found.dedupe_key);
    }
}
