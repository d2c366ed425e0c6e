//! `not_equals`: no value is this one.

use crate::diagnostic::Diagnostics;
use crate::yaml::Node;

use super::super::As;
use super::equals::Same;
use super::{Compare, EQUALITY, Example, Operator, Options, Sense, Test};

pub(super) struct NotEquals;

impl Operator for NotEquals {
    fn name(&self) -> &'static str {
        "not_equals"
    }

    fn help(&self) -> &'static str {
        "No value is this one; so it holds too where nothing is there."
    }

    fn sense(&self) -> Sense {
        Sense::Negative
    }

    fn reads_text(&self) -> bool {
        true
    }

    fn example(&self) -> Example {
        Example {
            operand: "1",
            holds: "2",
            fails: Some("1"),
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
        let value = operand.to_json();
        Some(Box::new(Same { value, options }))
    }
}
