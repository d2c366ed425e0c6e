//! `ends_with`: how a text ends.

use serde_json::Value;

use crate::diagnostic::Diagnostics;
use crate::yaml::{Node, Shape};

use super::super::As;
use super::{Around, Compare, Example, Operator, Options, TEXT, Test, folded, text_operand};

pub(super) struct EndsWith;

impl Operator for EndsWith {
    fn name(&self) -> &'static str {
        "ends_with"
    }

    fn help(&self) -> &'static str {
        "The value is a text that ends with this text."
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
            holds: "\"21\"",
            fails: Some("\"2\""),
            other_type: "21",
        }
    }

    fn reads_as(&self) -> &'static [As] {
        TEXT
    }

    fn compare(&self) -> Option<Compare> {
        Some(|value, operand, options| {
            options.texts(value, operand, |text, part| text.ends_with(part))
        })
    }

    fn parse(
        &self,
        operand: &Node,
        options: Options,
        problems: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        let part = text_operand(operand, self.name(), options, problems)?;
        Some(Box::new(Ends { part, options }))
    }
}

#[derive(Debug)]
struct Ends {
    part: String,
    options: Options,
}

impl Test for Ends {
    fn passes(&self, value: &Value, _: &Around<'_>) -> bool {
        value
            .as_str()
            .is_some_and(|text| folded(text, self.options).ends_with(&self.part))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Options;
    use super::super::tests::{check, check_with, refused};

    #[test]
    fn only_texts_pass() {
        check(
            "ends_with",
            "\"ab\"",
            &["\"ab\"", "\"abxab\""],
            &["\"AB\"", "\"xabx\"", "null", "[\"ab\"]"],
        );
        check("ends_with", "\"1\"", &["\"1\""], &["1", "11"]);
        check_with(
            "ends_with",
            "\"Ab\"",
            Options {
                ignore_case: true,
                ..Options::default()
            },
            &["\"aB\""],
            &["\"b\""],
        );
        refused("ends_with", "1", "takes text, found a number");
    }
}
