//! Yes and no: `and or not`.

use handlebars::JsonTruthy;
use serde_json::Value;

use super::{Helper, PLAIN, example};

fn holds(value: Option<&Value>) -> bool {
    value.is_some_and(|value| value.is_truthy(false))
}

pub(super) const AND: Helper = Helper {
    name: "and",
    usage: "and VALUE VALUE…",
    help: "Whether all hold, as {{#if}} takes them: missing, null, false, 0, \"\" and [] do not.",
    examples: &[
        example("{{and payload.a payload.b}}", r#"{"a":1,"b":"x"}"#, "true"),
        example("{{and payload.a payload.b}}", r#"{"a":1}"#, "false"),
    ],
    least: 2,
    most: 16,
    takes_missing: true,
    call: |arguments| Ok(Value::Bool(arguments.values.iter().copied().all(holds))),
    ..PLAIN
};

pub(super) const OR: Helper = Helper {
    name: "or",
    usage: "or VALUE VALUE…",
    help: "Whether one holds, as {{#if}} takes them.",
    examples: &[example(
        "{{or payload.a payload.b}}",
        r#"{"a":0,"b":[1]}"#,
        "true",
    )],
    least: 2,
    most: 16,
    takes_missing: true,
    call: |arguments| Ok(Value::Bool(arguments.values.iter().copied().any(holds))),
    ..PLAIN
};

pub(super) const NOT: Helper = Helper {
    name: "not",
    usage: "not VALUE",
    help: "Whether the value does not hold, as {{#if}} takes it.",
    examples: &[
        example("{{not payload.a}}", "{}", "true"),
        example("{{not payload.a}}", r#"{"a":true}"#, "false"),
    ],
    takes_missing: true,
    call: |arguments| Ok(Value::Bool(!arguments.values.iter().copied().any(holds))),
    ..PLAIN
};
