//! What the payloads of the commonest senders hold.
//!
//! Only `check` asks: rules are held against it. A file says `payloads` (by event, each with a value of every type that is there; null where
//! anything may stand), `whole` (the payloads that have every member) and `shapes` (`"@user"` in a payload
//! stands for the one of that name).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What is known of one sender's payloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shapes {
    payloads: BTreeMap<String, Payload>,
}

/// What is known of the payloads of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// A payload with every member; null where it may be anything.
    pub value: Value,
    /// Whether nothing is missing in it.
    pub whole: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Where it comes from.
    #[serde(rename = "about")]
    _about: String,
    whole: Vec<String>,
    shapes: BTreeMap<String, Value>,
    payloads: BTreeMap<String, Value>,
}

/// A shape in a shape in a shape: deeper ones are left out.
const DEPTH_MAX: usize = 16;

const LIST: &[(&str, &str)] = &[
    ("github", include_str!("github.json")),
    ("gitlab", include_str!("gitlab.json")),
    ("shopify", include_str!("shopify.json")),
    ("stripe", include_str!("stripe.json")),
];

impl Shapes {
    /// Those of a built-in definition, if there are any.
    pub(super) fn of(provider: &str) -> Option<Self> {
        let (_, text) = LIST.iter().find(|(name, _)| *name == provider)?;
        let written: Written = serde_json::from_str(text).ok()?;
        let payload = |(name, value): (&String, &Value)| {
            let payload = Payload {
                value: filled(value, &written.shapes, 0),
                whole: written.whole.contains(name),
            };
            (name.clone(), payload)
        };
        Some(Self {
            payloads: written.payloads.iter().map(payload).collect(),
        })
    }

    /// What is known of the payloads of an event, by its name or by that of the events it is one of.
    pub fn payload(&self, event: &str) -> Option<&Payload> {
        let mut name = event;
        loop {
            if let Some(payload) = self.payloads.get(name) {
                return Some(payload).filter(|payload| !payload.value.is_null());
            }
            name = name.rsplit_once('.')?.0;
        }
    }
}

/// A value with the shapes that it names.
fn filled(value: &Value, shapes: &BTreeMap<String, Value>, depth: usize) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('@').and_then(|name| shapes.get(name)) {
            Some(shape) if depth < DEPTH_MAX => filled(shape, shapes, depth + 1),
            _ => value.clone(),
        },
        Value::Array(items) => items
            .iter()
            .map(|item| filled(item, shapes, depth))
            .collect(),
        Value::Object(members) => {
            let members = members.iter();
            members
                .map(|(name, value)| (name.clone(), filled(value, shapes, depth)))
                .collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Providers;
    use super::*;

    #[test]
    fn every_file_can_be_read_and_belongs_to_a_definition() {
        for (name, text) in LIST {
            serde_json::from_str::<Written>(text).unwrap_or_else(|why| panic!("{name}: {why}"));
            let shapes = Shapes::of(name).unwrap();
            assert!(Providers::builtin().find(name).is_some(), "{name}");
            let left = |value: &Value| value.to_string().contains("\"@");
            assert!(
                !shapes.payloads.values().any(|p| left(&p.value)),
                "{name} names no shape"
            );
        }
    }

    #[test]
    fn payloads_are_found_by_the_longest_name() {
        let github = Shapes::of("github").unwrap();
        let opened = github.payload("pull_request.opened").unwrap();
        assert!(opened.whole && opened.value["pull_request"]["base"]["repo"]["full_name"] == "");
        assert!(github.payload("nothing.like_it").is_none());
        let stripe = Shapes::of("stripe").unwrap();
        assert!(!stripe.payload("invoice.paid").unwrap().whole);
        assert!(stripe.payload("charge.dispute.created").is_none());
    }
}
