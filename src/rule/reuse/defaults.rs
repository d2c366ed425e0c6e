//! `defaults:` — values that the actions of a file have where they say nothing else.

use std::cell::Cell;

use serde_json::json;

use crate::actions;
use crate::diagnostic::{Diagnostic, Diagnostics, Place, code, did_you_mean};
use crate::yaml::{Node, Shape, Value, key};

use super::super::action::block_shape;
use super::Unused;

/// The defaults of one file, by action kind.
#[derive(Debug, Default)]
pub(super) struct Defaults(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    kind: String,
    place: Place,
    values: Node,
    used: Cell<bool>,
}

impl Defaults {
    pub(super) fn shape() -> Shape {
        let kinds = actions::LIST.iter().map(|kind| {
            let help = format!(
                "What every `{}` of this file has where it says nothing else.",
                kind.name()
            );
            key(kind.name(), block_shape(*kind), help, json!({}))
        });
        Shape::map(kinds)
    }

    pub(super) fn parse(node: Option<&Node>, problems: &mut Diagnostics) -> Self {
        let mut entries = Vec::new();
        let Some(node) = node else {
            return Self::default();
        };
        for (key, values) in node.map(problems).unwrap_or_default() {
            let place = node.key_place(key);
            if actions::find(&key.text).is_none() {
                let message = format!("there is no action `{}`", key.text);
                let kinds = || actions::LIST.iter().map(|kind| kind.name());
                let help = match did_you_mean(&key.text, kinds()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("known kinds: {}", kinds().collect::<Vec<_>>().join(", ")),
                };
                let problem = Diagnostic::error(code::UNKNOWN_ACTION, place, message);
                problems.push(problem.help(help));
            } else if values.map(problems).is_some() {
                entries.push(Entry {
                    kind: key.text.clone(),
                    place,
                    values: values.clone(),
                    used: Cell::new(false),
                });
            }
        }
        Self(entries)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fills in what the actions of a rule leave out.
    pub(super) fn fill(&self, actions: &mut Node) {
        let Value::List(actions) = &mut actions.value else {
            return;
        };
        for action in actions {
            let Value::Map(entries) = &mut action.value else {
                continue;
            };
            for (key, own) in entries {
                if let Some(entry) = self.0.iter().find(|entry| entry.kind == key.text) {
                    entry.used.set(true);
                    // `- forward:` with nothing behind it takes all of them.
                    if matches!(own.value, Value::Null) {
                        own.value = Value::Map(Vec::new());
                    }
                    merge(own, &entry.values);
                }
            }
        }
    }

    pub(super) fn unused(&self) -> impl Iterator<Item = Unused> {
        let unused = self.0.iter().filter(|entry| !entry.used.get());
        unused.map(|entry| ("defaults for", entry.kind.clone(), entry.place.clone()))
    }
}

/// Adds what is not there. What is there stays, but for maps: they take in what they lack, at any
/// depth. A key with nothing behind it takes the default away, and itself with it.
fn merge(own: &mut Node, default: &Node) {
    let (Value::Map(own), Value::Map(default)) = (&mut own.value, &default.value) else {
        return;
    };
    for (key, value) in default {
        match own.iter().position(|(known, _)| known.text == key.text) {
            None => own.push((key.clone(), value.clone())),
            Some(at) => match own.get_mut(at) {
                Some((
                    _,
                    Node {
                        value: Value::Null, ..
                    },
                )) => drop(own.remove(at)),
                Some((_, own)) => merge(own, value),
                None => {}
            },
        }
    }
}
