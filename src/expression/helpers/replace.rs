//! `replace`: one text for another, everywhere.

use serde_json::Value;

use super::super::template::engine::OUTPUT_BYTES_MAX;
use super::{Helper, PLAIN, Wrong, example};

pub(super) const REPLACE: Helper = Helper {
    name: "replace",
    usage: "replace TEXT FROM TO",
    help: "The text with every FROM turned into TO; both are plain text, not patterns.",
    examples: &[
        example(
            r#"{{replace payload.ref "refs/heads/" ""}}"#,
            r#"{"ref":"refs/heads/main"}"#,
            "main",
        ),
        example(
            r#"{{replace payload.a "." "-"}}"#,
            r#"{"a":"1.2.3"}"#,
            "1-2-3",
        ),
    ],
    least: 3,
    most: 3,
    check: |literals| match literals.written(1) {
        Some("") => Err(Wrong::text("", "wants to know what to replace".to_owned())),
        _ => Ok(()),
    },
    call: |arguments| {
        let (text, from, to) = (arguments.text(0)?, arguments.text(1)?, arguments.text(2)?);
        if from.is_empty() {
            return Err("wants to know what to replace".to_owned());
        }
        // Looked at before it is made: each round of nesting could multiply the length.
        let longest = text.len() + text.matches(from.as_ref()).count().saturating_mul(to.len());
        if longest > 2 * OUTPUT_BYTES_MAX {
            return Err(format!("would give more than {OUTPUT_BYTES_MAX} bytes"));
        }
        Ok(Value::String(text.replace(from.as_ref(), &to)))
    },
    ..PLAIN
};
