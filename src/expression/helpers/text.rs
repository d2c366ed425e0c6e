//! Text made over: `upper lower title trim truncate`.

use serde_json::Value;

use super::{Helper, PLAIN, example};

pub(super) const UPPER: Helper = Helper {
    name: "upper",
    usage: "upper TEXT",
    help: "The text in capital letters.",
    examples: &[example(
        "{{upper payload.a}}",
        r#"{"a":"straße"}"#,
        "STRASSE",
    )],
    call: |arguments| Ok(Value::String(arguments.text(0)?.to_uppercase())),
    ..PLAIN
};

pub(super) const LOWER: Helper = Helper {
    name: "lower",
    usage: "lower TEXT",
    help: "The text in small letters.",
    examples: &[example("{{lower payload.a}}", r#"{"a":"ÄB"}"#, "äb")],
    call: |arguments| Ok(Value::String(arguments.text(0)?.to_lowercase())),
    ..PLAIN
};

pub(super) const TITLE: Helper = Helper {
    name: "title",
    usage: "title TEXT",
    help: "Each word begins with a capital letter; underscores become spaces, the rest stays.",
    examples: &[
        example(
            "{{title payload.a}}",
            r#"{"a":"pull_request review"}"#,
            "Pull Request Review",
        ),
        example(
            "{{title payload.a}}",
            r#"{"a":"GitHub issue"}"#,
            "GitHub Issue",
        ),
    ],
    call: |arguments| {
        let text = arguments.text(0)?.replace('_', " ");
        let mut titled = String::with_capacity(text.len());
        let mut begins = true;
        for c in text.chars() {
            if begins {
                titled.extend(c.to_uppercase());
            } else {
                titled.push(c);
            }
            begins = c.is_whitespace();
        }
        Ok(Value::String(titled))
    },
    ..PLAIN
};

pub(super) const TRIM: Helper = Helper {
    name: "trim",
    usage: "trim TEXT",
    help: "The text without white space at its ends.",
    examples: &[example("{{trim payload.a}}", r#"{"a":" x y\n"}"#, "x y")],
    call: |arguments| Ok(Value::String(arguments.text(0)?.trim().to_owned())),
    ..PLAIN
};

pub(super) const TRUNCATE: Helper = Helper {
    name: "truncate",
    usage: "truncate TEXT LENGTH",
    help: "At most so many characters of the text, the last of them `…` if some were cut off.",
    examples: &[
        example("{{truncate payload.a 5}}", r#"{"a":"übergroß"}"#, "über…"),
        example("{{truncate payload.a 5}}", r#"{"a":"short"}"#, "short"),
        example("{{truncate payload.a 5}}", r#"{"a":null}"#, ""),
    ],
    least: 2,
    most: 2,
    check: |literals| match literals.optional(1) {
        Some(length) => Ok(super::count(length).map(|_| ())?),
        None => Ok(()),
    },
    call: |arguments| {
        let (text, length) = (arguments.text(0)?, arguments.count(1)?);
        if text.chars().nth(length).is_none() {
            return Ok(Value::String(text.into_owned()));
        }
        let mut cut: String = text.chars().take(length.saturating_sub(1)).collect();
        if length > 0 {
            cut.push('…');
        }
        Ok(Value::String(cut))
    },
    ..PLAIN
};
