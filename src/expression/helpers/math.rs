//! `math`: exact decimal arithmetic.

use serde_json::Value;

use super::super::decimal::Decimal;
use super::{Helper, PLAIN, Wrong, example};

const SIGNS: [&str; 5] = ["+", "-", "*", "/", "%"];

pub(super) const MATH: Helper = Helper {
    name: "math",
    usage: "math LEFT \"+|-|*|/|%\" RIGHT",
    help: "Exact decimal arithmetic; a quotient without an end is rounded to 12 decimals.",
    examples: &[
        example(
            r#"{{math payload.cents "/" 100}}"#,
            r#"{"cents":120500}"#,
            "1205",
        ),
        example(
            r#"{{math payload.cents "/" 100}}"#,
            r#"{"cents":1999}"#,
            "19.99",
        ),
        example(r#"{{math payload.a "+" 0.2}}"#, r#"{"a":0.1}"#, "0.3"),
        example(
            r#"{{math payload.a "*" payload.b}}"#,
            r#"{"a":3,"b":"1.10"}"#,
            "3.3",
        ),
        example(r#"{{math payload.a "%" 4}}"#, r#"{"a":10}"#, "2"),
    ],
    least: 3,
    most: 3,
    check: |literals| match literals.written(1) {
        Some(sign) if !SIGNS.contains(&sign) => {
            Err(Wrong::text(sign, format!("knows no `{sign}`")))
        }
        _ => Ok(()),
    },
    call: |arguments| {
        let (left, right) = (arguments.decimal(0)?, arguments.decimal(2)?);
        let sign = arguments.text(1)?;
        if matches!(sign.as_ref(), "/" | "%") && right.is_zero() {
            return Err("cannot divide by zero".to_owned());
        }
        let result = match sign.as_ref() {
            "+" => left.plus(right),
            "-" => left.minus(right),
            "*" => left.times(right),
            "/" => left.over(right),
            "%" => left.modulo(right),
            other => return Err(format!("knows no `{other}`")),
        };
        let number = result.and_then(Decimal::to_number);
        let number = number.ok_or("meets too large a number")?;
        Ok(Value::Number(number))
    },
    ..PLAIN
};

#[cfg(test)]
mod tests {
    use super::super::tests::render;

    #[test]
    fn what_cannot_be_reckoned_says_so() {
        for (template, message) in [
            (r#"{{math payload.a "/" 0}}"#, "cannot divide by zero"),
            (r#"{{math payload.a "%" 0.0}}"#, "cannot divide by zero"),
            (
                r#"{{math payload.text "+" 1}}"#,
                "wants a number, not \"x\"",
            ),
            (r#"{{math payload.big "*" payload.big}}"#, "too large"),
            (r#"{{math payload.a "^" 2}}"#, "knows no `^`"),
            (
                r#"{{math payload.a "+"}}"#,
                "cannot be called with 2 values",
            ),
        ] {
            let error = render(template, r#"{"a":1,"text":"x","big":1e30}"#).unwrap_err();
            assert!(
                error.contains(message) && error.contains("`math`"),
                "{error}"
            );
        }
    }
}
