//! `# hookrule: allow HR0305 reason`: one line's warning that its author has seen and means to keep.
//!
//! The comment stands at the end of the line that is warned about, or on a line of its own above it.
//! Errors cannot be silenced: what is in error does not run. A comment that silences nothing is itself
//! warned about, so that none is left behind when its reason is gone.

use std::ops::Range;
use std::sync::Arc;

use super::lines::Lines;
use super::{Diagnostic, Diagnostics, Place, Severity, SourceFile, code};

/// What a comment begins with that speaks to hookrule.
pub const MARK: &str = "hookrule:";

/// How such a comment is written.
const FORM: &str = "write `# hookrule: allow HR0305 and why`";

/// The comments of one file.
#[derive(Debug)]
pub struct Comments {
    /// The file.
    pub file: Arc<SourceFile>,
    /// Each from its `#` to the end of its line, in order.
    pub spans: Vec<Range<usize>>,
}

/// One comment that allows something.
struct Allow<'c> {
    file: &'c Arc<SourceFile>,
    span: Range<usize>,
    code: &'c str,
    /// The line that it speaks of.
    line: usize,
    used: bool,
}

impl Diagnostics {
    /// Without the warnings that comments allow, and with one for each comment that allows nothing.
    #[must_use]
    pub fn silenced(self, comments: &[Comments]) -> Self {
        let mut kept = Diagnostics::new();
        let mut rest = self.0;
        for comments in comments {
            let lines = Lines::of(&comments.file);
            let mut malformed = Diagnostics::new();
            let mut allows = read(comments, &lines, &mut malformed);
            let (here, elsewhere): (Vec<_>, Vec<_>) = rest
                .into_iter()
                .partition(|found| Arc::ptr_eq(&found.place.file, &comments.file));
            rest = elsewhere;
            let broken = here.iter().any(|found| found.severity == Severity::Error);
            for found in here {
                if !allow(&found, &lines, &mut allows) {
                    kept.push(found);
                }
            }
            kept.extend(malformed);
            for allow in allows.iter().filter(|allow| !allow.used) {
                kept.0.extend(tell(allow, &lines, &kept, broken));
            }
        }
        kept.0.extend(rest);
        kept
    }
}

/// Whether a comment allows it.
fn allow(found: &Diagnostic, lines: &Lines, allows: &mut [Allow<'_>]) -> bool {
    if found.severity == Severity::Error {
        return false;
    }
    let line = lines.position(found.place.span.start).line;
    let mut fitting = allows
        .iter_mut()
        .filter(|allow| allow.line == line && allow.code == found.code.id());
    let first = fitting.next();
    first.map(|allow| allow.used = true).is_some()
}

/// Why a comment silences nothing. In a file with errors not all is found, so it may only seem so.
fn tell(allow: &Allow<'_>, lines: &Lines, kept: &Diagnostics, broken: bool) -> Option<Diagnostic> {
    let code = allow.code;
    let error = kept.iter().any(|found| {
        found.code.id() == code
            && Arc::ptr_eq(&found.place.file, allow.file)
            && lines.position(found.place.span.start).line == allow.line
    });
    if error {
        let message = format!("{code} is an error here, and cannot be silenced");
        return Some(warning(allow.file, allow.span.clone(), message).help("mend what it says"));
    }
    let message = format!("there is no {code} to silence in this line");
    let help = "remove this comment; it speaks of its own line, or of the next if it stands alone";
    (!broken).then(|| warning(allow.file, allow.span.clone(), message).help(help))
}

fn warning(file: &Arc<SourceFile>, span: Range<usize>, message: String) -> Diagnostic {
    let file = Arc::clone(file);
    Diagnostic::warning(code::IDLE_COMMENT, Place { file, span }, message)
}

fn read<'c>(comments: &'c Comments, lines: &Lines, malformed: &mut Diagnostics) -> Vec<Allow<'c>> {
    let file = &comments.file;
    let mut allows = Vec::new();
    for span in &comments.spans {
        let text = file.text.get(span.clone()).unwrap_or_default();
        let Some(said) = text.trim_start_matches('#').trim().strip_prefix(MARK) else {
            continue;
        };
        match parse(said) {
            Ok(code) => allows.push(Allow {
                file,
                span: span.clone(),
                code,
                line: spoken_of(span, lines),
                used: false,
            }),
            Err((message, help)) => {
                malformed.push(warning(file, span.clone(), message).help(help));
            }
        }
    }
    allows
}

