//! The smallest pieces of JSON text: where a string, a number, a word ends.
//!
//! Accepts exactly what `serde_json` accepts, and says nothing about what is wrong: whoever is refused
//! here asks `serde_json` for the words. Whether strings are UTF-8 is left
//! to the caller, who is told where it could matter.

/// Eight times the same byte.
const fn eight(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The highest bit of each byte that is `byte`. Of those set, the lowest is right; what stands above
/// it may not be.
fn equal(word: u64, byte: u8) -> u64 {
    let zero_where_equal = word ^ eight(byte);
    zero_where_equal.wrapping_sub(eight(1)) & !zero_where_equal & eight(0x80)
}

/// How many bytes from here on are neither a quote nor a backslash nor a control sign: all eight, or
/// those before the first such. Also whether one of the eight is not ASCII.
#[inline]
fn plain(chunk: [u8; 8]) -> (usize, bool) {
    let word = u64::from_le_bytes(chunk);
    let control = word.wrapping_sub(eight(0x20)) & !word & eight(0x80);
    let found = equal(word, b'"') | equal(word, b'\\') | control;
    let count = (found.trailing_zeros() / 8) as usize;
    (count, word & eight(0x80) != 0)
}

/// Where a string ends whose first byte after the quote is `at`: the place of its closing quote, whether
/// there are escapes in it, and whether there may be bytes in it that are not ASCII.
#[inline]
pub(super) fn string(bytes: &[u8], mut at: usize) -> Option<(usize, bool, bool)> {
    let (mut escaped, mut wide) = (false, false);
    loop {
        while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            let (step, some_wide) = plain(*chunk);
            at += step;
            wide |= some_wide;
            if step < 8 {
                break;
            }
        }
        match bytes.get(at)? {
            b'"' => return Some((at, escaped, wide)),
            b'\\' => {
                escaped = true;
                at = escape(bytes, at + 1)?;
            }
            0..0x20 => return None,
            byte => {
                wide |= !byte.is_ascii();
                at += 1;
            }
        }
    }
}

/// Where an escape ends whose first byte after the backslash is `at`.
fn escape(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 1),
        b'u' => match unit(bytes, at + 1)? {
            0xDC00..0xE000 => None,
            0xD800..0xDC00 => {
                let second = bytes.get(at + 5..at + 7)? == b"\\u";
                let unit = unit(bytes, at + 7)?;
                (second && (0xDC00..0xE000).contains(&unit)).then_some(at + 11)
            }
            _ => Some(at + 5),
        },
        _ => None,
    }
}

/// Four hex digits.
fn unit(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..)?.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, digit| {
        Some(unit * 16 + char::from(*digit).to_digit(16)?)
    })
}

/// Where a number ends that begins at `at`.
pub(super) fn number(bytes: &[u8], mut at: usize) -> Option<usize> {
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    at = match bytes.get(at)? {
        b'0' if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => return None,
        b'0' => at + 1,
        b'1'..=b'9' => digits(bytes, at)?,
        _ => return None,
    };
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        if matches!(bytes.get(at), Some(b'+' | b'-')) {
            at += 1;
        }
        at = digits(bytes, at)?;
    }
    Some(at)
}

/// Where a run of at least one digit ends.
fn digits(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count > 0).then_some(at + count)
}

/// Where a word ends that begins at `at`.
pub(super) fn word(bytes: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    bytes
        .get(at..)?
        .starts_with(word)
        .then_some(at + word.len())
}

/// The first byte from here on that is not blank.
#[inline]
pub(super) fn sign(bytes: &[u8], at: usize) -> usize {
    // Most bodies have no blanks between their signs.
    match bytes.get(at) {
        Some(byte) if *byte > b' ' => at,
        _ => after_blanks(bytes, at),
    }
}

fn after_blanks(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str) {
        let ours = match text.as_bytes()[0] {
            b'"' => string(text.as_bytes(), 1).map(|(end, ..)| end + 1),
            _ => number(text.as_bytes(), 0),
        };
        let whole = ours == Some(text.len());
        let accepted = serde_json::from_str::<serde_json::Value>(text).is_ok();
        assert_eq!(whole, accepted, "{text}");
    }

    #[test]
    fn pieces_end_where_they_end() {
        for text in [
            "0",
            "-0",
            "-",
            "01",
            "1.",
            "1.5",
            "1.5e",
            "1e5",
            "1E+5",
            "1e-05",
            "-1.0e+",
            ".5",
            "+1",
            "1e400",
            "00",
            "1x",
            r#""""#,
            r#""a"#,
            r#""\u00e9""#,
            r#""\ud83d\ude00""#,
            r#""\ud83d""#,
            r#""\ude00""#,
            r#""\ud83d\u0041""#,
            r#""\ud83d\n""#,
            r#""\x""#,
            r#""\u12""#,
            r#""\u12G4""#,
            "\"tab\tin\"",
            "\"del\u{7f}\"",
            "\"é and 12345678\"",
            "\"1234567\u{1f}\"",
            r#""12345678\"""#,
            r#""12345678\\""#,
        ] {
            check(text);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn strings_agree_with_the_parser(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "a", "é", "😀", "\\\"", "\\\\", "\\n", "\\u0041", "\\ud83d", "\\ude00", "\\",
                    "\"", "\u{1f}", "\u{0}", "12345678", " ", "\u{7f}", "\u{80}",
                ]),
                0..20,
            )
        ) {
            check(&format!("\"{}\"", pieces.concat()));
        }

        #[test]
        fn numbers_agree_with_the_parser(text in "-?[0-9.eE+-]{1,12}") {
            if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
                check(&text);
            }
        }
    }
}
