//! Bytes of a text's value → bytes of the file, through quotes, escapes and folded lines.

use std::ops::Range;

/// Where `range` of `value` stands in `source`, if `source` is a way to write `value`.
///
/// `source` is what stands in the file, quotes included; `indent` says how far its lines are indented
/// if it is a block. Offsets in the answer count from the start of `source`.
pub(super) fn locate(
    source: &str,
    indent: usize,
    value: &str,
    range: &Range<usize>,
) -> Option<Range<usize>> {
    if !value.is_char_boundary(range.start) || !value.is_char_boundary(range.end) {
        return None;
    }
    if source == value {
        return Some(range.clone());
    }
    let mut quotes = source.chars();
    let flow = match (quotes.next(), quotes.next_back()) {
        (Some('"'), Some('"')) => double_quoted(source),
        (Some('\''), Some('\'')) => single_quoted(source),
        _ => flow_lines(source),
    };
    if flow.text == value {
        return flow.find(range);
    }
    // A block's place has no blanks around it, its value may.
    let core = value.trim();
    let lead = value.len() - value.trim_start().len();
    let shift = |at: usize| at.saturating_sub(lead).min(core.len());
    let block = [literal(source, indent), folded(source, indent)]
        .into_iter()
        .find(|block| block.text == core)?;
    block.find(&(shift(range.start)..shift(range.end)))
}

/// Where `range` of `value` stands in `source`, a text in quotes of either kind whose escapes begin with a
/// backslash, if it is a way to write `value`.
pub fn within_quotes(source: &str, value: &str, range: &Range<usize>) -> Option<Range<usize>> {
    let decoded = double_quoted(source);
    let found = decoded.find(range)?;
    (decoded.text == value).then_some(found)
}

/// A text as it was read, and where each byte of it was written.
#[derive(Debug, Default)]
struct Decoded {
    text: String,
    written: Vec<Range<usize>>,
    /// Where the source ends.
    end: usize,
}

impl Decoded {
    /// Adds one character that was written in these bytes.
    fn push(&mut self, sign: char, written: &Range<usize>) {
        self.text.push(sign);
        for _ in 0..sign.len_utf8() {
            self.written.push(written.clone());
        }
        self.end = written.end;
    }

    /// Adds a line's text just as it was written.
    fn push_line(&mut self, line: &str, at: usize) {
        for (position, sign) in line.char_indices() {
            let start = at + position;
            self.push(sign, &(start..start + sign.len_utf8()));
        }
    }

    fn find(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let start = self
            .written
            .get(range.start)
            .map_or(self.end, |written| written.start);
        if range.is_empty() {
            return Some(start..start);
        }
        let last = self.written.get(range.end.checked_sub(1)?)?;
        Some(start..last.end)
    }

