//! `@csv`, `@base64` and their like.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use super::super::super::template::engine::text_of;
use super::super::budget::Stop;
use super::{Native, list, native, wants};

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

pub(super) const LIST: &[Native] = &[
    native("@text", 0, |_, input, _| Ok(plain(input).into())),
    native("@json", 0, |_, input, _| Ok(input.to_string().into())),
    native("@csv", 0, |_, input, _| {
        row(input, ",", |text| {
            format!("\"{}\"", text.replace('"', "\"\""))
        })
    }),
    native("@tsv", 0, |_, input, _| {
        row(input, "\t", |text| {
            text.replace('\\', "\\\\")
                .replace('\t', "\\t")
                .replace('\n', "\\n")
                .replace('\r', "\\r")
        })
    }),
    native("@html", 0, |_, input, _| {
        let escaped = plain(input)
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('\'', "&#39;")
            .replace('"', "&quot;");
        Ok(escaped.into())
    }),
    native("@uri", 0, |_, input, _| {
        Ok(utf8_percent_encode(&plain(input), UNRESERVED)
            .to_string()
            .into())
    }),
    native("@urid", 0, |_, input, _| {
        match percent_decode_str(&plain(input)).decode_utf8() {
            Ok(text) => Ok(text.as_ref().into()),
            Err(_) => Err(Stop::error("finds bytes that are no text")),
        }
    }),
    native("@sh", 0, |_, input, _| {
        let items = match input {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let words = items.iter().map(|item| match item {
            Value::String(text) => Ok(format!("'{}'", text.replace('\'', "'\\''"))),
            Value::Array(_) | Value::Object(_) => wants("words, or a list of them", item),
            other => Ok(other.to_string()),
        });
        Ok(words.collect::<Result<Vec<_>, _>>()?.join(" ").into())
    }),
    native("@base64", 0, |_, input, _| {
        Ok(STANDARD.encode(plain(input)).into())
    }),
    native("@base64d", 0, |_, input, _| {
        let text = plain(input);
        let bytes = STANDARD_NO_PAD.decode(text.trim_end_matches('='));
        match bytes.map(String::from_utf8) {
            Ok(Ok(text)) => Ok(text.into()),
            Ok(Err(_)) => Err(Stop::error("finds bytes that are no text")),
            Err(_) => wants("base64", input),
        }
    }),
];

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn row(input: &Value, separator: &str, quote: fn(&str) -> String) -> Result<Value, Stop> {
    let cells = list(input)?.iter().map(|cell| match cell {
        Value::String(text) => Ok(quote(text)),
        Value::Array(_) | Value::Object(_) => wants("a list of texts and numbers", cell),
        plain => Ok(text_of(plain)),
    });
    Ok(cells.collect::<Result<Vec<_>, _>>()?.join(separator).into())
}
