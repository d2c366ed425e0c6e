//! The body, and how it is read.
//!
//! Raw bytes and their media kind, and two ways in: [`Payload::slots`] for the values at known paths,
//! [`Payload::value`] for the whole tree, built once and only when asked for.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::OnceLock;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::delivery::Query;

/// The deepest JSON nesting that is read; what is deeper is refused with 400.
pub const JSON_DEPTH_MAX: usize = 127;

/// How a body is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// JSON text.
    Json,
    /// Form fields, as an object of strings; a repeated field is a list of strings.
    Form,
    /// The JSON text in one form field.
    FormField(String),
    /// UTF-8 text, as one JSON string.
    Text,
}

/// A body that is not what its media kind says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Not JSON; line and column are counted from 1.
    #[error("the body is not JSON: {message} (line {line}, column {column})")]
    Json {
        /// What the parser says.
        message: String,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// Nested deeper than [`JSON_DEPTH_MAX`].
    #[error("the body is nested deeper than {JSON_DEPTH_MAX} levels")]
    Depth,
    /// The form has no field of that name.
    #[error("the form has no field `{0}`")]
    Field(String),
    /// Not UTF-8.
    #[error("the body is not UTF-8 text")]
    Utf8,
}

/// A body. Cloning shares the bytes but not the parsed tree.
#[derive(Debug)]
pub struct Payload {
    raw: Bytes,
    kind: MediaKind,
    value: OnceLock<Value>,
}

impl Payload {
    /// Checks that the body is what it is said to be.
    ///
    /// # Errors
    /// Says what is wrong with it and where.
    pub fn new(raw: Bytes, kind: MediaKind) -> Result<Self, PayloadError> {
        let value = parse(&raw, &kind)?;
        Ok(Self {
            raw,
            kind,
            value: OnceLock::from(value),
        })
    }

    /// The bytes exactly as sent.
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// How they are read.
    pub fn kind(&self) -> &MediaKind {
        &self.kind
    }

    /// The whole tree.
    pub fn value(&self) -> &Value {
        // `new` has parsed these very bytes, so the fallback is never taken.
        self.value
            .get_or_init(|| parse(&self.raw, &self.kind).unwrap_or(Value::Null))
    }

    /// The values at the paths of a set, each looked up at most once.
    pub fn slots<'p>(&'p self, paths: &'p PathSet) -> Slots<'p> {
        Slots {
            payload: self,
            paths,
            cells: vec![OnceCell::new(); paths.0.len()],
            selected: vec![OnceCell::new(); paths.2.len()],
        }
    }

    /// The value at one path.
    pub fn at(&self, steps: &Steps) -> Option<&Value> {
        steps
            .0
            .iter()
            .try_fold(self.value(), |value, step| match step {
                Step::Name(name) => value.as_object()?.get(name.as_ref()),
                Step::Index(index) => {
                    let items = value.as_array()?;
                    let index = if *index < 0 {
                        items
                            .len()
                            .checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?
                    } else {
                        usize::try_from(*index).ok()?
                    };
                    items.get(index)
                }
            })
    }
}

fn parse(raw: &[u8], kind: &MediaKind) -> Result<Value, PayloadError> {
    match kind {
        MediaKind::Json => parse_json(raw),
        MediaKind::Form => Ok(form_value(&Query::decode(raw))),
        MediaKind::FormField(field) => {
            let form = Query::decode(raw);
            let text = form
                .first(field)
                .ok_or_else(|| PayloadError::Field(field.clone()))?;
            parse_json(text.as_bytes())
        }
        MediaKind::Text => {
            let text = std::str::from_utf8(raw).map_err(|_| PayloadError::Utf8)?;
            Ok(Value::String(text.to_owned()))
        }
    }
}

fn parse_json(raw: &[u8]) -> Result<Value, PayloadError> {
    // serde_json refuses nesting of 128 levels and more by itself.
    serde_json::from_slice(raw).map_err(|error| {
        if error.to_string().starts_with("recursion limit") {
            return PayloadError::Depth;
        }
        let message = error.to_string();
        let message = message
            .split(" at line ")
            .next()
            .unwrap_or_default()
            .to_owned();
        PayloadError::Json {
            message,
            line: error.line(),
            column: error.column(),
        }
    })
}

fn form_value(form: &Query) -> Value {
    let mut fields = serde_json::Map::new();
    for (name, text) in form.iter() {
        let text = Value::String(text.to_owned());
        match fields.get_mut(name) {
            None => {
                fields.insert(name.to_owned(), text);
            }
            Some(Value::Array(items)) => items.push(text),
            Some(first) => *first = Value::Array(vec![first.take(), text]),
        }
    }
    Value::Object(fields)
}

/// One step of a singular path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A member of an object.
    Name(Box<str>),
    /// An item of a list; negative ones count from the end.
    Index(i64),
}

/// A path that selects at most one value.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Steps(pub Box<[Step]>);

/// A path's number in its [`PathSet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SlotId(usize);

/// The number of a path that can select several values, in its [`PathSet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QueryId(usize);

/// The distinct paths that somebody reads: the steps of singular ones, the text of the others.
#[derive(Debug, Clone, Default)]
pub struct PathSet(
    Vec<Steps>,
    HashMap<Steps, SlotId>,
    HashMap<Box<str>, QueryId>,
);

