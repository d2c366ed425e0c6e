//! Two conditions over one list, each of which may be met by another item of it.

use serde_json::Value;

use crate::condition::{Condition, Leaf, Quantifier, Sense, Subject};
use crate::diagnostic::{Diagnostic, Diagnostics, code};
use crate::expression::Path;

use super::super::Rule;
use super::{Around, Check};

/// The most values of an `in` that are written out as a filter.
const VALUES_MAX: usize = 4;

pub(super) struct DifferentItems;

impl Check for DifferentItems {
    fn of_one(&self, rule: &Rule, _: &Around<'_>, problems: &mut Diagnostics) {
        let whens = [&rule.when].into_iter().chain(rule.flow.whens());
        let of_whens = whens.map(|when| &when.conditions);
        let of_actions = rule.actions.iter().map(|action| &action.conditions);
        for conditions in of_whens.chain(of_actions) {
            together(conditions.list(), problems);
        }
    }
}

/// Looks at conditions that must all hold, and at the groups among them.
fn together(conditions: &[Condition], problems: &mut Diagnostics) {
    let mut leaves = Vec::new();
    for condition in conditions {
        condition.required(&mut leaves);
        groups(condition, problems);
    }
    let over: Vec<_> = leaves.into_iter().filter_map(Over::of).collect();
    for (at, later) in over.iter().enumerate() {
        let same = |first: &&Over<'_>| first.list == later.list && first.rest != later.rest;
        if let Some(first) = over.iter().take(at).find(same) {
            problems.push(tell(first, later));
        }
    }
}

fn groups(condition: &Condition, problems: &mut Diagnostics) {
    match condition {
        Condition::All(inner) => inner.iter().for_each(|one| groups(one, problems)),
        Condition::Any(inner) | Condition::None(inner) => {
            for one in inner {
                together(std::slice::from_ref(one), problems);
            }
        }
        Condition::Not(inner) => together(std::slice::from_ref(&**inner), problems),
        Condition::Test(_) => {}
    }
}

/// A test of some item of a list.
struct Over<'l> {
    leaf: &'l Leaf,
    /// The path of the list.
    list: &'l str,
    /// The path within an item.
    rest: &'l str,
}

impl<'l> Over<'l> {
    fn of(leaf: &'l Leaf) -> Option<Self> {
        let text = match leaf.subject() {
            Subject::Several(_, path) => path.text(),
            _ => return None,
        };
        let (list, rest) = text.split_once("[*]").or_else(|| text.split_once(".*"))?;
        let positive = leaf.compared().all(|one| one.sense == Sense::Positive);
        (positive && leaf.quantifier() == Quantifier::Any).then_some(Self { leaf, list, rest })
    }

    /// The test as part of a filter, if it can be written so.
    fn filter(&self) -> Option<String> {
        let subject = format!("@{}", self.rest);
        let mut parts = Vec::new();
        if self.leaf.read_as().is_some() || self.leaf.text().contains(" ignore_case ") {
            return None;
        }
        for one in self.leaf.compared() {
            let operand: Value = serde_json::from_str(one.literal?).ok()?;
            parts.push(match one.operator {
                "equals" => format!("{subject} == {}", literal(&operand)?),
                "gt" => format!("{subject} > {}", literal(&operand)?),
                "gte" => format!("{subject} >= {}", literal(&operand)?),
                "lt" => format!("{subject} < {}", literal(&operand)?),
                "lte" => format!("{subject} <= {}", literal(&operand)?),
                "matches" => format!("search({subject}, {})", literal(&operand)?),
                "exists" => subject.clone(),
                "in" => one_of(&subject, &operand)?,
                _ => return None,
            });
        }
        Some(parts.join(" && "))
    }
}

fn one_of(subject: &str, operand: &Value) -> Option<String> {
    let values = operand
        .as_array()
        .filter(|values| values.len() <= VALUES_MAX)?;
    let tests = values
        .iter()
        .map(|value| Some(format!("{subject} == {}", literal(value)?)));
    Some(format!(
        "({})",
        tests.collect::<Option<Vec<_>>>()?.join(" || ")
    ))
}

/// A literal of a path, if it can be written inside a quoted path.
fn literal(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.contains(['\'', '"', '\\']) => None,
        Value::String(text) => Some(format!("'{text}'")),
        Value::Array(_) | Value::Object(_) => None,
        plain => Some(plain.to_string()),
    }
}

fn tell(first: &Over<'_>, later: &Over<'_>) -> Diagnostic {
    let list = first.list;
    let filter = first.filter().zip(later.filter());
    let path = filter.map(|(first, later)| format!("{list}[?{first} && {later}]"));
    let help = match path.filter(|path| Path::parse(path).is_ok()) {
        Some(path) => {
            format!("where one item must meet both, write {{path: \"{path}\", exists: true}}")
        }
        None => format!(
            "where one item must meet both, ask both in one filter: \
             {{path: \"{list}[?… && …]\", exists: true}}"
        ),
    };
    let message = format!("one item of `{list}` may meet this, and another the condition above");
    Diagnostic::warning(code::DIFFERENT_ITEMS, later.leaf.place().clone(), message)
        .also(first.leaf.place().clone(), "another item may meet this one")
        .help(help)
}
