//! `not_in`: no value is one of several.

use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::yaml::{Node, Shape};

use super::super::{As, List};
use super::is_in::Among;
use super::{Compare, EQUALITY, Example, Operator, Options, Sense, Test};

pub(super) struct NotIn;

impl Operator for NotIn {
    fn name(&self) -> &'static str {
        "not_in"
    }

    fn help(&self) -> &'static str {
        "No value is one of these; so it holds too where nothing is there."
    }

    fn sense(&self) -> Sense {
        Sense::Negative
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
            holds: "3",
            fails: Some("1"),
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
        let list = Among::values("not_in", operand, problems)?;
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
