//! `equals`: the same value.

use serde_json::Value;

use crate::diagnostic::Diagnostics;
use crate::yaml::Node;

use super::super::As;
use super::{Around, Compare, EQUALITY, Example, Key, Operator, Options, Test, same};

pub(super) struct Equals;

impl Operator for Equals {
    fn name(&self) -> &'static str {
        "equals"
    }

    fn help(&self) -> &'static str {
        "The value is this one: types hold, numbers compare by what they are worth, lists and objects \
         in full."
    }

    fn reads_text(&self) -> bool {
        true
    }

    fn example(&self) -> Example {
        Example {
            operand: "1",
            holds: "1",
            fails: Some("2"),
            other_type: "\"1\"",
        }
    }

    fn reads_as(&self) -> &'static [As] {
        EQUALITY
    }

    fn compare(&self) -> Option<Compare> {
        Some(|value, operand, options| options.equals(value, operand))
    }

    fn parse(
        &self,
        operand: &Node,
        options: Options,
        _: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        Some(Box::new(Same {
            value: operand.to_json(),
            options,
        }))
    }
}

/// Shared with `not_equals`, which wants no value to pass.
#[derive(Debug)]
pub(super) struct Same {
    pub(super) value: Value,
    pub(super) options: Options,
}

impl Test for Same {
    fn passes(&self, value: &Value, _: &Around<'_>) -> bool {
        same(value, &self.value, self.options.ignore_case)
    }

    fn key(&self) -> Option<Key<'_>> {
        let exact = !self.options.ignore_case;
        exact.then(|| Key::Equals(std::slice::from_ref(&self.value)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Options;
    use super::super::tests::{check, check_with};

    #[test]
    fn types_hold() {
        check(
            "equals",
            "1",
            &["1", "1.0", "1e0", "10e-1"],
            &["\"1\"", "true", "null", "2", "[1]"],
        );
        check("equals", "\"1\"", &["\"1\""], &["1", "\" 1\"", "null"]);
        check("equals", "null", &["null"], &["0", "\"\"", "false", "[]"]);
        check("equals", "false", &["false"], &["0", "\"false\"", "null"]);
        check(
            "equals",
            "[1,{\"a\":2}]",
            &["[1.0,{\"a\":2}]"],
            &["[1]", "[{\"a\":2},1]"],
        );
        check(
            "equals",
            "9007199254740993",
            &["9007199254740993"],
            &["9007199254740992"],
        );
    }

    #[test]
    fn case_can_be_ignored() {
        let options = Options {
            ignore_case: true,
            ..Options::default()
        };
        check_with(
            "equals",
            "\"Größe\"",
            options,
            &["\"GRÖßE\"", "\"größe\""],
            &["\"grösse\""],
        );
        check("equals", "\"Open\"", &["\"Open\""], &["\"open\""]);
    }
}
