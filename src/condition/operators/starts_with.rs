//! `starts_with`: how a text begins.

use serde_json::Value;

use crate::diagnostic::Diagnostics;
use crate::yaml::{Node, Shape};

use super::super::As;
use super::{Around, Compare, Example, Key, Operator, Options, TEXT, Test, folded, text_operand};

pub(super) struct StartsWith;

impl Operator for StartsWith {
    fn name(&self) -> &'static str {
        "starts_with"
    }

    fn help(&self) -> &'static str {
        "The value is a text that begins with this text."
    }

    fn reads_text(&self) -> bool {
        true
    }

    fn operand(&self) -> Shape {
        Shape::text()
    }

    fn example(&self) -> Example {
        Example {
            operand: "'1'",
            holds: "\"12\"",
            fails: Some("\"2\""),
            other_type: "12",
        }
    }

    fn reads_as(&self) -> &'static [As] {
        TEXT
    }

    fn compare(&self) -> Option<Compare> {
        Some(|value, operand, options| {
            options.texts(value, operand, |text, part| text.starts_with(part))
        })
    }

    fn parse(
        &self,
        operand: &Node,
        options: Options,
        problems: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        let part = text_operand(operand, self.name(), options, problems)?;
        Some(Box::new(Begins { part, options }))
    }
}

#[derive(Debug)]
struct Begins {
    part: String,
    options: Options,
}

impl Test for Begins {
    fn passes(&self, value: &Value, _: &Around<'_>) -> bool {
        value
            .as_str()
            .is_some_and(|text| folded(text, self.options).starts_with(&self.part))
    }

    fn key(&self) -> Option<Key<'_>> {
        let exact = !self.options.ignore_case;
        exact.then_some(Key::Prefix(&self.part))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Options;
    use super::super::tests::{check, check_with, refused};

    #[test]
    fn only_texts_pass() {
        check(
            "starts_with",
            "\"ab\"",
            &["\"ab\"", "\"abxab\""],
            &["\"AB\"", "\"xabx\"", "null", "[\"ab\"]"],
        );
        check("starts_with", "\"1\"", &["\"1\""], &["1", "11"]);
        check_with(
            "starts_with",
            "\"Ab\"",
            Options {
                ignore_case: true,
                ..Options::default()
            },
            &["\"aB\""],
            &["\"b\""],
        );
        refused("starts_with", "1", "takes text, found a number");
    }
}
