//! What is said of values while they are walked over.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

use saphyr_parser::Tag;

use crate::diagnostic::{Diagnostic, code};

use super::Walker;
use crate::yaml::looks::{self, Look};
use crate::yaml::spot::{Entry as Pair, Shape, Spot};
use crate::yaml::syntax;

impl<'t> Walker<'t, '_> {
    pub(super) fn check_tag(&mut self, tag: &Tag, span: Range<usize>) {
        let known = ["str", "int", "float", "bool", "null", "seq", "map"];
        if !tag.is_yaml_core_schema() || !known.contains(&tag.suffix.as_str()) {
            let span = self.offsets.trimmed(span);
            let message = format!("the tag `{}` means nothing here", self.offsets.slice(&span));
            let help = "put quotes around text that begins with `!`";
            self.report(span, code::YAML, &message, help);
        }
    }

    /// `serde_yaml` mixes anchors up when one of them is written again.
    pub(super) fn check_anchor(&mut self, properties: Range<usize>) {
        let text = self.offsets.slice(&properties);
        let Some(start) = text.find('&') else { return };
        let name = text.get(start..).unwrap_or_default();
        let name = name.split_whitespace().next().unwrap_or_default();
        let start = properties.start + start;
        let span = start..start + name.len();
        if let Some(first) = self.anchor_names.insert(name, span.clone()) {
            let message = format!("the anchor `{name}` is written twice");
            let help = "give each anchor a name of its own";
            let found = self.error(span, code::YAML, message, help);
            let first = self.place(first);
            self.problems
                .push(found.also(first, "the first stands here"));
        }
    }

    /// Reports a template without quotes, which YAML takes for a map in a map.
    pub(super) fn braces(&mut self, span: &Range<usize>, entries: &[Pair<'t>]) -> Option<&'t str> {
        let text = self.offsets.slice(span);
        let [(key, _)] = entries else { return None };
        if !text.starts_with("{{") || !matches!(key.shape, Shape::Map(_) | Shape::Braces(_)) {
            return None;
        }
        if let (Shape::Braces(_), Some(inner)) = (&key.shape, &self.braces) {
            // Three braces: the inner two were reported as if they stood alone.
            self.problems.retract(inner);
        }
        let message = "braces without quotes are a map, not a template";
        let whole = syntax::quoted(self.with_rest(span));
        let help = format!("put quotes around the whole value: {whole}");
        let found = self.error(span.clone(), code::YAML, message, help);
        self.braces = Some(found.clone());
        self.problems.push(found);
        Some(text)
    }

    /// A template and the text that was meant to follow it.
    fn with_rest(&self, span: &Range<usize>) -> &'t str {
        let text = self.offsets.text();
        let rest = text.get(span.end..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        // Between brackets the value ends where theirs do, or at the next comma.
        let ends: &[char] = if self.open.is_empty() {
            &[]
        } else {
            &[',', ']', '}']
        };
        let length = line.find(ends).unwrap_or(line.len());
        self.offsets
            .slice(&(span.start..span.end + length))
            .trim_end()
    }

    pub(super) fn tell(&mut self, from: usize, look: Option<Look>) {
        if let Some(look) = look {
            let start = from + look.at;
            let place = self.place(start..start + look.len);
            let found = Diagnostic::warning(code::MISLEADING, place, look.message);
            self.problems.push(found.help(look.help));
        }
    }

    /// `channel: #ops` is a key with nothing behind it but a comment.
    pub(super) fn check_empty(&mut self, key: &Spot<'t>, value: &Spot<'t>) {
        if !matches!(&value.shape, Shape::Scalar { text, plain: true } if text.is_empty()) {
            return;
        }
        let rest = self
            .offsets
            .slice(&(key.span.end..self.offsets.text().len()));
        let Some(after) = rest.trim_start_matches(' ').strip_prefix(':') else {
            return;
        };
        let start = key.span.end + rest.len() - after.len();
        let look = looks::cut("", after);
        self.tell(start, look);
    }

    pub(super) fn check_keys(&mut self, entries: &[Pair<'t>]) {
        let mut known = KnownKeys::with_room_for(entries.len());
        for (key, _) in entries {
            let span = key.span.clone();
            let Shape::Scalar { text, plain } = &key.shape else {
                let help = "put quotes around it if it was meant as text";
                self.report(span, code::WRONG_TYPE, "a key must be text", help);
                self.alike = false;
                continue;
            };
            let merges = *plain && text == "<<";
            if *plain && text.is_empty() {
                let help = "write the name before the `:`, or put quotes around the text";
                self.report(span, code::WRONG_TYPE, "a key is missing here", help);
                self.alike = false;
            } else if let Some(first) = known.first(text, merges, &span) {
                let message = format!("`{text}` is written twice in this map");
                let found = self.error(span, code::DUPLICATE_KEY, message, "keep one of them");
                let first = self.place(first);
                self.problems
                    .push(found.also(first, "the first stands here"));
            }
        }
    }
}

/// The keys of a map and where each stands first: looked through while they are few, hashed when they
/// are many.
enum KnownKeys<'s> {
    Few(Vec<(&'s str, bool, Range<usize>)>),
    Many(HashMap<(&'s str, bool), Range<usize>>),
}

impl<'s> KnownKeys<'s> {
    const FEW: usize = 16;

    fn with_room_for(keys: usize) -> Self {
        if keys <= Self::FEW {
            Self::Few(Vec::with_capacity(keys))
        } else {
            Self::Many(HashMap::with_capacity(keys))
        }
    }

    /// Where a key stands that was known before; it is known from now on.
    fn first(&mut self, text: &'s str, merges: bool, span: &Range<usize>) -> Option<Range<usize>> {
        match self {
            Self::Few(known) => {
                let same = |(other, its, _): &&(&str, bool, _)| *other == text && *its == merges;
                let first = known.iter().find(same).map(|(.., first)| first.clone());
                if first.is_none() {
                    known.push((text, merges, span.clone()));
                }
                first
            }
            Self::Many(known) => match known.entry((text, merges)) {
                Entry::Occupied(first) => Some(first.get().clone()),
                Entry::Vacant(place) => {
                    place.insert(span.clone());
                    None
                }
            },
        }
    }
}
