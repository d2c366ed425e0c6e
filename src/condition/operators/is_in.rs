//! `in`: one of several values.

use serde_json::Value;

use crate::diagnostic::{Diagnostics, code};
use crate::runtime::Timestamp;
use crate::yaml::{self, Node};

use super::{Operator, Options, Test, refuse, same};

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

    fn parse(
        &self,
        operand: &Node,
        options: Options,
        problems: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        let among = Among::parse("in", operand, options, problems)?;
        Some(Box::new(among))
    }
}

/// Shared with `not_in`, which wants no value to pass.
#[derive(Debug)]
pub(super) struct Among {
    values: Vec<Value>,
    options: Options,
}

impl Among {
    pub(super) fn parse(
        name: &str,
        operand: &Node,
        options: Options,
        problems: &mut Diagnostics,
    ) -> Option<Self> {
        let yaml::Value::List(items) = &operand.value else {
            return refuse(operand, name, "a list, as [a, b]", problems);
        };
        if items.is_empty() {
            let message = format!("`{name}` has nothing in its list");
            problems.push(operand.error(code::BAD_OPERAND, message));
            return None;
        }
        let values = items.iter().map(Node::to_json).collect();
        Some(Self { values, options })
    }
}

impl Test for Among {
    fn passes(&self, value: &Value, _: Timestamp) -> bool {
        self.values.iter().any(|one| same(value, one, self.options))
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
