//! Text that YAML reads in another way than it looks.

use crate::diagnostic::MARK;

use super::syntax::{CURLY_QUOTES, quoted};

/// Texts longer than this are not repeated in what we say, in characters.
const REPEATED_CHARS_MAX: usize = 60;

/// Bytes of a file, what is misleading about them, and what to write.
pub(super) struct Look {
    /// Counted from the start of the text that was looked at.
    pub(super) at: usize,
    pub(super) len: usize,
    pub(super) message: String,
    pub(super) help: String,
}

/// The comment behind a text, if it looks like a part of it: ` #ops`, but not ` # ops`.
pub(super) fn comment_in_text(after: &str) -> Option<&str> {
    if !after.starts_with(" #") {
        return None;
    }
    let line = after.lines().next()?.trim_end();
    let comment = line.strip_prefix(' ')?;
    let word = comment.strip_prefix('#')?;
    let begins = word.starts_with(|sign: char| sign.is_alphanumeric() || matches!(sign, '{' | '<'));
    (begins && !word.trim_start().starts_with(MARK)).then_some(comment)
}

/// A text without quotes, or none, whose end went into a comment. `after` is what follows it.
pub(super) fn cut(text: &str, after: &str) -> Option<Look> {
    let comment = comment_in_text(after)?;
    let number = text.parse::<f64>().is_ok();
    if number || matches!(text, "true" | "false" | "null" | "~") {
        return None;
    }
    let whole = format!("{text} {comment}");
    let help = if whole.chars().count() > REPEATED_CHARS_MAX {
        "put quotes around the whole text; write `# ` where a comment is meant".to_owned()
    } else {
        let whole = quoted(whole.trim_start());
        format!("write {whole}; if a comment is meant, a blank behind the `#`")
    };
    Some(Look {
        at: 1,
        len: comment.len(),
        message: "a `#` behind a blank begins a comment: this is not part of the text".to_owned(),
        help,
    })
}

/// A text between quotes that are none.
pub(super) fn curly(text: &str) -> Option<Look> {
    let sign = text
        .chars()
        .next()
        .filter(|sign| CURLY_QUOTES.contains(*sign))?;
    let inner = text.trim_matches(|sign| CURLY_QUOTES.contains(sign));
    let help = if inner.chars().count() > REPEATED_CHARS_MAX {
        "write \" or '".to_owned()
    } else {
        format!("write {}", quoted(inner))
    };
    Some(Look {
        at: 0,
        len: text.len(),
        message: format!("`{sign}` is no quote in YAML, but part of the text"),
        help,
    })
}
