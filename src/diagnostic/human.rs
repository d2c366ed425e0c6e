//! Findings → text for people.
//!
//! Nothing from a file reaches a terminal as it is: control characters and those that hide or turn
//! text around are replaced by signs that can be seen.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::lines::{AllLines, Lines};
use super::{Diagnostic, Place, Severity};

/// How much of a line is shown behind a place, in characters.
const SHOWN_AFTER_MAX: usize = 400;
/// Two places of one file further apart than this are shown one after the other, in lines.
const TOGETHER_MAX: usize = 500;

/// Findings as people read them, each with its lines, an empty line after each.
pub fn human(diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut files = AllLines::default();
    let mut text = String::new();
    let hidden = diagnostics.iter().filter(|found| found.hidden);
    let hidden: Vec<_> = hidden.map(|found| &found.place).collect();
    for found in diagnostics {
        text.push_str(&one(&renderer, found, &hidden, &mut files));
        text.push_str("\n\n");
    }
    text
}

/// A place to underline, and what to write beside it.
struct Mark<'d> {
    place: &'d Place,
    line: usize,
    note: Option<&'d str>,
}

fn one(renderer: &Renderer, found: &Diagnostic, hidden: &[&Place], files: &mut AllLines) -> String {
    let level = match found.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(visible(&found.message, false))
        .id(found.code.id());
    let mut group = Group::with_title(title);
    for marks in groups(found, files) {
        let Some(first) = marks.first() else { continue };
        let path = visible(&first.place.file.path.to_string_lossy(), false);
        group = if first.place.file.text.is_empty() {
            // There is no line to show: the file is empty, or could not be read.
            group.element(Origin::path(path))
        } else {
            let file = &first.place.file;
            let hidden = hidden.iter().filter(|place| Arc::ptr_eq(&place.file, file));
            let hidden: Vec<_> = hidden.map(|place| place.span.clone()).collect();
            group.element(snippet(files.of(file), &marks, &hidden).path(path))
        };
    }
    if let Some(help) = &found.help {
        group = group.element(Level::HELP.message(visible(help, true)));
    }
    renderer.render(&[group])
}

/// The places of a finding, those together that are shown in one piece; its own come first.
fn groups<'d>(found: &'d Diagnostic, files: &mut AllLines) -> Vec<Vec<Mark<'d>>> {
    let own = std::iter::once((&found.place, None));
    let also = found.also.iter();
    let places = own.chain(also.map(|also| (&also.place, Some(also.note.as_str()))));
    let mut groups: Vec<Vec<Mark<'d>>> = Vec::new();
    for (place, note) in places {
        let line = files.of(&place.file).position(place.span.start).line;
        let near = groups.iter_mut().find(|group| {
            group.first().is_some_and(|first| {
                Arc::ptr_eq(&first.place.file, &place.file)
                    && first.line.abs_diff(line) <= TOGETHER_MAX
            })
        });
        let mark = Mark { place, line, note };
        match near {
            Some(group) => group.push(mark),
            None => groups.push(vec![mark]),
        }
    }
    groups
}

/// The lines of some places, and those between.
fn snippet<'d>(
    lines: &Lines,
    marks: &[Mark<'d>],
    hidden: &[Range<usize>],
) -> Snippet<'d, Annotation<'d>> {
    let first = marks.iter().map(|mark| mark.line).min().unwrap_or(1);
    let last = marks.iter().map(|mark| mark.line).max().unwrap_or(1);
    let mut source = String::new();
    let mut annotations = Vec::new();
    for line in first..=last {
        let own: Vec<_> = marks.iter().filter(|mark| mark.line == line).collect();
        let start = source.len();
        let shown = Shown::of(lines, line, &own, hidden);
        source.push_str(&shown.text);
        source.push('\n');
        for mark in own {
            let span = shown.span(&mark.place.span);
            let kind = match mark.note {
                None => AnnotationKind::Primary,
                Some(_) => AnnotationKind::Context,
            };
            let note = mark.note.map(|note| visible(note, false));
            annotations.push(kind.span(start + span.start..start + span.end).label(note));
        }
    }
    source.pop();
    Snippet::source(source)
        .line_start(first)
        .annotations(annotations)
}

