//! What the events of a rule look like, as far as definitions, shapes and its own tests show it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::expression::Path;
use crate::providers::{Provider, Providers, Shapes};

use super::super::{Rule, When, pattern};
use super::Around;
use super::steps::{Step, steps, unfiltered};

/// What is known of senders, each read once.
pub(super) struct Samples<'n> {
    definitions: &'n Providers,
    senders: Mutex<HashMap<String, Arc<Sender>>>,
    payloads: Mutex<HashMap<Events, Option<Arc<Payloads>>>>,
}

/// Which events some payloads belong to: their provider and names.
type Events = (String, Vec<String>);

/// What is known of one sender.
#[derive(Default)]
pub(super) struct Sender {
    /// Its definition.
    pub(super) definition: Option<Arc<Provider>>,
    /// What its payloads hold.
    shapes: Option<Shapes>,
    /// Whether it sends such an event, by names that rules wrote.
    sends: Mutex<HashMap<String, bool>>,
    /// The samples of its definition, by the event's name.
    samples: Vec<(String, Value)>,
}

/// The known payloads of some events. Many rules are about the same ones, and ask for the same paths.
struct Payloads {
    values: Vec<Value>,
    /// Whether what none of them has is not there at all.
    whole: bool,
    /// What paths select from them, by the text of the path.
    asked: Mutex<HashMap<String, Arc<Asked>>>,
}

/// A path, and what it selects from known payloads; none where it cannot be told.
struct Asked(Option<(Path, Vec<Value>)>);

/// What the events of one `when` look like.
pub(super) struct Seen {
    pub(super) provider: String,
    known: Arc<Payloads>,
    /// Payloads of the rule's own tests.
    own: Vec<Value>,
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
            senders: Mutex::default(),
            payloads: Mutex::default(),
        }
    }

    pub(super) fn sender(&self, provider: &str) -> Arc<Sender> {
        let mut senders = lock(&self.senders);
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
            sends: Mutex::default(),
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
        let events = (provider.to_owned(), when.events.clone());
        let known = lock(&self.payloads).get(&events).cloned();
        let known = known.unwrap_or_else(|| {
            let payloads = self.sender(provider).payloads(&when.events).map(Arc::new);
            lock(&self.payloads).insert(events, payloads.clone());
            payloads
        });
        Some(Seen {
            provider: provider.to_owned(),
            known: known?,
            own: own(rule),
        })
    }
}

impl Sender {
    /// Whether an event, as a rule names it, meets one of those that are sent.
    pub(super) fn sends(&self, event: &str, meets: fn(&str, &str) -> bool) -> bool {
        if let Some(known) = lock(&self.sends).get(event) {
            return *known;
        }
        let events = self.definition.as_deref().and_then(Provider::events);
        let sends = events.is_some_and(|sent| sent.names.iter().any(|known| meets(event, known)));
        lock(&self.sends).insert(event.to_owned(), sends);
        sends
    }

    /// The payloads of some events; none where nothing is known of one of them.
    fn payloads(&self, events: &[String]) -> Option<Payloads> {
        if events.is_empty() {
            return None;
        }
        let (mut values, mut whole) = (Vec::new(), true);
        for event in events {
            let name = event.strip_suffix(".*").unwrap_or(event);
            if !pattern::is_literal(name) {
                return None;
            }
            let known = self.shapes.as_ref();
            let known = known.and_then(|shapes| shapes.payload(name));
            let samples = self.samples.iter().filter(|(sent, _)| sent == event);
            let before = values.len();
            values.extend(samples.map(|(_, value)| value.clone()));
            values.extend(known.map(|payload| payload.value.clone()));
            whole &= known.is_some_and(|payload| payload.whole);
            if values.len() == before {
                return None;
            }
        }
        Some(Payloads {
            values,
            whole,
            asked: Mutex::default(),
        })
    }
}

impl Payloads {
    fn at(&self, text: &str) -> Arc<Asked> {
        if let Some(known) = lock(&self.asked).get(text) {
            return Arc::clone(known);
        }
        let path = Path::parse(&unfiltered(text)).ok();
        let asked = path.and_then(|path| {
            let values = select(&path, &self.values)?;
            Some((path, values))
        });
        let asked = Arc::new(Asked(asked));
        lock(&self.asked).insert(text.to_owned(), Arc::clone(&asked));
        asked
    }
}

/// What a path selects from some payloads; none where that is too much, or anything may stand there.
fn select(path: &Path, payloads: &[Value]) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    for payload in payloads {
        values.extend(path.try_select(payload).ok()?);
    }
    let known = !values.iter().any(|value| open(value));
    known.then(|| values.into_iter().cloned().collect())
}

/// What a thread that panicked had entered is as good as the rest.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The payloads that a rule's own tests show.
fn own(rule: &Rule) -> Vec<Value> {
    let payloads = rule.tests.iter().filter_map(|test| test.get("payload"));
    payloads.map(crate::yaml::Node::to_json).collect()
}

impl Seen {
    /// Whether what none of its payloads has is not there at all.
    pub(super) fn whole(&self) -> bool {
        self.known.whole
    }

    /// What a path selects. Filters are taken for any item: which one passes is not known.
    pub(super) fn at(&self, text: &str) -> Found {
        let asked = self.known.at(text);
        let Some((path, known)) = &asked.0 else {
            return Found::Unknown;
        };
        let Some(mut values) = select(path, &self.own) else {
            return Found::Unknown;
        };
        values.extend_from_slice(known);
        if values.is_empty() {
            return self.missing(text);
        }
        Found::Values(values)
    }

    /// The first step of a path that no payload has; what is behind an open value is not known.
    fn missing(&self, text: &str) -> Found {
        let mut here: Vec<&Value> = self.own.iter().chain(&self.known.values).collect();
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
