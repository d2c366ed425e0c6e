//! `jsonpath`: what a JSONPath selects.

use serde_json::Value;

use super::super::Path;
use super::{Helper, PLAIN, Wrong, example};

pub(super) const JSONPATH: Helper = Helper {
    name: "jsonpath",
    usage: "jsonpath VALUE \"PATH\"",
    help: "What a JSONPath selects: the one value or null, if it can select no more than one; else \
           the list of all. The path is written in the rule.",
    examples: &[
        example(
            r#"{{join (jsonpath payload "$.commits[*].author.name") ", "}}"#,
            r#"{"commits":[{"author":{"name":"Ann"}},{"author":{"name":"Bo"}}]}"#,
            "Ann, Bo",
        ),
        example(
            r#"{{jsonpath payload "$['odd name'][-1]"}}"#,
            r#"{"odd name":["a","b"]}"#,
            "b",
        ),
        example(
            r#"{{length (jsonpath payload "$.items[?@.done == false]")}}"#,
            r#"{"items":[{"done":true},{"done":false}]}"#,
            "1",
        ),
        example(
            r#"{{default (jsonpath payload "$.a.b") "none"}}"#,
            r#"{"a":{}}"#,
            "none",
        ),
    ],
    least: 2,
    most: 2,
    check: |literals| match literals.written(1) {
        Some(path) => read(path).map(|_| ()),
        None => Err("wants its path written in quotes".to_owned().into()),
    },
    call: |arguments| {
        let path = read(&arguments.text(1)?).map_err(|wrong| wrong.message)?;
        let found = path
            .try_select(arguments.value(0))
            .map_err(|stopped| format!("stops: {stopped}"))?;
        Ok(match path.singular() {
            Some(_) => found.first().map_or(Value::Null, |value| (*value).clone()),
            None => found.into_iter().cloned().collect(),
        })
    },
    ..PLAIN
};

fn read(path: &str) -> Result<Path, Wrong> {
    Path::parse(path).map_err(|error| {
        let message = format!("cannot read the path `{path}`: {}", error.message);
        Wrong::expression(path, message, error)
    })
}
