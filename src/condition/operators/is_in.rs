//! `in`: one of several values.

use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::{Diagnostics, code};
use crate::yaml::{self, Node, Shape};

use super::super::{As, List};
use super::{Around, Compare, EQUALITY, Example, Key, Operator, Options, Test, refuse};

pub(super) struct In;

impl Operator for In {
    fn name(&self) -> &'static str {
        "in"
    }

    fn help(&self) -> &'static str {
        "The value is one of these, compared as by `equals`."
    }

    fn reads_text(&self) -> bool {
        true
    }

    fn operand(&self) -> Shape {
        Shape::list(Shape::any()).items(1, None)
    }

    fn example(&self) -> Example {
        Example {
            operand: "[1, 2]",
            holds: "1",
            fails: Some("3"),
            other_type: "\"1\"",
        }
    }

    fn reads_as(&self) -> &'static [As] {
        EQUALITY
    }

    fn takes_several(&self) -> bool {
        true
    }

    fn compare(&self) -> Option<Compare> {
        Some(Among::compare)
    }

    fn parse(
        &self,
        operand: &Node,
        options: Options,
        problems: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        let list = Among::values("in", operand, problems)?;
        Some(Box::new(Among { list, options }))
    }

    fn takes_list(&self) -> bool {
        true
    }

    fn parse_list(
        &self,
        list: &Arc<List>,
        _: &Node,
        options: Options,
        _: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        let list = Arc::clone(list);
        Some(Box::new(Among { list, options }))
    }
}

/// Shared with `not_in`, which wants no value to pass.
#[derive(Debug)]
pub(super) struct Among {
    pub(super) list: Arc<List>,
    pub(super) options: Options,
}

impl Among {
    /// One of the items of a list that stands elsewhere.
    pub(super) fn compare(value: &Value, operand: &Value, options: Options) -> bool {
        let items = operand.as_array();
        items.is_some_and(|items| items.iter().any(|item| options.equals(value, item)))
    }

    /// The values of a list written in the rule.
    pub(super) fn values(
        name: &str,
        operand: &Node,
        problems: &mut Diagnostics,
    ) -> Option<Arc<List>> {
        let yaml::Value::List(items) = &operand.value else {
            let wanted = "a list, as [a, b] or {list: NAME}";
            return refuse(operand, name, wanted, problems);
        };
        if items.is_empty() {
            let message = format!("`{name}` has nothing in its list");
            problems.push(
                operand
                    .error(code::BAD_OPERAND, message)
                    .help("write the values: `[one, two]`"),
            );
            return None;
        }
        let values = items.iter().map(Node::to_json).collect();
        Some(Arc::new(List::new(values)))
    }
}

impl Test for Among {
    fn passes(&self, value: &Value, _: &Around<'_>) -> bool {
        self.list.has(value, self.options.ignore_case)
    }

    fn key(&self) -> Option<Key<'_>> {
        let exact = !self.options.ignore_case;
        exact.then(|| Key::Equals(self.list.values()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, refused};

    #[test]
    fn one_of_several() {
        check(
            "in",
            "[\"a\", 1, null]",
            &["\"a\"", "1.0", "null"],
            &["\"A\"", "\"1\"", "[\"a\"]", "0"],
        );
        refused("in", "\"a\"", "takes a list");
        refused("in", "[]", "nothing in its list");
        refused("not_in", "{\"list\": \"x\"}", "takes a list");
    }
}
