//! `exists`: whether anything is there.

use serde_json::Value;

use crate::diagnostic::Diagnostics;
use crate::yaml::{self, Node, Shape};

use super::{Around, Example, Key, Operator, Options, Test, refuse};

pub(super) struct Exists;

impl Operator for Exists {
    fn name(&self) -> &'static str {
        "exists"
    }

    fn help(&self) -> &'static str {
        "`true`: something is there, null too. `false`: nothing is there."
    }

    fn operand(&self) -> Shape {
        Shape::flag()
    }

    fn example(&self) -> Example {
        Example {
            operand: "true",
            holds: "1",
            fails: None,
            other_type: "\"1\"",
        }
    }

    fn parse(
        &self,
        operand: &Node,
        _: Options,
        problems: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        // For `exists: false` the reader takes it as negative: no value may be there.
        match operand.value {
            yaml::Value::Bool(_) => Some(Box::new(There)),
            _ => refuse(operand, "exists", "true or false", problems),
        }
    }
}

#[derive(Debug)]
struct There;

impl Test for There {
    fn passes(&self, _: &Value, _: &Around<'_>) -> bool {
        true
    }

    fn key(&self) -> Option<Key<'_>> {
        Some(Key::Exists)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, refused};

    #[test]
    fn null_is_there() {
        check("exists", "true", &["null", "false", "0", "[]"], &[]);
        refused("exists", "\"yes\"", "takes true or false");
    }
}
