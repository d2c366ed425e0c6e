//! One of several: `pick case`.

use serde_json::{Map, Value};

use super::super::decimal;
use super::{Arguments, Helper, PLAIN, example, shown};

pub(super) const PICK: Helper = Helper {
    name: "pick",
    usage: "pick OBJECT NAME…",
    help: "An object with only these members, those that are there.",
    examples: &[example(
        r#"{{pick payload.user "id" "name" "nick"}}"#,
        r#"{"user":{"id":1,"name":"Ann","secret":"x"}}"#,
        r#"{"id":1,"name":"Ann"}"#,
    )],
    least: 2,
    most: 32,
    call: |arguments| {
        let Value::Object(members) = arguments.value(0) else {
            return Err(format!(
                "wants an object, not {}",
                shown(arguments.value(0))
            ));
        };
        let mut picked = Map::new();
        for position in 1..arguments.values.len() {
            let name = arguments.text(position)?;
            if let Some(value) = members.get(name.as_ref()) {
                picked.insert(name.into_owned(), value.clone());
            }
        }
        Ok(Value::Object(picked))
    },
    ..PLAIN
};

pub(super) const CASE: Helper = Helper {
    name: "case",
    usage: "case VALUE WHEN THEN [WHEN THEN]… [ELSE]",
    help: "The THEN after the first WHEN that equals the value, or ELSE; an error without ELSE.",
    examples: &[
        example(
            r#"{{case payload.level "error" "red" "warning" "yellow" "grey"}}"#,
            r#"{"level":"warning"}"#,
            "yellow",
        ),
        example(
            r#"{{case payload.n 1 "one" "many"}}"#,
            r#"{"n":1.0}"#,
            "one",
        ),
        example(r#"{{case payload.n 1 "one" "many"}}"#, r#"{"n":2}"#, "many"),
    ],
    least: 3,
    most: 64,
    call: chosen,
    ..PLAIN
};

fn chosen(arguments: &Arguments<'_>) -> Result<Value, String> {
    let value = arguments.value(0);
    let mut position = 1;
    while position + 1 < arguments.values.len() {
        if decimal::equal(value, arguments.value(position)) {
            return Ok(arguments.value(position + 1).clone());
        }
        position += 2;
    }
    match arguments.optional(position) {
        Some(other) => Ok(other.clone()),
        None => Err(format!("has no answer for {}", shown(value))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::render;

    #[test]
    fn no_answer_is_an_error() {
        let error = render(r#"{{case payload.n 1 "one"}}"#, r#"{"n":"1"}"#).unwrap_err();
        assert!(error.contains("`case` has no answer for \"1\""), "{error}");
    }
}
