//! `+ - * / %` and the order of values.

use std::cmp::Ordering;

use jaq_core::ops::Math;
use serde_json::{Map, Number, Value};

use super::super::decimal::{self, Decimal};
use super::budget::{Budget, Stop};
use super::natives::shown;
use super::value::Val;

/// The result of an operation.
pub(super) fn math<'p>(
    budget: &Budget,
    sign: Math,
    left: Val<'p>,
    right: Val<'p>,
) -> Result<Val<'p>, Stop> {
    let depth = left.depth().max(right.depth());
    match (sign, left.get(), right.get()) {
        (Math::Add, Value::Null, _) => Ok(right),
        (Math::Add, _, Value::Null) => Ok(left),
        (_, Value::Number(l), Value::Number(r)) => {
            budget.read(left.get())?;
            budget.read(right.get())?;
            reckon(sign, l, r).map(|number| Val::plain(Value::Number(number)))
        }
        (Math::Add, Value::String(_), Value::String(more)) => {
            budget.make(more.len())?;
            let Value::String(mut text) = left.take(budget)? else {
                return Ok(Val::plain(Value::Null));
            };
            text.push_str(right.get().as_str().unwrap_or_default());
            Ok(Val::plain(Value::String(text)))
        }
        (Math::Add, Value::Array(_), Value::Array(_)) => {
            match (left.take(budget)?, right.take(budget)?) {
                (Value::Array(mut items), Value::Array(more)) => {
                    items.extend(more);
                    Val::nested(Value::Array(items), depth)
                }
                _ => Ok(Val::plain(Value::Null)),
            }
        }
        (Math::Add | Math::Mul, Value::Object(_), Value::Object(_)) => {
            match (left.take(budget)?, right.take(budget)?) {
                (Value::Object(mut members), Value::Object(more)) => {
                    if sign == Math::Add {
                        members.extend(more);
                    } else {
                        merge(&mut members, more);
                    }
                    Val::nested(Value::Object(members), depth)
                }
                _ => Ok(Val::plain(Value::Null)),
            }
        }
        (Math::Sub, Value::Array(items), Value::Array(gone)) => {
            budget.spend(budget.read(left.get())? * (1 + gone.len()) / 512)?;
            let keep = |item: &&Value| !gone.iter().any(|other| decimal::equal(other, item));
            let kept = items.iter().filter(keep).map(|item| budget.copy(item));
            Val::nested(Value::Array(kept.collect::<Result<_, _>>()?), depth)
        }
        (Math::Mul, Value::String(text), Value::Number(times))
        | (Math::Mul, Value::Number(times), Value::String(text)) => repeated(budget, text, times),
        (Math::Div, Value::String(text), Value::String(separator)) => {
            budget.read(left.get())?;
            let parts = Value::Array(split(text, separator));
            budget.made(&parts)?;
            Val::nested(parts, 1)
        }
        (_, l, r) => Err(Stop::error(format!(
            "{} and {} cannot stand on both sides of `{}`",
            shown(l),
            shown(r),
            sign.as_str()
        ))),
    }
}

/// The parts of a text; every character where the separator is empty.
pub(super) fn split(text: &str, separator: &str) -> Vec<Value> {
    if text.is_empty() {
        return Vec::new();
    }
    if separator.is_empty() {
        return text.chars().map(|c| Value::from(c.to_string())).collect();
    }
    text.split(separator).map(Value::from).collect()
}

fn repeated<'p>(budget: &Budget, text: &str, times: &Number) -> Result<Val<'p>, Stop> {
    let times = times.as_f64().unwrap_or(0.0);
    if times <= 0.0 {
        return Ok(Val::plain(Value::Null));
    }
    let times = count(times.max(1.0));
    budget.make(text.len().saturating_mul(times))?;
    Ok(Val::plain(Value::String(text.repeat(times))))
}

/// A number of things; what is too large for any is the largest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` keeps within the bounds of the type, which is what is wanted"
)]
pub(super) fn count(number: f64) -> usize {
    number as usize
}

fn merge(left: &mut Map<String, Value>, right: Map<String, Value>) {
    for (name, value) in right {
        match (left.get_mut(&name), value) {
            (Some(Value::Object(left)), Value::Object(right)) => merge(left, right),
            (_, value) => {
                left.insert(name, value);
            }
        }
    }
}

