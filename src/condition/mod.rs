//! Whether a rule applies: the tree of tests, and the trace of which decided.
//!
//! Comes in: `conditions:` of a rule, and the [`Facts`] of an event. Goes out: yes or no with a
//! [`Trace`]. Pure. Provider, source and event name are matched by `rule`, not here.

mod convert;
mod evaluate;
mod foreign;
mod leaf;
mod lists;
pub mod operators;
mod parse;
mod pattern_set;
mod required;
mod subject;
mod trace;
mod version;

use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::Diagnostics;
use crate::event::{Event, PathSet, Slots};
use crate::expression::TooMuch;
use crate::yaml::{Node, Shape};

pub use convert::As;
pub use leaf::{Compared, Leaf, Quantifier};
pub use lists::{List, Lists};
pub use operators::glob::Glob;
pub use operators::{Key, Operator, Sense, Test};
pub use pattern_set::PatternSet;
pub use subject::Subject;
pub use trace::{Looked, Operand, Trace};

/// The deepest nesting of groups.
pub const GROUPS_DEPTH_MAX: usize = 32;

/// What conditions are read with.
#[derive(Debug)]
pub struct Reading<'r> {
    /// Their paths are interned here.
    pub paths: &'r mut PathSet,
    /// The lists they may name.
    pub lists: &'r Lists,
    /// Whether `item:` means something: in the conditions of an action under `for_each`.
    pub item: bool,
}

/// What a condition reads of one event.
#[derive(Debug)]
pub struct Facts<'e> {
    /// The event.
    pub event: &'e Event,
    /// Its payload at the rule set's paths.
    pub slots: &'e Slots<'e>,
    /// The rule's vars, those that could be computed.
    pub vars: &'e serde_json::Map<String, Value>,
    /// The value that `for_each` is at.
    pub item: Option<&'e Value>,
}

/// All of a rule's conditions; all must hold. Empty ones always do.
#[derive(Debug, Clone, Default)]
pub struct Conditions(Arc<[Condition]>);

/// One condition: a group of others, or a test of one subject.
#[derive(Debug)]
pub enum Condition {
    /// Every one holds.
    All(Vec<Condition>),
    /// One of them holds.
    Any(Vec<Condition>),
    /// None of them holds.
    None(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// A test.
    Test(Leaf),
}

/// Conditions that can be neither held nor failed for an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the condition on `{written}` could not be carried out: {problem}")]
pub struct Stopped {
    /// The subject of the test that could not be carried out, as written.
    pub written: String,
    /// Why not.
    pub problem: TooMuch,
}

/// Whether an operator has this name.
pub fn is_operator(name: &str) -> bool {
    operators::find(name).is_some()
}

impl Conditions {
    /// Reads a `conditions:` list.
    pub fn parse(node: &Node, reading: &mut Reading<'_>, problems: &mut Diagnostics) -> Self {
        parse::conditions(node, reading, problems)
    }

    /// What a `conditions:` list looks like.
    pub fn shape() -> Shape {
        parse::shape::conditions()
    }

    /// Whether all hold; those that could not be carried out do not.
    pub fn holds(&self, facts: &Facts<'_>) -> bool {
        self.judge(facts) == Ok(true)
    }

    /// Whether all hold.
    ///
    /// # Errors
    /// One could not be carried out, and no other one fails.
    pub fn judge(&self, facts: &Facts<'_>) -> Result<bool, Stopped> {
        evaluate::Run { facts }.judge(&self.0)
    }

    /// Whether all hold, which test decided, and what was looked at.
    pub fn trace(&self, facts: &Facts<'_>) -> Trace {
        evaluate::Run { facts }.trace(&self.0)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The conditions, in the order they were written.
    pub fn list(&self) -> &[Condition] {
        &self.0
    }

    /// Every test, at any depth, in the order they were written.
    pub fn leaves(&self) -> Vec<&Leaf> {
        let mut found = Vec::new();
        for condition in self.0.iter() {
            condition.leaves(&mut found);
        }
        found
    }

    /// The subjects as written, in order: `$.a`, `header X`.
    pub fn subjects(&self) -> Vec<&str> {
        self.leaves().into_iter().map(Leaf::written).collect()
    }
}

impl Condition {
    fn leaves<'c>(&'c self, found: &mut Vec<&'c Leaf>) {
        match self {
            Self::All(inner) | Self::Any(inner) | Self::None(inner) => {
                for condition in inner {
                    condition.leaves(found);
                }
            }
            Self::Not(inner) => inner.leaves(found),
            Self::Test(leaf) => found.push(leaf),
        }
    }
}

#[cfg(test)]
mod tests;
