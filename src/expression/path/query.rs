//! A JSONPath query, read.
//!
//! `reading` makes it, `evaluate` runs it. Numbers compare by their decimal text and regular
//! expressions are compiled once, which is why the library's own evaluation is not used.

use std::cmp::Ordering;

use regex::Regex;
use serde_json::{Number, Value};

use super::super::decimal;

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

impl Sign {
    pub(super) fn holds(self, left: Option<&Value>, right: Option<&Value>) -> bool {
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

/// A number literal of a path, exactly as its shortest decimal text says.
pub(super) fn number(text: &str) -> Option<Value> {
    text.parse::<Number>().ok().map(Value::Number)
}
