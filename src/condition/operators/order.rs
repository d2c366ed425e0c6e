//! `gt gte lt lte`: numbers by size.

use std::cmp::Ordering;
use std::ops::Bound;

use serde_json::{Number, Value};

use crate::diagnostic::{Diagnostics, code};
use crate::expression::decimal;
use crate::expression::helpers::instant;
use crate::yaml::{Node, Shape};

use super::super::As;
use super::super::version::Version;
use super::{Around, Compare, Example, Key, ORDER, Operator, Options, Test};

/// One of the four.
pub(super) struct Order {
    name: &'static str,
    help: &'static str,
    wanted: &'static [Ordering],
    compare: Compare,
    example: Example,
}

pub(super) const GT: Order = Order {
    name: "gt",
    help: "The value is a number greater than this one.",
    wanted: &[Ordering::Greater],
    compare: |value, operand, options| lies(value, operand, options, GT.wanted),
    example: Example {
        operand: "1",
        holds: "2",
        fails: Some("1"),
        other_type: "\"2\"",
    },
};
pub(super) const GTE: Order = Order {
    name: "gte",
    help: "The value is a number greater than this one or equal to it.",
    wanted: &[Ordering::Greater, Ordering::Equal],
    compare: |value, operand, options| lies(value, operand, options, GTE.wanted),
    example: Example {
        operand: "1",
        holds: "1",
        fails: Some("0"),
        other_type: "\"1\"",
    },
};
pub(super) const LT: Order = Order {
    name: "lt",
    help: "The value is a number less than this one.",
    wanted: &[Ordering::Less],
    compare: |value, operand, options| lies(value, operand, options, LT.wanted),
    example: Example {
        operand: "1",
        holds: "0",
        fails: Some("1"),
        other_type: "\"0\"",
    },
};
pub(super) const LTE: Order = Order {
    name: "lte",
    help: "The value is a number less than this one or equal to it.",
    wanted: &[Ordering::Less, Ordering::Equal],
    compare: |value, operand, options| lies(value, operand, options, LTE.wanted),
    example: Example {
        operand: "1",
        holds: "1",
        fails: Some("2"),
        other_type: "\"1\"",
    },
};

impl Operator for Order {
    fn name(&self) -> &'static str {
        self.name
    }

    fn help(&self) -> &'static str {
        self.help
    }

    fn operand(&self) -> Shape {
        Shape::either([Shape::number(), Shape::text()])
    }

    fn example(&self) -> Example {
        self.example
    }

    fn reads_as(&self) -> &'static [As] {
        ORDER
    }

    fn compare(&self) -> Option<Compare> {
        Some(self.compare)
    }

    fn parse(
        &self,
        operand: &Node,
        options: Options,
        problems: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        let bound = operand.to_json();
        let fits = match options.read_as {
            Some(As::Version) => bound.is_string(),
            _ => bound.is_number(),
        };
        if fits {
            let wanted = self.wanted;
            return Some(Box::new(Beyond {
                bound,
                wanted,
                options,
            }));
        }
        let message = format!(
            "`{}` takes a number, found {}",
            self.name,
            operand.type_name()
        );
        let help = help(operand.as_str().unwrap_or_default());
        problems.push(operand.error(code::BAD_OPERAND, message).help(help));
        None
    }
}

fn help(text: &str) -> &'static str {
    if text.parse::<Number>().is_ok() {
        "leave out the quotes; text is compared as a number with `as: number`"
    } else if text.parse::<f64>().is_err() && instant(&Value::from(text)).is_some() {
        "moments are compared with `as: time`, or with the event by `newer_than: 1h`"
    } else if Version::parse(text).is_some() {
        "versions are compared with `as: version`"
    } else {
        "moments are compared by `newer_than: 1h` and `older_than: 7d`"
    }
}

#[derive(Debug)]
struct Beyond {
    bound: Value,
    wanted: &'static [Ordering],
    options: Options,
}

/// The order of two values that were read as they are to be compared.
fn order(value: &Value, bound: &Value, options: Options) -> Option<Ordering> {
    match (value, bound) {
        (Value::Number(value), Value::Number(bound)) => decimal::compare(value, bound),
        (Value::String(value), Value::String(bound)) if options.read_as == Some(As::Version) => {
            Some(Version::parse(value)?.cmp(&Version::parse(bound)?))
        }
        _ => None,
    }
}

/// Whether a value lies so to what stands elsewhere.
fn lies(value: &Value, operand: &Value, options: Options, wanted: &[Ordering]) -> bool {
    let operand = options.operand(operand);
    let order = operand.and_then(|operand| order(value, &operand, options));
    order.is_some_and(|order| wanted.contains(&order))
}

impl Test for Beyond {
    fn passes(&self, value: &Value, _: &Around<'_>) -> bool {
        order(value, &self.bound, self.options).is_some_and(|order| self.wanted.contains(&order))
    }

    fn key(&self) -> Option<Key<'_>> {
        let Value::Number(bound) = &self.bound else {
            return None;
        };
        let bound = if self.wanted.contains(&Ordering::Equal) {
            Bound::Included(bound)
        } else {
            Bound::Excluded(bound)
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
