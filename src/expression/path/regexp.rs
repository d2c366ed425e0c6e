//! Regular expressions in paths. Source: <https://www.rfc-editor.org/rfc/rfc9485>

use regex::{Regex, RegexBuilder};

/// Compiles an I-Regexp (RFC 9485) that stands in a path, with a bound on its size.
pub(super) fn compile(pattern: &str, whole: bool) -> Result<Regex, regex::Error> {
    builder(pattern, whole)
        .size_limit(WRITTEN_BYTES_MAX)
        .build()
}

/// Compiles one that stands in a document: its sender is not the author of the rule, so it may take
/// much less. None where it cannot be used.
pub(super) fn compile_found(pattern: &str, whole: bool) -> Option<Regex> {
    let mut builder = builder(pattern, whole);
    builder.size_limit(FOUND_BYTES_MAX);
    builder.dfa_size_limit(FOUND_BYTES_MAX);
    builder.build().ok()
}

/// The most memory that one compiled regular expression may take, in bytes.
const WRITTEN_BYTES_MAX: usize = 1024 * 1024;
/// The same for one found in a document.
const FOUND_BYTES_MAX: usize = 64 * 1024;

fn builder(pattern: &str, whole: bool) -> RegexBuilder {
    let translated = translate(pattern);
    RegexBuilder::new(&if whole {
        format!("^(?:{translated})$")
    } else {
        translated
    })
}

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
