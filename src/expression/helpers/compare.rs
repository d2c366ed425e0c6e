//! Two values beside each other: `eq ne gt gte lt lte`.

use std::cmp::Ordering;

use serde_json::Value;

use super::super::decimal;
use super::{Arguments, Helper, PLAIN, example, shown};

/// What two-value helpers share.
const PAIR: Helper = Helper {
    least: 2,
    most: 2,
    ..PLAIN
};

pub(super) const EQ: Helper = Helper {
    name: "eq",
    usage: "eq LEFT RIGHT",
    help: "Whether two values are the same; \"1\" is not 1, 1 is 1.0.",
    examples: &[
        example(
            r#"{{#if (eq payload.a "x")}}yes{{/if}}"#,
            r#"{"a":"x"}"#,
            "yes",
        ),
        example("{{eq payload.a 1}}", r#"{"a":1.0}"#, "true"),
        example("{{eq payload.a 1}}", r#"{"a":"1"}"#, "false"),
    ],
    call: |arguments| {
        Ok(Value::Bool(decimal::equal(
            arguments.value(0),
            arguments.value(1),
        )))
    },
    ..PAIR
};

pub(super) const NE: Helper = Helper {
    name: "ne",
    usage: "ne LEFT RIGHT",
    help: "Whether two values are not the same.",
    examples: &[example(r#"{{ne payload.a "x"}}"#, r#"{"a":"y"}"#, "true")],
    call: |arguments| {
        Ok(Value::Bool(!decimal::equal(
            arguments.value(0),
            arguments.value(1),
        )))
    },
    ..PAIR
};

pub(super) const GT: Helper = Helper {
    name: "gt",
    usage: "gt LEFT RIGHT",
    help: "Whether the left number is greater.",
    examples: &[example("{{gt payload.a 9}}", r#"{"a":10}"#, "true")],
    call: |arguments| ordered(arguments, &[Ordering::Greater]),
    ..PAIR
};

pub(super) const GTE: Helper = Helper {
    name: "gte",
    usage: "gte LEFT RIGHT",
    help: "Whether the left number is greater or equal.",
    examples: &[example("{{gte payload.a 10}}", r#"{"a":10.0}"#, "true")],
    call: |arguments| ordered(arguments, &[Ordering::Greater, Ordering::Equal]),
    ..PAIR
};

pub(super) const LT: Helper = Helper {
    name: "lt",
    usage: "lt LEFT RIGHT",
    help: "Whether the left number is less.",
    examples: &[example("{{lt payload.a 10}}", r#"{"a":9}"#, "true")],
    call: |arguments| ordered(arguments, &[Ordering::Less]),
    ..PAIR
};

pub(super) const LTE: Helper = Helper {
    name: "lte",
    usage: "lte LEFT RIGHT",
    help: "Whether the left number is less or equal.",
    examples: &[example("{{lte payload.a 10}}", r#"{"a":11}"#, "false")],
    call: |arguments| ordered(arguments, &[Ordering::Less, Ordering::Equal]),
    ..PAIR
};

fn ordered(arguments: &Arguments<'_>, wanted: &[Ordering]) -> Result<Value, String> {
    let (left, right) = (arguments.value(0), arguments.value(1));
    let order = match (left, right) {
        (Value::Number(left), Value::Number(right)) => decimal::compare(left, right),
        _ => None,
    };
    match order {
        Some(order) => Ok(Value::Bool(wanted.contains(&order))),
        None => Err(format!(
            "compares numbers, not {} and {}; `number` makes one of a text",
            shown(left),
            shown(right)
        )),
    }
}
