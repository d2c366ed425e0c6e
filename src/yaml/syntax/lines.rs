//! Mistakes in how lines are written and indented.

use super::{Finding, Line, Trouble, quoted};

/// Texts longer than this are not repeated in what we say, in characters.
const REPEATED_CHARS_MAX: usize = 60;

/// Looks for a mistake in the line where the parser stopped, and in the one above.
pub(super) fn find(trouble: &Trouble<'_, '_>) -> Option<Finding> {
    if trouble.says("mapping values are not allowed") {
        return colon_in_text(trouble)
            .or_else(|| trouble.line_above(trouble.at).and_then(misspelt))
            .or_else(|| too_deep(trouble));
    }
    if trouble.says("simple key") && trouble.open.is_empty() {
        return keyless(trouble);
    }
    None
}

/// `title: Deploy: done`.
fn colon_in_text(trouble: &Trouble<'_, '_>) -> Option<Finding> {
    let line = trouble.line(trouble.at);
    let before = line.text.get(..trouble.at.checked_sub(line.start)?)?;
    let (key, _) = before.split_once(": ")?;
    let text = line.text.get(key.len() + 2..)?.trim();
    let help = if text.chars().count() > REPEATED_CHARS_MAX || text.contains(" #") {
        "put quotes around the text".to_owned()
    } else {
        format!("put quotes around the text: {}", quoted(text))
    };
    let message = "a text with `: ` in it needs quotes";
    Some(Finding::new(trouble.sign(), message, help))
}

/// `name:tell`, `-name: tell`, `name = tell`: what makes the line no key with its value.
fn misspelt(line: Line<'_>) -> Option<Finding> {
    let (content, at) = line.content();
    if let Some(rest) = content.strip_prefix('-')
        && rest.starts_with(|sign: char| sign.is_alphanumeric())
    {
        return Some(Finding::new(
            at..at + 1,
            "a blank is missing behind this `-`",
            "write `- ` before each item of a list",
        ));
    }
    let is_key = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '-');
    let key = content.len() - content.trim_start_matches(is_key).len();
    let (name, rest) = content.split_at(key);
    if name.is_empty() {
        return None;
    }
    let value = rest
        .strip_prefix(':')
        .filter(|rest| !rest.starts_with("//"));
    if value.is_some_and(|value| value.starts_with(|sign: char| !sign.is_whitespace())) {
        return Some(Finding::new(
            at + key..at + key + 1,
            "a blank is missing behind this `:`",
            format!("write `{name}: …`"),
        ));
    }
    let equals = rest.trim_start().strip_prefix('=')?;
    let equals = at + content.len() - equals.len() - 1;
    let help = format!("write `{name}: …`");
    Some(Finding::new(
        equals..equals + 1,
        "a key is followed by `:`",
        help,
    ))
}

/// A key below another that has a value already, but indented deeper.
fn too_deep(trouble: &Trouble<'_, '_>) -> Option<Finding> {
    let line = trouble.line(trouble.at);
    let above = trouble.line_above(trouble.at)?;
    let (_, key) = above.content();
    let (content, own) = line.content();
    let (content_above, _) = above.content();
    let (name, value) = content_above.split_once(':')?;
    if own - line.start <= key - above.start || value.trim().is_empty() {
        return None;
    }
    let length = content.find(':').unwrap_or(content.len());
    let message = format!("this is indented deeper than `{name}`, which has a value already");
    let finding = Finding::new(
        own..own + length,
        message,
        "indent the keys of one map alike",
    );
    Some(finding.also(key..key + name.len(), "this stands further left"))
}

/// A line that is no key with its value, where one was due.
fn keyless(trouble: &Trouble<'_, '_>) -> Option<Finding> {
    let own = trouble.line(trouble.at);
    let line = if trouble.at > own.start && !own.is_idle() {
        own
    } else {
        trouble.line_above(own.start)?
    };
    if let Some(finding) = misspelt(line) {
        return Some(finding);
    }
    let (content, at) = line.content();
    let span = at..at + content.len();
    let above = trouble.line_above(line.start);
    let header = above.and_then(|above| block_header(above.text));
    if let Some(sign) = header {
        let message =
            format!("the text of `{sign}` is indented deeper than its key, and this is not");
        return Some(Finding::new(span, message, "indent each line of the text"));
    }
    let message = "a `:` is missing after this key";
    let help = "write `key: value`, or indent this line as part of the text above";
    Some(Finding::new(span, message, help))
}

/// The `|` or `>` that ends a line and begins a text of several.
fn block_header(line: &str) -> Option<char> {
    let line = line.trim_end();
    let line = line.trim_end_matches(|sign: char| sign.is_ascii_digit() || "+-".contains(sign));
    let sign = line.chars().next_back()?;
    let before = line.get(..line.len() - sign.len_utf8())?;
    (matches!(sign, '|' | '>') && before.ends_with([' ', ':', '-'])).then_some(sign)
}
