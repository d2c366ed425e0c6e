//! What a query selects from a document, within a bound on the work.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use regex::Regex;
use serde_json::Value;

use super::query::{Filter, Operand, Pattern, Segment, Selector, Source};
use super::regexp::compile_found;

/// The most values that one evaluation may look at.
pub(super) const VISITS_MAX: usize = 1_000_000;
/// So many bytes of text count as a value looked at, where they are compared or searched.
const BYTES_A_VISIT: usize = 16;
/// Compiling a regular expression that a document brings counts as so many values.
const COMPILE_VISITS: usize = 10_000;
/// The longest regular expression that a document may bring, in bytes.
const PATTERN_BYTES_MAX: usize = 4 * 1024;

/// The evaluation was stopped: the document has too many values for such a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the path looks at more than {VISITS_MAX} values here")]
pub struct TooMuch;

/// One evaluation over one document.
pub(super) struct Run<'v> {
    root: &'v Value,
    left: Cell<usize>,
    compiled: RefCell<HashMap<(bool, String), Option<Regex>>>,
}

impl<'v> Run<'v> {
    pub(super) fn new(root: &'v Value) -> Self {
        Self {
            root,
            left: Cell::new(VISITS_MAX),
            compiled: RefCell::default(),
        }
    }

    pub(super) fn select(
        &self,
        query: &[Segment],
        from: &'v Value,
    ) -> Result<Vec<&'v Value>, TooMuch> {
        let mut selected = vec![from];
        for segment in query {
            let mut next = Vec::new();
            for value in selected {
                if segment.descends {
                    self.descend(segment, value, &mut next)?;
                } else {
                    self.children(segment, value, &mut next)?;
                }
            }
            selected = next;
        }
        Ok(selected)
    }

    fn visit(&self) -> Result<(), TooMuch> {
        self.spend(1)
    }

    fn spend(&self, visits: usize) -> Result<(), TooMuch> {
        let left = self.left.get().checked_sub(visits).ok_or(TooMuch)?;
        self.left.set(left);
        Ok(())
    }

    /// Spends what comparing two values may cost.
    fn weigh_both(&self, left: &Value, right: &Value) -> Result<(), TooMuch> {
        match (left, right) {
            (Value::String(left), Value::String(right)) => {
                self.spend(left.len().min(right.len()) / BYTES_A_VISIT)
            }
            (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => {
                self.weigh(left)
            }
            _ => Ok(()),
        }
    }

    fn weigh(&self, value: &Value) -> Result<(), TooMuch> {
        self.spend(1 + value.as_str().map_or(0, str::len) / BYTES_A_VISIT)?;
        members(value).try_for_each(|member| self.weigh(member))
    }

    fn descend(
        &self,
        segment: &Segment,
        value: &'v Value,
        found: &mut Vec<&'v Value>,
    ) -> Result<(), TooMuch> {
        self.children(segment, value, found)?;
        for child in members(value) {
            self.visit()?;
            self.descend(segment, child, found)?;
        }
        Ok(())
    }

    fn children(
        &self,
        segment: &Segment,
        value: &'v Value,
        found: &mut Vec<&'v Value>,
    ) -> Result<(), TooMuch> {
        for selector in &segment.selectors {
            self.visit()?;
            match selector {
                Selector::Name(name) => {
                    found.extend(value.as_object().and_then(|object| object.get(name)));
                }
                Selector::Index(index) => {
                    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
                    found.extend(position(*index, items.len()).and_then(|i| items.get(i)));
                }
                Selector::Wildcard => {
                    for child in members(value) {
                        self.visit()?;
                        found.push(child);
                    }
                }
                Selector::Slice(start, end, step) => {
                    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
                    for item in slice(items, *start, *end, *step) {
                        self.visit()?;
                        found.push(item);
                    }
                }
                Selector::Filter(filter) => {
                    for child in members(value) {
                        self.visit()?;
                        if self.holds(filter, child)? {
                            found.push(child);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn holds(&self, filter: &Filter, current: &'v Value) -> Result<bool, TooMuch> {
        self.visit()?;
        Ok(match filter {
            Filter::Any(filters) => {
                for filter in filters {
                    if self.holds(filter, current)? {
                        return Ok(true);
                    }
                }
                false
            }
            Filter::All(filters) => {
                for filter in filters {
                    if !self.holds(filter, current)? {
                        return Ok(false);
                    }
                }
                true
            }
            Filter::Not(filter) => !self.holds(filter, current)?,
            Filter::Exists(source) => !self.nodes(source, current)?.is_empty(),
            Filter::Compare(left, sign, right) => {
                let left = self.operand(left, current)?;
                let right = self.operand(right, current)?;
                if let (Some(left), Some(right)) = (&left, &right) {
                    self.weigh_both(left.get(), right.get())?;
                }
                sign.holds(
                    left.as_ref().map(Known::get),
                    right.as_ref().map(Known::get),
                )
            }
            Filter::Matches(operand, pattern) => self.matches(operand, pattern, current)?,
        })
    }

    fn matches(
        &self,
        operand: &Operand,
        pattern: &Pattern,
        current: &'v Value,
    ) -> Result<bool, TooMuch> {
        let value = self.operand(operand, current)?;
        let Some(text) = value.as_ref().and_then(|value| value.get().as_str()) else {
            return Ok(false);
        };
        self.spend(text.len() / BYTES_A_VISIT)?;
        match pattern {
            Pattern::Compiled(regex) => Ok(regex.is_match(text)),
            Pattern::Found { whole, operand } => {
                let found = self.operand(operand, current)?;
                match found.as_ref().and_then(|pattern| pattern.get().as_str()) {
                    Some(pattern) => self.is_match(text, pattern, *whole),
                    None => Ok(false),
                }
            }
        }
    }

    /// Whether a text is of a form that stands in the document; each is compiled once.
    fn is_match(&self, text: &str, pattern: &str, whole: bool) -> Result<bool, TooMuch> {
        if pattern.len() > PATTERN_BYTES_MAX {
            return Err(TooMuch);
        }
        let mut compiled = self.compiled.borrow_mut();
        let key = (whole, pattern.to_owned());
        if !compiled.contains_key(&key) {
            self.spend(COMPILE_VISITS)?;
            compiled.insert(key.clone(), compile_found(pattern, whole));
        }
        let regex = compiled.get(&key).and_then(Option::as_ref);
        Ok(regex.is_some_and(|regex| regex.is_match(text)))
    }

    fn nodes(&self, source: &Source, current: &'v Value) -> Result<Vec<&'v Value>, TooMuch> {
        let from = if source.from_root { self.root } else { current };
        self.select(&source.query, from)
    }

    fn operand(&self, operand: &Operand, current: &'v Value) -> Result<Option<Known<'v>>, TooMuch> {
        Ok(match operand {
            Operand::Literal(value) => Some(Known::Made(value.clone())),
            Operand::Single(source) | Operand::Value(source) => {
                match self.nodes(source, current)?.as_slice() {
                    [one] => Some(Known::There(one)),
                    _ => None,
                }
            }
            Operand::Count(source) => {
                let count = self.nodes(source, current)?.len();
                Some(Known::Made(Value::from(count)))
            }
            Operand::Length(operand) => {
                let value = self.operand(operand, current)?;
                let text = value.as_ref().and_then(|value| value.get().as_str());
                self.spend(text.map_or(0, str::len) / BYTES_A_VISIT)?;
                let length = value.and_then(|value| length(value.get()));
                length.map(|length| Known::Made(Value::from(length)))
            }
        })
    }
}

enum Known<'v> {
    There(&'v Value),
    Made(Value),
}

impl Known<'_> {
    fn get(&self) -> &Value {
        match self {
            Self::There(value) => value,
            Self::Made(value) => value,
        }
    }
}

fn length(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(items) => Some(items.len()),
        Value::Object(members) => Some(members.len()),
        _ => None,
    }
}

fn members(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(members) => Box::new(members.values()),
        _ => Box::new(std::iter::empty()),
    }
}

fn position(index: i64, len: usize) -> Option<usize> {
    if index < 0 {
        len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
    } else {
        usize::try_from(index).ok()
    }
}

/// The items of a slice, by the rules of RFC 9535, 2.3.4.2.
fn slice(
    items: &[Value],
    start: Option<i64>,
    end: Option<i64>,
    step: i64,
) -> impl Iterator<Item = &Value> {
    let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let from_end = |i: i64| if i < 0 { len.saturating_add(i) } else { i };
    let (first, last) = if step >= 0 {
        let start = from_end(start.unwrap_or(0)).clamp(0, len);
        let end = from_end(end.unwrap_or(len)).clamp(0, len);
        (start, end)
    } else {
        let start = start.map_or(len - 1, from_end).clamp(-1, len - 1);
        let end = end.map_or(-1, from_end).clamp(-1, len - 1);
        (start, end)
    };
    let mut at = first;
    std::iter::from_fn(move || {
        let inside = (step > 0 && at < last) || (step < 0 && at > last);
        let item = inside.then(|| usize::try_from(at).ok().and_then(|i| items.get(i)))?;
        at = at.saturating_add(step);
        item
    })
}
