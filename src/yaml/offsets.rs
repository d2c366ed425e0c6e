//! Places as the parser counts them → byte ranges of the text.

use std::ops::Range;

use saphyr_parser::{Marker, Span};

/// Where each character of a text begins.
#[derive(Debug)]
pub(super) struct Offsets<'t> {
    text: &'t str,
    /// The byte of each character; empty for ASCII, where the two counts are the same.
    bytes: Vec<usize>,
}

impl<'t> Offsets<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let bytes = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().map(|(byte, _)| byte).collect()
        };
        Self { text, bytes }
    }

    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    pub(super) fn byte(&self, marker: Marker) -> usize {
        let byte = if self.bytes.is_empty() {
            marker.index()
        } else {
            self.bytes
                .get(marker.index())
                .copied()
                .unwrap_or(self.text.len())
        };
        byte.min(self.text.len())
    }

    pub(super) fn range(&self, span: Span) -> Range<usize> {
        let start = self.byte(span.start);
        start..self.byte(span.end).max(start)
    }

    /// The text of a range.
    pub(super) fn slice(&self, range: &Range<usize>) -> &'t str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// The range without blanks and line ends at its end.
    pub(super) fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let length = self.slice(&range).trim_end().len();
        range.start..range.start + length
    }

    /// The quoted text that begins a range; the parser lets it end behind a comment that follows.
    pub(super) fn quoted(&self, range: Range<usize>) -> Range<usize> {
        let text = self.slice(&range);
        let quote = text.chars().next().unwrap_or_default();
        let mut signs = text.char_indices().skip(1).peekable();
        while let Some((at, sign)) = signs.next() {
            let doubled = sign == '\'' && signs.peek().is_some_and(|(_, next)| *next == '\'');
            if sign == quote && !doubled {
                return range.start..range.start + at + 1;
            }
            if doubled || (quote == '"' && sign == '\\') {
                signs.next();
            }
        }
        range
    }

    /// The range without the `&anchor` and `!tag` before the value.
    pub(super) fn without_properties(&self, mut range: Range<usize>) -> Range<usize> {
        loop {
            let text = self.slice(&range);
            let blank = text.len() - text.trim_start().len();
            let rest = text.trim_start();
            let property = if rest.starts_with(['&', '!']) {
                rest.find(char::is_whitespace).unwrap_or(rest.len())
            } else if rest.starts_with('#') {
                rest.find('\n').unwrap_or(rest.len())
            } else {
                0
            };
            range.start += blank + property;
            if property == 0 {
                return range;
            }
        }
    }

    /// The content of a block text, which may begin with the `|` or `>` line.
    pub(super) fn block_content(&self, range: Range<usize>) -> Range<usize> {
        let with_header = self.slice(&range).starts_with(['|', '>']);
        let before = self.text.get(..range.start).unwrap_or_default();
        let in_header_line = !before.trim_end_matches([' ', '\t']).ends_with(['\n', '\r']);
        let mut range = range;
        if with_header && in_header_line {
            let line = self.slice(&range).find('\n').unwrap_or(range.len());
            range.start += line;
        }
        let first = self.first_sign(range.start).min(range.end);
        self.trimmed(first..range.end)
    }

    /// The first byte from here on that is not blank.
    pub(super) fn first_sign(&self, from: usize) -> usize {
        let rest = self.text.get(from..).unwrap_or_default();
        from + (rest.len() - rest.trim_start().len())
    }
}
