//! Whether a rule applies: the tree of tests, and the trace of which decided.
//!
//! Comes in: `conditions:` of a rule, and the [`Facts`] of an event. Goes out: yes or no with a
//! [`Trace`]. Pure. Provider, source and event name are matched by `rule`, not here.

mod evaluate;
mod foreign;
pub mod operators;
mod parse;
mod subject;

use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::Diagnostics;
use crate::event::{Event, PathSet, Slots};
use crate::expression::Path;
use crate::yaml::Node;

use operators::Test;
use subject::Subject;

pub use operators::glob::Glob;

/// The deepest nesting of groups.
pub const GROUPS_DEPTH_MAX: usize = 32;

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
pub struct Conditions {
    conditions: Arc<[Condition]>,
    /// The paths that can select several values, each evaluated at most once for an event.
    paths: Arc<[Path]>,
}

/// One condition: a group of others, or a test of one subject.
#[derive(Debug)]
enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    None(Vec<Condition>),
    Not(Box<Condition>),
    Test(SubjectTest),
}

/// What is tested, and how.
#[derive(Debug)]
struct SubjectTest {
    /// As written: `$.a`, `header X`.
    written: String,
    subject: Subject,
    quantifier: Quantifier,
    /// One value must pass all of these.
    positive: Vec<Box<dyn Test>>,
    /// No value may pass any of these.
    negative: Vec<Box<dyn Test>>,
    /// `exists: false`: nothing may be there.
    absent: bool,
}

/// How many of the selected values must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantifier {
    /// One of them.
    Any,
    /// All of them, and at least one.
    All,
}

/// Which test decided, on what value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    /// Whether all held.
    pub holds: bool,
    /// The first test that failed: its subject as written (`$.a`, `header X`).
    pub because: Option<String>,
    /// The value seen there, if any.
    pub seen: Option<Value>,
    /// Why the test could not be carried out, if it could not: it counts as failed.
    pub problem: Option<String>,
}

impl Conditions {
    /// Reads a `conditions:` list; its singular paths are interned in `paths`.
    pub fn parse(node: &Node, paths: &mut PathSet, problems: &mut Diagnostics) -> Self {
        parse::conditions(node, paths, problems)
    }

    /// Whether all hold.
    pub fn holds(&self, facts: &Facts<'_>) -> bool {
        evaluate::Run::new(self, facts).holds()
    }

    /// Whether all hold, and which test decided.
    pub fn trace(&self, facts: &Facts<'_>) -> Trace {
        evaluate::Run::new(self, facts).trace()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// The subjects as written, in order: `$.a`, `header X`.
    pub fn subjects(&self) -> Vec<&str> {
        let mut found = Vec::new();
        for condition in self.conditions.iter() {
            condition.subjects(&mut found);
        }
        found
    }
}

impl Condition {
    fn subjects<'c>(&'c self, found: &mut Vec<&'c str>) {
        match self {
            Self::All(inner) | Self::Any(inner) | Self::None(inner) => {
                for condition in inner {
                    condition.subjects(found);
                }
            }
            Self::Not(inner) => inner.subjects(found),
            Self::Test(test) => found.push(&test.written),
        }
    }
}

#[cfg(test)]
mod tests;
