//! Versions by their order: 1.10 comes after 1.9, and 2.0-rc.1 before 2.0.
//!
//! As Semantic Versioning has it, but with as many numbers as there are: those not written are 0.
//! Source: <https://semver.org/#spec-item-11>

use std::cmp::Ordering;
use std::fmt;

/// A version, read; what stands behind `+` says nothing about its order and is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version<'t> {
    /// Digits without zeros before them; none are left at the end that are 0.
    numbers: Vec<&'t str>,
    /// The parts of what stands behind `-`.
    before: Vec<&'t str>,
}

impl<'t> Version<'t> {
    /// Reads `1.2.3`, `v1.2`, `1.2.3-rc.1+build`.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let (text, build) = text
            .split_once('+')
            .map_or((text, None), |(t, b)| (t, Some(b)));
        let (numbers, before) = text
            .split_once('-')
            .map_or((text, None), |(t, b)| (t, Some(b)));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let word = |part: &&str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let parts = |text: &'t str| {
            text.split('.')
                .map(|part| (!part.is_empty()).then_some(part))
        };
        let mut numbers = parts(numbers)
            .map(|part| part.filter(|part| digits(part)).map(without_zeros))
            .collect::<Option<Vec<_>>>()?;
        let read = |text: &'t str| {
            parts(text)
                .map(|part| part.filter(word))
                .collect::<Option<Vec<_>>>()
        };
        if let Some(build) = build {
            read(build)?;
        }
        let before = before.map_or(Some(Vec::new()), read)?;
        while numbers.len() > 1 && numbers.last() == Some(&"0") {
            numbers.pop();
        }
        let plain = |part| {
            if digits(part) {
                without_zeros(part)
            } else {
                part
            }
        };
        let before = before.into_iter().map(plain).collect();
        Some(Self { numbers, before })
    }
}

/// The shortest spelling: equal versions have one.
impl fmt::Display for Version<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.numbers.join("."))?;
        if !self.before.is_empty() {
            write!(f, "-{}", self.before.join("."))?;
        }
        Ok(())
    }
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_numbers = in_turn(&self.numbers, &other.numbers, by_size);
        // What comes before a version is less than the version itself.
        let released = self.before.is_empty().cmp(&other.before.is_empty());
        let by_parts = || in_turn(&self.before, &other.before, by_part);
        by_numbers.then(released).then_with(by_parts)
    }
}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn without_zeros(digits: &str) -> &str {
    match digits.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    }
}

/// Part by part; of two that agree so far, the shorter is less.
fn in_turn(left: &[&str], right: &[&str], by: fn(&str, &str) -> Ordering) -> Ordering {
    let mut parts = left.iter().zip(right).map(|(l, r)| by(l, r));
    let differing = parts.find(|order| order.is_ne());
    differing.unwrap_or_else(|| left.len().cmp(&right.len()))
}

/// Digits by what they are worth, however many.
fn by_size(left: &str, right: &str) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// Numbers before words.
fn by_part(left: &str, right: &str) -> Ordering {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    match (digits(left), digits(right)) {
        (true, true) => by_size(left, right),
        (false, false) => left.cmp(right),
        (left, right) => right.cmp(&left),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version(text: &str) -> Version<'_> {
        Version::parse(text).unwrap()
    }

    #[test]
    fn each_is_less_than_the_next() {
        let ordered = [
            "0",
            "0.0.1",
            "0.9",
            "1.0-alpha",
            "1.0-alpha.1",
            "1.0-alpha.beta",
            "1.0-beta",
            "1.0-beta.2",
            "1.0-beta.11",
            "1.0-rc.1",
            "1",
            "1.0.0.1",
            "1.9",
            "1.10",
            "2024.1.15",
            "99999999999999999999999",
        ];
        for (at, less) in ordered.iter().enumerate() {
            for more in &ordered[at + 1..] {
                assert!(version(less) < version(more), "{less} {more}");
                assert!(version(more) > version(less), "{less} {more}");
            }
        }
    }

    #[test]
    fn one_version_in_several_spellings() {
        for (left, right) in [
            ("1", "1.0.0"),
            ("v1.2", "1.2"),
            ("1.02", "1.2"),
            ("1.2+a", "1.2+b.5"),
            ("1.2-rc.01", "1.2-rc.1"),
            (" 1.2\n", "1.2"),
            ("0.0", "0"),
        ] {
            assert_eq!(version(left), version(right));
            assert_eq!(version(left).to_string(), version(right).to_string());
        }
    }

    #[test]
    fn what_is_none() {
        for text in [
            "", "v", "latest", "1.", ".1", "1..2", "1.x", "1-", "1-a..b", "1.2 3", "-1", "1+",
            "1-ä",
        ] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn three_numbers_compare_as_numbers(left in any::<[u16; 3]>(), right in any::<[u16; 3]>()) {
            let text = |v: [u16; 3]| format!("{}.{}.{}", v[0], v[1], v[2]);
            let (a, b) = (text(left), text(right));
            prop_assert_eq!(version(&a).cmp(&version(&b)), left.cmp(&right));
        }

        #[test]
        fn the_order_is_one(texts in prop::collection::vec("[01]{1,2}(\\.[01]){0,2}(-[a1](\\.[a1])?)?", 3)) {
            let v: Vec<_> = texts.iter().map(|text| version(text)).collect();
            prop_assert_eq!(v[0].cmp(&v[1]), v[1].cmp(&v[0]).reverse());
            prop_assert_eq!(v[0] == v[1], v[0].cmp(&v[1]).is_eq());
            if v[0] <= v[1] && v[1] <= v[2] {
                prop_assert!(v[0] <= v[2]);
            }
            let spelled = v[0].to_string();
            prop_assert_eq!(&version(&spelled), &v[0]);
        }
    }
}
