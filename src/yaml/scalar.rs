//! The small notations that stand in one scalar: durations and sizes.

use std::ops::Range;
use std::time::Duration;

/// Reads `100ms`, `15s`, `10m`, `6h`, `7d`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let millis = match unit {
        "ms" => number,
        "s" => number.checked_mul(1_000)?,
        "m" => number.checked_mul(60_000)?,
        "h" => number.checked_mul(3_600_000)?,
        "d" => number.checked_mul(86_400_000)?,
        _ => return None,
    };
    Some(Duration::from_millis(millis))
}

/// What is wrong in a text that is no duration: the bytes at fault, and what to write.
pub(super) fn duration_fault(text: &str) -> (Range<usize>, String) {
    let usual = "write a whole number and a unit: 100ms, 15s, 10m, 6h or 7d";
    let Some((number, unit)) = split(text) else {
        return (0..text.len(), usual.to_owned());
    };
    let start = text.len() - unit.len();
    if let Some(known) = spelled_out(unit) {
        return (start..text.len(), format!("write `{number}{known}`"));
    }
    match sum(text) {
        Some((first, total)) => (first..text.len(), format!("write `{total}`")),
        None => (start..text.len(), usual.to_owned()),
    }
}

/// The unit that a word means.
fn spelled_out(word: &str) -> Option<&'static str> {
    let word = word.trim().to_lowercase();
    match word.strip_suffix('s').unwrap_or(&word) {
        "millisecond" | "milli" | "msec" => Some("ms"),
        "second" | "sec" => Some("s"),
        "minute" | "min" => Some("m"),
        "hour" | "hr" => Some("h"),
        "day" => Some("d"),
        _ => None,
    }
}

/// Several durations in a row: where the second begins, and all of them as one.
fn sum(text: &str) -> Option<(usize, String)> {
    let mut rest = text;
    let mut second = None;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let unit = rest.get(digits..)?;
        let end = unit.find(|c: char| c.is_ascii_digit());
        let end = digits + end.unwrap_or(unit.len());
        let (part, behind) = rest.split_at(end);
        total = total.checked_add(parse_duration(part.trim())?)?;
        rest = behind;
        second.get_or_insert(text.len() - rest.len());
    }
    let millis = total.as_millis();
    let unit = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "m"),
        (1_000, "s"),
    ];
    let fits = |(size, _): &&(u128, &str)| millis.is_multiple_of(*size);
    let (size, unit) = unit.iter().find(fits).copied().unwrap_or((1, "ms"));
    Some((second?, format!("{}{unit}", millis / size)))
}

/// Reads `512B`, `64KiB`, `2MiB`, `1GiB` into bytes.
pub fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    match unit {
        "B" => Some(number),
        "KiB" => number.checked_mul(1 << 10),
        "MiB" => number.checked_mul(1 << 20),
        "GiB" => number.checked_mul(1 << 30),
        _ => None,
    }
}

fn split(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse_duration("100ms"), Some(Duration::from_millis(100)));
        assert_eq!(parse_duration("7d"), Some(Duration::from_hours(168)));
        for bad in [
            "",
            "s",
            "5",
            "5 s",
            "-1s",
            "1.5s",
            "5S",
            "99999999999999999999d",
        ] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_duration() {
        for (text, at, help) in [
            ("10 minutes", " minutes", "write `10m`"),
            ("1 s", " s", "write a whole"),
            ("5 hours", " hours", "write `5h`"),
            ("2 min", " min", "write `2m`"),
            ("1h30m", "30m", "write `90m`"),
            ("1d12h", "12h", "write `36h`"),
            ("1.5h", ".5h", "write a whole"),
            ("soon", "soon", "write a whole"),
            ("5", "5", "write a whole"),
        ] {
            let (range, said) = duration_fault(text);
            assert_eq!(&text[range], at, "{text}");
            assert!(said.starts_with(help), "{text}: {said}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(parse_size("2MiB"), Some(2 * 1024 * 1024));
        for bad in ["", "MiB", "2MB", "2 MiB", "-2B"] {
            assert_eq!(parse_size(bad), None, "{bad}");
        }
    }
}
