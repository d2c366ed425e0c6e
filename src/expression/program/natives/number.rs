//! Numbers. Whole ones stay exact; what has no exact result is reckoned in binary floating point.

use serde_json::{Number, Value};

use super::super::super::decimal::{Decimal, is_integer};
use super::super::budget::Stop;
use super::super::operate::from_float;
use super::{Native, argument, native, wants};

pub(super) const LIST: &[Native] = &[
    native("floor", 0, |_, input, _| rounded(input, f64::floor)),
    native("ceil", 0, |_, input, _| rounded(input, f64::ceil)),
    native("trunc", 0, |_, input, _| rounded(input, f64::trunc)),
    native("round", 0, |_, input, _| {
        let exact = Decimal::parse(number(input)?.as_str());
        match exact.and_then(|n| n.round(0)).and_then(Decimal::to_number) {
            Some(rounded) => Ok(Value::Number(rounded)),
            None => rounded(input, f64::round),
        }
    }),
    native("abs", 0, |_, input, _| absolute(input)),
    native("fabs", 0, |_, input, _| absolute(input)),
    native("sqrt", 0, |_, input, _| float(input, f64::sqrt)),
    native("log", 0, |_, input, _| float(input, f64::ln)),
    native("log2", 0, |_, input, _| float(input, f64::log2)),
    native("log10", 0, |_, input, _| float(input, f64::log10)),
    native("exp", 0, |_, input, _| float(input, f64::exp)),
    native("exp2", 0, |_, input, _| float(input, f64::exp2)),
    native("exp10", 0, |_, input, _| float(input, |n| 10_f64.powf(n))),
    native("pow", 2, |_, _, arguments| {
        let power = as_float(argument(arguments, 1))?;
        float(argument(arguments, 0), |base| base.powf(power))
    }),
];

fn number(value: &Value) -> Result<&Number, Stop> {
    match value {
        Value::Number(number) => Ok(number),
        other => wants("a number", other),
    }
}

fn as_float(value: &Value) -> Result<f64, Stop> {
    let number = number(value)?.as_f64();
    number.ok_or_else(|| Stop::error("meets too large a number"))
}

fn float(value: &Value, reckon: impl Fn(f64) -> f64) -> Result<Value, Stop> {
    let result = from_float(reckon(as_float(value)?));
    result
        .map(Value::Number)
        .map_err(|_| Stop::error("has no result that JSON can hold"))
}

/// A number that is whole already keeps all its digits.
fn rounded(value: &Value, round: impl Fn(f64) -> f64) -> Result<Value, Stop> {
    let given = number(value)?;
    if is_integer(given) {
        let plain = Decimal::parse(given.as_str()).and_then(Decimal::to_number);
        return Ok(Value::Number(plain.unwrap_or_else(|| given.clone())));
    }
    float(value, round)
}

fn absolute(value: &Value) -> Result<Value, Stop> {
    let plain = number(value)?.as_str().trim_start_matches('-');
    Ok(plain.parse().map_or(Value::Null, Value::Number))
}
