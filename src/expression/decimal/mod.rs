//! Numbers by their decimal text: exact equality, order and arithmetic.
//!
//! JSON numbers keep their text, and binary floating point would make two long ids equal or turn
//! 19.99 into 19.990000000000002; so neither comparison nor arithmetic passes through it.

mod arithmetic;

use std::cmp::Ordering;

use serde_json::{Number, Value};

pub use arithmetic::{Decimal, QUOTIENT_PLACES};

/// 0.DIGITS × 10^magnitude, without zeros at either end.
#[derive(PartialEq, Eq)]
struct Normal {
    negative: bool,
    digits: String,
    magnitude: i64,
}

fn normal(text: &str) -> Option<Normal> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = all.trim_start_matches('0');
    let leading = i64::try_from(all.len() - digits.len()).ok()?;
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return Some(Normal {
            negative: false,
            digits: String::new(),
            magnitude: 0,
        });
    }
    let magnitude = i64::try_from(whole.len())
        .ok()?
        .checked_sub(leading)?
        .checked_add(exponent)?;
    Some(Normal {
        negative,
        digits: digits.to_owned(),
        magnitude,
    })
}

/// The order of two numbers given as JSON text; none if one is no number, or beyond all reckoning.
pub fn compare_texts(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (normal(left)?, normal(right)?);
    let sign = |n: &Normal| match (n.digits.is_empty(), n.negative) {
        (true, _) => 0,
        (false, false) => 1,
        (false, true) => -1,
    };
    let by_size = || {
        left.magnitude
            .cmp(&right.magnitude)
            .then_with(|| left.digits.cmp(&right.digits))
    };
    Some(sign(&left).cmp(&sign(&right)).then_with(|| {
        if left.negative {
            by_size().reverse()
        } else {
            by_size()
        }
    }))
}

/// The order of two JSON numbers.
pub fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => compare_texts(left.as_str(), right.as_str()),
    }
}

/// One text for all numbers of the same worth: those of 1, 1.0 and 10e-1 are equal. None for a number
/// beyond all reckoning.
pub fn canonical(number: &Number) -> Option<String> {
    let Normal {
        negative,
        digits,
        magnitude,
    } = normal(number.as_str())?;
    let sign = if negative { "-" } else { "" };
    Some(format!("{sign}0.{digits}e{magnitude}"))
}

/// Whether two JSON values are the same: types hold, 1 is 1.0, the order of members means nothing.
pub fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || compare(left, right) == Some(Ordering::Equal)
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| equal(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, l)| right.get(name).is_some_and(|r| equal(l, r)))
        }
        _ => left == right,
    }
}

/// Whether a number has no fraction: 1, 1.0 and 1e3 have none.
pub fn is_integer(number: &Number) -> bool {
    normal(number.as_str()).is_some_and(|n| {
        n.digits.is_empty() || i64::try_from(n.digits.len()).is_ok_and(|len| len <= n.magnitude)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[track_caller]
    fn shows(result: Option<Decimal>, text: &str) {
        assert_eq!(result.unwrap().to_number().unwrap().to_string(), text);
    }

    #[test]
    fn equality_is_exact_and_by_value() {
        for (left, right) in [("1", "1.0"), ("1", "1e0"), ("-0", "0.00"), ("120e-1", "12")] {
            assert_eq!(compare_texts(left, right), Some(Ordering::Equal), "{left}");
        }
        for (less, more) in [
            ("9007199254740992", "9007199254740993"),
            ("0.1", "0.10000000000000000001"),
            ("-2", "-1.5"),
            ("-1", "0"),
            ("9", "10"),
            ("0.09", "0.1"),
            ("1e308", "1e309"),
        ] {
            assert_eq!(compare_texts(less, more), Some(Ordering::Less), "{less}");
            assert_eq!(compare_texts(more, less), Some(Ordering::Greater), "{less}");
        }
        assert_eq!(compare_texts("1e99999999999999999999", "1"), None);
        assert_eq!(compare_texts("x", "1"), None);
    }

    #[test]
    fn deep_equality_keeps_types() {
        let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let same = |l: &str, r: &str| equal(&json(l), &json(r));
        assert!(same(
            r#"{"a":[1,2.0],"b":null}"#,
            r#"{"b":null,"a":[1.0,2]}"#
        ));
        for (left, right) in [("\"1\"", "1"), ("0", "false"), ("null", "0"), ("[1]", "1")] {
            assert!(!same(left, right), "{left} {right}");
        }
    }

    #[test]
    fn equal_numbers_have_one_text() {
        let text = |number: &str| canonical(&number.parse().unwrap());
        for (left, right) in [
            ("1", "1.0"),
            ("100", "1e2"),
            ("-0", "0.00"),
            ("120e-1", "12"),
        ] {
            assert_eq!(text(left), text(right), "{left}");
        }
        assert_ne!(text("1"), text("-1"));
        assert_ne!(text("1"), text("10"));
        assert_ne!(text("9007199254740992"), text("9007199254740993"));
        assert_eq!(text("1e99999999999999999999"), None);
    }

    #[test]
    fn money_stays_money() {
        shows(decimal("1999").over(decimal("100")), "19.99");
        shows(decimal("120500").over(decimal("100")), "1205");
        shows(decimal("0.1").plus(decimal("0.2")), "0.3");
        shows(decimal("1.10").times(decimal("3")), "3.3");
        shows(decimal("10").over(decimal("3")), "3.333333333333");
        shows(decimal("-2").over(decimal("3")), "-0.666666666667");
        shows(decimal("7.5").modulo(decimal("2")), "1.5");
        shows(decimal("1").minus(decimal("1.5")), "-0.5");
        shows(decimal("2.5").round(0), "3");
        shows(decimal("-2.5").round(0), "-3");
        shows(decimal("2.4999").round(0), "2");
        shows(decimal("-0.4").round(0), "0");
    }

    #[test]
    fn what_cannot_be_reckoned_is_none() {
        assert!(decimal("1").over(decimal("0")).is_none());
        assert!(decimal("1").modulo(decimal("0")).is_none());
        let large = decimal("1e37");
        assert!(large.times(large).is_none() && large.over(large).is_none());
        for bad in ["", "-", "1e400", "1e-400", "abc", "1.2.3", ".", "NaN"] {
            assert!(Decimal::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn integers_are_seen() {
        let whole = |text: &str| is_integer(&text.parse().unwrap());
        assert!(whole("1") && whole("1.0") && whole("1e3") && whole("0.0") && whole("12e-0"));
        assert!(!whole("1.5") && !whole("1e-1"));
    }

    proptest! {
        #[test]
        fn order_agrees_with_integers(left in any::<i64>(), right in any::<i64>()) {
            let texts = (left.to_string(), right.to_string());
            prop_assert_eq!(compare_texts(&texts.0, &texts.1), Some(left.cmp(&right)));
        }

        #[test]
        fn sums_agree_with_integers(left in any::<i32>(), right in any::<i32>()) {
            let sum = decimal(&left.to_string()).plus(decimal(&right.to_string())).unwrap();
            let wanted = i64::from(left) + i64::from(right);
            prop_assert_eq!(sum.to_number().unwrap().to_string(), wanted.to_string());
        }
    }
}
