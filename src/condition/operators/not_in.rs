//! `not_in`: no value is one of several.

use crate::diagnostic::Diagnostics;
use crate::yaml::Node;

use super::is_in::Among;
use super::{Operator, Options, Sense, Test};

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

    fn parse(
        &self,
        operand: &Node,
        options: Options,
        problems: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        let among = Among::parse("not_in", operand, options, problems)?;
        Some(Box::new(among))
    }
}
