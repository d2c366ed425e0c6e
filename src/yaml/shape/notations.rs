//! The notations that stand in many places: durations, sizes, statuses.

use super::Shape;

impl Shape {
    /// A duration.
    pub fn duration() -> Self {
        Self::named("duration", || {
            Self::matching(r"^[0-9]+(ms|s|m|h|d)$").says(
                "A duration: a whole number and a unit, without a blank. Units are `ms`, `s`, `m`, `h`, `d`: 100ms, 15s, 10m, 6h, 7d.",
            )
        })
    }

    /// A size in bytes.
    pub fn size() -> Self {
        Self::named("size", || {
            Self::either([
                Self::matching(r"^[0-9]+(B|KiB|MiB|GiB)$"),
                Self::count(0, u64::MAX),
            ])
            .says("A size: a whole number and a unit (512B, 64KiB, 2MiB, 1GiB), or a number of bytes.")
        })
    }

    /// A header's name → what stands in it.
    pub fn headers(value: Self) -> Self {
        Self::named_by_author("X-Team", value)
    }
}
