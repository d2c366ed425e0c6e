//! Mistakes that one sign gives away: escapes, tabs, blanks that are none, `*` and `&`, curly quotes.

use super::brackets::in_path;
use super::{Finding, Trouble};

/// Looks for a sign that cannot stand where it does.
pub(super) fn find(trouble: &Trouble<'_, '_>) -> Option<Finding> {
    bad_escape(trouble)
        .or_else(|| tab(trouble))
        .or_else(|| strange_blank(trouble))
        .or_else(|| alias(trouble))
        .or_else(|| curly_quote(trouble))
}

fn bad_escape(trouble: &Trouble<'_, '_>) -> Option<Finding> {
    if !trouble.says("escape") && !trouble.says("code point") {
        return None;
    }
    let mut signs = trouble.rest().char_indices();
    while let Some((position, sign)) = signs.next() {
        if sign != '\\' {
            continue;
        }
        let (next, escaped) = signs.next()?;
        if !"0abt\tnvfre \"/\\N_LPxuU\r\n".contains(escaped) {
            return Some(Finding::new(
                trouble.at + position..trouble.at + next + escaped.len_utf8(),
                format!("`\\{escaped}` means nothing between double quotes"),
                "put it between single quotes, where a backslash is only a backslash",
            ));
        }
    }
    None
}

fn tab(trouble: &Trouble<'_, '_>) -> Option<Finding> {
    let line = trouble.line(trouble.at);
    let from = trouble.text().get(line.start..)?;
    let indentation = from.len() - from.trim_start_matches([' ', '\t']).len();
    let in_this_line = from.get(..indentation)?.find('\t');
    let position = if trouble.says("tab") {
        in_this_line.or_else(|| from.find('\t'))
    } else {
        in_this_line
    };
    let start = line.start + position?;
    Some(Finding::new(
        start..start + 1,
        "a tab cannot indent",
        "indent with spaces",
    ))
}

/// A blank that looks like a space and is none, as texts copied from elsewhere have.
fn strange_blank(trouble: &Trouble<'_, '_>) -> Option<Finding> {
    let above = trouble.line_above(trouble.at);
    let lines = std::iter::once(trouble.line(trouble.at)).chain(above);
    lines.into_iter().find_map(|line| {
        let indentation = line.text.get(..line.indent())?;
        let strange = |(_, sign): &(usize, char)| !matches!(sign, ' ' | '\t' | '\r');
        let (at, sign) = indentation.char_indices().find(strange)?;
        let start = line.start + at;
        Some(Finding::new(
            start..start + sign.len_utf8(),
            "this blank is not a space, and cannot indent",
            "write spaces in its place; it was probably copied from a page",
        ))
    })
}

fn alias(trouble: &Trouble<'_, '_>) -> Option<Finding> {
    let rest = trouble.rest_of_line(trouble.at);
    if !rest.starts_with(['*', '&']) || !trouble.says("anchor") {
        return None;
    }
    let before = trouble.text().get(..trouble.at)?;
    if before.ends_with('[') && rest.starts_with('*') {
        let path = in_path(trouble, trouble.at - 1);
        if path.is_some() {
            return path;
        }
    }
    let length = rest
        .find(|c: char| c.is_whitespace() || ",]}".contains(c))
        .unwrap_or(rest.len());
    let word = rest.get(..length)?;
    let (message, help) = if word.starts_with('&') {
        let message = format!("`{word}` begins an anchor here");
        (
            message,
            "put quotes around text that begins with `&`".to_owned(),
        )
    } else if word.len() > 1 {
        let message = format!("`{word}` is an alias, and no anchor above has its name");
        (
            message,
            format!("put quotes around text that begins with `*`: \"{word}\""),
        )
    } else {
        let message = "`*` begins an alias here".to_owned();
        (message, "put quotes around it: \"*\"".to_owned())
    };
    Some(Finding::new(trouble.at..trouble.at + length, message, help))
}

/// `“` where a quote was meant.
fn curly_quote(trouble: &Trouble<'_, '_>) -> Option<Finding> {
    let line = trouble.line(trouble.at);
    let before = |at: usize| line.text.get(..at).unwrap_or_default();
    let begins = |at: usize| before(at).is_empty() || before(at).ends_with([' ', '[', '{', ',']);
    let mut signs = line.text.char_indices();
    let (at, sign) = signs.find(|(at, sign)| CURLY_QUOTES.contains(*sign) && begins(*at))?;
    let start = line.start + at;
    Some(Finding::new(
        start..start + sign.len_utf8(),
        format!("`{sign}` is no quote in YAML"),
        "write \" or '",
    ))
}

/// Quotes that only people take for quotes.
pub(in crate::yaml) const CURLY_QUOTES: &str =
    "\u{201c}\u{201d}\u{201e}\u{2018}\u{2019}\u{201a}\u{ab}\u{bb}";
