//! `number`: text to number, or a number shown with so many decimals.

use serde_json::Value;

use super::super::decimal::Decimal;
use super::{Helper, PLAIN, count, example};

/// The most decimals that can be asked for.
const DECIMALS_MAX: usize = 12;

pub(super) const NUMBER: Helper = Helper {
    name: "number",
    usage: "number VALUE [decimals=2] [group=true]",
    help: "The number that a text holds, as a number; with `decimals` or `group` the text of a \
           number, rounded to so many decimals or its thousands parted by commas.",
    examples: &[
        example("{{number payload.total}}", r#"{"total":"199.50"}"#, "199.5"),
        example(
            "{{number payload.n decimals=2}}",
            r#"{"n":1234.5}"#,
            "1234.50",
        ),
        example(
            "{{number payload.n group=true}}",
            r#"{"n":1234567.891}"#,
            "1,234,567.891",
        ),
        example(
            "{{number payload.n decimals=0 group=true}}",
            r#"{"n":1999.5}"#,
            "2,000",
        ),
    ],
    named: &["decimals", "group"],
    call: |arguments| {
        let number = arguments.decimal(0)?;
        let grouped = arguments.named.get("group") == Some(&&Value::Bool(true));
        let decimals = arguments
            .named
            .get("decimals")
            .map(|value| count(value))
            .transpose()?;
        if decimals.is_none() && !grouped {
            let number = number.to_number().ok_or("meets too large a number")?;
            return Ok(Value::Number(number));
        }
        let decimals = match decimals {
            Some(decimals) if decimals > DECIMALS_MAX => {
                return Err(format!("shows at most {DECIMALS_MAX} decimals"));
            }
            other => other.and_then(|decimals| u32::try_from(decimals).ok()),
        };
        let text = written(number, decimals, grouped).ok_or("meets too large a number")?;
        Ok(Value::String(text))
    },
    ..PLAIN
};

/// A number as text: so many decimals (or all it has), thousands parted by commas or not.
pub(super) fn written(number: Decimal, decimals: Option<u32>, grouped: bool) -> Option<String> {
    let plain = match decimals {
        Some(decimals) => {
            let (negative, whole, fraction) = number.parts(decimals)?;
            let sign = if negative { "-" } else { "" };
            let point = if fraction.is_empty() { "" } else { "." };
            format!("{sign}{whole}{point}{fraction}")
        }
        None => number.to_number()?.to_string(),
    };
    if !grouped {
        return Some(plain);
    }
    let (whole, fraction) = plain
        .find('.')
        .map_or((plain.as_str(), ""), |at| plain.split_at(at));
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", whole),
    };
    let mut parted = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position) % 3 == 0 {
            parted.push(',');
        }
        parted.push(digit);
    }
    Some(format!("{sign}{parted}{fraction}"))
}
