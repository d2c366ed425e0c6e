//! Byte offsets → lines and columns.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::{Place, SourceFile};

/// A line and a column, both counted from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

/// Where the lines of one file begin, so that many findings in it are placed quickly.
#[derive(Debug)]
pub(super) struct Lines {
    file: Arc<SourceFile>,
    starts: Vec<usize>,
}

impl Lines {
    pub(super) fn of(file: &Arc<SourceFile>) -> Self {
        // Editors do not count the mark that may stand before a text.
        let mark = if file.text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        let breaks = file.text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            file: Arc::clone(file),
            starts: std::iter::once(mark).chain(breaks).collect(),
        }
    }

    pub(super) fn position(&self, byte: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= byte).max(1);
        let start = self.start(line);
        let byte = self.file.text.floor_char_boundary(byte);
        let before = self.file.text.get(start..byte).unwrap_or_default();
        Position {
            line,
            column: before.chars().count() + 1,
        }
    }

    /// How many lines there are.
    pub(super) fn count(&self) -> usize {
        self.starts.len()
    }

    /// The byte where a line begins.
    pub(super) fn start(&self, line: usize) -> usize {
        self.starts
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or(self.file.text.len())
    }

    /// The text of a line without its end.
    pub(super) fn text(&self, line: usize) -> &str {
        let rest = self.file.text.get(self.start(line)..).unwrap_or_default();
        rest.lines().next().unwrap_or_default()
    }
}

/// The lines of several files, each split once.
#[derive(Debug, Default)]
pub(super) struct AllLines(HashMap<*const SourceFile, Lines>);

impl AllLines {
    /// The lines of one file. They hold the file, so no other takes its address meanwhile.
    pub(super) fn of(&mut self, file: &Arc<SourceFile>) -> &Lines {
        let split = || Lines::of(file);
        self.0.entry(Arc::as_ptr(file)).or_insert_with(split)
    }

    /// Where a place begins and ends.
    pub(super) fn positions(&mut self, place: &Place) -> (Position, Position) {
        let lines = self.of(&place.file);
        let Range { start, end } = place.span;
        (lines.position(start), lines.position(end.max(start)))
    }
}

impl Place {
    /// Where it begins and ends; the end is the position behind its last character.
    pub fn positions(&self) -> (Position, Position) {
        let lines = Lines::of(&self.file);
        (
            lines.position(self.span.start),
            lines.position(self.span.end),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, byte: usize, line: usize, column: usize) {
        let lines = Lines::of(&SourceFile::new("a.yaml", text));
        assert_eq!(lines.position(byte), Position { line, column }, "{text:?}");
    }

    #[test]
    fn columns_count_characters() {
        check("", 0, 1, 1);
        check("", 9, 1, 1);
        check("ab", 2, 1, 3);
        check("ab\n", 2, 1, 3);
        check("ab\n", 3, 2, 1);
        check("ab\r\ncd", 4, 2, 1);
        check("ü\nöé: x", 8, 2, 4);
        check("ü", 1, 1, 1);
        check("\u{feff}a: b", 6, 1, 4);
        check("\u{feff}a: b", 0, 1, 1);
    }

    #[test]
    fn lines_have_no_ends() {
        let lines = Lines::of(&SourceFile::new("a.yaml", "a\r\n\nb"));
        assert_eq!(
            [1, 2, 3, 4].map(|line| lines.text(line)),
            ["a", "", "b", ""]
        );
    }
}
