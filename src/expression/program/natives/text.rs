//! Texts.

use serde_json::{Number, Value};

use super::super::super::template::engine::text_of;
use super::super::budget::Stop;
use super::super::operate::split;
use super::{Native, argument, list, native, shallow, shown, text, wants};

pub(in super::super) const TOSTRING: &Native = &native("tostring", 0, |_, input, _| {
    Ok(Value::String(tostring(input)))
});

pub(super) const LIST: &[Native] = &[
    native("tostring", 0, |_, input, _| {
        Ok(Value::String(tostring(input)))
    }),
    native("tonumber", 0, |_, input, _| match input {
        Value::Number(_) => Ok(input.clone()),
        Value::String(text) => match read_number(text.trim()) {
            Some(number) => Ok(Value::Number(number)),
            None => wants("the text of a number", input),
        },
        other => wants("a number or the text of one", other),
    }),
    native("toboolean", 0, |_, input, _| match input {
        Value::Bool(_) => Ok(input.clone()),
        Value::String(text) if text == "true" => Ok(Value::Bool(true)),
        Value::String(text) if text == "false" => Ok(Value::Bool(false)),
        other => wants("true or false, or the text of one", other),
    }),
    native("tojson", 0, |_, input, _| {
        Ok(Value::String(input.to_string()))
    }),
    native("fromjson", 0, |_, input, _| {
        serde_json::from_str(text(input)?)
            .map_err(|error| Stop::error(format!("finds no JSON: {error}")))
    }),
    native("ascii_downcase", 0, |_, input, _| {
        Ok(Value::String(text(input)?.to_ascii_lowercase()))
    }),
    native("ascii_upcase", 0, |_, input, _| {
        Ok(Value::String(text(input)?.to_ascii_uppercase()))
    }),
    native("startswith", 1, |_, input, arguments| {
        Ok(Value::Bool(
            text(input)?.starts_with(text(argument(arguments, 0))?),
        ))
    }),
    native("endswith", 1, |_, input, arguments| {
        Ok(Value::Bool(
            text(input)?.ends_with(text(argument(arguments, 0))?),
        ))
    }),
    native("ltrimstr", 1, |_, input, arguments| {
        Ok(without(input, argument(arguments, 0), true, false))
    }),
    native("rtrimstr", 1, |_, input, arguments| {
        Ok(without(input, argument(arguments, 0), false, true))
    }),
    native("trimstr", 1, |_, input, arguments| {
        Ok(without(input, argument(arguments, 0), true, true))
    }),
    native("trim", 0, |_, input, _| Ok(text(input)?.trim().into())),
    native("ltrim", 0, |_, input, _| {
        Ok(text(input)?.trim_start().into())
    }),
    native("rtrim", 0, |_, input, _| Ok(text(input)?.trim_end().into())),
    native("split", 1, |run, input, arguments| {
        let text_given = text(input)?;
        run.budget
            .make(64 * text_given.len() / (1 + text(argument(arguments, 0))?.len()))?;
        Ok(Value::Array(split(
            text_given,
            text(argument(arguments, 0))?,
        )))
    }),
    native("join", 1, |run, input, arguments| {
        let separator = text(argument(arguments, 0))?;
        let items = list(input)?;
        run.budget
            .make(separator.len().saturating_mul(items.len()))?;
        let parts = items.iter().map(|item| match item {
            Value::Array(_) | Value::Object(_) => wants("texts and numbers to join", item),
            plain => Ok(text_of(plain)),
        });
        Ok(Value::String(
            parts.collect::<Result<Vec<_>, _>>()?.join(separator),
        ))
    }),
    native("explode", 0, |run, input, _| {
        let text = text(input)?;
        run.budget.make(64 * text.len())?;
        Ok(text.chars().map(|c| Value::from(u32::from(c))).collect())
    }),
    native("implode", 0, |_, input, _| {
        let chars = list(input)?.iter().map(|code| {
            let number = code.as_u64().and_then(|code| u32::try_from(code).ok());
            match number.and_then(char::from_u32) {
                Some(c) => Ok(c),
                None => wants("the numbers of characters", code),
            }
        });
        Ok(Value::String(chars.collect::<Result<String, _>>()?))
    }),
    shallow("utf8bytelength", 0, |_, input, _| {
        Ok(text(input)?.len().into())
    }),
    native("length", 0, |_, input, _| match input {
        Value::Null => Ok(0.into()),
        Value::Number(number) => {
            let plain = number.as_str().trim_start_matches('-');
            Ok(plain.parse::<Number>().map_or(Value::Null, Value::Number))
        }
        Value::String(text) => Ok(text.chars().count().into()),
        Value::Array(items) => Ok(items.len().into()),
        Value::Object(members) => Ok(members.len().into()),
        Value::Bool(_) => Err(Stop::error(format!("has no meaning for {}", shown(input)))),
    }),
];

/// The number that a text writes: as JSON does, or as people do: `007`, `+5`, `.5`, `5.`.
fn read_number(text: &str) -> Option<Number> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = digits.split_at(digits.find(['e', 'E']).unwrap_or(digits.len()));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = if fraction.is_empty() { "0" } else { fraction };
    let fraction = if mantissa.contains('.') {
        format!(".{fraction}")
    } else {
        String::new()
    };
    format!("{sign}{whole}{fraction}{exponent}").parse().ok()
}

/// A text as it is, all else as JSON.
fn tostring(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A text without another at its ends; anything else as it is.
fn without(input: &Value, end: &Value, left: bool, right: bool) -> Value {
    let (Value::String(text), Value::String(end)) = (input, end) else {
        return input.clone();
    };
    let mut text = text.as_str();
    if left {
        text = text.strip_prefix(end.as_str()).unwrap_or(text);
    }
    if right {
        text = text.strip_suffix(end.as_str()).unwrap_or(text);
    }
    text.into()
}
