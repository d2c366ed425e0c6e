//! What the parser complains about → what the author should do.
//!
//! The parser stops where a text makes no sense any more, which may be far behind the mistake. Each of
//! the ways in which that comes about is looked for around that place; what is left is told in the
//! parser's terms, but in our words.

mod brackets;
mod lines;
mod signs;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use saphyr_parser::ScanError;

use crate::diagnostic::{Diagnostic, Place, SourceFile, code};

use super::offsets::Offsets;

pub(super) use signs::CURLY_QUOTES;

/// One finding in the author's words: where, what, and what to write instead.
struct Finding {
    span: Range<usize>,
    message: String,
    help: String,
    /// Another place that it is about, and what stands there.
    also: Option<(Range<usize>, String)>,
}

impl Finding {
    fn new(span: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
            help: help.into(),
            also: None,
        }
    }

    fn also(mut self, span: Range<usize>, note: impl Into<String>) -> Self {
        self.also = Some((span, note.into()));
        self
    }
}

/// Where the parser stopped, and why.
struct Trouble<'t, 'a> {
    offsets: &'a Offsets<'t>,
    /// The byte that it stopped at.
    at: usize,
    /// What it says.
    info: &'a str,
    /// The brackets that are open there, the innermost last.
    open: &'a [usize],
}

impl<'t> Trouble<'t, '_> {
    fn text(&self) -> &'t str {
        self.offsets.text()
    }

    fn says(&self, what: &str) -> bool {
        self.info.contains(what)
    }

    /// The character where it stopped, or nothing at the end of the text.
    fn sign(&self) -> Range<usize> {
        let next = self.rest().chars().next();
        self.at..self.at + next.map_or(0, char::len_utf8)
    }

    /// The text from where it stopped.
    fn rest(&self) -> &'t str {
        self.text().get(self.at..).unwrap_or_default()
    }

    /// The text from a byte to the end of its line.
    fn rest_of_line(&self, at: usize) -> &'t str {
        let rest = self.text().get(at..).unwrap_or_default();
        rest.lines().next().unwrap_or_default()
    }

    /// The line that a byte stands in.
    fn line(&self, at: usize) -> Line<'t> {
        let before = self.text().get(..at).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        Line {
            start,
            text: self.rest_of_line(start),
        }
    }

    /// The last line above a byte's own with something in it besides a comment.
    fn line_above(&self, at: usize) -> Option<Line<'t>> {
        let mut end = self.line(at).start;
        while end > 0 {
            let line = self.line(end - 1);
            if !line.is_idle() {
                return Some(line);
            }
            end = line.start;
        }
        None
    }
}

/// One line of the text.
#[derive(Clone, Copy)]
struct Line<'t> {
    start: usize,
    text: &'t str,
}

impl<'t> Line<'t> {
    /// How far it is indented, in bytes.
    fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start().len()
    }

    /// Whether it is empty or only a comment.
    fn is_idle(&self) -> bool {
        let text = self.text.trim();
        text.is_empty() || text.starts_with('#')
    }

    /// What stands behind its indentation and the dashes of a list, and at which byte.
    fn content(&self) -> (&'t str, usize) {
        let mut rest = self.text.trim();
        while let Some(inner) = rest.strip_prefix("- ") {
            rest = inner.trim_start();
        }
        let start = self.text.trim_end().len() - rest.len();
        (rest, self.start + start)
    }
}

/// Says what is wrong where the parser stopped, with these brackets open.
pub(super) fn diagnostic(
    file: &Arc<SourceFile>,
    offsets: &Offsets<'_>,
    open: &[usize],
    error: &ScanError,
) -> Diagnostic {
    let trouble = Trouble {
        offsets,
        at: offsets.byte(*error.marker()),
        info: error.info(),
        open,
    };
    let finding = signs::find(&trouble)
        .or_else(|| brackets::in_path(&trouble, trouble.at))
        .or_else(|| brackets::find(&trouble))
        .or_else(|| lines::find(&trouble))
        .unwrap_or_else(|| other(&trouble));
    let place = |span| Place {
        file: Arc::clone(file),
        span,
    };
    let found = Diagnostic::error(code::YAML, place(finding.span), finding.message);
    let found = found.help(finding.help);
    match finding.also {
        Some((span, note)) => found.also(place(span), note),
        None => found,
    }
}

