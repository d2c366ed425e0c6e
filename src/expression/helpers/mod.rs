//! FAMILY: what templates can call.
//!
//! Comes in: the values of a call. Goes out: a value, or what is wrong with them. Pure: the same
//! values give the same result. A helper owns its name, its usage, its checks and its examples.

mod compare;
mod currency;
mod date;
mod default;
mod encode;
mod list;
mod logic;
mod lookup;
mod math;
mod number;
mod pick;
mod pluralize;
mod regex_extract;
mod replace;
mod text;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::decimal::Decimal;
use super::template::engine::text_of;

pub use date::instant;

/// Every helper, in the order of the docs.
pub const LIST: &[&Helper] = &[
    &default::DEFAULT,
    &encode::JSON,
    &date::DATE,
    &number::NUMBER,
    &currency::CURRENCY,
    &math::MATH,
    &text::UPPER,
    &text::LOWER,
    &text::TITLE,
    &text::TRIM,
    &text::TRUNCATE,
    &replace::REPLACE,
    &list::SPLIT,
    &list::JOIN,
    &list::FIRST,
    &list::LAST,
    &list::LENGTH,
    &list::LEN,
    &lookup::LOOKUP,
    &pick::PICK,
    &pick::CASE,
    &regex_extract::REGEX_EXTRACT,
    &pluralize::PLURALIZE,
    &encode::URL_ENCODE,
    &encode::BASE64,
    &encode::SHA256,
    &compare::EQ,
    &compare::NE,
    &compare::GT,
    &compare::GTE,
    &compare::LT,
    &compare::LTE,
    &logic::AND,
    &logic::OR,
    &logic::NOT,
];

/// One helper.
#[derive(Debug)]
pub struct Helper {
    /// As templates call it.
    pub name: &'static str,
    /// Its arguments, as `truncate TEXT LENGTH`.
    pub usage: &'static str,
    /// One sentence for the docs.
    pub help: &'static str,
    /// Each is run as a test.
    pub examples: &'static [Example],
    /// The fewest values it takes.
    pub least: usize,
    /// The most values it takes.
    pub most: usize,
    /// The names of `name=value` arguments it takes.
    pub named: &'static [&'static str],
    /// Whether it may be given what is not there.
    pub takes_missing: bool,
    /// What can be seen to be wrong from the literals among its values.
    pub check: fn(&[Option<Value>]) -> Result<(), String>,
    /// The result, or what is wrong as the end of a sentence that begins with its name.
    pub call: fn(&Arguments<'_>) -> Result<Value, String>,
}

/// What members leave as it is.
const PLAIN: Helper = Helper {
    name: "",
    usage: "",
    help: "",
    examples: &[],
    least: 1,
    most: 1,
    named: &[],
    takes_missing: false,
    check: |_| Ok(()),
    call: |_| Ok(Value::Null),
};

/// A template, the payload it is rendered with, and the text that comes out.
#[derive(Debug)]
pub struct Example {
    /// The template.
    pub template: &'static str,
    /// The payload, as JSON.
    pub payload: &'static str,
    /// The text.
    pub gives: &'static str,
}

const fn example(template: &'static str, payload: &'static str, gives: &'static str) -> Example {
    Example {
        template,
        payload,
        gives,
    }
}

/// The helper of a name.
pub fn find(name: &str) -> Option<&'static Helper> {
    LIST.iter().copied().find(|helper| helper.name == name)
}

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

fn text(value: &Value) -> Result<Cow<'_, str>, String> {
    match value {
        Value::String(text) => Ok(Cow::Borrowed(text)),
        Value::Array(_) | Value::Object(_) => Err(format!("wants text, not {}", shown(value))),
        plain => Ok(Cow::Owned(text_of(plain))),
    }
}

fn count(value: &Value) -> Result<usize, String> {
    value
        .as_u64()
        .and_then(|count| usize::try_from(count).ok())
        .ok_or_else(|| format!("wants a whole number, not {}", shown(value)))
}

/// A value as an error shows it.
fn shown(value: &Value) -> String {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Escape, Scope, Template};
    use super::*;

    pub(super) fn render(template: &str, payload: &str) -> Result<String, String> {
        let payload: Value = serde_json::from_str(payload).unwrap();
        let scope = Scope::from_tree(json!({ "payload": payload }));
        let template = Template::parse(template, Escape::None).map_err(|e| e.message)?;
        template.render(&scope).map_err(|e| e.message)
    }

    #[test]
    fn every_example_gives_what_it_says() {
        for helper in LIST {
            assert!(
                !helper.examples.is_empty(),
                "{} has no example",
                helper.name
            );
            for example in helper.examples {
                let given = render(example.template, example.payload);
                assert_eq!(given.as_deref(), Ok(example.gives), "{}", example.template);
                assert!(example.template.contains(helper.name));
            }
        }
    }

    #[test]
    fn every_helper_says_what_it_is() {
        for helper in LIST {
            assert_eq!(find(helper.name).map(|h| h.usage), Some(helper.usage));
            assert!(helper.usage.starts_with(helper.name), "{}", helper.name);
            assert!(helper.help.ends_with('.'), "{}", helper.name);
            assert!(helper.least >= 1 && helper.least <= helper.most);
        }
    }

    #[test]
    fn no_helper_falls_over_odd_values() {
        let odd = [
            "null",
            "true",
            "\"\"",
            "\"é\"",
            "-1",
            "1e400",
            "99999999999999999999999999",
            "[]",
            "{}",
            "[[]]",
            "0",
            "\"%\"",
            "\"2024-13-45\"",
        ];
        for helper in LIST {
            for first in odd {
                for second in odd {
                    let first: Value = serde_json::from_str(first).unwrap();
                    let second: Value = serde_json::from_str(second).unwrap();
                    let all = [Some(&first), Some(&second), Some(&second)];
                    let values = all[..helper.most.min(3)].to_vec();
                    let named = helper.named.iter().map(|name| (*name, &second)).collect();
                    // Only that it comes back matters: with a value or with a sentence.
                    let _ = (helper.call)(&Arguments { values, named });
                }
            }
        }
    }
}
