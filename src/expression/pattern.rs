//! What is wrong with a regular expression, and where in it.
//!
//! Whoever compiles one that an author wrote asks here for the reason when it cannot be compiled.

use regex_syntax::ast::{ErrorKind, Span};
use regex_syntax::{Error, Parser};

use super::ExpressionError;

const SIGNS: &str = "quote the pattern with single quotes, and put a backslash before \
                     ( ) [ ] { } . * + ? meant as such";

/// Why a pattern cannot be compiled: the end of a sentence, with the place in the pattern.
pub fn fault(pattern: &str, error: &regex::Error) -> ExpressionError {
    let whole = |message: String, help: &str| {
        ExpressionError::syntax(0, message)
            .len(pattern.len())
            .help(help)
    };
    if let regex::Error::CompiledTooBig(bytes) = error {
        let message = format!("compiled it takes more than {bytes} bytes");
        return whole(message, "ask for fewer repetitions, as in `{1,100}`");
    }
    match Parser::new().parse(pattern) {
        Err(Error::Parse(error)) => {
            let help = help(error.kind());
            at(pattern, error.span(), error.kind().to_string()).help(help)
        }
        Err(Error::Translate(error)) => {
            at(pattern, error.span(), error.kind().to_string()).help(SIGNS)
        }
        _ => whole("it is not a regular expression".to_owned(), SIGNS),
    }
}

/// The place that a finding names; where that is a point, the sign behind it.
fn at(pattern: &str, span: &Span, message: String) -> ExpressionError {
    let (start, end) = (span.start.offset, span.end.offset);
    let behind = pattern.get(start..).and_then(|rest| rest.chars().next());
    let point = behind.map_or(0, char::len_utf8);
    ExpressionError::syntax(start, message).len(end.saturating_sub(start).max(point))
}

fn help(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::UnsupportedLookAround => {
            "looking ahead or behind is not possible; write two conditions"
        }
        ErrorKind::UnsupportedBackreference => {
            "what a group has found cannot be asked for again in the same pattern"
        }
        ErrorKind::GroupUnclosed => "close it with `)`, or write `\\(` for the sign itself",
        ErrorKind::GroupUnopened => "open it with `(`, or write `\\)` for the sign itself",
        ErrorKind::ClassUnclosed => "close it with `]`, or write `\\[` for the sign itself",
        ErrorKind::RepetitionMissing => {
            "it repeats what stands before it: `.*` is any text, `\\*` the sign itself"
        }
        ErrorKind::RepetitionCountInvalid => "write the smaller number first: `{1,3}`",
        ErrorKind::ClassRangeInvalid => "write the smaller one first: `[a-z]`",
        _ => SIGNS,
    }
}

#[cfg(test)]
mod tests {
    use super::fault;

    /// What stands at the place of the fault, and why.
    fn found(pattern: &str) -> (String, String) {
        let error = regex::Regex::new(pattern).unwrap_err();
        let fault = fault(pattern, &error);
        let range = fault.offset..fault.offset + fault.len;
        (pattern[range].to_owned(), fault.message)
    }

    #[test]
    fn faults_have_a_place() {
        for (pattern, at, why) in [
            ("é(a", "(", "unclosed group"),
            ("a)b", ")", "unopened group"),
            ("x[a-", "[", "unclosed character class"),
            (r"a\q", r"\q", "unrecognized escape sequence"),
            (r"(a)\1", r"\1", "backreferences are not supported"),
            (r"\p{Latn1}", r"\p{Latn1}", "Unicode property not found"),
        ] {
            assert_eq!(found(pattern), (at.to_owned(), why.to_owned()), "{pattern}");
        }
        let huge = "(?:a{1000}){1000}{1000}";
        assert_eq!(found(huge).0, huge, "what is too large is so as a whole");
    }
}
