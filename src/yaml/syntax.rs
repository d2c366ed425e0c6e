//! What the parser complains about → what the author should do.

use std::ops::Range;
use std::sync::Arc;

use saphyr_parser::ScanError;

use crate::diagnostic::{Diagnostic, Place, SourceFile, code};

use super::offsets::Offsets;

/// One finding in the author's words: where, what, and what to write instead.
struct Finding {
    span: Range<usize>,
    message: String,
    help: &'static str,
}

/// Says what is wrong where the parser stopped.
pub(super) fn diagnostic(
    file: &Arc<SourceFile>,
    offsets: &Offsets<'_>,
    error: &ScanError,
) -> Diagnostic {
    let at = offsets.byte(*error.marker());
    let finding = bad_escape(offsets, at, error.info())
        .or_else(|| tab(offsets, at, error.info()))
        .or_else(|| alias(offsets, at, error.info()))
        .or_else(|| brackets_in_path(offsets, at))
        .unwrap_or_else(|| other(offsets, at, error.info()));
    let place = Place {
        file: Arc::clone(file),
        span: finding.span,
    };
    Diagnostic::error(code::YAML, place, finding.message).help(finding.help)
}

/// The character at a byte, or nothing at the end of the text.
fn sign(offsets: &Offsets<'_>, at: usize) -> Range<usize> {
    let rest = offsets.slice(&(at..offsets.text().len()));
    at..at + rest.chars().next().map_or(0, char::len_utf8)
}

/// The text from a byte to the end of its line.
fn rest_of_line<'t>(offsets: &Offsets<'t>, at: usize) -> &'t str {
    let rest = offsets.slice(&(at..offsets.text().len()));
    rest.lines().next().unwrap_or_default()
}

fn bad_escape(offsets: &Offsets<'_>, at: usize, info: &str) -> Option<Finding> {
    if !info.contains("escape") && !info.contains("code point") {
        return None;
    }
    let rest = offsets.slice(&(at..offsets.text().len()));
    let mut signs = rest.char_indices();
    while let Some((position, sign)) = signs.next() {
        if sign != '\\' {
            continue;
        }
        let (next, escaped) = signs.next()?;
        if !"0abt\tnvfre \"/\\N_LPxuU\r\n".contains(escaped) {
            return Some(Finding {
                span: at + position..at + next + escaped.len_utf8(),
                message: format!("`\\{escaped}` means nothing between double quotes"),
                help: "put it between single quotes, where a backslash is only a backslash",
            });
        }
    }
    None
}

fn tab(offsets: &Offsets<'_>, at: usize, info: &str) -> Option<Finding> {
    let line_start = offsets
        .slice(&(0..at))
        .rfind('\n')
        .map_or(0, |line_end| line_end + 1);
    let from = offsets.slice(&(line_start..offsets.text().len()));
    let indentation = from.len() - from.trim_start_matches([' ', '\t']).len();
    let in_this_line = from.get(..indentation)?.find('\t');
    let position = if info.contains("tab") {
        in_this_line.or_else(|| from.find('\t'))
    } else {
        in_this_line
    };
    let start = line_start + position?;
    Some(Finding {
        span: start..start + 1,
        message: "a tab cannot indent".to_owned(),
        help: "indent with spaces",
    })
}

fn alias(offsets: &Offsets<'_>, at: usize, info: &str) -> Option<Finding> {
    let rest = rest_of_line(offsets, at);
    if !rest.starts_with(['*', '&']) || !info.contains("anchor") {
        return None;
    }
    if offsets.slice(&(0..at)).ends_with('[') && rest.starts_with('*') {
        let path = brackets_in_path(offsets, at - 1);
        if path.is_some() {
            return path;
        }
    }
    let length = rest
        .find(|c: char| c.is_whitespace() || ",]}".contains(c))
        .unwrap_or(rest.len());
    let word = rest.get(..length)?;
    let (message, help) = if word.starts_with('&') {
        (
            format!("`{word}` begins an anchor here"),
            "put quotes around text that begins with `&`",
        )
    } else if word.len() > 1 {
        (
            format!("`{word}` is an alias, and no anchor above has its name"),
            "put quotes around text that begins with `*`",
        )
    } else {
        (
            "`*` begins an alias here".to_owned(),
            "put quotes around it: \"*\"",
        )
    };
    Some(Finding {
        span: at..at + length,
        message,
        help,
    })
}

/// `$.labels[*].name` between `{` and `}`, where brackets cut it short.
fn brackets_in_path(offsets: &Offsets<'_>, at: usize) -> Option<Finding> {
    let before = offsets.slice(&(0..at));
    let start = before
        .rfind(|c: char| c.is_whitespace() || ",[{\"'".contains(c))
        .map_or(0, |position| position + 1);
    let word = before.get(start..)?;
    let rest = rest_of_line(offsets, at);
    if !word.starts_with('$') || !rest.starts_with(['[', '{', '?']) {
        return None;
    }
    let length = rest
        .find(|c: char| c.is_whitespace() || ",}".contains(c))
        .unwrap_or(rest.len());
    Some(Finding {
        span: start..at + length,
        message: "a path with brackets needs quotes inside `{…}` and `[…]`".to_owned(),
        help: "put quotes around the whole path: \"$.labels[*].name\"",
    })
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
        "put quotes around the whole value; between '…' write '' for one quote",
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

fn other(offsets: &Offsets<'_>, at: usize, info: &str) -> Finding {
    let span = sign(offsets, at);
    let Some((_, said, help)) = PHRASES.iter().find(|(told, ..)| info.contains(told)) else {
        return Finding {
            span,
            message: format!("this is not YAML: {info}"),
            help: "check the indentation and the quotes",
        };
    };
    let found = offsets.slice(&span);
    let message = if found.trim().is_empty() {
        (*said).to_owned()
    } else {
        format!("{said}: `{found}`")
    };
    Finding {
        span,
        message,
        help,
    }
}
