//! Mistakes between `{` `[` and their ends.

use super::{Finding, Trouble};
use crate::yaml::looks::comment_in_text;

/// `$.labels[*].name` between `{` and `}`, where brackets cut it short.
pub(super) fn in_path(trouble: &Trouble<'_, '_>, at: usize) -> Option<Finding> {
    let before = trouble.text().get(..at)?;
    let start = before
        .rfind(|c: char| c.is_whitespace() || ",[{\"'".contains(c))
        .map_or(0, |position| position + 1);
    let word = before.get(start..)?;
    let rest = trouble.rest_of_line(at);
    if !word.starts_with('$') || !rest.starts_with(['[', '{', '?']) {
        return None;
    }
    let length = path_length(rest);
    let path = format!("{word}{}", rest.get(..length)?);
    Some(Finding::new(
        start..at + length,
        "a path with brackets needs quotes inside `{…}` and `[…]`",
        format!("put quotes around the whole path: {}", super::quoted(&path)),
    ))
}

/// How far a path goes on: to a blank or comma outside its own brackets, or to the end of what it
/// stands in.
fn path_length(rest: &str) -> usize {
    let mut depth = 0_usize;
    let end = rest.find(|sign: char| {
        match sign {
            '[' | '(' => depth += 1,
            ']' | ')' if depth > 0 => depth -= 1,
            ']' | ')' | '}' => return true,
            ',' => return depth == 0,
            sign if sign.is_whitespace() => return depth == 0,
            _ => {}
        }
        false
    });
    end.unwrap_or(rest.len())
}

/// Looks for a bracket that is not closed, or closed by another, or a comma that is missing.
pub(super) fn find(trouble: &Trouble<'_, '_>) -> Option<Finding> {
    let about = [
        "flow",
        "bracket",
        "placement of ':'",
        "invalid indentation",
        "simple key",
    ];
    let open = *trouble.open.last()?;
    if !about.iter().any(|told| trouble.says(told)) || trouble.says("quoted scalar") {
        return None;
    }
    cut_by_comment(trouble, open)
        .or_else(|| closed_by_another(trouble, open))
        .or_else(|| never_closed(trouble, open))
        .or_else(|| colon(trouble))
}

fn end_of(bracket: &str) -> &'static str {
    if bracket == "[" { "]" } else { "}" }
}

/// `[a, b #c]`: the bracket's end stands in a comment.
fn cut_by_comment(trouble: &Trouble<'_, '_>, open: usize) -> Option<Finding> {
    let first = trouble.line(open).start;
    let text = trouble.text().get(first..trouble.at)?;
    let mut start = first;
    for line in text.split_inclusive('\n') {
        let before = line.trim_end();
        let cut = before.match_indices(" #").find(|(at, _)| {
            let after = before.get(*at..).unwrap_or_default();
            start + at > open && comment_in_text(after).is_some() && after.contains([']', '}'])
        });
        if let Some((at, _)) = cut {
            return Some(Finding::new(
                start + at + 1..start + before.len(),
                "a `#` behind a blank begins a comment, so brackets in it close nothing",
                "put quotes around the text that has the `#`",
            ));
        }
        start += line.len();
    }
    None
}

fn closed_by_another(trouble: &Trouble<'_, '_>, open: usize) -> Option<Finding> {
    let found = trouble.offsets.slice(&trouble.sign());
    let bracket = trouble.offsets.slice(&(open..open + 1));
    let missing = end_of(bracket);
    if !matches!(found, "]" | "}") || found == missing {
        return None;
    }
    let message = format!("a `{missing}` is missing before this `{found}`");
    let finding = Finding::new(
        trouble.sign(),
        message,
        "close brackets in the order they were opened",
    );
    Some(finding.also(open..open + 1, format!("this `{bracket}` is still open")))
}

/// A bracket whose end should have come before a line that is not indented deeper.
fn never_closed(trouble: &Trouble<'_, '_>, open: usize) -> Option<Finding> {
    let (own, other) = (trouble.line(open), trouble.line(trouble.at));
    let ended = trouble.rest().trim().is_empty();
    if own.start == other.start || (other.indent() > own.indent() && !ended) {
        return None;
    }
    let bracket = trouble.offsets.slice(&(open..open + 1));
    let finding = Finding::new(
        open..open + 1,
        format!("this `{bracket}` is not closed"),
        format!("write `{}` where it ends", end_of(bracket)),
    );
    let next = trouble.sign();
    Some(if next.is_empty() {
        finding
    } else {
        finding.also(next, "here its end is missed")
    })
}

/// A second `: ` where a comma or the end was due.
fn colon(trouble: &Trouble<'_, '_>) -> Option<Finding> {
    let found = trouble.offsets.slice(&trouble.sign());
    if found == ":" {
        let message = "a second `:` cannot stand here";
        let help =
            "write a `,` before the key that it belongs to, or quotes around a text that has it";
        return Some(Finding::new(trouble.sign(), message, help));
    }
    let begins = found.chars().next()?;
    (begins.is_alphanumeric() || "\"'{[$".contains(begins)).then(|| {
        let message = format!("a `,` is missing before this: `{found}`");
        let help = "separate what stands between brackets by `,`, or put quotes around a text";
        Finding::new(trouble.sign(), message, help)
    })
}
