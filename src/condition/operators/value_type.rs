//! `type`: what sort of JSON value it is.

use serde_json::Value;

use crate::diagnostic::{Diagnostics, code, did_you_mean};
use crate::expression::decimal;
use crate::yaml::{Node, Shape};

use super::{Around, Example, Operator, Options, Test, refuse};

const TYPES: [&str; 7] = [
    "string", "number", "integer", "boolean", "object", "array", "null",
];

pub(super) struct Type;

impl Operator for Type {
    fn name(&self) -> &'static str {
        "type"
    }

    fn help(&self) -> &'static str {
        "The value is of this JSON type, or of one of several: string, number, integer, boolean, \
         object, array, null."
    }

    fn operand(&self) -> Shape {
        Shape::one_or_list(Shape::either([Shape::choice(TYPES), Shape::only(())]))
    }

    fn example(&self) -> Example {
        Example {
            operand: "number",
            holds: "1",
            fails: Some("\"x\""),
            other_type: "\"1\"",
        }
    }

    fn parse(
        &self,
        operand: &Node,
        _: Options,
        problems: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        let mut types = Vec::new();
        for node in operand.one_or_list() {
            let Some(name) = node.as_str() else {
                // YAML reads a bare `null` as nothing at all.
                if node.to_json().is_null() {
                    types.push("null");
                    continue;
                }
                return refuse(node, "type", "the name of a type", problems);
            };
            let Some(known) = TYPES.iter().find(|known| **known == name) else {
                let help = match (name, did_you_mean(name, TYPES)) {
                    ("text", _) => "write `string`".to_owned(),
                    ("list", _) => "write `array`".to_owned(),
                    ("map", _) => "write `object`".to_owned(),
                    (_, Some(meant)) => format!("did you mean `{meant}`?"),
                    _ => format!("types are {}", TYPES.join(", ")),
                };
                let message = format!("there is no type `{name}`");
                problems.push(node.error(code::BAD_OPERAND, message).help(help));
                return None;
            };
            types.push(known);
        }
        Some(Box::new(OfType(types)))
    }
}

#[derive(Debug)]
struct OfType(Vec<&'static str>);

impl Test for OfType {
    fn passes(&self, value: &Value, _: &Around<'_>) -> bool {
        self.0.iter().any(|wanted| match value {
            Value::Null => *wanted == "null",
            Value::Bool(_) => *wanted == "boolean",
            Value::Number(number) => {
                *wanted == "number" || (*wanted == "integer" && decimal::is_integer(number))
            }
            Value::String(_) => *wanted == "string",
            Value::Array(_) => *wanted == "array",
            Value::Object(_) => *wanted == "object",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, refused};

    #[test]
    fn each_type() {
        let all = ["null", "true", "1", "1.5", "\"1\"", "[]", "{}"];
        for (name, passing) in [
            ("null", vec!["null"]),
            ("boolean", vec!["true"]),
            ("number", vec!["1", "1.5"]),
            ("integer", vec!["1"]),
            ("string", vec!["\"1\""]),
            ("array", vec!["[]"]),
            ("object", vec!["{}"]),
        ] {
            let failing: Vec<_> = all
                .iter()
                .copied()
                .filter(|v| !passing.contains(v))
                .collect();
            check("type", &format!("\"{name}\""), &passing, &failing);
        }
        check("type", "[\"string\", null]", &["\"\"", "null"], &["1"]);
        check("type", "\"integer\"", &["1.0", "12e3"], &["1e-1"]);
        refused("type", "\"strnig\"", "no type `strnig`");
        refused("type", "1", "the name of a type");
    }
}
