//! FAMILY: what templates can call.
//!
//! Comes in: the values of a call. Goes out: a value, or what is wrong with them. Pure: the same
//! values give the same result. A helper owns its name, its usage, its checks and its examples.

mod arguments;
mod compare;
mod currency;
mod date;
mod default;
mod encode;
mod jsonpath;
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

use std::ops::Range;

use serde_json::Value;

use super::ExpressionError;
use arguments::count;
pub(super) use arguments::shown;

pub use arguments::Arguments;
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
    &encode::HMAC_SHA256,
    &jsonpath::JSONPATH,
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
    /// What can be seen to be wrong from the literals among its values; the others are none here.
    pub check: fn(&Arguments<'_>) -> Result<(), Wrong>,
    /// The result, or what is wrong as the end of a sentence that begins with its name.
    pub call: fn(&Arguments<'_>) -> Result<Value, String>,
}

/// What is wrong with a literal that a helper is called with.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The end of a sentence that begins with the helper's name.
    pub message: String,
    /// The text at fault, and the bytes of it that are, where one of them is to blame.
    pub inside: Option<(String, Range<usize>)>,
    /// What to write instead, where that is not the usage.
    pub help: Option<String>,
}

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Self {
            message,
            inside: None,
            help: None,
        }
    }
}

impl Wrong {
    /// All of one text is at fault.
    fn text(text: &str, message: String) -> Self {
        Self {
            inside: Some((text.to_owned(), 0..text.len())),
            ..message.into()
        }
    }

    /// An expression in one text is at fault.
    fn expression(text: &str, message: String, error: ExpressionError) -> Self {
        let range = error.offset..error.offset.saturating_add(error.len);
        Self {
            inside: Some((text.to_owned(), range)),
            help: error.help,
            message,
        }
    }
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
    #[test]
    fn wrong_arguments_are_named_with_what_is_wanted() {
        let payload =
            r#"{"text":"x","list":["a",{"b":1}],"object":{"a":1},"n":1,"no":null,"yes":true}"#;
        let mut wrong = Vec::new();
        for (template, problem) in [
            ("json", "cannot be called with 0 values"),
            ("json payload.n indent=1 x=2", "knows no `x="),
            (r#"date "soon""#, "cannot read \"soon\" as a moment"),
            (r#"date payload.n "%!""#, "cannot use the format"),
            (r#"date payload.n "%Y" "Europe/Bern""#, "knows no time zone"),
            ("number payload.text", "wants a number, not \"x\""),
            ("number payload.n decimals=\"two\"", "wants a whole number"),
            ("currency payload.n", "cannot be called with 1 value"),
            ("currency payload.text \"usd\"", "wants a number"),
            ("currency payload.n payload.list", "wants text, not a list"),
            (
                "math payload.n \"+\" payload.no",
                "wants a number, not null",
            ),
            ("upper payload.list", "wants text, not a list"),
            ("lower payload.object", "wants text, not an object"),
            ("title payload.list", "wants text"),
            ("trim payload.object", "wants text"),
            ("truncate payload.text payload.text", "wants a whole number"),
            ("truncate payload.text -1", "wants a whole number"),
            ("replace payload.text \"\" \"y\"", "what to replace"),
            ("replace payload.list \"a\" \"y\"", "wants text"),
            ("split payload.object \",\"", "wants text"),
            ("join payload.text \",\"", "wants a list, not \"x\""),
            ("first payload.text", "wants a list"),
            ("last payload.object", "wants a list, not an object"),
            ("length payload.yes", "not true"),
            ("pick payload.list \"a\"", "wants an object"),
            ("case payload.n 2 \"two\"", "no"),
            (
                "regex_extract payload.text payload.text",
                "written in quotes",
            ),
            (
                "regex_extract payload.text \"(\"",
                "cannot read the pattern",
            ),
            ("regex_extract payload.list \"a\"", "wants text"),
            ("pluralize payload.text \"x\"", "wants"),
            ("url_encode payload.list", "wants text"),
            ("base64 payload.object", "wants text"),
            ("sha256 payload.list", "wants text"),
            ("hmac_sha256 payload.text", "cannot be called with 1 value"),
            ("hmac_sha256 payload.text \"\"", "wants a key"),
            ("hmac_sha256 payload.text payload.no", "wants a key"),
            ("hmac_sha256 payload.list \"k\"", "wants text"),
            ("jsonpath payload payload.text", "written in quotes"),
            ("jsonpath payload \"a.b\"", "a path starts with `$`"),
            ("jsonpath payload \"$.[\"", "cannot read the path"),
            ("gt payload.text 1", "compares numbers"),
            ("lte payload.no 1", "compares numbers"),
            ("eq payload.n", "cannot be called with 1 value"),
            ("and payload.n", "cannot be called with 1 value"),
            ("not", "cannot be called with 0 values"),
            ("default payload.none payload.nothing", "none of its values"),
            ("lookup payload.object \"b\"", "finds no \"b\""),
        ] {
            let name = template.split(' ').next().unwrap();
            match render(&format!("{{{{{template}}}}}"), payload) {
                Err(error) if error.contains(problem) && error.contains(&format!("`{name}`")) => {}
                other => wrong.push(format!("{template}: {other:?}")),
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
