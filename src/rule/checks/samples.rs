//! What the events of a rule look like, as far as definitions, shapes and its own tests show it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::expression::Path;
use crate::providers::{Provider, Providers, Shapes};

use super::super::{Rule, When, pattern};
use super::Around;

/// What is known of senders, each read once.
pub(super) struct Samples<'n> {
    definitions: &'n Providers,
    senders: RefCell<HashMap<String, Arc<Sender>>>,
}

/// What is known of one sender.
#[derive(Default)]
pub(super) struct Sender {
    /// Its definition.
    pub(super) definition: Option<Arc<Provider>>,
    /// What its payloads hold.
    pub(super) shapes: Option<Shapes>,
    /// The samples of its definition, by the event's name.
    samples: Vec<(String, Value)>,
}

/// What the events of one `when` look like.
pub(super) struct Seen {
    pub(super) provider: String,
    /// Payloads with values of every type that is there.
    values: Vec<Value>,
    /// Whether what none of them has is not there at all.
    pub(super) whole: bool,
}

/// What a path selects from known payloads.
pub(super) enum Found {
    /// Values, one of each type at least.
    Values(Vec<Value>),
    /// Nothing is known there.
    Unknown,
    /// Nothing is there. The member that is missing and those that its place has, where that can be told.
    Nothing(Option<(String, Vec<String>)>),
}

impl<'n> Samples<'n> {
    pub(super) fn new(definitions: &'n Providers) -> Self {
        Self {
            definitions,
            senders: RefCell::default(),
        }
    }

    pub(super) fn sender(&self, provider: &str) -> Arc<Sender> {
        let mut senders = self.senders.borrow_mut();
        if let Some(known) = senders.get(provider) {
            return Arc::clone(known);
        }
        let definition = self.definitions.find(provider);
        let samples = definition
            .iter()
            .flat_map(|definition| definition.samples());
        let json = samples.filter(|sample| sample.content_type == "application/json");
        let read = json.filter_map(|sample| {
            let value = serde_json::from_slice(&sample.body).ok()?;
            Some((sample.event.clone(), value))
        });
        let sender = Arc::new(Sender {
            shapes: self.definitions.shapes(provider),
            samples: read.collect(),
            definition,
        });
        senders.insert(provider.to_owned(), Arc::clone(&sender));
        sender
    }

    /// What the events of a rule look like; none where nothing is known of some of them.
    pub(super) fn seen(&self, rule: &Rule, when: &When, around: &Around<'_>) -> Option<Seen> {
        let [provider] = around.providers(when)[..] else {
            return None;
        };
        let sender = self.sender(provider);
        let mut values = own(rule);
        let mut whole = true;
        if when.events.is_empty() {
            return None;
        }
        for event in &when.events {
            let name = event.strip_suffix(".*").unwrap_or(event);
            if !pattern::is_literal(name) {
                return None;
            }
            let known = sender
                .shapes
                .as_ref()
                .and_then(|shapes| shapes.payload(name));
            let samples = sender.samples.iter().filter(|(sent, _)| sent == event);
            let before = values.len();
            values.extend(samples.map(|(_, value)| value.clone()));
            values.extend(known.map(|payload| payload.value.clone()));
            whole &= known.is_some_and(|payload| payload.whole);
            if values.len() == before {
                return None;
            }
        }
        Some(Seen {
            provider: provider.to_owned(),
            values,
            whole,
        })
    }
}

/// The payloads that a rule's own tests show.
fn own(rule: &Rule) -> Vec<Value> {
    let payloads = rule.tests.iter().filter_map(|test| test.get("payload"));
    payloads.map(crate::yaml::Node::to_json).collect()
}

impl Seen {
    /// What a path selects. Filters are taken for any item: which one passes is not known.
    pub(super) fn at(&self, text: &str) -> Found {
        let Ok(path) = Path::parse(&unfiltered(text)) else {
            return Found::Unknown;
        };
        let mut values = Vec::new();
        for value in &self.values {
            let Ok(selected) = path.try_select(value) else {
                return Found::Unknown;
            };
            values.extend(selected.into_iter().cloned());
        }
        if values.iter().any(open) {
            return Found::Unknown;
        }
        if !values.is_empty() {
            return Found::Values(values);
        }
        self.missing(text)
    }

    /// The first step of a path that no payload has; what is behind an open value is not known.
    fn missing(&self, text: &str) -> Found {
        let mut here: Vec<&Value> = self.values.iter().collect();
        for step in steps(text) {
            if here.iter().any(|value| open(value)) {
                return Found::Unknown;
            }
            let next: Vec<&Value> = match step {
                Step::Each => here.iter().flat_map(|value| inside(value)).collect(),
                Step::Name(name) => here.iter().filter_map(|value| value.get(name)).collect(),
                Step::Other => return Found::Nothing(None),
            };
            if next.is_empty() {
                let Step::Name(name) = step else {
                    return Found::Nothing(None);
                };
                let members = here.iter().filter_map(|value| value.as_object());
                let mut known: Vec<_> = members
                    .flat_map(|members| members.keys().cloned())
                    .collect();
                known.sort_unstable();
                known.dedup();
                return Found::Nothing(Some((name.to_owned(), known)));
            }
            here = next;
        }
        Found::Unknown
    }
}

/// Whether anything may stand there, and anything inside it.
fn open(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty() || items.iter().all(Value::is_null),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn inside(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => Vec::new(),
    }
}

/// A step of a path, as far as it matters here.
enum Step<'t> {
    Name(&'t str),
    /// Some item: by its number, a star, a filter.
    Each,
    Other,
}

fn steps(text: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut rest = text.strip_prefix('$').unwrap_or(text);
    while !rest.is_empty() {
        let (step, after) = if let Some(name) = rest.strip_prefix("['") {
            match name.split_once("']") {
                Some((name, after)) => (Step::Name(name), after),
                None => (Step::Other, ""),
            }
        } else if rest.starts_with('[') {
            let end = closing(rest);
            (Step::Each, rest.get(end..).unwrap_or_default())
        } else if let Some(name) = rest.strip_prefix('.').filter(|name| !name.starts_with('.')) {
            let end = name.find(['.', '[']).unwrap_or(name.len());
            let (name, after) = name.split_at(end);
            let step = if name == "*" {
                Step::Each
            } else {
                Step::Name(name)
            };
            (step, after)
        } else {
            (Step::Other, "")
        };
        steps.push(step);
        rest = after;
    }
    steps
}

/// The byte behind the bracket that closes the first one.
fn closing(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut quote = None;
    for (at, sign) in text.char_indices() {
        match (quote, sign) {
            (Some(open), _) if open == sign => quote = None,
            (None, '\'' | '"') => quote = Some(sign),
            (None, '[') => depth += 1,
            (None, ']') if depth == 1 => return at + 1,
            (None, ']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    text.len()
}

/// The path with a star for each filter, number and slice.
fn unfiltered(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        let (before, bracket) = rest.split_at(at);
        let end = closing(bracket);
        let (inside, after) = bracket.split_at(end);
        plain += before;
        plain += if inside.starts_with("['") || inside.starts_with("[\"") {
            inside
        } else {
            "[*]"
        };
        rest = after;
    }
    plain + rest
}
