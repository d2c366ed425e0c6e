//! `default`: something else where a value is missing.

use serde_json::Value;

use super::{Helper, PLAIN, example};

pub(super) const DEFAULT: Helper = Helper {
    name: "default",
    usage: "default VALUE… FALLBACK",
    help: "The first of its values that is there and not null.",
    examples: &[
        example(r#"{{default payload.nick "-"}}"#, "{}", "-"),
        example(r#"{{default payload.nick "-"}}"#, r#"{"nick":null}"#, "-"),
        example(
            r#"{{default payload.nick payload.name "-"}}"#,
            r#"{"name":"Ann"}"#,
            "Ann",
        ),
        example(r#"{{default payload.nick "-"}}"#, r#"{"nick":""}"#, ""),
    ],
    least: 2,
    most: 8,
    takes_missing: true,
    call: |arguments| {
        let mut there = arguments.values.iter().flatten();
        let found = there.find(|value| !value.is_null());
        found
            .map(|value| (*value).clone())
            .or_else(|| arguments.values.last()?.map(|_| Value::Null))
            .ok_or_else(|| "finds none of its values there".to_owned())
    },
    ..PLAIN
};
