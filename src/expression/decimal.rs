//! Numbers by their decimal text: exact equality, order and arithmetic.
//!
//! JSON numbers keep their text, and binary floating point would make two long ids equal or turn
//! 19.99 into 19.990000000000002; so neither comparison nor arithmetic passes through it.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// Decimal places that a quotient without an end is rounded to.
pub const QUOTIENT_PLACES: u32 = 12;
/// The most decimal places a number may have in arithmetic.
const SCALE_MAX: u32 = 30;

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

/// `units` / 10^`scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    units: i128,
    scale: u32,
}

impl Decimal {
    /// Reads the text of a number; none if it is none, or has more digits than arithmetic takes.
    pub fn parse(text: &str) -> Option<Self> {
        let normal = normal(text.trim())?;
        if normal.digits.is_empty() {
            return Some(Self { units: 0, scale: 0 });
        }
        let units: i128 = normal.digits.parse().ok()?;
        let units = if normal.negative { -units } else { units };
        let last = normal
            .magnitude
            .checked_sub(i64::try_from(normal.digits.len()).ok()?)?;
        if last >= 0 {
            let units = units.checked_mul(power(u32::try_from(last).ok()?)?)?;
            return Some(Self { units, scale: 0 });
        }
        let scale = u32::try_from(last.unsigned_abs()).ok()?;
        (scale <= SCALE_MAX).then_some(Self { units, scale })
    }

    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        let lift = |n: Self| n.units.checked_mul(power(scale - n.scale)?);
        Some((lift(self)?, lift(other)?, scale))
    }

    /// Sum, unless it is too large.
    pub fn plus(self, other: Self) -> Option<Self> {
        let (left, right, scale) = self.aligned(other)?;
        let units = left.checked_add(right)?;
        Some(Self { units, scale }.shortened())
    }

    /// Difference, unless it is too large.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self {
            units: other.units.checked_neg()?,
            ..other
        })
    }

    /// Product, unless it is too large.
    pub fn times(self, other: Self) -> Option<Self> {
        let units = self.units.checked_mul(other.units)?;
        let scale = self.scale.checked_add(other.scale)?;
        let product = Self { units, scale }.shortened();
        (product.scale <= SCALE_MAX).then_some(product)
    }

    /// Quotient, rounded to [`QUOTIENT_PLACES`] where it has no end; none for zero or overflow.
    pub fn over(self, other: Self) -> Option<Self> {
        let lift = i64::from(QUOTIENT_PLACES) + i64::from(other.scale) - i64::from(self.scale);
        let factor = power(u32::try_from(lift.unsigned_abs()).ok()?)?;
        let (top, bottom) = if lift >= 0 {
            (self.units.checked_mul(factor)?, other.units)
        } else {
            (self.units, other.units.checked_mul(factor)?)
        };
        let units = divide_rounded(top, bottom)?;
        let scale = QUOTIENT_PLACES;
        Some(Self { units, scale }.shortened())
    }

    /// What is left after whole division, with the sign of the dividend; none for zero.
    pub fn modulo(self, other: Self) -> Option<Self> {
        let (left, right, scale) = self.aligned(other)?;
        let units = left.checked_rem(right)?;
        Some(Self { units, scale }.shortened())
    }

    /// Rounded to so many decimal places, halves away from zero.
    pub fn round(self, places: u32) -> Option<Self> {
        if self.scale <= places {
            return Some(self);
        }
        let units = divide_rounded(self.units, power(self.scale - places)?)?;
        Some(Self {
            units,
            scale: places,
        })
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.units == 0
    }

    /// The value in `10^-places` units, if it is whole there and fits.
    pub fn in_units(self, places: u32) -> Option<i64> {
        let rounded = self.round(places)?;
        let factor = power(places.checked_sub(rounded.scale)?)?;
        i64::try_from(rounded.units.checked_mul(factor)?).ok()
    }

    fn shortened(mut self) -> Self {
        while self.scale > 0 && self.units % 10 == 0 {
            self.units /= 10;
            self.scale -= 1;
        }
        self
    }

    /// Sign, whole digits and exactly `places` decimal digits, after rounding to them.
    pub fn parts(self, places: u32) -> Option<(bool, String, String)> {
        let rounded = self.round(places)?;
        let width = usize::try_from(rounded.scale).ok()?;
        let digits = format!("{:0>1$}", rounded.units.unsigned_abs(), width + 1);
        let (whole, fraction) = digits.split_at_checked(digits.len() - width)?;
        let places = usize::try_from(places).ok()?;
        let fraction = format!("{fraction:0<places$}");
        Some((rounded.units < 0, whole.to_owned(), fraction))
    }

    /// As a JSON number, without needless zeros.
    pub fn to_number(self) -> Option<Number> {
        let short = self.shortened();
        let (negative, whole, fraction) = short.parts(short.scale)?;
        let sign = if negative { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{whole}{point}{fraction}").parse().ok()
    }
}

fn power(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

fn divide_rounded(top: i128, bottom: i128) -> Option<i128> {
    let quotient = top.checked_div(bottom)?;
    let rest = top.checked_rem(bottom)?;
    let up = rest.unsigned_abs() >= bottom.unsigned_abs().div_ceil(2);
    let away = if (top < 0) == (bottom < 0) { 1 } else { -1 };
    if up && rest != 0 {
        quotient.checked_add(away)
    } else {
        Some(quotient)
    }
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
