//! Lists: `split join first last length`.

use serde_json::Value;

use super::super::template::engine::OUTPUT_BYTES_MAX;
use super::arguments::text;
use super::{Helper, PLAIN, example, shown};

/// The most items that `split` makes.
const ITEMS_MAX: usize = 10_000;

pub(super) const SPLIT: Helper = Helper {
    name: "split",
    usage: "split TEXT SEPARATOR",
    help: "The list of texts between the separators.",
    examples: &[
        example(
            r#"{{last (split payload.ref "/")}}"#,
            r#"{"ref":"refs/heads/main"}"#,
            "main",
        ),
        example(
            r#"{{split payload.a ","}}"#,
            r#"{"a":"x,y"}"#,
            r#"["x","y"]"#,
        ),
    ],
    least: 2,
    most: 2,
    call: |arguments| {
        let (text, separator) = (arguments.text(0)?, arguments.text(1)?);
        if separator.is_empty() {
            return Err("wants a separator".to_owned());
        }
        if text.is_empty() {
            return Ok(Value::Array(Vec::new()));
        }
        if text
            .matches(separator.as_ref())
            .nth(ITEMS_MAX - 1)
            .is_some()
        {
            return Err(format!("would give more than {ITEMS_MAX} items"));
        }
        Ok(text.split(separator.as_ref()).map(Value::from).collect())
    },
    ..PLAIN
};

pub(super) const JOIN: Helper = Helper {
    name: "join",
    usage: "join LIST SEPARATOR",
    help: "The items of a list as one text, with the separator between them.",
    examples: &[
        example(
            r#"{{join payload.a ", "}}"#,
            r#"{"a":["x",1,true]}"#,
            "x, 1, true",
        ),
        example(r#"{{join payload.a ", "}}"#, r#"{"a":[]}"#, ""),
    ],
    least: 2,
    most: 2,
    call: |arguments| {
        let (items, separator) = (arguments.list(0)?, arguments.text(1)?);
        let mut joined = String::new();
        for (position, item) in items.iter().enumerate() {
            if position > 0 {
                joined.push_str(&separator);
            }
            joined.push_str(&text(item)?);
            if joined.len() > OUTPUT_BYTES_MAX {
                return Err(format!("would give more than {OUTPUT_BYTES_MAX} bytes"));
            }
        }
        Ok(Value::String(joined))
    },
    ..PLAIN
};

pub(super) const FIRST: Helper = Helper {
    name: "first",
    usage: "first LIST",
    help: "The first item of a list; null for an empty one.",
    examples: &[
        example("{{first payload.a}}", r#"{"a":["x","y"]}"#, "x"),
        example(r#"{{default (first payload.a) "-"}}"#, r#"{"a":[]}"#, "-"),
    ],
    call: |arguments| Ok(arguments.list(0)?.first().cloned().unwrap_or_default()),
    ..PLAIN
};

pub(super) const LAST: Helper = Helper {
    name: "last",
    usage: "last LIST",
    help: "The last item of a list; null for an empty one.",
    examples: &[example("{{last payload.a}}", r#"{"a":["x","y"]}"#, "y")],
    call: |arguments| Ok(arguments.list(0)?.last().cloned().unwrap_or_default()),
    ..PLAIN
};

pub(super) const LENGTH: Helper = Helper {
    name: "length",
    usage: "length VALUE",
    help: "How many items a list has, members an object, characters a text; 0 for null.",
    examples: &[
        example("{{length payload.a}}", r#"{"a":[1,2]}"#, "2"),
        example("{{length payload.a}}", r#"{"a":"größe"}"#, "5"),
        example(
            "{{#if (gt (length payload.a) 1)}}many{{/if}}",
            r#"{"a":[1,2]}"#,
            "many",
        ),
    ],
    call: length,
    ..PLAIN
};

pub(super) const LEN: Helper = Helper {
    name: "len",
    usage: "len VALUE",
    help: "The same as `length`.",
    examples: &[example("{{len payload.a}}", r#"{"a":{"b":1}}"#, "1")],
    call: length,
    ..PLAIN
};

fn length(arguments: &super::Arguments<'_>) -> Result<Value, String> {
    let length = match arguments.value(0) {
        Value::Null => 0,
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        other => {
            return Err(format!(
                "wants a list, an object or text, not {}",
                shown(other)
            ));
        }
    };
    Ok(Value::from(length))
}
