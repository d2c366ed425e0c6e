//! Where a text in quotes stands inside an expression.

use std::ops::Range;

use crate::yaml::within_quotes;

/// Where `range` of `value` is written: in the first text in quotes behind `from` that means `value`.
pub(super) fn place(
    text: &str,
    from: usize,
    value: &str,
    range: &Range<usize>,
) -> Option<Range<usize>> {
    let mut at = from;
    loop {
        let rest = text.get(at..)?;
        let start = at + rest.find(['"', '\''])?;
        let end = start + length(text.get(start..)?)?;
        if let Some(found) = within_quotes(text.get(start..end)?, value, range) {
            return Some(start + found.start..start + found.end);
        }
        at = end;
    }
}

/// The length of the text in quotes that begins here, quotes included.
pub(super) fn length(text: &str) -> Option<usize> {
    let mut signs = text.char_indices();
    let (_, quote) = signs.next()?;
    let mut escaped = false;
    let mut ends = |sign: char| {
        let ends = sign == quote && !escaped;
        escaped = sign == '\\' && !escaped;
        ends
    };
    signs
        .find(|(_, sign)| ends(*sign))
        .map(|(at, sign)| at + sign.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn parts_of_texts_in_quotes_are_found() {
        let text = r#"f "é" g 'a\'b(' "\\d(é""#;
        let at = |value: &str, part: &str| {
            let start = value.find(part).unwrap();
            place(text, 0, value, &(start..start + part.len())).map(|range| &text[range])
        };
        assert_eq!(at("é", "é"), Some("é"));
        assert_eq!(at("a'b(", "'b"), Some(r"\'b"));
        assert_eq!(at(r"\d(é", r"\d"), Some(r"\\d"));
        assert_eq!(at("x", "x"), None);
    }
}
