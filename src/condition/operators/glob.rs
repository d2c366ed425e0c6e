//! `glob`: a pattern with `*`, `**` and `?`.

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Diagnostics, code};
use crate::yaml::{Node, Shape};

use super::super::As;
use super::{Around, Example, Operator, Options, TEXT, Test, folded, text_operand};

pub(super) struct GlobOperator;

impl Operator for GlobOperator {
    fn name(&self) -> &'static str {
        "glob"
    }

    fn help(&self) -> &'static str {
        "The value is a text of this form: `*` stands for anything up to the next `/`, `**` for \
         anything, `?` for one character but `/`."
    }

    fn is_costly(&self) -> bool {
        true
    }

    fn reads_text(&self) -> bool {
        true
    }

    fn operand(&self) -> Shape {
        Shape::text()
    }

    fn example(&self) -> Example {
        Example {
            operand: "'1*'",
            holds: "\"12\"",
            fails: Some("\"2\""),
            other_type: "12",
        }
    }

    fn reads_as(&self) -> &'static [As] {
        TEXT
    }

    /// Warns about what only other globs know: here a bracket stands for itself.
    fn doubt(&self, operand: &Node, problems: &mut Diagnostics) {
        let text = operand.as_str().unwrap_or_default();
        let class = between(text, '[', ']').filter(|inside| {
            inside.starts_with(['!', '^']) || inside.trim_matches('-').contains('-')
        });
        let choice = between(text, '{', '}').filter(|inside| inside.contains(','));
        let found = [
            (
                class,
                "`*` stands for anything, `?` for one character: for more, write `matches` with a regular expression",
            ),
            (
                choice,
                "write one condition for each inside `any`, or `matches` with a regular expression",
            ),
        ];
        for (inside, help) in found {
            let Some(inside) = inside else { continue };
            let start = inside.as_ptr() as usize - text.as_ptr() as usize - 1;
            let place = operand.place_at(start, inside.len() + 2);
            let message = "brackets stand for themselves in a `glob`";
            problems.push(Diagnostic::warning(code::BAD_OPERAND, place, message).help(help));
        }
    }

    fn parse(
        &self,
        operand: &Node,
        options: Options,
        problems: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        let pattern = text_operand(operand, "glob", options, problems)?;
        let glob = Glob::new(&pattern);
        Some(Box::new(Fits { glob, options }))
    }
}

/// What stands between the first pair of brackets.
fn between(text: &str, open: char, close: char) -> Option<&str> {
    let (_, rest) = text.split_once(open)?;
    rest.split_once(close).map(|(inside, _)| inside)
}

#[derive(Debug)]
struct Fits {
    glob: Glob,
    options: Options,
}

impl Test for Fits {
    fn passes(&self, value: &Value, _: &Around<'_>) -> bool {
        value
            .as_str()
            .is_some_and(|text| self.glob.matches(&folded(text, self.options)))
    }
}

/// A glob pattern over texts parted by `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(Vec<Piece>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Just(char),
    One,
    Some,
    All,
}

impl Glob {
    /// Reads a pattern; every text is one.
    pub fn new(pattern: &str) -> Self {
        let mut pieces = Vec::new();
        for c in pattern.chars() {
            match (c, pieces.last()) {
                ('*', Some(Piece::Some | Piece::All)) => {
                    pieces.pop();
                    pieces.push(Piece::All);
                }
                ('*', _) => pieces.push(Piece::Some),
                ('?', _) => pieces.push(Piece::One),
                (c, _) => pieces.push(Piece::Just(c)),
            }
        }
        Self(pieces)
    }

    /// Whether a whole text is of this form. The work is bounded by text times pattern.
    pub fn matches(&self, text: &str) -> bool {
        // Which pieces could come next; stars may also be passed over.
        let mut states = vec![false; self.0.len() + 1];
        self.enter(&mut states, 0);
        for c in text.chars() {
            let mut next = vec![false; states.len()];
            for (at, piece) in self.0.iter().enumerate() {
                if states.get(at) != Some(&true) {
                    continue;
                }
                match piece {
                    Piece::Just(wanted) if *wanted == c => self.enter(&mut next, at + 1),
                    Piece::One if c != '/' => self.enter(&mut next, at + 1),
                    Piece::All => self.enter(&mut next, at),
                    Piece::Some if c != '/' => self.enter(&mut next, at),
                    _ => {}
                }
            }
            states = next;
        }
        states.last() == Some(&true)
    }

    fn enter(&self, states: &mut [bool], from: usize) {
        for at in from..states.len() {
            if let Some(state) = states.get_mut(at) {
                *state = true;
            }
            if !matches!(self.0.get(at), Some(Piece::Some | Piece::All)) {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Options;
    use super::super::tests::{check, check_with, refused};
    use super::*;

    #[test]
    fn stars_stop_at_slashes_or_not() {
        check(
            "glob",
            "\"src/*.rs\"",
            &["\"src/a.rs\"", "\"src/.rs\""],
            &["\"src/a/b.rs\"", "\"a.rs\"", "1", "null"],
        );
        check(
            "glob",
            "\"src/**.rs\"",
            &["\"src/a/b.rs\"", "\"src/a.rs\""],
            &["\"src/a.r\""],
        );
        check(
            "glob",
            "\"release/?.x\"",
            &["\"release/1.x\""],
            &["\"release/10.x\"", "\"release//.x\""],
        );
        check("glob", "\"**\"", &["\"\"", "\"a/b\""], &["null"]);
        check("glob", "\"a.c\"", &["\"a.c\""], &["\"abc\""]);
        check_with(
            "glob",
            "\"A*\"",
            Options {
                ignore_case: true,
                ..Options::default()
            },
            &["\"abc\""],
            &["\"b\""],
        );
        refused("glob", "true", "takes text");
    }

    #[test]
    fn many_stars_end_soon() {
        assert!(
            !Glob::new(&"*a".repeat(200)).matches(&"a".repeat(5_000).replace("aaaaa", "aaaa/"))
        );
    }

    proptest! {
        #[test]
        fn agrees_with_a_regular_expression(pattern in "[ab/*?]{0,8}", text in "[ab/]{0,8}") {
            let stars = regex::Regex::new(r"\*\*+").unwrap().replace_all(&pattern, "#").into_owned();
            let expression = stars.replace('*', "[^/]*").replace('?', "[^/]").replace('#', ".*");
            let expression = regex::Regex::new(&format!("^(?:{expression})$")).unwrap();
            prop_assert_eq!(Glob::new(&pattern).matches(&text), expression.is_match(&text));
        }
    }
}
