//! `contains`: a part of a text, an item of a list.

use serde_json::Value;

use crate::diagnostic::Diagnostics;
use crate::yaml::Node;

use super::super::As;
use super::{Around, Compare, Example, Operator, Options, TEXT, Test, folded, same};

pub(super) struct Contains;

impl Operator for Contains {
    fn name(&self) -> &'static str {
        "contains"
    }

    fn help(&self) -> &'static str {
        "The value is a text with this text in it, or a list with an item that equals this."
    }

    fn is_costly(&self) -> bool {
        true
    }

    fn reads_text(&self) -> bool {
        true
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
        Some(|value, operand, options| match value {
            Value::Array(items) => items.iter().any(|item| options.equals(item, operand)),
            _ => options.texts(value, operand, |text, part| text.contains(part)),
        })
    }

    fn parse(
        &self,
        operand: &Node,
        options: Options,
        _: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        Some(Box::new(Has {
            part: operand.to_json(),
            options,
        }))
    }
}

#[derive(Debug)]
struct Has {
    part: Value,
    options: Options,
}

impl Test for Has {
    fn passes(&self, value: &Value, _: &Around<'_>) -> bool {
        match (value, &self.part) {
            (Value::String(text), Value::String(part)) => {
                folded(text, self.options).contains(folded(part, self.options).as_ref())
            }
            (Value::Array(items), part) => items
                .iter()
                .any(|item| same(item, part, self.options.ignore_case)),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Options;
    use super::super::tests::{check, check_with};

    #[test]
    fn parts_of_texts_and_items_of_lists() {
        check(
            "contains",
            "\"b\"",
            &["\"abc\"", "[\"b\"]"],
            &["\"aBc\"", "[\"abc\"]", "{\"b\":1}", "null"],
        );
        check(
            "contains",
            "1",
            &["[1.0]"],
            &["\"1\"", "1", "[\"1\"]", "[[1]]"],
        );
        let options = Options {
            ignore_case: true,
            ..Options::default()
        };
        check_with(
            "contains",
            "\"ABC\"",
            options,
            &["\"xabcx\"", "[\"abc\"]"],
            &["\"ab\""],
        );
    }
}
