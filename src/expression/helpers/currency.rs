//! `currency`: an amount of money as people write it.

use serde_json::Value;

use super::number::written;
use super::{Helper, PLAIN, example};

/// Currencies without a smaller unit. Source: ISO 4217.
const WITHOUT_DECIMALS: [&str; 16] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV",
    "XAF", "XOF", "XPF",
];
/// Currencies whose smaller unit is a thousandth. Source: ISO 4217.
const WITH_THREE: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

pub(super) const CURRENCY: Helper = Helper {
    name: "currency",
    usage: "currency AMOUNT CODE",
    help: "An amount in the currency's main unit (dollars, not cents), with its usual decimals; \
           US dollars begin with `$`, all others end with their code.",
    examples: &[
        example(
            r#"{{currency payload.a "usd"}}"#,
            r#"{"a":1205}"#,
            "$1,205.00",
        ),
        example(
            "{{currency payload.a payload.c}}",
            r#"{"a":"1205.5","c":"EUR"}"#,
            "1,205.50 EUR",
        ),
        example(
            r#"{{currency payload.a "jpy"}}"#,
            r#"{"a":1205}"#,
            "1,205 JPY",
        ),
        example(
            r#"{{currency (math payload.a "/" 100) "usd"}}"#,
            r#"{"a":-1999}"#,
            "-$19.99",
        ),
    ],
    least: 2,
    most: 2,
    call: |arguments| {
        let amount = arguments.decimal(0)?;
        let code = arguments.text(1)?.trim().to_uppercase();
        if code.len() != 3 || !code.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(format!(
                "wants the three letters of a currency, not `{code}`"
            ));
        }
        let decimals = match code.as_str() {
            code if WITHOUT_DECIMALS.contains(&code) => 0,
            code if WITH_THREE.contains(&code) => 3,
            _ => 2,
        };
        let text = written(amount, Some(decimals), true).ok_or("meets too large a number")?;
        Ok(Value::String(
            match (code.as_str(), text.strip_prefix('-')) {
                ("USD", Some(amount)) => format!("-${amount}"),
                ("USD", None) => format!("${text}"),
                _ => format!("{text} {code}"),
            },
        ))
    },
    ..PLAIN
};