/// A text between quotes, as it is written in YAML.
pub(super) fn quoted(text: &str) -> String {
    if text.contains(['"', '\\']) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        format!("\"{text}\"")
    }
}

/// What the parser says → what we say, and what to do about it. The first that fits is taken.
const PHRASES: &[(&str, &str, &str)] = &[
    (
        "mapping values are not allowed",
        "a `:` cannot stand here",
        "put quotes around a text that holds `: `, or mend the indentation of this line",
    ),
    (
        "trailing content",
        "the quoted text ends before this",
        "put quotes around the whole value; inside \"…\" a quote is written \\\", inside '…' it is ''",
    ),
    (
        "quoted scalar",
        "this quote is not closed",
        "end the text with the same quote; further lines of it must be indented",
    ),
    (
        "unexpected character",
        "a text cannot begin with this sign",
        "put quotes around the whole value",
    ),
    (
        "unprintable",
        "a control character cannot stand here",
        "remove it, or write it between double quotes as \\u0000",
    ),
    (
        "block sequence entries",
        "a list cannot begin in this line",
        "write each `- item` on a line of its own, or put quotes around a text",
    ),
    (
        "block scalar, did not find expected comment",
        "nothing else can stand in the line of this sign",
        "begin the text in the next line, or put quotes around it",
    ),
    (
        "block scalar",
        "this line is indented less than its text",
        "indent all lines of a text alike",
    ),
    (
        "comment intercepting",
        "a comment cuts this text in two",
        "move the comment, or put quotes around the text",
    ),
    (
        "mapping keys are not allowed",
        "a text cannot begin with `? `",
        "put quotes around the whole value",
    ),
    (
        "a tag",
        "a text cannot begin with `!`",
        "put quotes around the whole value",
    ),
    (
        "simple key",
        "a `:` is missing after this key",
        "write `key: value`, or indent this line as part of the text above",
    ),
    (
        "expected key",
        "this line is indented like none above it",
        "indent the keys of one map alike; put quotes around text with special signs",
    ),
    (
        "'-' indicator",
        "this line belongs to nothing above it",
        "indent the keys of one map alike, and begin each item of a list with `- `",
    ),
    (
        "flow",
        "brackets do not match, or a `,` is missing",
        BRACKETS,
    ),
    (
        "bracket",
        "brackets do not match, or a `,` is missing",
        BRACKETS,
    ),
    (
        "placement of ':'",
        "brackets do not match, or a `,` is missing",
        BRACKETS,
    ),
    (
        "invalid indentation",
        "this line is indented too little",
        "indent it deeper than the line that it belongs to, and check that brackets are closed",
    ),
    (
        "expected node content",
        "a value is missing before this",
        "write the value, or put quotes around text with special signs",
    ),
];

const BRACKETS: &str =
    "check each `{` `[` and its end; put quotes around text with `: `, `,` or brackets";

fn other(trouble: &Trouble<'_, '_>) -> Finding {
    let span = trouble.sign();
    let Some((_, said, help)) = PHRASES.iter().find(|(told, ..)| trouble.says(told)) else {
        let message = format!("this is not YAML: {}", trouble.info);
        return Finding::new(span, message, "check the indentation and the quotes");
    };
    let found = trouble.offsets.slice(&span);
    let message = if found.trim().is_empty() {
        (*said).to_owned()
    } else if found == "`" {
        format!("{said}: a backtick")
    } else {
        format!("{said}: `{found}`")
    };
    Finding::new(span, message, *help)
}
