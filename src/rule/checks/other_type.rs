//! Operands of a type that the value never has: `equals: "1"` where numbers are sent.

use serde_json::Value;

use crate::condition::{Compared, Leaf, Subject};
use crate::diagnostic::{Diagnostic, Diagnostics, code};

use super::super::Rule;
use super::samples::Found;
use super::{Around, Check};

pub(super) struct OtherType;

impl Check for OtherType {
    fn of_one(&self, rule: &Rule, around: &Around<'_>, problems: &mut Diagnostics) {
        let own = rule.actions.iter().map(|action| &action.conditions);
        let own = own.chain([&rule.when.conditions]);
        let others = rule.flow.whens().map(|when| (when, &when.conditions));
        let all = own.map(|conditions| (&rule.when, conditions)).chain(others);
        for (when, conditions) in all {
            if conditions.is_empty() {
                continue;
            }
            let Some(seen) = around.samples.seen(rule, when, around) else {
                continue;
            };
            for leaf in conditions.leaves() {
                let plain = matches!(leaf.subject(), Subject::Slot(_) | Subject::Several(..));
                if !plain || leaf.read_as().is_some() {
                    continue;
                }
                if let Found::Values(values) = seen.at(leaf.written()) {
                    for one in leaf.compared() {
                        problems_of(leaf, &one, &values, problems);
                    }
                }
            }
        }
    }
}

/// What is said of operands and values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Truth,
    Number,
    Text,
    Other,
}

impl Type {
    fn of(value: &Value) -> Self {
        match value {
            Value::Bool(_) => Self::Truth,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::Text,
            Value::Null | Value::Array(_) | Value::Object(_) => Self::Other,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Truth => "true or false",
            Self::Number => "a number",
            Self::Text => "text",
            Self::Other => "a list or an object",
        }
    }
}

/// The types that an operator can compare, where its operand does not say.
fn wanted(one: &Compared<'_>) -> Option<Vec<(Type, Value)>> {
    let operand: Value = serde_json::from_str(one.literal?).ok()?;
    Some(match one.operator {
        "equals" | "not_equals" => vec![(Type::of(&operand), operand)],
        "in" | "not_in" => {
            let values = operand.as_array()?.iter();
            values
                .map(|value| (Type::of(value), value.clone()))
                .collect()
        }
        "gt" | "gte" | "lt" | "lte" => vec![(Type::Number, operand)],
        "starts_with" | "ends_with" | "matches" | "glob" => vec![(Type::Text, operand)],
        _ => return None,
    })
}

fn problems_of(leaf: &Leaf, one: &Compared<'_>, values: &[Value], problems: &mut Diagnostics) {
    let Some(wanted) = wanted(one) else { return };
    let sent: Vec<_> = values.iter().map(Type::of).collect();
    // Null stands for what is not known here, and objects compare as a whole.
    let misses = |(kind, _): &&(Type, Value)| *kind != Type::Other && !sent.contains(kind);
    let (Some(first), true) = (sent.first().copied(), wanted.iter().all(|one| misses(&one))) else {
        return;
    };
    let Some((_, operand)) = wanted.iter().find(misses) else {
        return;
    };
    let path = leaf.written();
    let name = one.operator;
    let passes = if matches!(name, "not_equals" | "not_in") {
        "always holds"
    } else {
        "never passes"
    };
    let message = format!(
        "`{path}` is {}, so `{name}: {operand}` {passes}",
        first.name()
    );
    let problem = Diagnostic::warning(code::OTHER_TYPE, one.place.clone(), message);
    problems.push(problem.help(help(name, operand, first)));
}

fn help(operator: &str, operand: &Value, sent: Type) -> String {
    let ordered = matches!(operator, "gt" | "gte" | "lt" | "lte");
    let textual = matches!(operator, "starts_with" | "ends_with" | "matches" | "glob");
    match (sent, operand) {
        (Type::Text, Value::Number(_)) if ordered => {
            "add `as: number` beside it, or `as: time` or `as: version`".to_owned()
        }
        (Type::Number, Value::String(_)) if textual => "add `as: text` beside it".to_owned(),
        (Type::Number, Value::String(text)) if text.parse::<f64>().is_ok() => {
            format!("write {text} without quotes")
        }
        (Type::Truth, Value::String(text)) if matches!(text.as_str(), "true" | "false") => {
            format!("write {text} without quotes")
        }
        (Type::Text, Value::Number(_) | Value::Bool(_)) => {
            format!("write \"{operand}\" with quotes")
        }
        (Type::Other, _) => "a path ends at the value itself: `$.labels[*].name`".to_owned(),
        (Type::Truth, Value::String(text)) if matches!(text.as_str(), "yes" | "on") => {
            "YAML takes it for text: write true".to_owned()
        }
        (Type::Truth, Value::String(text)) if matches!(text.as_str(), "no" | "off") => {
            "YAML takes it for text: write false".to_owned()
        }
        _ => format!("compare it with {}, or look at another path", sent.name()),
    }
}