/// The code that a comment allows, or what is wrong with it and what to write.
fn parse(said: &str) -> Result<&str, (String, String)> {
    let mut words = said.split_whitespace();
    let (verb, id) = (words.next().unwrap_or_default(), words.next());
    if verb != "allow" {
        let message = format!("`hookrule: {verb}` means nothing in a comment");
        return Err((message, FORM.to_owned()));
    }
    let Some(id) = id else {
        let message = "this does not say what is allowed".to_owned();
        return Err((message, FORM.to_owned()));
    };
    if !code::ALL.iter().any(|known| known.id() == id) {
        let message = format!("there is no code `{id}`");
        let help = "the code stands in the finding, as in warning[HR0305]".to_owned();
        return Err((message, help));
    }
    if words.next().is_none() {
        let message = format!("this does not say why {id} is allowed here");
        let help = format!("add the reason: `# hookrule: allow {id} because …`");
        return Err((message, help));
    }
    Ok(id)
}

/// The line that a comment speaks of: its own, or the next with something in it.
fn spoken_of(span: &Range<usize>, lines: &Lines) -> usize {
    let own = lines.position(span.start).line;
    if !is_comment(lines.text(own)) {
        return own;
    }
    let count = lines.count();
    let mut below = own + 1..=count;
    let next = below.find(|line| {
        let text = lines.text(*line);
        !text.trim().is_empty() && !is_comment(text)
    });
    next.unwrap_or(own)
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Warns with HR0305 about each `!`, makes an error of each `?`, and gives what is left as
    /// `line: message`.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let file = SourceFile::new("a.yaml", text);
        let place = |at| Place {
            file: Arc::clone(&file),
            span: at..at + 1,
        };
        let mut problems = Diagnostics::new();
        for (at, _) in text.match_indices('!') {
            problems.push(Diagnostic::warning(code::UNESCAPED, place(at), "warned"));
        }
        for (at, _) in text.match_indices('?') {
            problems.push(Diagnostic::error(code::UNESCAPED, place(at), "error"));
        }
        let starts = text.match_indices('#').map(|(at, _)| at);
        let end = |at| text[at..].find('\n').map_or(text.len(), |end| at + end);
        let comments = Comments {
            file: Arc::clone(&file),
            spans: starts.map(|at| at..end(at)).collect(),
        };
        let left: Vec<_> = problems
            .silenced(&[comments])
            .sorted()
            .iter()
            .map(|found| format!("{}: {}", found.place.positions().0.line, found.message))
            .collect();
        assert_eq!(left, expected, "{text:?}");
    }

    #[test]
    fn a_reason_silences_the_warning_of_one_line() {
        check("a: ! # hookrule: allow HR0305 our own text", &[]);
        check("# hookrule: allow HR0305 our own text\n\n# and\na: !", &[]);
        check("a: !! #hookrule: allow HR0305 ours", &[]);
        check("a: ! # hookrule: allow HR0305 ours\nb: !", &["2: warned"]);
        check(
            "# hookrule: allow HR0305 a\n# hookrule: allow HR0002 b\na: !",
            &["2: there is no HR0002 to silence in this line"],
        );
    }

    #[test]
    fn a_comment_that_silences_nothing_is_told() {
        check(
            "a: 1 # hookrule: allow HR0305 ours\n",
            &["1: there is no HR0305 to silence in this line"],
        );
        check(
            "a: ! # hookrule: allow HR0305\n",
            &[
                "1: warned",
                "1: this does not say why HR0305 is allowed here",
            ],
        );
        check(
            "a: ! # hookrule: allow\n",
            &["1: warned", "1: this does not say what is allowed"],
        );
        check(
            "a: ! # hookrule: allow HR9999 why not\n",
            &["1: warned", "1: there is no code `HR9999`"],
        );
        check(
            "a: 1 # hookrule: ignore HR0305 x\n",
            &["1: `hookrule: ignore` means nothing in a comment"],
        );
        check("# hookrule is our engine\na: 1 # hookrule", &[]);
    }

    #[test]
    fn errors_stay() {
        check(
            "a: ? # hookrule: allow HR0305 ours\n",
            &[
                "1: error",
                "1: HR0305 is an error here, and cannot be silenced",
            ],
        );
        check(
            "a: ?\nb: 1 # hookrule: allow HR0305 what was warned about may come back\n",
            &["1: error"],
        );
    }
}
