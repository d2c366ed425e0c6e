//! The values that a helper is given, and what they can be read as.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::super::decimal::Decimal;
use super::super::template::engine::text_of;

/// The values a helper was called with.
#[derive(Debug)]
pub struct Arguments<'a> {
    /// Those given by position; none where a path led to nothing.
    pub values: Vec<Option<&'a Value>>,
    /// Those given as `name=value`.
    pub named: BTreeMap<&'a str, &'a Value>,
}

impl<'a> Arguments<'a> {
    /// The value at a position; null where there is none.
    pub fn value(&self, position: usize) -> &'a Value {
        self.optional(position).unwrap_or(&Value::Null)
    }

    /// The value at a position, if one was given.
    pub fn optional(&self, position: usize) -> Option<&'a Value> {
        self.values.get(position).copied().flatten()
    }

    /// The value at a position or under a name.
    pub fn either(&self, position: usize, name: &str) -> Option<&'a Value> {
        self.optional(position)
            .or_else(|| self.named.get(name).copied())
    }

    /// A text that is written in the call, at a position.
    pub(super) fn written(&self, position: usize) -> Option<&'a str> {
        self.optional(position).and_then(Value::as_str)
    }

    /// The text of a value; null is empty text.
    ///
    /// # Errors
    /// It is a list or an object.
    pub fn text(&self, position: usize) -> Result<Cow<'a, str>, String> {
        text(self.value(position))
    }

    /// The exact number of a value, which may be a number or the text of one.
    ///
    /// # Errors
    /// It is neither, or beyond exact arithmetic.
    pub fn decimal(&self, position: usize) -> Result<Decimal, String> {
        let value = self.value(position);
        let found = match value {
            Value::Number(number) => Decimal::parse(number.as_str()),
            Value::String(text) => Decimal::parse(text),
            _ => None,
        };
        found.ok_or_else(|| format!("wants a number, not {}", shown(value)))
    }

    /// A small whole number from zero up.
    ///
    /// # Errors
    /// It is something else.
    pub fn count(&self, position: usize) -> Result<usize, String> {
        count(self.value(position))
    }

    /// The items of a list.
    ///
    /// # Errors
    /// It is no list.
    pub fn list(&self, position: usize) -> Result<&'a [Value], String> {
        match self.value(position) {
            Value::Array(items) => Ok(items),
            other => Err(format!("wants a list, not {}", shown(other))),
        }
    }
}

pub(super) fn text(value: &Value) -> Result<Cow<'_, str>, String> {
    match value {
        Value::String(text) => Ok(Cow::Borrowed(text)),
        Value::Array(_) | Value::Object(_) => Err(format!("wants text, not {}", shown(value))),
        plain => Ok(Cow::Owned(text_of(plain))),
    }
}

pub(super) fn count(value: &Value) -> Result<usize, String> {
    value
        .as_u64()
        .and_then(|count| usize::try_from(count).ok())
        .ok_or_else(|| format!("wants a whole number, not {}", shown(value)))
}

/// A value as an error shows it.
pub(in crate::expression) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        other => {
            let text = other.to_string();
            match text.char_indices().nth(40) {
                Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
                None => text,
            }
        }
    }
}
