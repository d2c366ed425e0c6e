//! `currency`: an amount of money as people write it.

use serde_json::Value;

use super::number::written;
use super::{Helper, PLAIN, Wrong, example};

/// Currencies without a smaller unit. Source: ISO 4217.
const WITHOUT_DECIMALS: [&str; 16] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV",
    "XAF", "XOF", "XPF",
];
/// Currencies whose smaller unit is a thousandth. Source: ISO 4217.
const WITH_THREE: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// What a rule may name. Amounts in other codes come from senders, and are written all the same.
/// Source: ISO 4217, with a few that were replaced lately and are still sent.
const CODES: &str = "\
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD \
    BTN BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP \
    DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS \
    INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD \
    MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR \
    PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS \
    SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW \
    UZS VED VES VND VUV WST XAF XAG XAU XCD XCG XDR XOF XPD XPF XPT YER ZAR ZMW ZWG ZWL";

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
    check: |literals| match literals.written(1) {
        Some(written) => known(written).map_err(|problem| Wrong::text(written, problem)),
        None => Ok(()),
    },
    call: |arguments| {
        let amount = arguments.decimal(0)?;
        let code = letters(&arguments.text(1)?)?;
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
/// The three letters that a text is read as.
fn letters(text: &str) -> Result<String, String> {
    let code = text.trim().to_uppercase();
    if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) {
        return Ok(code);
    }
    Err(format!(
        "wants the three letters of a currency, not `{code}`"
    ))
}

/// Whether a rule may name a currency so.
fn known(text: &str) -> Result<(), String> {
    let code = letters(text)?;
    if CODES.split_whitespace().any(|known| known == code) {
        return Ok(());
    }
    Err(format!("knows no currency `{code}`"))
}
