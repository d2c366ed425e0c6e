//! Exact decimal arithmetic within the width of an `i128`; what does not fit is none.

use serde_json::Number;

use super::normal;

/// Decimal places that a quotient without an end is rounded to.
pub const QUOTIENT_PLACES: u32 = 12;
/// The most decimal places a number may have in arithmetic.
const SCALE_MAX: u32 = 30;

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
