//! `as:`: values read as something else before they are compared.

use std::borrow::Cow;

use serde_json::{Number, Value};

use crate::expression::decimal::Decimal;
use crate::expression::helpers::instant;

use super::version::Version;

/// What a value is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum As {
    /// A number, also where it stands in text: `"12.50"`.
    Number,
    /// A moment, as the helper `date` reads it.
    Time,
    /// A version: numbers with dots between them.
    Version,
    /// Text: numbers, true and false as they are written in JSON.
    Text,
    /// How many characters a text has, items a list, members an object.
    Length,
}

impl As {
    /// Every one, in the order of the docs.
    pub const ALL: [Self; 5] = [
        Self::Number,
        Self::Time,
        Self::Version,
        Self::Text,
        Self::Length,
    ];

    /// As rules write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Time => "time",
            Self::Version => "version",
            Self::Text => "text",
            Self::Length => "length",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// A value read so; none where it cannot be. Moments become numbers (milliseconds since 1970),
    /// versions texts in one spelling.
    pub fn value(self, value: &Value) -> Option<Cow<'_, Value>> {
        match (self, value) {
            (Self::Number, Value::Number(_)) | (Self::Text, Value::String(_)) => {
                return Some(Cow::Borrowed(value));
            }
            _ => {}
        }
        let read = match self {
            Self::Number => Value::Number(number(value.as_str()?)?),
            Self::Time => Value::from(instant(value)?.millis()),
            Self::Version => Value::String(Version::parse(&plain(value)?)?.to_string()),
            Self::Text => match value {
                Value::Bool(truth) => Value::String(truth.to_string()),
                _ => Value::String(plain(value)?.into_owned()),
            },
            Self::Length => Value::from(length(value)?),
        };
        Some(Cow::Owned(read))
    }

    /// What a value is compared with, read likewise; only a length is compared with a number as it
    /// stands.
    pub fn operand(self, operand: &Value) -> Option<Cow<'_, Value>> {
        match self {
            Self::Length => operand.is_number().then_some(Cow::Borrowed(operand)),
            _ => self.value(operand),
        }
    }
}

/// Text, or a number by its text.
fn plain(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Borrowed(number.as_str())),
        _ => None,
    }
}

fn number(text: &str) -> Option<Number> {
    let text = text.trim();
    text.parse()
        .ok()
        .or_else(|| Decimal::parse(text)?.to_number())
}

fn length(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(items) => Some(items.len()),
        Value::Object(members) => Some(members.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(read_as: As, value: &str, expected: Option<&str>) {
        let value: Value = serde_json::from_str(value).unwrap();
        let read = read_as.value(&value).map(|read| read.to_string());
        assert_eq!(read.as_deref(), expected, "{value}");
    }

    #[test]
    fn what_can_be_read_and_what_cannot() {
        for (value, number) in [
            ("\"12.50\"", Some("12.50")),
            ("\" 7 \"", Some("7")),
            ("\"-1e3\"", Some("-1e+3")),
            ("\"007\"", Some("7")),
            (
                "\"123456789012345678901234567890\"",
                Some("123456789012345678901234567890"),
            ),
            ("12.50", Some("12.50")),
            ("\"\"", None),
            ("\"12 EUR\"", None),
            ("\"1,000\"", None),
            ("\"NaN\"", None),
            ("true", None),
            ("null", None),
            ("[1]", None),
        ] {
            check(As::Number, value, number);
        }
        check(As::Time, "\"1970-01-01T00:00:01.5Z\"", Some("1500"));
        check(As::Time, "\"1970-01-01T01:00:01+01:00\"", Some("1000"));
        check(As::Time, "1700000000", Some("1700000000000"));
        check(As::Time, "\"soon\"", None);
        check(As::Time, "null", None);
        check(As::Version, "\"v1.10.0\"", Some("\"1.10\""));
        check(As::Version, "1.10", Some("\"1.10\""));
        check(As::Version, "\"latest\"", None);
        check(As::Version, "true", None);
        check(As::Text, "12.50", Some("\"12.50\""));
        check(As::Text, "true", Some("\"true\""));
        check(As::Text, "null", None);
        check(As::Text, "[1]", None);
        check(As::Length, "\"größe\"", Some("5"));
        check(As::Length, "[1,2]", Some("2"));
        check(As::Length, "{\"a\":1}", Some("1"));
        check(As::Length, "12", None);
        check(As::Length, "null", None);
    }

    #[test]
    fn names_find_their_conversion() {
        assert!(
            As::ALL
                .iter()
                .all(|one| As::named(one.name()) == Some(*one))
        );
        assert_eq!(As::named("int"), None);
    }
}
