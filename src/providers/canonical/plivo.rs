//! Plivo's signature V3: the address, its sorted query, and the sorted form.
//!
//! Source: plivo/plivo-python `signature_v3.py` and plivo/plivo-node `v3Security.js`.

use super::{Canonical, address};
use crate::event::Query;
use crate::providers::fields::is_field_name;
use crate::providers::reading::{Reading, Why};

pub(super) const CANONICAL: Canonical = Canonical {
    name: "plivo",
    write,
    addressed: true,
    // Nothing stands between the form's names and values.
    pins: |_| false,
    headers: &[],
    added: &[],
};

fn write(reading: &Reading<'_>) -> Result<Vec<u8>, Why> {
    let (scheme, rest) = address(reading)?;
    let form = reading.form().map_err(|_| Why::Unfit)?;
    let query = joined(&reading.delivery().query, "=", "&");
    if !form.iter().all(|(name, _)| is_field_name(name)) {
        return Err(Why::Unfit);
    }
    let form = joined(form, "", "");
    let mut text = format!("{scheme}://{rest}");
    if !query.is_empty() || !form.is_empty() {
        text.push('?');
    }
    text.push_str(&query);
    if !query.is_empty() && !form.is_empty() {
        text.push('.');
    }
    text.push_str(&form);
    Ok(text.into_bytes())
}

fn joined(pairs: &Query, equals: &str, between: &str) -> String {
    let mut pairs: Vec<_> = pairs.iter().collect();
    pairs.sort_unstable();
    let pair = |(name, value)| format!("{name}{equals}{value}");
    pairs
        .into_iter()
        .map(pair)
        .collect::<Vec<_>>()
        .join(between)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{delivery, written};
    use super::*;

    #[track_caller]
    fn check(query: &str, form: &str, expected: Result<&str, Why>) {
        let found = written(
            "plivo",
            "https://example.com/abcd",
            &delivery(&[], query, form),
        );
        assert_eq!(found, expected.map(str::to_owned), "{query} {form}");
    }

    #[test]
    fn what_stands_between_depends_on_what_is_there() {
        check("", "", Ok("https://example.com/abcd"));
        check("b=2&a=1", "", Ok("https://example.com/abcd?a=1&b=2"));
        check("", "b=2&a=1", Ok("https://example.com/abcd?a1b2"));
        // The sender's own example.
        check(
            "foo=bar",
            "From=%2B15551111111&To=%2B15555555555&CallUUID=1&Digits=1234",
            Ok(
                "https://example.com/abcd?foo=bar.CallUUID1Digits1234From+15551111111To+15555555555",
            ),
        );
        check("", "a=2&a=1", Ok("https://example.com/abcd?a1a2"));
        check("", "%3D=1", Err(Why::Unfit));
    }
}
