//! FAMILY: one comparison each.
//!
//! Comes in: an operand as the rule has it, then one value of an event. Goes out: whether the value
//! passes. JSON types hold throughout: "1" is not 1, and 1 is 1.0. A value that an operator cannot
//! compare does not pass; it is no error.

mod against;
mod cidr;
mod contains;
mod ends_with;
mod equals;
mod exists;
pub mod glob;
mod is_in;
mod matches;
mod not_equals;
mod not_in;
mod order;
mod starts_with;
mod time;
mod value_type;

use std::borrow::Cow;
use std::fmt::{self, Debug};
use std::ops::Bound;
use std::sync::Arc;

use serde_json::{Number, Value};

use crate::diagnostic::{Diagnostics, code};
use crate::event::Slots;
use crate::runtime::Timestamp;
use crate::yaml::{Node, Shape};

use super::lists::same;
use super::{As, Facts, List};

pub(super) use against::Against;
pub use against::Compare;

/// Every operator, in the order of the docs.
pub const LIST: &[&dyn Operator] = &[
    &equals::Equals,
    &not_equals::NotEquals,
    &is_in::In,
    &not_in::NotIn,
    &contains::Contains,
    &starts_with::StartsWith,
    &ends_with::EndsWith,
    &matches::Matches,
    &glob::GlobOperator,
    &order::GT,
    &order::GTE,
    &order::LT,
    &order::LTE,
    &exists::Exists,
    &value_type::Type,
    &cidr::Cidr,
    &time::NEWER_THAN,
    &time::OLDER_THAN,
];

/// Whether passing is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sense {
    /// One value must pass.
    Positive,
    /// No value may pass; so it holds too where there is none.
    Negative,
}

/// What stands beside the operators of a condition.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Capital and small letters are the same.
    pub ignore_case: bool,
    /// What values are read as first; the literal of an operator has been read so already.
    pub read_as: Option<As>,
}

impl Options {
    /// A value as it is to be tested; none where it cannot be read so.
    pub(super) fn value(self, value: &Value) -> Option<Cow<'_, Value>> {
        match self.read_as {
            None => Some(Cow::Borrowed(value)),
            Some(read_as) => read_as.value(value),
        }
    }

    /// What stands elsewhere in the payload, as a value is compared with it.
    fn operand(self, operand: &Value) -> Option<Cow<'_, Value>> {
        match self.read_as {
            None => Some(Cow::Borrowed(operand)),
            Some(read_as) => read_as.operand(operand),
        }
    }

    /// Whether a value equals what stands elsewhere.
    fn equals(self, value: &Value, operand: &Value) -> bool {
        let operand = self.operand(operand);
        operand.is_some_and(|operand| same(value, &operand, self.ignore_case))
    }

    /// Two texts, one of them from elsewhere, folded where case is ignored.
    fn texts(self, value: &Value, operand: &Value, passes: fn(&str, &str) -> bool) -> bool {
        let operand = self.operand(operand);
        match (value, operand.as_deref()) {
            (Value::String(text), Some(Value::String(part))) => {
                passes(&folded(text, self), &folded(part, self))
            }
            _ => false,
        }
    }

    /// As they are written behind a test; nothing where there are none.
    pub(super) fn written(self) -> String {
        let mut text = String::new();
        if let Some(read_as) = self.read_as {
            text = format!(" as {}", read_as.name());
        }
        if self.ignore_case {
            text += " ignore_case";
        }
        text
    }
}

/// An operand of an operator, and values to try with it, by which its row in the documentation is made.
/// Moments are such for an event received at 1700000000.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// The operand, as YAML.
    pub operand: &'static str,
    /// A value of which the condition holds, as JSON.
    pub holds: &'static str,
    /// A value of which it fails, if there is one.
    pub fails: Option<&'static str>,
    /// A value that looks the same but is of another type: text for a number, a number for text.
    pub other_type: &'static str,
}

/// One way of comparing.
pub trait Operator: Sync {
    /// As rules write it.
    fn name(&self) -> &'static str;

    /// What it does with a value: one sentence for the docs.
    fn help(&self) -> &'static str;

    /// What can be tried with it.
    fn example(&self) -> Example;

