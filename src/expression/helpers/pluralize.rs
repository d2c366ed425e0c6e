//! `pluralize`: one word or the other, by a count.

use serde_json::Value;

use super::super::decimal::Decimal;
use super::{Helper, PLAIN, example};

pub(super) const PLURALIZE: Helper = Helper {
    name: "pluralize",
    usage: "pluralize COUNT ONE [MANY]",
    help: "The word for so many: ONE for 1, else MANY, which is ONE with an `s` if it is not given. \
           A list counts its items.",
    examples: &[
        example(
            r#"{{payload.n}} {{pluralize payload.n "commit"}}"#,
            r#"{"n":1}"#,
            "1 commit",
        ),
        example(
            r#"{{pluralize payload.n "commit"}}"#,
            r#"{"n":0}"#,
            "commits",
        ),
        example(
            r#"{{pluralize payload.l "reply" "replies"}}"#,
            r#"{"l":[1,2]}"#,
            "replies",
        ),
    ],
    least: 2,
    most: 3,
    call: |arguments| {
        let count = match arguments.value(0) {
            Value::Array(items) => Decimal::parse(&items.len().to_string()),
            _ => Some(arguments.decimal(0)?),
        };
        let count = count
            .and_then(Decimal::to_number)
            .ok_or("meets too large a number")?;
        let one = arguments.text(1)?;
        let word = if count.to_string() == "1" {
            one.into_owned()
        } else if arguments.optional(2).is_some() {
            arguments.text(2)?.into_owned()
        } else {
            format!("{one}s")
        };
        Ok(Value::String(word))
    },
    ..PLAIN
};
