//! Texts that every reader of YAML reads alike: of those the walk is enough, and `serde_yaml` is asked
//! only about words that could be something else than text.
//!
//! Whatever is less plain is read by both, and what they do not agree on is reported.

use saphyr_parser::ScalarStyle;

use super::raw::{self, Raw};
use super::spot::{Shape, Spot};

/// Whether nothing in a text but its scalars can be read in two ways.
pub(super) fn is_plain_text(text: &str) -> bool {
    let odd = ["\n---", "\n...", "\n%", "? ", "?\n"];
    !text.starts_with(['-', '.', '%', '?'])
        && !odd.iter().any(|odd| text.contains(odd))
        && text
            .bytes()
            .all(|byte| byte == b'\n' || byte >= b' ' && byte != 0x7f)
        && (text.is_ascii() || text.chars().all(|c| c.is_ascii() || is_plain_sign(c)))
}

/// Signs beyond ASCII that all readers take for a part of a text.
fn is_plain_sign(c: char) -> bool {
    let odd = ['\u{2028}', '\u{2029}', '\u{feff}', '\u{fffe}', '\u{ffff}'];
    c > '\u{a0}' && !odd.contains(&c)
}

/// Whether a scalar can be read in one way only. `source` is how it is written, `between` whether it
/// stands between brackets.
pub(super) fn is_plain_scalar(text: &str, style: ScalarStyle, source: &str, between: bool) -> bool {
    if source.contains('\n') {
        return false;
    }
    match style {
        ScalarStyle::Plain => {
            let sign = |c: char| c.is_alphanumeric() || c == '_';
            let begins = |c: char| sign(c) || matches!(c, '$' | '/' | '.' | '-' | '+' | '~' | '(');
            let fits = |c: char| sign(c) || " $/.-+~()=".contains(c);
            source == text
                && (text.is_empty() || text.starts_with(begins))
                && !["- ", "---", "..."].iter().any(|odd| text.starts_with(odd))
                && text != "-"
                && (!between || text.chars().all(fits))
        }
        ScalarStyle::SingleQuoted => true,
        ScalarStyle::DoubleQuoted => {
            let mut escapes = source.split('\\').skip(1);
            escapes.all(|behind| behind.starts_with(['"', 'n']))
        }
        ScalarStyle::Literal | ScalarStyle::Folded => false,
    }
}

/// The values of a text of which all is plain.
///
/// # Errors
/// What `serde_yaml` says of a word in it.
pub(super) fn values(spot: &Spot<'_>) -> Result<Raw, serde_yaml::Error> {
    match &spot.shape {
        Shape::Scalar { text, plain: true } if may_be_no_text(text) => raw::read(text),
        Shape::Scalar { text, .. } => Ok(Raw::String(text.to_string())),
        Shape::Braces(text) => Ok(Raw::String((*text).to_owned())),
        Shape::List(items) => {
            let items = items.iter().map(|item| values(item));
            items.collect::<Result<_, _>>().map(Raw::List)
        }
        Shape::Map(entries) => {
            let entries = entries.iter().map(|(_, value)| values(value));
            entries.collect::<Result<_, _>>().map(Raw::Map)
        }
    }
}

/// Whether a text without quotes may be a number, a truth value or nothing.
fn may_be_no_text(text: &str) -> bool {
    let word = |known: &&str| text.eq_ignore_ascii_case(known);
    !text.starts_with(|c: char| c.is_alphabetic() || "_$/(".contains(c))
        || ["null", "true", "false"].iter().any(word)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::walk::walk;
    use super::*;
    use crate::diagnostic::{Diagnostics, SourceFile};

    /// Whether a text is read once, and then to what `serde_yaml` makes of it.
    fn is_read_alike(text: &str) -> bool {
        let file: Arc<SourceFile> = SourceFile::new("a.yaml", text);
        let Ok(Some(walked)) = walk(&file, &mut Diagnostics::new()) else {
            return false;
        };
        if !walked.alike {
            return false;
        }
        let both = raw::read(text).map_err(|error| error.to_string());
        assert_eq!(
            values(&walked.root).ok(),
            both.as_ref().ok().cloned(),
            "{text:?} {both:?}"
        );
        true
    }

    #[test]
    fn which_are_read_once() {
        for text in [
            "a: 1\nb: [x, $.y, -5, 0x1F, ~, 'it''s', \"a \\\" \\n b\"]\nc:\n- {d: yes, e: NULL}\n- null\n",
            "# a comment\nwhen: {provider: github, event: pull_request.opened} # more\n",
            "a: https://ci.example.com/x?y=1#z\nb: 12:30:00\nc: ö, and so on\nd:\n",
            "a: 1_000\nb: 1e3\nc: .5\nd: 2026-01-01\ne: -x\nf: +1\ng: True\n",
        ] {
            assert!(is_read_alike(text), "{text:?}");
        }
        for text in [
            "a: &x 1\nb: *x\n",
            "a: !!str 5\n",
            "a: {<<: {b: 1}}\n",
            "a: |\n  text\n",
            "a: one\n  two\n",
            "a: 'one\n  two'\n",
            "a: \"\\x41\"\n",
            "a: ...\nb: ---\n",
            "---\na: 1\n",
            "a: 1\n...\n",
            "? a\n: b\n",
            "{a:b, c}\n",
            "a: [x:y]\n",
            "a:\tb\n",
            "a: b\r\n",
            "a: x\u{2028}y\n",
            "a: {{payload.x}}\n",
            "- a\n",
        ] {
            assert!(!is_read_alike(text), "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn what_is_read_once_is_read_alike(
            text in "(( {0,4}(- ){0,2}[ab]: {0,2})?[ab$/.~+\\-019tTrue:\\[\\]{},#'\"? |>&*!%@`ö=(<\u{85}\u{a0}]{0,8}\n?){1,6}"
        ) {
            is_read_alike(&text);
        }

        #[test]
        fn what_people_write_is_read_alike(
            text in "([ab]: ((\\{[ab]: )?(x|1|-2|\\.5|~|null|[a-c ]{1,6}|'[a '']{0,4}'|\"[a, :]{0,4}\"|\\[(x|1|, ){0,3}\\])\\}?|\n  [cd]: [a-c:#1 ]{0,6}|\n- [ab]: [01a]{0,3}\n  c: x)( #[ a]{0,3})?\n){1,5}"
        ) {
            is_read_alike(&text);
        }
    }
}
