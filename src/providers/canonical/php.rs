//! A form without its signature, sorted, as PHP's `serialize` writes it.
//!
//! Each text has its length before it, so that there is one form for each text. Source: Paddle Classic's
//! "verifying webhooks", and daveagill/verify-paddle-webhook with its tests.

use super::Canonical;
use crate::event::MediaKind;
use crate::providers::reading::{Reading, Why};

pub(super) const CANONICAL: Canonical = Canonical {
    name: "php",
    write,
    addressed: false,
    pins: |kind| kind == Some(&MediaKind::Form),
    headers: &[],
    added: &[],
};

/// The field that is not signed, because the signature stands there.
const SIGNATURE: &str = "p_signature";

fn write(reading: &Reading<'_>) -> Result<Vec<u8>, Why> {
    let form = reading.form().map_err(|_| Why::Unfit)?;
    let mut pairs: Vec<_> = form.iter().filter(|(name, _)| *name != SIGNATURE).collect();
    pairs.sort_unstable();
    let twice = |pair: &[(&str, &str)]| matches!(pair, [(one, _), (other, _)] if one == other);
    if pairs.windows(2).any(twice) {
        return Err(Why::Repeated);
    }
    // PHP would make a number of such a name.
    if pairs
        .iter()
        .any(|(name, _)| name.bytes().all(|b| b.is_ascii_digit()))
    {
        return Err(Why::Unfit);
    }
    let text = |text: &str| format!("s:{}:\"{text}\";", text.len());
    let fields: String = pairs
        .iter()
        .flat_map(|(name, value)| [text(name), text(value)])
        .collect();
    Ok(format!("a:{}:{{{fields}}}", pairs.len()).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{delivery, written};
    use super::*;

    #[track_caller]
    fn check(form: &str, expected: Result<&str, Why>) {
        let found = written("php", "https://example.com/x", &delivery(&[], "", form));
        assert_eq!(found, expected.map(str::to_owned), "{form}");
    }

    #[test]
    fn lengths_are_counted_in_bytes() {
        check(
            "b=%C3%A9&p_signature=x&a=",
            Ok("a:2:{s:1:\"a\";s:0:\"\";s:1:\"b\";s:2:\"é\";}"),
        );
        check("p_signature=x", Ok("a:0:{}"));
        // A value that looks like more fields stays one value.
        check(
            "a=%22%3Bs%3A1%3A%22b",
            Ok("a:1:{s:1:\"a\";s:8:\"\";s:1:\"b\";}"),
        );
    }

    #[test]
    fn what_php_would_read_otherwise_is_refused() {
        check("a=1&a=2", Err(Why::Repeated));
        check("1=a", Err(Why::Unfit));
        check("=a", Err(Why::Unfit));
    }
}
