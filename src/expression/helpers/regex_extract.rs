//! `regex_extract`: what a pattern finds in a text.

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::super::pattern;
use super::{Helper, PLAIN, Wrong, example};

/// The most memory that a pattern may take, in bytes.
const PATTERN_BYTES_MAX: usize = 256 * 1024;

pub(super) const REGEX_EXTRACT: Helper = Helper {
    name: "regex_extract",
    usage: "regex_extract TEXT \"PATTERN\" [GROUP]",
    help: "What the pattern finds first: its first group, or all of it, or the group of that \
           number or name; null where it finds nothing. The pattern is written in the rule.",
    examples: &[
        example(
            r#"{{regex_extract payload.title "([A-Z]+-[0-9]+)"}}"#,
            r#"{"title":"Fix ABC-12: a"}"#,
            "ABC-12",
        ),
        example(
            r#"{{regex_extract payload.a "v(\\d+)\\.(\\d+)" 2}}"#,
            r#"{"a":"v1.42"}"#,
            "42",
        ),
        example(
            r#"{{default (regex_extract payload.a "x+") "none"}}"#,
            r#"{"a":"y"}"#,
            "none",
        ),
    ],
    least: 2,
    most: 3,
    check: |literals| match literals.written(1) {
        Some(text) => compiled(text).map(|_| ()),
        None => Err("wants its pattern written in quotes".to_owned().into()),
    },
    call: |arguments| {
        let text = arguments.text(0)?;
        let pattern = compiled(&arguments.text(1)?).map_err(|wrong| wrong.message)?;
        let Some(found) = pattern.captures(&text) else {
            return Ok(Value::Null);
        };
        let part = match arguments.optional(2) {
            None => found.get(1).or_else(|| found.get(0)),
            Some(Value::String(name)) => found.name(name),
            Some(_) => found.get(arguments.count(2)?),
        };
        Ok(part.map_or(Value::Null, |part| Value::from(part.as_str())))
    },
    ..PLAIN
};

fn compiled(text: &str) -> Result<Regex, Wrong> {
    let mut builder = RegexBuilder::new(text);
    builder.size_limit(PATTERN_BYTES_MAX);
    builder.build().map_err(|error| {
        let fault = pattern::fault(text, &error);
        let message = format!("cannot read the pattern `{text}`: {}", fault.message);
        Wrong::expression(text, message, fault)
    })
}
