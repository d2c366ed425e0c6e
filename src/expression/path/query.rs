//! A JSONPath query, read: what it selects from a value, within a bound on the work.
//!
//! `reading` makes it; this evaluates. Numbers compare by their decimal text and regular
//! expressions are compiled once, which is why the library's own evaluation is not used.

use std::cell::Cell;
use std::cmp::Ordering;

use regex::Regex;
use serde_json::{Number, Value};

use super::super::decimal;

/// The most values that one evaluation may look at.
pub(super) const VISITS_MAX: usize = 1_000_000;

/// The evaluation was stopped: the document has too many values for such a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the path looks at more than {VISITS_MAX} values here")]
pub struct TooMuch;

/// Segments, applied one after the other.
pub(super) type Query = Vec<Segment>;

/// One step: selectors applied to each value, or to each value and all beneath it.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) descends: bool,
    pub(super) selectors: Vec<Selector>,
}

#[derive(Debug, Clone)]
pub(super) enum Selector {
    Name(String),
    Index(i64),
    Wildcard,
    Slice(Option<i64>, Option<i64>, i64),
    Filter(Filter),
}

#[derive(Debug, Clone)]
pub(super) enum Filter {
    Any(Vec<Filter>),
    All(Vec<Filter>),
    Not(Box<Filter>),
    Exists(Source),
    Compare(Operand, Sign, Operand),
    Matches(Operand, Pattern),
}

/// Where a query inside a filter starts, and the query.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) from_root: bool,
    pub(super) query: Query,
}

#[derive(Debug, Clone)]
pub(super) enum Operand {
    Literal(Value),
    Single(Source),
    Length(Box<Operand>),
    Count(Source),
    Value(Source),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Sign {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A regular expression: written in the path and compiled once, or found in the document.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    Compiled(Regex),
    Found { whole: bool, operand: Operand },
}

/// One evaluation over one document.
pub(super) struct Run<'v> {
    root: &'v Value,
    left: Cell<usize>,
}

impl<'v> Run<'v> {
    pub(super) fn new(root: &'v Value) -> Self {
        Self {
            root,
            left: Cell::new(VISITS_MAX),
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
        let left = self.left.get().checked_sub(1).ok_or(TooMuch)?;
        self.left.set(left);
        Ok(())
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
        Ok(match pattern {
            Pattern::Compiled(regex) => regex.is_match(text),
            Pattern::Found { whole, operand } => self
                .operand(operand, current)?
                .and_then(|pattern| compile(pattern.get().as_str()?, *whole).ok())
                .is_some_and(|regex| regex.is_match(text)),
        })
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
            Operand::Length(operand) => self
                .operand(operand, current)?
                .and_then(|value| length(value.get()))
                .map(|length| Known::Made(Value::from(length))),
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

impl Sign {
    fn holds(self, left: Option<&Value>, right: Option<&Value>) -> bool {
        let same = || match (left, right) {
            (None, None) => true,
            (Some(left), Some(right)) => decimal::equal(left, right),
            _ => false,
        };
        let order = || match (left?, right?) {
            (Value::Number(left), Value::Number(right)) => decimal::compare(left, right),
            (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
            _ => None,
        };
        match self {
            Self::Equal => same(),
            Self::NotEqual => !same(),
            Self::Less => order() == Some(Ordering::Less),
            Self::Greater => order() == Some(Ordering::Greater),
            Self::LessOrEqual => order() == Some(Ordering::Less) || same(),
            Self::GreaterOrEqual => order() == Some(Ordering::Greater) || same(),
        }
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

/// Compiles an I-Regexp (RFC 9485), with a bound on its size.
pub(super) fn compile(pattern: &str, whole: bool) -> Result<Regex, regex::Error> {
    let translated = translate(pattern);
    let pattern = if whole {
        format!("^(?:{translated})$")
    } else {
        translated
    };
    regex::RegexBuilder::new(&pattern)
        .size_limit(REGEX_BYTES_MAX)
        .build()
}

/// The most memory that one compiled regular expression may take, in bytes.
pub(super) const REGEX_BYTES_MAX: usize = 1024 * 1024;

/// In an I-Regexp a dot matches neither `\n` nor `\r`; the crate's own dot matches `\r`.
fn translate(pattern: &str) -> String {
    let mut translated = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                translated.push(c);
                translated.extend(chars.next());
                continue;
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '.' if !in_class => {
                translated.push_str(r"[^\n\r]");
                continue;
            }
            _ => {}
        }
        translated.push(c);
    }
    translated
}

/// A number literal of a path, exactly as its shortest decimal text says.
pub(super) fn number(text: &str) -> Option<Value> {
    text.parse::<Number>().ok().map(Value::Number)
}