    /// What is written behind it, besides `{path: …}` and `{list: …}`.
    fn operand(&self) -> Shape {
        Shape::any()
    }

    /// Whether passing is wanted.
    fn sense(&self) -> Sense {
        Sense::Positive
    }

    /// Whether it compares text, so that `ignore_case` means something to it.
    fn reads_text(&self) -> bool {
        false
    }

    /// What it can read values as, with `as:`.
    fn reads_as(&self) -> &'static [As] {
        &[]
    }

    /// Whether it is costly, so that equal tests are compiled once and carried out once for an event.
    fn is_costly(&self) -> bool {
        false
    }

    /// Whether its operand is a list of values, each for itself.
    fn takes_several(&self) -> bool {
        false
    }

    /// How it compares with another value of the payload; none where its operand must be written in the
    /// rule.
    fn compare(&self) -> Option<Compare> {
        None
    }

    /// Reads its operand, or reports what is wrong with it.
    fn parse(
        &self,
        operand: &Node,
        options: Options,
        problems: &mut Diagnostics,
    ) -> Option<Box<dyn Test>>;

    /// Warns about an operand that is likely to mean something else; asked for each one, also where
    /// equal ones are compiled once.
    fn doubt(&self, _operand: &Node, _problems: &mut Diagnostics) {}

    /// Whether its operand can be a list by its name.
    fn takes_list(&self) -> bool {
        false
    }

    /// Takes the list that its operand names, or reports what is wrong with it.
    fn parse_list(
        &self,
        _: &Arc<List>,
        _: &Node,
        _: Options,
        _: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        None
    }
}

impl Debug for dyn Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An operator with its operand.
pub trait Test: Debug + Send + Sync {
    /// Whether a value passes.
    fn passes(&self, value: &Value, around: &Around<'_>) -> bool;

    /// What an index can find it by; none where values must be tried one after another.
    fn key(&self) -> Option<Key<'_>> {
        None
    }
}

/// What a test may look at besides the value.
#[derive(Debug, Clone, Copy)]
pub struct Around<'e> {
    /// When the event was received.
    pub now: Timestamp,
    /// The rest of the payload.
    pub slots: &'e Slots<'e>,
}

impl<'e> Around<'e> {
    pub(super) fn of(facts: &Facts<'e>) -> Self {
        Self {
            now: facts.event.received_at,
            slots: facts.slots,
        }
    }
}

/// Tells exactly which values pass a test, so that an index can find it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Key<'t> {
    /// Those that equal one of these, by `expression::decimal::equal`.
    Equals(&'t [Value]),
    /// Texts that begin so.
    Prefix(&'t str),
    /// Numbers between these.
    Range(Bound<&'t Number>, Bound<&'t Number>),
    /// Texts in which this regular expression finds something.
    Regex(&'t str),
    /// All: anything that is there.
    Exists,
}

/// What can be told equal.
const EQUALITY: &[As] = &As::ALL;
/// What has an order.
const ORDER: &[As] = &[As::Number, As::Time, As::Version, As::Length];
/// What has parts.
const TEXT: &[As] = &[As::Text];

/// The operator of a name.
pub fn find(name: &str) -> Option<&'static &'static dyn Operator> {
    LIST.iter().find(|operator| operator.name() == name)
}

/// Reports an operand that cannot be used.
fn refuse<T>(operand: &Node, name: &str, wanted: &str, problems: &mut Diagnostics) -> Option<T> {
    let message = format!("`{name}` takes {wanted}, found {}", operand.type_name());
    problems.push(
        operand
            .error(code::BAD_OPERAND, message)
            .help(format!("write {wanted} behind `{name}:`")),
    );
    None
}

/// An operand that must be text, folded where case is ignored.
fn text_operand(
    operand: &Node,
    name: &str,
    options: Options,
    problems: &mut Diagnostics,
) -> Option<String> {
    match operand.as_str() {
        Some(text) => Some(folded(text, options).into_owned()),
        None => refuse(operand, name, "text", problems),
    }
}

fn folded(text: &str, options: Options) -> Cow<'_, str> {
    if options.ignore_case {
        Cow::Owned(text.to_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests;
