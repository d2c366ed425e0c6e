//! Texts that stand over several lines in a file, behind `|` or `>`, written anew.

use std::ops::Range;

use serde_json::Value;

use crate::diagnostic::{Diagnostics, Place, SourceFile};
use crate::yaml;

use crate::commands::scalar::flow;

/// What stands in place of such a text, from its `|` or `>` on, and which bytes that replaces. None where
/// no such text stands there, or it does not say what is expected.
pub(super) fn anew(
    place: &Place,
    expected: &Value,
    found: &Value,
) -> Option<(Range<usize>, String)> {
    let text = &place.file.text;
    let before = text.get(..place.span.start)?;
    let indent = before.rsplit('\n').next()?;
    if indent.is_empty() || !indent.bytes().all(|byte| byte == b' ') {
        return None;
    }
    // Empty lines at the beginning belong to the text.
    let head = before.trim_end();
    let line = head.rfind('\n').map_or(0, |end| end + 1);
    let (sign, style) = header(head.get(line..)?)?;
    let (start, end) = (line + sign, place.span.end);
    // A line feed ends what would end with the file.
    let stands = format!("{}\n", text.get(start..end)?);
    if !says(&stands, expected) && !says(stands.trim_end(), expected) {
        return None;
    }
    // What follows on the line of the sign: a comment.
    let rest = head.get(start..)?.trim_start_matches(is_header).to_owned();
    let written = found
        .as_str()
        .and_then(|found| lines(found, style, &rest, indent));
    let fits = |written: &String| {
        text.get(end..).is_some_and(|after| after.starts_with('\n'))
            && says(&format!("{written}\n"), found)
    };
    let written = written.filter(fits);
    Some((start..end, written.unwrap_or_else(|| flow(found) + &rest)))
}

/// Where `|` or `>` stands at the end of a line, before a comment, and which of both.
fn header(line: &str) -> Option<(usize, char)> {
    let signs = line
        .char_indices()
        .rev()
        .filter(|(_, sign)| matches!(sign, '|' | '>'));
    let mut fitting = signs.filter(|(at, _)| {
        let (before, after) = line.split_at(*at);
        let after = after.trim_start_matches(is_header);
        before.ends_with(' ') && (after.is_empty() || after.trim_start().starts_with('#'))
    });
    // Of several the first: the others are in the comment.
    let mut first = fitting.next()?;
    for earlier in fitting {
        first = earlier;
    }
    Some(first)
}

fn is_header(sign: char) -> bool {
    matches!(sign, '|' | '>' | '+' | '-') || sign.is_ascii_digit()
}

/// A text over several lines; none where it cannot be written so.
fn lines(found: &str, style: char, rest: &str, indent: &str) -> Option<String> {
    let (body, keep) = match found.strip_suffix('\n') {
        Some(body) => (body, ""),
        None => (found, "-"),
    };
    let strange = |sign: char| sign.is_control() && sign != '\n';
    if body.is_empty()
        || body.starts_with([' ', '\n'])
        || body.ends_with('\n')
        || found.contains(strange)
    {
        return None;
    }
    // Behind `>` a line feed would be a blank.
    let style = if body.contains('\n') { '|' } else { style };
    let mut written = format!("{style}{keep}{rest}");
    for line in body.split('\n') {
        written.push('\n');
        if !line.is_empty() {
            written.extend([indent, line]);
        }
    }
    Some(written)
}

/// Whether what stands behind a key is a value.
fn says(text: &str, value: &Value) -> bool {
    let file = SourceFile::new("", format!("x: {text}"));
    let read = yaml::read(&file, &mut Diagnostics::new());
    read.is_some_and(|node| node.get("x").is_some_and(|x| x.to_json() == *value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The file `a: {header}…` after its text became another.
    #[track_caller]
    fn check(written: &str, found: &Value, wanted: Option<&str>) {
        let file = SourceFile::new("a.yaml", written);
        let node = yaml::read(&file, &mut Diagnostics::new()).unwrap();
        let text = node.get("a").unwrap().get("b").unwrap();
        let anew = anew(&text.place, &text.to_json(), found);
        let became = anew.map(|(span, new)| {
            let mut became = written.to_owned();
            became.replace_range(span, &new);
            became
        });
        assert_eq!(became.as_deref(), wanted, "{written}");
        if let Some(became) = became {
            let node = yaml::read(&SourceFile::new("a.yaml", &became), &mut Diagnostics::new());
            let node = node.unwrap();
            assert_eq!(node.get("a").unwrap().get("b").unwrap().to_json(), *found);
            assert_eq!(node.get("c").map(yaml::Node::to_json), Some(json!(1)));
        }
    }

    #[test]
    fn a_text_keeps_its_form_and_its_comment() {
        check(
            "a:\n  b: |   # told\n    one\n    two\n  # after\nc: 1\n",
            &json!("one\n\n  three\n"),
            Some("a:\n  b: |   # told\n    one\n\n      three\n  # after\nc: 1\n"),
        );
        check(
            "a:\n  b: >-\n    one\n    two\nc: 1\n",
            &json!("one three"),
            Some("a:\n  b: >-\n    one three\nc: 1\n"),
        );
        check(
            "a:\n  b: >\n    one\n    two\nc: 1\n",
            &json!("one\nthree\n"),
            Some("a:\n  b: |\n    one\n    three\nc: 1\n"),
        );
        check(
            "a:\n  b: |\n    one\nc: 1\n",
            &json!("two"),
            Some("a:\n  b: |-\n    two\nc: 1\n"),
        );
    }

    #[test]
    fn what_cannot_stand_so_stands_on_one_line() {
        check(
            "a:\n  b: |- # n | m\n    one\nc: 1\n",
            &json!(" two"),
            Some("a:\n  b: \" two\" # n | m\nc: 1\n"),
        );
        check(
            "a:\n  b: |\n    one\nc: 1\n",
            &json!(7),
            Some("a:\n  b: 7\nc: 1\n"),
        );
        // A text that says how far to the right it stands is left to its author.
        check("a:\n  b: |2\n      one\nc: 1\n", &json!("two\n"), None);
        check("a:\n  b: \"one\n    two\"\nc: 1\n", &json!("x"), None);
    }
}
