//! `newer_than older_than`: how long before the event a moment lies.

use std::time::Duration;

use serde_json::Value;

use crate::diagnostic::Diagnostics;
use crate::expression::helpers::instant;
use crate::yaml::{Node, Shape};

use super::{Around, Example, Operator, Options, Test};

/// One of the two.
pub(super) struct Age {
    name: &'static str,
    help: &'static str,
    newer: bool,
    example: Example,
}

pub(super) const NEWER_THAN: Age = Age {
    name: "newer_than",
    help: "The value is a moment less than this long before the event was received, or after that; \
           it is read as by the helper `date`.",
    newer: true,
    example: Example {
        operand: "1h",
        holds: "1699999000",
        fails: Some("1600000000"),
        other_type: "\"1699999000\"",
    },
};
pub(super) const OLDER_THAN: Age = Age {
    name: "older_than",
    help: "The value is a moment more than this long before the event was received; it is read as \
           by the helper `date`.",
    newer: false,
    example: Example {
        operand: "1h",
        holds: "1600000000",
        fails: Some("1699999000"),
        other_type: "\"1600000000\"",
    },
};

impl Operator for Age {
    fn name(&self) -> &'static str {
        self.name
    }

    fn help(&self) -> &'static str {
        self.help
    }

    fn operand(&self) -> Shape {
        Shape::duration()
    }

    fn example(&self) -> Example {
        self.example
    }

    fn parse(
        &self,
        operand: &Node,
        _: Options,
        problems: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        let age = operand.duration(problems)?;
        let newer = self.newer;
        Some(Box::new(Aged { age, newer }))
    }
}

#[derive(Debug)]
struct Aged {
    age: Duration,
    newer: bool,
}

impl Test for Aged {
    fn passes(&self, value: &Value, around: &Around<'_>) -> bool {
        instant(value).is_some_and(|moment| {
            let age = around.now.since(moment);
            if self.newer {
                age < self.age
            } else {
                age > self.age
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, refused};

    #[test]
    fn ages_before_the_event() {
        // The event of these tests was received at 1700000000.
        let (recent, old) = ("1699999000", "\"2023-11-14T20:13:20Z\"");
        let never = ["null", "\"soon\"", "true"];
        check(
            "newer_than",
            "\"1h\"",
            &[recent, "1800000000"],
            &[&[old, "1699996400"][..], &never].concat(),
        );
        check(
            "older_than",
            "\"1h\"",
            &[old],
            &[&[recent, "1699996400"][..], &never].concat(),
        );
        refused("newer_than", "\"soon\"", "is not a duration");
    }
}