/// A line as it is shown: made visible, and cut some way behind its last place.
struct Shown<'l> {
    written: &'l str,
    start: usize,
    text: String,
}

impl<'l> Shown<'l> {
    fn of(lines: &'l Lines, line: usize, marks: &[&Mark<'_>], hidden: &[Range<usize>]) -> Self {
        let written = lines.text(line);
        let start = lines.start(line);
        let last = marks.iter().map(|mark| mark.place.span.start).max();
        let last = last
            .unwrap_or(start)
            .saturating_sub(start)
            .min(written.len());
        let last = written.floor_char_boundary(last);
        let (before, after) = written.split_at(last);
        let after = match after.char_indices().nth(SHOWN_AFTER_MAX) {
            Some((cut, _)) => after.get(..cut).unwrap_or_default(),
            None => after,
        };
        Self {
            written: written
                .get(..before.len() + after.len())
                .unwrap_or_default(),
            start,
            text: visible(&starred(before, start, hidden), false)
                + &visible(&starred(after, start + last, hidden), false),
        }
    }

    /// What of a place stands in the line, in bytes of what is shown.
    fn span(&self, span: &Range<usize>) -> Range<usize> {
        let offset = |byte: usize| {
            let offset = byte.saturating_sub(self.start).min(self.written.len());
            let before = self.written.get(..self.written.floor_char_boundary(offset));
            visible(before.unwrap_or_default(), false).len()
        };
        let start = offset(span.start);
        start..offset(span.end).max(start)
    }
}

/// A text that begins at a byte of its file, with stars for what is not to be shown.
fn starred<'t>(text: &'t str, start: usize, hidden: &[Range<usize>]) -> Cow<'t, str> {
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    let star = |(at, sign): (usize, char)| {
        let within = hidden.iter().any(|span| span.contains(&(start + at)));
        if within && sign.is_ascii_graphic() {
            '*'
        } else {
            sign
        }
    };
    text.char_indices().map(star).collect()
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
    use super::*;
    use crate::diagnostic::{SourceFile, code, json};

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
    fn places_that_disagree_are_shown_together() {
        let text = "a: 1\nb: 2\nc: 3\n\nd: 4\na: {x: 1, x: 2}\n";
        let place = |span: Range<usize>| Place {
            file: SourceFile::new("rules/b.yaml", "# x\na: 1\n"),
            span,
        };
        let mut twice = found(text, 21..22);
        let file = Arc::clone(&twice.place.file);
        let same = |span| Place {
            file: Arc::clone(&file),
            span,
        };
        twice = twice
            .also(same(0..1), "first here")
            .also(same(25..26), "and here\n")
            .also(place(4..5), "and in this file");
        assert_eq!(
            human(&[twice], false),
            "error[HR0201]: no `equls`
 --> rules/a.yaml:6:1
  |
1 | a: 1
  | - first here
...
6 | a: {x: 1, x: 2}
  | ^   - and here␊
  |
 ::: rules/b.yaml:2:1
  |
2 | a: 1
  | - and in this file
  |
  = help: did you mean `equals`?

"
        );
        let far = "a: 1\n".to_owned() + &"b: 2\n".repeat(2 * TOGETHER_MAX) + "a: 1\n";
        let at = far.len() - 5;
        let far = found(&far, at..at + 1);
        let file = Arc::clone(&far.place.file);
        let far = far.also(Place { file, span: 0..1 }, "first here");
        let text = human(&[far], false);
        assert!(text.contains("::: rules/a.yaml:1:1\n"), "{text}");
        assert!(text.lines().count() < 15, "{text}");
    }
}