/// Exact where decimal arithmetic reaches, else as near as binary floating point comes.
fn reckon(sign: Math, left: &Number, right: &Number) -> Result<Number, Stop> {
    if let (Some(left), Some(right)) = (left.as_i64(), right.as_i64()) {
        let whole = match sign {
            Math::Add => left.checked_add(right),
            Math::Sub => left.checked_sub(right),
            Math::Mul => left.checked_mul(right),
            Math::Div | Math::Rem => None,
        };
        if let Some(whole) = whole {
            return Ok(whole.into());
        }
    }
    if let (Some(left), Some(right)) = (
        Decimal::parse(left.as_str()),
        Decimal::parse(right.as_str()),
    ) {
        let one = Decimal::parse("1");
        let cut = |n: Decimal| n.minus(n.modulo(one?)?);
        if matches!(sign, Math::Div | Math::Rem)
            && (right.is_zero() || (sign == Math::Rem && cut(right).is_some_and(Decimal::is_zero)))
        {
            return Err(Stop::error("a number cannot be divided by zero"));
        }
        let exact = match sign {
            Math::Add => left.plus(right),
            Math::Sub => left.minus(right),
            Math::Mul => left.times(right),
            // A quotient without an end is left to floating point.
            Math::Div => left
                .over(right)
                .filter(|quotient| quotient.times(right) == Some(left)),
            Math::Rem => cut(left).and_then(|left| left.modulo(cut(right)?)),
        };
        if let Some(number) = exact.and_then(Decimal::to_number) {
            return Ok(number);
        }
    }
    let float = |number: &Number| number.as_f64().unwrap_or(f64::INFINITY);
    let (left, right) = (float(left), float(right));
    from_float(match sign {
        Math::Add => left + right,
        Math::Sub => left - right,
        Math::Mul => left * right,
        Math::Div => left / right,
        Math::Rem => left.trunc() % right.trunc(),
    })
}

/// A floating-point number as JSON has it: whole ones without a point.
pub(super) fn from_float(number: f64) -> Result<Number, Stop> {
    let text = if number.abs() < 1e17 {
        number.to_string()
    } else {
        format!("{number:e}")
    };
    if !number.is_finite() {
        return Err(Stop::error("the result is no number that JSON can hold"));
    }
    text.parse()
        .map_err(|_| Stop::error("the result is no number that JSON can hold"))
}

/// The whole number at or below a number.
#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` keeps within the bounds of the type, which is what is wanted"
)]
pub(super) fn whole(number: &Number) -> Option<i64> {
    number
        .as_i64()
        .or_else(|| number.as_f64().map(|n| n.floor() as i64))
}

/// The order of any two values: null, false, true, numbers, texts, lists, objects.
pub(super) fn order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Number(l), Value::Number(r)) => numbers(l, r),
        (Value::String(l), Value::String(r)) => l.cmp(r),
        (Value::Array(l), Value::Array(r)) => {
            let pairs = l.iter().zip(r).map(|(l, r)| order(l, r));
            first_difference(pairs).then(l.len().cmp(&r.len()))
        }
        (Value::Object(l), Value::Object(r)) => {
            let names = |of: &Map<String, Value>| {
                let mut names: Vec<String> = of.keys().cloned().collect();
                names.sort();
                names
            };
            let names = (names(l), names(r));
            let values = names.0.iter().filter_map(|name| {
                let (l, r) = (l.get(name)?, r.get(name)?);
                Some(order(l, r))
            });
            names.0.cmp(&names.1).then(first_difference(values))
        }
        _ => rank(left).cmp(&rank(right)),
    }
}

fn first_difference(mut orders: impl Iterator<Item = Ordering>) -> Ordering {
    let first = orders.find(|order| order.is_ne());
    first.unwrap_or(Ordering::Equal)
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(false) => 1,
        Value::Bool(true) => 2,
        Value::Number(_) => 3,
        Value::String(_) => 4,
        Value::Array(_) => 5,
        Value::Object(_) => 6,
    }
}

/// Numbers beyond all reckoning come last, by their text: sorting needs some order of any two.
fn numbers(left: &Number, right: &Number) -> Ordering {
    decimal::compare(left, right).unwrap_or_else(|| {
        let known = |number: &Number| decimal::compare_texts(number.as_str(), "0").is_some();
        match (known(left), known(right)) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            _ => left.as_str().cmp(right.as_str()),
        }
    })
}
