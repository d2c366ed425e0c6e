//! Values and places → [`Node`]s, with merges resolved.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::sync::Arc;

use serde_json::Number;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, SourceFile, code};

use super::node::{Key, Node, Value};
use super::raw::Raw;
use super::spot::{Entry, Shape, Spot};

/// Joins what `serde_yaml` and the walk have made of one text.
pub(super) fn zip(
    file: &Arc<SourceFile>,
    spot: &Spot<'_>,
    raw: Raw,
    problems: &mut Diagnostics,
) -> Node {
    let mut zipper = Zipper {
        file,
        problems,
        reported: BTreeSet::new(),
    };
    zipper.node(spot, raw)
}

struct Zipper<'a> {
    file: &'a Arc<SourceFile>,
    problems: &'a mut Diagnostics,
    /// Where something was reported already: an anchored value is seen once for each of its aliases.
    reported: BTreeSet<usize>,
}

impl Zipper<'_> {
    fn report(&mut self, span: &Range<usize>, code: Code, message: &str, help: &str) {
        if self.reported.insert(span.start) {
            let place = self.place(span);
            self.problems
                .push(Diagnostic::error(code, place, message).help(help));
        }
    }

    fn place(&self, span: &Range<usize>) -> Place {
        Place {
            file: Arc::clone(self.file),
            span: span.clone(),
        }
    }

    fn node(&mut self, spot: &Spot<'_>, raw: Raw) -> Node {
        let value = match (&spot.shape, raw) {
            (Shape::Braces(text), _) => Value::String((*text).to_owned()),
            (Shape::List(spots), Raw::List(items)) if spots.len() == items.len() => Value::List(
                spots
                    .iter()
                    .zip(items)
                    .map(|(spot, raw)| self.node(spot, raw))
                    .collect(),
            ),
            (Shape::Map(entries), Raw::Map(values)) if entries.len() == values.len() => {
                self.map(entries, values)
            }
            (Shape::Scalar { text, plain }, raw) => self.scalar(&spot.span, text, *plain, raw),
            (Shape::List(_) | Shape::Map(_), _) => self.disagreement(&spot.span),
        };
        Node {
            value,
            place: self.place(&spot.span),
            filled: false,
        }
    }

    fn scalar(&mut self, span: &Range<usize>, text: &str, plain: bool, raw: Raw) -> Value {
        match raw {
            Raw::Null => Value::Null,
            Raw::Bool(value) => Value::Bool(value),
            Raw::String(value) if value == text => Value::String(value),
            // The text keeps digits that a binary number would lose.
            Raw::Number(number) if plain => Value::Number(text.parse::<Number>().unwrap_or(number)),
            Raw::Number(number) => Value::Number(number),
            Raw::NotFinite => {
                let message = format!("`{text}` is not a number that can be used");
                self.report(span, code::BAD_VALUE, &message, "put quotes around text");
                Value::Null
            }
            Raw::String(_) | Raw::List(_) | Raw::Map(_) => self.disagreement(span),
        }
    }

    fn disagreement(&mut self, span: &Range<usize>) -> Value {
        self.report(
            span,
            code::YAML,
            "this can be read in two ways",
            "put quotes around texts and write lists and maps on lines of their own",
        );
        Value::Null
    }

    fn map(&mut self, entries: &[Entry<'_>], values: Vec<Raw>) -> Value {
        let mut map: Vec<(Key, Node)> = Vec::with_capacity(entries.len());
        let mut known = Known::default();
        let mut merges = Vec::new();
        for ((key, spot), raw) in entries.iter().zip(values) {
            let Shape::Scalar { text, plain } = &key.shape else {
                continue;
            };
            let node = self.node(spot, raw);
            if *plain && text == "<<" {
                merges.push(node);
            } else if known.is_new(&map, text) {
                let key = Key {
                    text: text.to_string(),
                    span: key.span.clone(),
                };
                map.push((key, node));
            }
        }
        for merge in merges {
            for source in merge.one_or_list() {
                let Value::Map(entries) = &source.value else {
                    self.report(
                        &source.place.span,
                        code::BAD_VALUE,
                        &format!(
                            "`<<` takes a map or a list of maps, not {}",
                            source.type_name()
                        ),
                        "name a map with an anchor: `<<: *defaults`",
                    );
                    continue;
                };
                for (key, node) in entries {
                    if known.is_new(&map, &key.text) {
                        map.push((key.clone(), node.clone()));
                    }
                }
            }
        }
        Value::Map(map)
    }
}

/// The keys of a map so far: looked through while they are few, hashed when they are many.
#[derive(Default)]
struct Known(HashSet<String>);

impl Known {
    const FEW: usize = 16;

    /// Whether a key is not in the map, to which it is then added.
    fn is_new(&mut self, map: &[(Key, Node)], text: &str) -> bool {
        if map.len() < Self::FEW {
            return map.iter().all(|(key, _)| key.text != text);
        }
        if self.0.is_empty() {
            self.0.extend(map.iter().map(|(key, _)| key.text.clone()));
        }
        self.0.insert(text.to_owned())
    }
}
