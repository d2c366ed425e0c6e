//! Whether a rule applies: the tree of tests, and the trace of which decided.
//!
//! Comes in: `conditions:` of a rule, and the [`Facts`] of an event. Goes out: yes or no with a
//! [`Trace`]. Pure. Provider, source and event name are matched by `rule`, not here.

pub mod operators;

use serde_json::Value;

use crate::diagnostic::Diagnostics;
use crate::event::{Event, PathSet, Slots};
use crate::yaml::Node;

/// What a condition reads of one event.
#[derive(Debug)]
pub struct Facts<'e> {
    /// The event.
    pub event: &'e Event,
    /// Its payload at the rule set's singular paths.
    pub slots: &'e Slots<'e>,
    /// The rule's vars, those that could be computed.
    pub vars: &'e serde_json::Map<String, Value>,
}

/// All of a rule's conditions; all must hold. Empty ones always do.
#[derive(Debug, Clone, Default)]
pub struct Conditions {}

/// Which test decided, on what value.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Whether all held.
    pub holds: bool,
    /// The first test that failed: its subject as written (`$.a`, `header X`).
    pub because: Option<String>,
    /// The value seen there, if any.
    pub seen: Option<Value>,
}

impl Conditions {
    /// Reads a `conditions:` list; its singular paths are interned in `paths`.
    pub fn parse(_node: &Node, _paths: &mut PathSet, _problems: &mut Diagnostics) -> Self {
        unimplemented!()
    }

    /// Whether all hold.
    pub fn holds(&self, _facts: &Facts<'_>) -> bool {
        unimplemented!()
    }

    /// Whether all hold, and which test decided.
    pub fn trace(&self, _facts: &Facts<'_>) -> Trace {
        unimplemented!()
    }
}
