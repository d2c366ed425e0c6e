//! Findings → text for people, or JSON for programs.
//!
//! Nothing from a file reaches a terminal as it is: control characters and those that hide or turn
//! text around are replaced by signs that can be seen.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

use super::lines::Lines;
use super::{Diagnostic, Severity};

/// How much of a line is shown behind the place, in characters.
const SHOWN_AFTER_MAX: usize = 400;

/// How many findings there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Findings that stop a file from going live.
    pub errors: usize,
    /// Findings that do not.
    pub warnings: usize,
    /// Files that were looked at.
    pub files: usize,
}

impl Summary {
    /// Counts findings.
    pub fn of(diagnostics: &[Diagnostic], files: usize) -> Self {
        let errors = diagnostics
            .iter()
            .filter(|found| found.severity == Severity::Error)
            .count();
        Self {
            errors,
            warnings: diagnostics.len() - errors,
            files,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = |count: usize, name: &str| {
            let plural = if count == 1 { "" } else { "s" };
            format!("{count} {name}{plural}")
        };
        let found = match (self.errors, self.warnings) {
            (0, 0) => "no problems".to_owned(),
            (errors, 0) => counted(errors, "error"),
            (0, warnings) => counted(warnings, "warning"),
            (errors, warnings) => format!(
                "{}, {}",
                counted(errors, "error"),
                counted(warnings, "warning")
            ),
        };
        write!(formatter, "{found} in {}", counted(self.files, "file"))
    }
}

/// Findings as people read them, each with its line, an empty line after each.
pub fn human(diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut text = String::new();
    each_with_lines(diagnostics, |found, lines| {
        text.push_str(&one(&renderer, found, lines));
        text.push_str("\n\n");
    });
    text
}

/// Findings as programs read them: `{diagnostics: […], summary: {…}}`. Lines and columns count from 1,
/// columns in characters; the end is the position behind the last character.
pub fn json(diagnostics: &[Diagnostic], files: usize) -> Value {
    let mut list = Vec::with_capacity(diagnostics.len());
    each_with_lines(diagnostics, |found, lines| {
        let start = lines.position(found.place.span.start);
        let end = lines.position(found.place.span.end);
        list.push(json!({
            "severity": severity(found.severity),
            "code": found.code.id(),
            "message": found.message,
            "file": found.place.file.path.to_string_lossy(),
            "line": start.line,
            "column": start.column,
            "end_line": end.line,
            "end_column": end.column,
            "help": found.help,
        }));
    });
    let summary = Summary::of(diagnostics, files);
    json!({
        "diagnostics": list,
        "summary": {
            "errors": summary.errors,
            "warnings": summary.warnings,
            "files": summary.files,
        },
    })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn each_with_lines(diagnostics: &[Diagnostic], mut visit: impl FnMut(&Diagnostic, &Lines)) {
    let mut known: Option<Lines> = None;
    for found in diagnostics {
        let lines = match known.take() {
            Some(lines) if lines.are_of(&found.place.file) => lines,
            _ => Lines::of(&found.place.file),
        };
        visit(found, &lines);
        known = Some(lines);
    }
}

fn one(renderer: &Renderer, found: &Diagnostic, lines: &Lines) -> String {
    let level = match found.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let path = visible(&found.place.file.path.to_string_lossy(), false);
    let group = level
        .primary_title(visible(&found.message, false))
        .id(found.code.id());
    let group = if found.place.file.text.is_empty() {
        // There is no line to show: the file is empty, or could not be read.
        group.element(Origin::path(path))
    } else {
        let line = lines.position(found.place.span.start).line;
        let (source, span) = excerpt(lines, line, &found.place.span);
        group.element(
            Snippet::source(source)
                .path(path)
                .line_start(line)
                .annotation(AnnotationKind::Primary.span(span)),
        )
    };
    let group = match &found.help {
        Some(help) => group.element(Level::HELP.message(visible(help, true))),
        None => group,
    };
    renderer.render(&[group])
}

/// The first line of a place, made visible, and what of the place stands in it.
fn excerpt(lines: &Lines, line: usize, span: &Range<usize>) -> (String, Range<usize>) {
    let text = lines.text(line);
    let offset = |byte: usize| {
        let offset = byte.saturating_sub(lines.start(line)).min(text.len());
        text.floor_char_boundary(offset)
    };
    let (start, end) = (offset(span.start), offset(span.end));
    let (before, rest) = text.split_at(start);
    let (inside, after) = rest.split_at(end.max(start) - start);
    let shown = |text: &str| -> String {
        visible(
            &text.chars().take(SHOWN_AFTER_MAX).collect::<String>(),
            false,
        )
    };
    let (before, inside) = (visible(before, false), shown(inside));
    let span = before.len()..before.len() + inside.len();
    (before + &inside + &shown(after), span)
}

/// The text with a visible sign for each character that would act on a terminal or hide.
fn visible(text: &str, many_lines: bool) -> String {
    text.chars()
        .map(|sign| match sign {
            '\n' if many_lines => sign,
            '\t' => sign,
            '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(sign)).unwrap_or('\u{fffd}'),
            '\u{7f}' => '\u{2421}',
            '\u{80}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}' => '\u{fffd}',
            _ => sign,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::{Place, SourceFile, code};

    fn found(text: &str, span: Range<usize>) -> Diagnostic {
        let file = SourceFile::new("rules/a.yaml", text);
        Diagnostic::error(code::UNKNOWN_OPERATOR, Place { file, span }, "no `equls`")
            .help("did you mean `equals`?")
    }

    #[track_caller]
    fn check(text: &str, span: Range<usize>, expected: &str) {
        assert_eq!(human(&[found(text, span)], false), expected);
    }

    #[test]
    fn people_see_the_line() {
        check(
            "# ü\nöé: {equls: 1}\nb: 2\n",
            12..17,
            "error[HR0201]: no `equls`
 --> rules/a.yaml:2:6
  |
2 | öé: {equls: 1}
  |      ^^^^^
  |
  = help: did you mean `equals`?

",
        );
    }

    #[test]
    fn of_many_lines_the_first_is_shown() {
        check(
            "a:\n  - b\n  - c\n",
            5..14,
            "error[HR0201]: no `equls`
 --> rules/a.yaml:2:3
  |
2 |   - b
  |   ^^^
  |
  = help: did you mean `equals`?

",
        );
    }

    #[test]
    fn places_without_text_have_a_caret() {
        for (text, at, place, line) in [
            ("a: ", 3, "1:4", "1 | a: "),
            ("a: b\n", 5, "2:1", "2 |"),
            ("a:\n\nb: 1", 3, "2:1", "2 |"),
        ] {
            let text = human(&[found(text, at..at)], false);
            assert!(
                text.contains(&format!("--> rules/a.yaml:{place}\n")),
                "{text}"
            );
            assert!(text.contains(&format!("\n{line}")), "{text}");
            assert!(text.contains('^'), "{text}");
        }
    }

    #[test]
    fn a_file_without_text_has_no_line() {
        check(
            "",
            0..0,
            "error[HR0201]: no `equls`
--> rules/a.yaml
 = help: did you mean `equals`?

",
        );
    }

    #[test]
    fn nothing_in_a_file_acts_on_the_terminal() {
        let text = "\u{feff}a: \u{1b}[31m\u{9b}0m\u{202e}é\u{7f}x";
        let at = text.find('x').unwrap();
        let mut found = found(text, at..at + 1);
        found.message = "a\nb\u{1b}[0m".to_owned();
        found.help = Some("c\nd\u{8}".to_owned());
        let text = human(&[found], false);
        let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}' || c == '\u{feff}';
        assert!(!text.contains(bad), "{text:?}");
        assert!(text.starts_with("error[HR0201]: a␊b␛[0m\n"), "{text}");
        assert!(text.contains("--> rules/a.yaml:1:15\n"), "{text}");
    }

    #[test]
    fn places_that_fit_nowhere_do_no_harm() {
        for span in [0..99, 99..100, 1..2, 2..2, Range { start: 3, end: 1 }] {
            assert!(human(&[found("ü\nb", span)], true).contains("HR0201"));
        }
    }

    #[test]
    fn people_and_programs_get_the_same_column() {
        for before in ["a:\t\t", "a: 日本 ", "a: 👩‍👩‍👧 ", "a: e\u{301}\u{200b}"] {
            let at = before.len();
            let found = [found(&format!("{before}x"), at..at + 1)];
            let column = json(&found, 1)["diagnostics"][0]["column"].to_string();
            assert_eq!(column, (before.chars().count() + 1).to_string());
            let text = human(&found, false);
            assert!(text.contains(&format!("a.yaml:1:{column}\n")), "{text}");
        }
    }

    #[test]
    fn long_lines_are_cut() {
        let text = format!("a: {}", "x".repeat(100_000));
        assert!(human(&[found(&text, 3..text.len())], false).len() < 2_000);
    }

    #[test]
    fn colours_are_a_choice() {
        let found = [found("a: 1", 0..1)];
        assert!(!human(&found, false).contains('\u{1b}'));
        assert!(human(&found, true).contains('\u{1b}'));
    }

    #[test]
    fn programs_get_lines_and_columns() {
        let first = found("# ü\nöé: {equls: 1}\nb: 2\n", 12..17);
        let mut second = Diagnostic::warning(
            code::UNESCAPED,
            Place {
                file: Arc::clone(&first.place.file),
                span: 12..26,
            },
            "unescaped",
        );
        second.help = None;
        assert_eq!(
            json(&[first, second], 3),
            json!({
                "diagnostics": [
                    {
                        "severity": "error", "code": "HR0201", "message": "no `equls`",
                        "file": "rules/a.yaml", "line": 2, "column": 6, "end_line": 2,
                        "end_column": 11, "help": "did you mean `equals`?",
                    },
                    {
                        "severity": "warning", "code": "HR0305", "message": "unescaped",
                        "file": "rules/a.yaml", "line": 2, "column": 6, "end_line": 3,
                        "end_column": 5, "help": null,
                    },
                ],
                "summary": {"errors": 1, "warnings": 1, "files": 3},
            })
        );
    }

    #[test]
    fn summaries_read_as_sentences() {
        let say = |errors, warnings, files| {
            Summary {
                errors,
                warnings,
                files,
            }
            .to_string()
        };
        assert_eq!(say(2, 1, 3), "2 errors, 1 warning in 3 files");
        assert_eq!(say(1, 0, 1), "1 error in 1 file");
        assert_eq!(say(0, 2, 2), "2 warnings in 2 files");
        assert_eq!(say(0, 0, 0), "no problems in 0 files");
    }
}
