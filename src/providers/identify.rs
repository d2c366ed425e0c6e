//! What the event is called, and which delivery of the sender it is.

use std::borrow::Cow;

use crate::crypto::{Encoding, sha256};
use crate::diagnostic::Diagnostics;
use crate::event::{Delivery, MediaKind, Payload};
use crate::yaml::{Fields, Node, Value};

use super::definition::Provider;
use super::media::media_kind_or_none;
use super::parts::Parts;
use super::reading::Reading;
use super::signed::parts;
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
        .or_else(|| signed_digest(provider, delivery, payload.kind()));
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

/// The digest of what was signed, by the first scheme whose signature and timestamp are there.
fn signed_digest(provider: &Provider, delivery: &Delivery, kind: &MediaKind) -> Option<String> {
    let content = provider.each_scheme().find_map(|scheme| {
        let reading = Reading::new(delivery, Some(kind.clone()));
        scheme.signed()?.timed_content(reading)
    });
    content.map(|content| digest(&content))
}

/// A delivery that is not parsed yet, as far as its type allows.
pub(super) fn unparsed<'d>(provider: &Provider, delivery: &'d Delivery) -> Reading<'d> {
    Reading::new(delivery, media_kind_or_none(provider, delivery))
}
