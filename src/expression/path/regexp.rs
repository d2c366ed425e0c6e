//! Regular expressions in paths. Source: <https://www.rfc-editor.org/rfc/rfc9485>

use regex::{Regex, RegexBuilder};

/// Compiles an I-Regexp (RFC 9485), with a bound on its size.
pub(super) fn compile(pattern: &str, whole: bool) -> Result<Regex, regex::Error> {
    let translated = translate(pattern);
    let pattern = if whole {
        format!("^(?:{translated})$")
    } else {
        translated
    };
    RegexBuilder::new(&pattern)
        .size_limit(REGEX_BYTES_MAX)
        .build()
}

/// The most memory that one compiled regular expression may take, in bytes.
const REGEX_BYTES_MAX: usize = 1024 * 1024;

/// In an I-Regexp a dot matches neither `\n` nor `\r`; the crate's own dot matches `\r`.
fn translate(pattern: &str) -> String {
    let mut translated = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                translated.push(c);
                translated.extend(chars.next());
                continue;
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '.' if !in_class => {
                translated.push_str(r"[^\n\r]");
                continue;
            }
            _ => {}
        }
        translated.push(c);
    }
    translated
}