    /// Adds what a line end in a quoted or plain text stands for, and says where the text goes on.
    fn fold(&mut self, source: &str, at: usize, keep: usize) -> usize {
        while self.text.len() > keep && self.text.ends_with([' ', '\t']) {
            self.text.pop();
            self.written.pop();
        }
        let rest = source.get(at..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start().len();
        let line_ends = rest.get(..blank).unwrap_or_default().matches('\n').count();
        let written = at..at + blank;
        if line_ends == 1 {
            self.push(' ', &written);
        }
        for _ in 1..line_ends {
            self.push('\n', &written);
        }
        at + blank
    }
}

/// A plain text, over one or more lines.
fn flow_lines(source: &str) -> Decoded {
    let mut decoded = Decoded::default();
    let mut at = 0;
    while let Some(sign) = source.get(at..).and_then(|rest| rest.chars().next()) {
        if sign == '\n' {
            at = decoded.fold(source, at, 0);
        } else {
            if sign != '\r' {
                decoded.push(sign, &(at..at + sign.len_utf8()));
            }
            at += sign.len_utf8();
        }
    }
    decoded
}

fn single_quoted(source: &str) -> Decoded {
    let mut decoded = Decoded::default();
    let body = source.strip_suffix('\'').unwrap_or(source);
    let mut at = 1;
    while let Some(sign) = body.get(at..).and_then(|rest| rest.chars().next()) {
        let length = sign.len_utf8();
        match sign {
            '\n' => {
                at = decoded.fold(body, at, 0);
                continue;
            }
            '\r' => {}
            '\'' => {
                decoded.push('\'', &(at..at + 2));
                at += 1;
            }
            _ => decoded.push(sign, &(at..at + length)),
        }
        at += length;
    }
    decoded
}

fn double_quoted(source: &str) -> Decoded {
    let mut decoded = Decoded::default();
    let body = source.strip_suffix(['"', '\'']).unwrap_or(source);
    let mut at = 1;
    // Blanks before a line end are dropped, but not those that were written as escapes.
    let mut keep = 0;
    while let Some(sign) = body.get(at..).and_then(|rest| rest.chars().next()) {
        match sign {
            '\n' => at = decoded.fold(body, at, keep),
            '\r' => at += 1,
            '\\' => {
                at = escape(&mut decoded, body, at);
                keep = decoded.text.len();
            }
            _ => {
                decoded.push(sign, &(at..at + sign.len_utf8()));
                at += sign.len_utf8();
            }
        }
    }
    decoded
}

/// Adds what the escape at `at` stands for, and says where the text goes on.
fn escape(decoded: &mut Decoded, body: &str, at: usize) -> usize {
    let rest = body.get(at + 1..).unwrap_or_default();
    let Some(kind) = rest.chars().next() else {
        return at + 1;
    };
    let after = at + 1 + kind.len_utf8();
    let digits = match kind {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        '\r' | '\n' => {
            // The line goes on in the next one.
            let next = body.get(after..).unwrap_or_default();
            return after + (next.len() - next.trim_start().len());
        }
        _ => 0,
    };
    let sign = match kind {
        '0' => '\0',
        'a' => '\x07',
        'b' => '\x08',
        't' => '\t',
        'n' => '\n',
        'v' => '\x0b',
        'f' => '\x0c',
        'r' => '\r',
        'e' => '\x1b',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        'x' | 'u' | 'U' => body
            .get(after..after + digits)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .and_then(char::from_u32)
            .unwrap_or(char::REPLACEMENT_CHARACTER),
        other => other,
    };
    decoded.push(sign, &(at..after + digits));
    after + digits
}

/// The lines of a block without their indentation, and where each begins.
fn block_lines(source: &str, indent: usize) -> impl Iterator<Item = (&str, usize)> {
    let mut at = 0;
    source
        .split_inclusive('\n')
        .enumerate()
        .map(move |(number, line)| {
            let start = at;
            at += line.len();
            let line = line.trim_end_matches(['\n', '\r']);
            // The place begins behind the indentation of the first line.
            let most = if number == 0 { 0 } else { indent };
            let blank = line.len() - line.trim_start_matches(' ').len();
            let cut = blank.min(most);
            (line.get(cut..).unwrap_or_default(), start + cut)
        })
}

fn literal(source: &str, indent: usize) -> Decoded {
    let mut decoded = Decoded::default();
    for (number, (line, at)) in block_lines(source, indent).enumerate() {
        if number > 0 {
            decoded.push('\n', &(decoded.end..at));
        }
        decoded.push_line(line, at);
        decoded.end = at + line.len();
    }
    decoded
}

fn folded(source: &str, indent: usize) -> Decoded {
    let mut decoded = Decoded::default();
    let mut empty = 0;
    let mut deeper_before = false;
    for (number, (line, at)) in block_lines(source, indent).enumerate() {
        if line.is_empty() {
            empty += 1;
            continue;
        }
        let deeper = line.starts_with([' ', '\t']);
        let written = decoded.end..at;
        if number > 0 {
            if empty == 0 && !deeper && !deeper_before {
                decoded.push(' ', &written);
            }
            let kept = empty + usize::from(deeper || deeper_before);
            for _ in 0..kept {
                decoded.push('\n', &written);
            }
        }
        decoded.push_line(line, at);
        empty = 0;
        deeper_before = deeper;
    }
    decoded
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::diagnostic::{Diagnostics, SourceFile};
    use crate::yaml::{Node, read};

    /// Finds `word` in the value of the file's one key, and says what stands at its place.
    #[track_caller]
    fn check(text: &str, word: &str, expected: &str) {
        let file = SourceFile::new("a.yaml", text);
        let mut problems = Diagnostics::new();
        let node = read(&file, &mut problems).unwrap();
        let node: &Node = node.get("a").unwrap();
        let value = node.as_str().unwrap();
        let offset = value.find(word).expect("the word is in the value");
        let place = node.place_at(offset, word.len());
        assert_eq!(
            place.file.text.get(place.span.clone()),
            Some(expected),
            "{text:?}"
        );
        assert!(Arc::ptr_eq(&place.file, &file));
    }

    #[test]
    fn words_are_found_in_every_way_to_write_a_text() {
        check("a: one {{x}} two", "{{x}}", "{{x}}");
        check("é: ü\na: 'é {{x}} ü'", "{{x}}", "{{x}}");
        check("a: 'it''s {{x}}'", "{{x}}", "{{x}}");
        check("a: 'it''s {{x}}'", "'", "''");
        check(r#"a: "é\t\"\u00e9 {{x}} \\d""#, "{{x}}", "{{x}}");
        check(r#"a: "é\t\"\u00e9 {{x}} \\d""#, "\u{e9} {{", r"\u00e9 {{");
        check("a: one\n  two {{x}}\n", "{{x}}", "{{x}}");
        check("a: \"one  \n\n  two {{x}}\"\n", "{{x}}", "{{x}}");
        check("a: \"one \\\n   two {{x}}\"\n", "{{x}}", "{{x}}");
        check(
            "a: |\n  é one\n    two\n\n  {{x}}\nb: 1\n",
            "{{x}}",
            "{{x}}",
        );
        check("a: |\n\n  {{x}}\n", "{{x}}", "{{x}}");
        check("a: !!str |\n  {{x}}\n", "{{x}}", "{{x}}");
        check(
            "a: >-\n  one\n  two\n\n  three\n    four\n  {{x}}\n",
            "{{x}}",
            "{{x}}",
        );
        check("a: >+\n  one\n  {{x}}\n\n\nb: 1\n", "{{x}}", "{{x}}");
        check("a: |\r\n  one\r\n  {{x}}\r\n", "{{x}}", "{{x}}");
        check(
            "a: &b {{x}} two\n".replace("{{x}}", "-x-").as_str(),
            "-x-",
            "-x-",
        );
    }

    #[test]
    fn what_cannot_be_told_is_the_whole_text() {
        let file = SourceFile::new("a.yaml", "a: 'é'");
        let node = read(&file, &mut Diagnostics::new()).unwrap();
        let node = node.get("a").unwrap();
        assert_eq!(
            node.place_at(1, 1).span,
            node.place.span,
            "half a character"
        );
        assert_eq!(node.place_at(9, 9).span, node.place.span, "outside");
        assert_eq!(node.place_at(usize::MAX, 2).span, node.place.span);
        assert_eq!(node.place_at(2, 0).span, 6..6, "behind the last character");
    }
}
