//! JSONPath (RFC 9535) over a payload. Source: <https://www.rfc-editor.org/rfc/rfc9535>
//!
//! `jsonpath-rust` reads paths, and `reading` refuses what it lets pass against the RFC: `length`,
//! `count` and `value` that are compared with nothing (`$[?count(@..*)]`), `length` of a path that can
//! select several values, functions of its own (`in`, `nin`, …), broken regular expressions. It is not
//! asked to evaluate: it finds nothing with a filter inside a filter (`$[?@[?@ > 1]]`), mixes up the order
//! of several names behind `..`, compares numbers as binary floating point, and knows no bound. `evaluate`
//! does that, within a bound on the work: however a path is written, it ends.

mod advice;
mod evaluate;
mod query;
mod reading;
mod regexp;

use std::sync::Arc;

use jsonpath_rust::parser::parse_json_path;
use serde_json::Value;

use crate::event::{Payload, Step, Steps};

use super::ExpressionError;
use advice::{advise, unreadable};
use evaluate::Run;
use query::{Query, Segment, Selector};

pub use evaluate::TooMuch;

/// The longest path that is read, in bytes.
pub const PATH_BYTES_MAX: usize = 4 * 1024;
/// The deepest nesting of round brackets: reading nested function calls doubles with each.
const BRACKETS_MAX: usize = 12;

/// A JSONPath, read and bounded.
#[derive(Debug, Clone)]
pub struct Path {
    text: Arc<str>,
    singular: Option<Steps>,
    query: Arc<Query>,
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// Says what is wrong, where, and what to write (`$.a[0]` for `a.0`).
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        if text.len() > PATH_BYTES_MAX {
            let message = format!("a path is at most {PATH_BYTES_MAX} bytes long");
            return Err(ExpressionError::syntax(0, message));
        }
        if let Some(offset) = too_deep(text) {
            let message =
                format!("more than {BRACKETS_MAX} round brackets stand inside each other");
            return Err(ExpressionError::syntax(offset, message));
        }
        if !text.starts_with('$') {
            let error = ExpressionError::syntax(0, "a path starts with `$`").len(text.len());
            return Err(advise(error, text));
        }
        if let Some(query) = plain(text) {
            return Ok(Self::of(text, query));
        }
        let parsed =
            parse_json_path(text).map_err(|error| advise(unreadable(&error, text), text))?;
        Ok(Self::of(text, reading::query(text, &parsed)?))
    }

    fn of(text: &str, query: Query) -> Self {
        Self {
            text: text.into(),
            singular: singular(&query),
            query: Arc::new(query),
        }
    }

    /// As the author wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its steps, if it selects at most one value.
    pub fn singular(&self) -> Option<&Steps> {
        self.singular.as_ref()
    }

    /// Every value it selects, in document order; nothing where the work passes its bound. Where
    /// that must not pass for "nothing there", ask [`Path::try_select`].
    pub fn select<'p>(&self, payload: &'p Payload) -> Vec<&'p Value> {
        self.try_select(payload.value()).unwrap_or_default()
    }

    /// Every value it selects from a tree, in document order.
    ///
    /// # Errors
    /// The tree has so many values that the work was stopped.
    pub fn try_select<'v>(&self, root: &'v Value) -> Result<Vec<&'v Value>, TooMuch> {
        Run::new(root).select(&self.query, root)
    }
}

/// The plainest paths, `$.a.b` and `$.a[*].b`, which nearly all are: read here many times faster than by the library.
fn plain(text: &str) -> Option<Query> {
    let steps = text.strip_prefix("$.")?;
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    let fits = |name: &str| {
        name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
    };
    let mut query = Query::new();
    for step in steps.split('.') {
        let (name, each) = match step.strip_suffix("[*]") {
            Some(list) => (list, Some(Selector::Wildcard)),
            None => (step, None),
        };
        if !fits(name) {
            return None;
        }
        let selectors = [Some(Selector::Name(name.to_owned())), each];
        query.extend(selectors.into_iter().flatten().map(|selector| Segment {
            descends: false,
            selectors: vec![selector],
        }));
    }
    Some(query)
}

fn singular(query: &[Segment]) -> Option<Steps> {
    let step = |segment: &Segment| match segment.selectors.as_slice() {
        [Selector::Name(name)] if !segment.descends => Some(Step::Name(name.as_str().into())),
        [Selector::Index(index)] if !segment.descends => Some(Step::Index(*index)),
        _ => None,
    };
    query.iter().map(step).collect::<Option<_>>().map(Steps)
}

fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    text.char_indices().find_map(|(offset, c)| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth > BRACKETS_MAX).then_some(offset)
    })
}

#[cfg(test)]
mod tests;
