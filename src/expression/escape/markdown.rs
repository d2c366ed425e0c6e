//! Markdown and mentions: text that stays text.

use std::borrow::Cow;

/// Invisible, and enough to part an `@` from the name after it.
const ZERO_WIDTH_SPACE: char = '\u{200b}';

/// A backslash before whatever markdown could take for markup.
pub(super) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut line = LineStart::Blank;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if is_markup(c, chars.peek().copied(), line) {
            escaped.push('\\');
        }
        escaped.push(c);
        line = match c {
            '\n' | '\r' => LineStart::Blank,
            ' ' | '\t' if line == LineStart::Blank => LineStart::Blank,
            '0'..='9' if line != LineStart::Past => LineStart::Digits,
            _ => LineStart::Past,
        };
    }
    escaped
}

fn is_markup(c: char, next: Option<char>, line: LineStart) -> bool {
    let ends = next.is_none_or(char::is_whitespace);
    match c {
        '\\' | '*' | '_' | '~' | '`' | '|' | '<' | '>' | '[' | ']' | '(' | ')' => true,
        // `:smile:` and `https://`, but not `12:30`.
        ':' => next.is_some_and(|next| next.is_ascii_alphabetic() || "/_+-".contains(next)),
        '#' => line == LineStart::Blank,
        '-' | '+' | '=' => {
            line == LineStart::Blank && (ends || next == Some(c) || next == Some('#'))
        }
        '.' => line == LineStart::Digits && ends,
        _ => false,
    }
}

/// What a line holds before the character at hand: lists begin only at its start.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineStart {
    Blank,
    Digits,
    Past,
}

/// Names that call everybody when an `@` stands before them.
const CROWDS: [&str; 4] = ["everyone", "here", "channel", "group"];

/// Parts an `@` from the name of a crowd after it, so that nobody is called; addresses stay whole.
pub(super) fn part_mentions(text: &str) -> Cow<'_, str> {
    let mut parted = String::new();
    let mut copied = 0;
    for (at, _) in text.match_indices('@') {
        let (before, after) = text.split_at(at + 1);
        let calls = |crowd: &&str| {
            after
                .get(..crowd.len())
                .is_some_and(|name| name.eq_ignore_ascii_case(crowd))
        };
        if CROWDS.iter().any(calls) {
            parted.push_str(before.get(copied..).unwrap_or_default());
            parted.push(ZERO_WIDTH_SPACE);
            copied = at + 1;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    parted.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(parted)
}
