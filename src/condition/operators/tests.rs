//! What every operator must do, and tables of values for each.

use super::*;

use crate::event::{MediaKind, PathSet, Payload};
use crate::yaml;

/// Reads one operator with a JSON operand.
pub(super) fn test(name: &str, operand: &str, options: Options) -> Result<Box<dyn Test>, String> {
    let mut problems = Diagnostics::new();
    let operand = node(&serde_json::from_str(operand).unwrap());
    let test = find(name).unwrap().parse(&operand, options, &mut problems);
    match problems.iter().next() {
        Some(problem) => Err(problem.message.clone()),
        None => Ok(test.unwrap()),
    }
}

/// The surroundings of an event that was received at 1700000000 with an empty body.
pub(super) fn around<T>(ask: impl FnOnce(&Around<'_>) -> T) -> T {
    let payload = Payload::new("{}".into(), MediaKind::Json).unwrap();
    let paths = PathSet::default();
    ask(&Around {
        now: Timestamp::from_seconds(1_700_000_000),
        slots: &payload.slots(&paths),
    })
}

fn node(value: &Value) -> Node {
    Node::synthetic(match value {
        Value::Null => yaml::Value::Null,
        Value::Bool(value) => yaml::Value::Bool(*value),
        Value::Number(number) => yaml::Value::Number(number.clone()),
        Value::String(text) => yaml::Value::String(text.clone()),
        Value::Array(items) => yaml::Value::List(items.iter().map(node).collect()),
        Value::Object(members) => {
            let key = |name: &String| yaml::Key {
                text: name.clone(),
                span: 0..0,
            };
            yaml::Value::Map(members.iter().map(|(n, v)| (key(n), node(v))).collect())
        }
    })
}

/// A table of values: those that pass and those that do not.
#[track_caller]
pub(super) fn check(name: &str, operand: &str, pass: &[&str], fail: &[&str]) {
    check_with(name, operand, Options::default(), pass, fail);
}

#[track_caller]
pub(super) fn check_with(
    name: &str,
    operand: &str,
    options: Options,
    pass: &[&str],
    fail: &[&str],
) {
    let test = test(name, operand, options).unwrap();
    for (values, expected) in [(pass, true), (fail, false)] {
        for text in values {
            let value: Value = serde_json::from_str(text).unwrap();
            let passes = around(|around| test.passes(&value, around));
            assert_eq!(passes, expected, "{name} {operand}: {text}");
        }
    }
}

#[track_caller]
pub(super) fn refused(name: &str, operand: &str, message: &str) {
    let error = test(name, operand, Options::default()).unwrap_err();
    assert!(error.contains(message), "{error}");
}

#[test]
fn every_operator_says_what_it_does() {
    for operator in LIST {
        assert!(operator.help().ends_with('.'), "{}", operator.name());
        let named = LIST.iter().filter(|other| other.name() == operator.name());
        assert_eq!(named.count(), 1);
    }
}

#[test]
fn no_operator_falls_over_odd_values() {
    let odd = [
        "null",
        "true",
        "\"\"",
        "\"é\"",
        "1e400",
        "-0",
        "[]",
        "{}",
        "[[1]]",
        "\"10.0.0.0/8\"",
        "\"[\"",
    ];
    for operator in LIST {
        for operand in odd {
            if let Ok(test) = test(operator.name(), operand, Options::default()) {
                for value in odd {
                    let value: Value = serde_json::from_str(value).unwrap();
                    around(|around| test.passes(&value, around));
                }
            }
        }
    }
}
