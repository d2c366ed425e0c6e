//! Where things stand inside a template's text.
//!
//! The template library says what a template means but not where its parts stand; this finds the
//! tags and the words in them, so that a finding can point at its byte.

use std::ops::Range;

use super::super::quoted;

/// The tags of one template.
#[derive(Debug, Default)]
pub(super) struct Tags {
    /// Each tag's whole range, braces included.
    pub(super) all: Vec<Range<usize>>,
    /// Where the tags of the form `{{{x}}}` and `{{&x}}` begin.
    pub(super) unescaped: Vec<usize>,
    /// Where a tag begins that never ends.
    pub(super) open: Option<usize>,
    /// The first bracket that stands deeper than allowed.
    pub(super) too_deep: Option<usize>,
    words: Vec<Option<Range<usize>>>,
}

/// The deepest nesting of blocks, and of calls inside a tag.
pub(super) const NESTING_MAX: usize = 32;

impl Tags {
    pub(super) fn find(text: &str) -> Self {
        let mut found = Self::default();
        let mut at = 0;
        let mut blocks = 0_usize;
        while let Some(start) = position(text, at, "{{") {
            if is_escaped(text, start) {
                at = start + 2;
                continue;
            }
            let inside = start + 2;
            let head = rest(text, inside).trim_start_matches(['~', '{']);
            let Some(end) = found.tag(text, start) else {
                found.open = Some(start);
                break;
            };
            if head.starts_with('#') {
                blocks += 1;
            } else if head.starts_with('/') {
                blocks = blocks.saturating_sub(1);
            }
            if blocks > NESTING_MAX {
                found.too_deep.get_or_insert(start);
            }
            found.all.push(start..end);
            at = end;
        }
        found
    }

    /// The place of a word that was not asked for before, so that equal words each have their own.
    pub(super) fn place(&mut self, text: &str, word: &str) -> usize {
        let spelled = |range: &Range<usize>| text.get(range.clone()) == Some(word);
        for slot in &mut self.words {
            if let Some(range) = slot.take_if(|range| spelled(range)) {
                return range.start;
            }
        }
        text.find(word).unwrap_or(0)
    }

    /// The tag that a byte stands in or behind.
    pub(super) fn at(&self, offset: usize) -> Option<Range<usize>> {
        let before = |tag: &&Range<usize>| tag.start <= offset;
        self.all.iter().rev().find(before).cloned()
    }

    /// Reads one tag and gives where it ends.
    fn tag(&mut self, text: &str, start: usize) -> Option<usize> {
        let inside = rest(text, start + 2);
        if inside.starts_with("!--") {
            return position(text, start, "--}}").map(|end| end + 4);
        }
        if inside.starts_with('!') {
            return position(text, start, "}}").map(|end| end + 2);
        }
        let head = inside.trim_start_matches('~');
        let triple = head.starts_with('{');
        if triple || head.starts_with('&') {
            self.unescaped.push(start);
        }
        let close = if triple { "}}}" } else { "}}" };
        let mut at = start + 2;
        let mut depth = 0_usize;
        loop {
            let here = rest(text, at);
            let c = here.chars().next()?;
            if here.starts_with(close) || here.starts_with("}~}}") {
                let end = at + here.find("}}")? + 2;
                // `}}` of `}}}` is found one byte early.
                return Some(end + usize::from(triple && here.starts_with("}}}")));
            }
            match c {
                '"' | '\'' => at += quoted::length(here)?,
                '(' => {
                    depth += 1;
                    if depth > NESTING_MAX {
                        self.too_deep.get_or_insert(at);
                    }
                    at += 1;
                }
                ')' => {
                    depth = depth.saturating_sub(1);
                    at += 1;
                }
                _ if ends_word(c) || "#/^>*&{".contains(c) => at += c.len_utf8(),
                _ => {
                    let len = word(here);
                    self.words.push(Some(at..at + len));
                    at += len;
                }
            }
        }
    }
}

fn rest(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default()
}

fn position(text: &str, from: usize, what: &str) -> Option<usize> {
    rest(text, from).find(what).map(|at| from + at)
}

/// One backslash makes the braces after it plain text; two make a plain backslash.
fn is_escaped(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    before.len() - before.trim_end_matches('\\').len() == 1
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || "()=|}~\"'".contains(c)
}

/// The length of a word; `[…]` in a path may hold anything.
fn word(text: &str) -> usize {
    let mut in_brackets = false;
    text.char_indices()
        .find(|(_, c)| {
            match c {
                '[' => in_brackets = true,
                ']' => in_brackets = false,
                _ => {}
            }
            !in_brackets && ends_word(*c)
        })
        .map_or(text.len(), |(at, _)| at)
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let found = Tags::find(text);
        let words = found.words.into_iter().flatten();
        words.map(|range| text[range].to_owned()).collect()
    }

    #[test]
    fn words_and_tags() {
        let text = r#"a {{default payload.x "}}"}} \{{no}} {{!-- {{x}} --}}{{#if (eq a.[b c] 1)}}{{~this~}}{{/if}}"#;
        assert_eq!(
            words(text),
            [
                "default",
                "payload.x",
                "if",
                "eq",
                "a.[b c]",
                "1",
                "this",
                "if"
            ]
        );
        assert_eq!(Tags::find(text).all.len(), 5);
    }

    #[test]
    fn unescaped_ones_are_seen() {
        let found = Tags::find("{{a}} {{{b}}} {{&c}} {{~{d}~}}");
        assert_eq!(found.unescaped, [6, 14, 21]);
        assert_eq!(found.all, [0..5, 6..13, 14..20, 21..30]);
    }

    #[test]
    fn equal_words_have_their_own_places() {
        let text = "{{x}} {{x}}";
        let mut found = Tags::find(text);
        assert_eq!((found.place(text, "x"), found.place(text, "x")), (2, 8));
    }

    #[test]
    fn what_never_ends_is_seen() {
        assert_eq!(Tags::find("a {{b").open, Some(2));
        assert_eq!(Tags::find("a {{b \"}}").open, Some(2));
        assert_eq!(Tags::find("{{").open, Some(0));
    }
}
