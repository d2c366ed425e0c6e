//! `gt gte lt lte`: numbers by size.

use std::cmp::Ordering;
use std::ops::Bound;

use serde_json::{Number, Value};

use crate::diagnostic::{Diagnostics, code};
use crate::expression::decimal;
use crate::yaml::{self, Node};

use super::{Around, Key, Operator, Options, Test};

/// One of the four.
pub(super) struct Order {
    name: &'static str,
    help: &'static str,
    wanted: &'static [Ordering],
}

pub(super) const GT: Order = Order {
    name: "gt",
    help: "The value is a number greater than this one.",
    wanted: &[Ordering::Greater],
};
pub(super) const GTE: Order = Order {
    name: "gte",
    help: "The value is a number greater than this one or equal to it.",
    wanted: &[Ordering::Greater, Ordering::Equal],
};
pub(super) const LT: Order = Order {
    name: "lt",
    help: "The value is a number less than this one.",
    wanted: &[Ordering::Less],
};
pub(super) const LTE: Order = Order {
    name: "lte",
    help: "The value is a number less than this one or equal to it.",
    wanted: &[Ordering::Less, Ordering::Equal],
};

impl Operator for Order {
    fn name(&self) -> &'static str {
        self.name
    }

    fn help(&self) -> &'static str {
        self.help
    }

    fn parse(
        &self,
        operand: &Node,
        _: Options,
        problems: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        if let yaml::Value::Number(bound) = &operand.value {
            let (bound, wanted) = (bound.clone(), self.wanted);
            return Some(Box::new(Beyond { bound, wanted }));
        }
        let message = format!(
            "`{}` takes a number, found {}",
            self.name,
            operand.type_name()
        );
        let number = operand
            .as_str()
            .is_some_and(|text| text.parse::<Number>().is_ok());
        let help = if number {
            "leave out the quotes; text never compares with a number"
        } else {
            "moments are compared by `newer_than: 1h` and `older_than: 7d`"
        };
        problems.push(operand.error(code::BAD_OPERAND, message).help(help));
        None
    }
}

#[derive(Debug)]
struct Beyond {
    bound: Number,
    wanted: &'static [Ordering],
}

impl Test for Beyond {
    fn passes(&self, value: &Value, _: &Around<'_>) -> bool {
        let Value::Number(number) = value else {
            return false;
        };
        decimal::compare(number, &self.bound).is_some_and(|order| self.wanted.contains(&order))
    }

    fn key(&self) -> Option<Key<'_>> {
        let bound = if self.wanted.contains(&Ordering::Equal) {
            Bound::Included(&self.bound)
        } else {
            Bound::Excluded(&self.bound)
        };
        Some(if self.wanted.contains(&Ordering::Greater) {
            Key::Range(bound, Bound::Unbounded)
        } else {
            Key::Range(Bound::Unbounded, bound)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, refused};

    #[test]
    fn only_numbers_compare() {
        let never = ["\"11\"", "null", "true", "[11]", "{}"];
        check(
            "gt",
            "10",
            &["11", "10.000000000000000000001", "1e2"],
            &[&["10", "10.0", "-11"][..], &never].concat(),
        );
        check(
            "gte",
            "10",
            &["10", "10.0", "11"],
            &[&["9.99"][..], &never].concat(),
        );
        check(
            "lt",
            "10",
            &["9.99", "-1e9"],
            &[&["10", "11"][..], &never].concat(),
        );
        check(
            "lte",
            "10",
            &["10", "1e1", "-3"],
            &[&["10.1"][..], &never].concat(),
        );
        check(
            "gt",
            "9007199254740992",
            &["9007199254740993"],
            &["9007199254740992"],
        );
        refused("gt", "\"10\"", "takes a number, found text");
        refused("lte", "[1]", "takes a number, found a list");
    }
}
