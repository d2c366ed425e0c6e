//! What conditions look like, for editors.

use serde_json::{Value, json};

use crate::diagnostic::{Diagnostics, SourceFile};
use crate::expression::shapes::path;
use crate::yaml::shape::{self, Form};
use crate::yaml::{Demand, Shape, key, read};

use super::super::operators::{self, Operator};
use super::super::{As, GROUPS_DEPTH_MAX};
use super::GROUPS;
use super::subject::SUBJECTS;

/// A list of conditions.
pub(in crate::condition) fn conditions() -> Shape {
    Shape::list(Shape::named("condition", condition))
}

fn condition() -> Shape {
    let operators = operators::LIST.iter().map(|operator| operator.name());
    let beside = Demand::Some(operators.chain(GROUPS).collect());
    let one = Demand::OneOf(SUBJECTS.into_iter().chain(GROUPS).collect());
    Shape::map(subjects())
        .and(operators::LIST.iter().map(|operator| compared(*operator)))
        .and(options())
        .and(groups())
        .demand(one)
        .demand(beside)
        .demand(Demand::Alone(GROUPS.to_vec()))
        .says(
            "A condition: what is looked at (`path`, `item`, `header`, `query` or `var`) and at least one operator. It holds when one value passes all of its operators. Or a group of conditions: `all`, `any`, `none`, `not`.",
        )
}

fn subjects() -> [shape::Key; 5] {
    let name = || Shape::matching("^.");
    [
        key(
            "path",
            path(),
            "Looks at the values that this JSONPath selects in the payload.",
            "$.action",
        )
        .like("$.labels[*].name"),
        key(
            "item",
            path(),
            "Looks at what this JSONPath selects in the item that `for_each` is at. Only in the conditions of an action.",
            "$.status",
        ),
        key(
            "header",
            name(),
            "Looks at this header of the delivery; capital and small letters are the same.",
            "X-GitHub-Event",
        ),
        key(
            "query",
            name(),
            "Looks at this parameter of the URL that the delivery was sent to.",
            "team",
        ),
        key(
            "var",
            name(),
            "Looks at this value of the rule's `vars`.",
            "total",
        ),
    ]
}

fn options() -> [shape::Key; 3] {
    [
        key(
            "quantifier",
            Shape::choice(["any", "all"]),
            "Whether one of the values must pass, or every one of them and at least one.",
            "all",
        )
        .or("any"),
        key(
            "ignore_case",
            Shape::flag(),
            "Whether capital and small letters are the same to the operators beside it.",
            true,
        )
        .or(false),
        key(
            "as",
            Shape::choice(As::ALL.map(As::name)),
            "What values are read as before they are compared: `number` also reads \"12.50\", `time` a moment as the helper `date` reads it, `version` 1.10.0, `text` numbers, true and false, `length` how many characters, items or members. What cannot be read so does not pass.",
            "number",
        ),
    ]
}

fn groups() -> [shape::Key; 4] {
    let several = || conditions().items(1, None);
    let example = || json!([{"path": "$.action", "equals": "opened"}]);
    let deep = format!("Groups are nested at most {GROUPS_DEPTH_MAX} deep.");
    [
        key(
            "all",
            several(),
            format!("Holds when every one of these conditions holds. {deep}"),
            example(),
        ),
        key(
            "any",
            several(),
            format!("Holds when one of these conditions holds. {deep}"),
            example(),
        ),
        key(
            "none",
            several(),
            format!("Holds when none of these conditions holds. {deep}"),
            example(),
        ),
        key(
            "not",
            Shape::named("condition", condition),
            format!("Holds when this condition does not. {deep}"),
            json!({"path": "$.draft", "equals": true}),
        ),
    ]
}

fn compared(operator: &'static dyn Operator) -> shape::Key {
    let mut forms = vec![operator.operand()];
    // With other keys beside it, it is a literal like any map.
    let literal = matches!(operator.operand().form, Form::Any);
    let reference = |example: shape::Key, help: &str| {
        let form = Shape::map([example.required()]).says(help);
        if literal {
            form.others("name", Shape::any())
        } else {
            form
        }
    };
    let mut help = operator.help().to_owned();
    if operator.compare().is_some() {
        let example = key(
            "path",
            path(),
            "One value of the payload: the path must name one, not several.",
            "$.sender.login",
        );
        forms.push(reference(example, "Another value of the payload."));
        help += " It can be compared with another value of the payload: `{path: $.other}`.";
    }
    if operator.takes_list() {
        let example = key(
            "list",
            Shape::text(),
            "The name of a list under `lists`.",
            "vips",
        );
        forms.push(reference(example, "The values of a list of this file."));
        help += " It can take the values of a list: `{list: NAME}`.";
    }
    let shape = match forms.len() {
        1 => operator.operand(),
        _ => Shape::either(forms),
    };
    key(
        operator.name(),
        shape,
        help,
        value(operator.example().operand),
    )
}

/// A value as it is written in YAML.
fn value(text: &str) -> Value {
    let file = SourceFile::new("-", text);
    let node = read(&file, &mut Diagnostics::new());
    node.map_or(Value::Null, |node| node.to_json())
}

#[cfg(test)]
mod tests {
    use super::super::KEYS;
    use super::*;

    #[test]
    fn the_keys_are_those_that_are_read() {
        let Form::Map(map) = condition().form else {
            panic!("a condition is a map");
        };
        let mut keys: Vec<_> = map.keys.iter().map(|key| key.name).collect();
        let operators = operators::LIST.iter().map(|operator| operator.name());
        let mut read: Vec<_> = KEYS.into_iter().chain(operators).collect();
        keys.sort_unstable();
        read.sort_unstable();
        assert_eq!(keys, read);
    }
}
