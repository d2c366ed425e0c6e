//! `matches`: a regular expression.

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Diagnostics, code};
use crate::expression::pattern;
use crate::yaml::{Node, Shape};

use super::super::As;
use super::{Around, Example, Key, Operator, Options, TEXT, Test, refuse};

/// The longest pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 4 * 1024;
/// The most memory that a compiled pattern may take, in bytes.
const COMPILED_BYTES_MAX: usize = 1024 * 1024;

pub(super) struct Matches;

impl Operator for Matches {
    fn name(&self) -> &'static str {
        "matches"
    }

    fn help(&self) -> &'static str {
        "The value is a text in which this regular expression finds something; `^` and `$` hold it to \
         the whole text. It runs in linear time."
    }

    fn is_costly(&self) -> bool {
        true
    }

    fn reads_text(&self) -> bool {
        true
    }

    fn operand(&self) -> Shape {
        Shape::text()
    }

    fn example(&self) -> Example {
        Example {
            operand: "'^1'",
            holds: "\"12\"",
            fails: Some("\"2\""),
            other_type: "12",
        }
    }

    fn reads_as(&self) -> &'static [As] {
        TEXT
    }

    fn parse(
        &self,
        operand: &Node,
        options: Options,
        problems: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        let Some(text) = operand.as_str() else {
            return refuse(operand, "matches", "a regular expression", problems);
        };
        if text.len() > PATTERN_BYTES_MAX {
            let message = format!("a pattern is at most {PATTERN_BYTES_MAX} bytes long");
            problems.push(
                operand
                    .error(code::BAD_OPERAND, message)
                    .help("write several conditions under `any:`, or `in:` with a list"),
            );
            return None;
        }
        let compiled = RegexBuilder::new(text)
            .case_insensitive(options.ignore_case)
            .size_limit(COMPILED_BYTES_MAX)
            .build();
        match compiled {
            Ok(regex) => Some(Box::new(Finds { regex, options })),
            Err(error) => {
                let fault = pattern::fault(text, &error);
                let message = format!("`{text}` cannot be read: {}", fault.message);
                let place = operand.place_at(fault.offset, fault.len);
                let mut problem = Diagnostic::error(code::BAD_OPERAND, place, message);
                problem.help = fault.help;
                problems.push(problem);
                None
            }
        }
    }
}

#[derive(Debug)]
struct Finds {
    regex: Regex,
    options: Options,
}

impl Test for Finds {
    fn passes(&self, value: &Value, _: &Around<'_>) -> bool {
        value.as_str().is_some_and(|text| self.regex.is_match(text))
    }

    fn key(&self) -> Option<Key<'_>> {
        let exact = !self.options.ignore_case;
        exact.then(|| Key::Regex(self.regex.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Options;
    use super::super::tests::{check, check_with, refused};

    #[test]
    fn patterns_find_in_texts() {
        check(
            "matches",
            "\"^v[0-9]+$\"",
            &["\"v12\""],
            &["\"xv1\"", "\"v\"", "12", "null", "[\"v1\"]"],
        );
        check(
            "matches",
            "\"(?i)annual\"",
            &["\"An ANNUAL plan\""],
            &["\"monthly\""],
        );
        check_with(
            "matches",
            "\"a\"",
            Options {
                ignore_case: true,
                ..Options::default()
            },
            &["\"A\""],
            &["\"b\""],
        );
    }

    #[test]
    fn bad_patterns_are_refused() {
        refused("matches", "\"(\"", "unclosed group");
        refused("matches", "\"(?=x)\"", "look-around");
        refused("matches", "\"(a{1000}){1000}\"", "takes more than");
        refused("matches", "1", "takes a regular expression");
    }
}