impl PathSet {
    /// The number of a path; equal paths share one.
    pub fn intern(&mut self, steps: &Steps) -> SlotId {
        if let Some(slot) = self.1.get(steps) {
            return *slot;
        }
        let slot = SlotId(self.0.len());
        self.0.push(steps.clone());
        self.1.insert(steps.clone(), slot);
        slot
    }

    /// The number of a path that can select several values, by its text; equal texts share one.
    pub fn intern_query(&mut self, text: &str) -> QueryId {
        let next = QueryId(self.2.len());
        *self.2.entry(text.into()).or_insert(next)
    }
}

/// The values of one payload at the paths of a set.
#[derive(Debug)]
pub struct Slots<'p> {
    payload: &'p Payload,
    paths: &'p PathSet,
    cells: Vec<OnceCell<Option<&'p Value>>>,
    selected: Vec<OnceCell<Option<Vec<&'p Value>>>>,
}

impl<'p> Slots<'p> {
    /// The value at a path of the set, looked up at the first call.
    pub fn get(&self, slot: SlotId) -> Option<&'p Value> {
        let steps = self.paths.0.get(slot.0)?;
        *self
            .cells
            .get(slot.0)?
            .get_or_init(|| self.payload.at(steps))
    }

    /// What a path of the set selects, evaluated at the first call; none where that had to be given up.
    pub fn selected(
        &self,
        query: QueryId,
        evaluate: impl FnOnce(&'p Value) -> Option<Vec<&'p Value>>,
    ) -> Option<&[&'p Value]> {
        let cell = self.selected.get(query.0)?;
        let found = cell.get_or_init(|| evaluate(self.payload.value()));
        found.as_deref()
    }

    /// The payload they are read from.
    pub fn payload(&self) -> &'p Payload {
        self.payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Result<Payload, PayloadError> {
        Payload::new(Bytes::from(text.to_owned()), MediaKind::Json)
    }

    fn steps(names: &[&str]) -> Steps {
        Steps(
            names
                .iter()
                .map(|n| n.parse().map_or(Step::Name((*n).into()), Step::Index))
                .collect(),
        )
    }

    #[test]
    fn nesting_has_a_limit() {
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(json(&nested(JSON_DEPTH_MAX)).is_ok());
        assert_eq!(
            json(&nested(JSON_DEPTH_MAX + 1)).unwrap_err(),
            PayloadError::Depth
        );
        assert_eq!(json(&nested(100_000)).unwrap_err(), PayloadError::Depth);
    }

    #[test]
    fn bad_json_says_where() {
        let error = json("{\"a\": 1,\n\"b\": }").unwrap_err();
        assert!(
            matches!(
                error,
                PayloadError::Json {
                    line: 2,
                    column: 6,
                    ..
                }
            ),
            "{error}"
        );
        assert!(json("").is_err() && json("{} x").is_err() && json("NaN").is_err());
    }

    #[test]
    fn long_numbers_keep_their_text() {
        let payload = json("{\"id\": 123456789012345678901234567890}").unwrap();
        assert_eq!(
            payload.value()["id"].to_string(),
            "123456789012345678901234567890"
        );
    }

    #[test]
    fn slots_find_values_once_and_by_path() {
        let payload = json(r#"{"a": [{"b": 1}, {"b": 2}]}"#).unwrap();
        let mut paths = PathSet::default();
        let last = paths.intern(&steps(&["a", "-1", "b"]));
        let none = paths.intern(&steps(&["a", "9", "b"]));
        assert_eq!(paths.intern(&steps(&["a", "-1", "b"])), last);
        let slots = payload.slots(&paths);
        assert_eq!(slots.get(last).unwrap().to_string(), "2");
        assert_eq!(slots.get(none), None);
    }

    #[test]
    fn what_a_path_selects_is_asked_once() {
        let payload = json(r#"{"a": [1, 2]}"#).unwrap();
        let mut paths = PathSet::default();
        let several = paths.intern_query("$.a[*]");
        assert_eq!(paths.intern_query("$.a[*]"), several);
        let given_up = paths.intern_query("$..*");
        let slots = payload.slots(&paths);
        let asked = std::cell::Cell::new(0);
        for _ in 0..2 {
            let found = slots.selected(several, |root| {
                asked.set(asked.get() + 1);
                Some(root["a"].as_array()?.iter().collect())
            });
            assert_eq!(found.map(<[_]>::len), Some(2));
        }
        assert_eq!(asked.get(), 1);
        assert_eq!(slots.selected(given_up, |_| None), None);
        assert_eq!(slots.selected(given_up, |_| Some(Vec::new())), None);
    }

    #[test]
    fn forms_are_objects_of_strings() {
        let form = Payload::new("a=1&b=x%20y&a=2".into(), MediaKind::Form).unwrap();
        assert_eq!(form.value().to_string(), r#"{"a":["1","2"],"b":"x y"}"#);
        let field = MediaKind::FormField("payload".into());
        let inner = Payload::new("payload=%7B%22n%22%3A1%7D".into(), field.clone()).unwrap();
        assert_eq!(inner.value().to_string(), r#"{"n":1}"#);
        assert!(Payload::new("x=1".into(), field).is_err());
    }
}
