//! `lookup`: a member whose name is itself a value.

use serde_json::Value;

use super::{Helper, PLAIN, example, shown};

pub(super) const LOOKUP: Helper = Helper {
    name: "lookup",
    usage: "lookup OBJECT_OR_LIST KEY",
    help: "The member of that name, or the item of that number counted from 0.",
    examples: &[
        example(
            "{{lookup payload.names payload.id}}",
            r#"{"names":{"u1":"Ann"},"id":"u1"}"#,
            "Ann",
        ),
        example("{{lookup payload.list 1}}", r#"{"list":["a","b"]}"#, "b"),
    ],
    least: 2,
    most: 2,
    call: |arguments| {
        let (from, key) = (arguments.value(0), arguments.value(1));
        let found = match (from, key) {
            (Value::Object(members), Value::String(name)) => members.get(name),
            (Value::Array(items), key) => {
                let position = key.as_u64().and_then(|p| usize::try_from(p).ok());
                position.and_then(|position| items.get(position))
            }
            _ => None,
        };
        found
            .cloned()
            .ok_or_else(|| format!("finds no {} in {}", shown(key), shown(from)))
    },
    ..PLAIN
};
