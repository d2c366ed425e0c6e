//! `exists`: whether anything is there.

use serde_json::Value;

use crate::diagnostic::Diagnostics;
use crate::runtime::Timestamp;
use crate::yaml::{self, Node};

use super::{Operator, Options, Test, refuse};

pub(super) struct Exists;

impl Operator for Exists {
    fn name(&self) -> &'static str {
        "exists"
    }

    fn help(&self) -> &'static str {
        "`true`: something is there, null too. `false`: nothing is there."
    }

    fn parse(
        &self,
        operand: &Node,
        _: Options,
        problems: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        // `exists: false` never comes here: it is a test of there being no value to test.
        match operand.value {
            yaml::Value::Bool(true) => Some(Box::new(There)),
            _ => refuse(operand, "exists", "true or false", problems),
        }
    }
}

#[derive(Debug)]
struct There;

impl Test for There {
    fn passes(&self, _: &Value, _: Timestamp) -> bool {
        true
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
