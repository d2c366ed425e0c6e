//! One value of a payload, looked at where it stands.

use std::borrow::Cow;

use serde_json::Value;

use super::tape::{NodeId, Tape};

/// A value that was found, not yet made.
#[derive(Debug, Clone, Copy)]
pub struct Found<'p>(pub(super) Place<'p>);

/// Where it was found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'p> {
    Tape(&'p Tape, NodeId),
    Tree(&'p Value),
}

/// What a value is, as far as it can be told without making it.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape<'p> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, by its text.
    Number(&'p str),
    /// Text, without escapes.
    Text(Cow<'p, str>),
    /// A list.
    List,
    /// An object.
    Object,
}

impl<'p> Found<'p> {
    /// The value itself; made here, unless the payload is a tree already.
    pub fn value(self) -> Cow<'p, Value> {
        match self.0 {
            Place::Tree(value) => Cow::Borrowed(value),
            Place::Tape(..) if let Shape::Text(text) = self.shape() => {
                Cow::Owned(Value::String(text.into_owned()))
            }
            // The tape has accepted this very text, so the fallback is never taken.
            Place::Tape(tape, id) => {
                Cow::Owned(serde_json::from_slice(tape.text(id)).unwrap_or_default())
            }
        }
    }

    /// What it is.
    pub fn shape(self) -> Shape<'p> {
        match self.0 {
            Place::Tree(value) => value.into(),
            Place::Tape(tape, id) => of_text(tape, id),
        }
    }
}

impl<'v> From<&'v Value> for Shape<'v> {
    fn from(value: &'v Value) -> Self {
        match value {
            Value::Null => Shape::Null,
            Value::Bool(truth) => Shape::Bool(*truth),
            Value::Number(number) => Shape::Number(number.as_str()),
            Value::String(text) => Shape::Text(Cow::Borrowed(text)),
            Value::Array(_) => Shape::List,
            Value::Object(_) => Shape::Object,
        }
    }
}

fn of_text(tape: &Tape, id: NodeId) -> Shape<'_> {
    let text = tape.text(id);
    match text.first() {
        Some(b'"') if tape.is_escaped(id) => {
            Shape::Text(serde_json::from_slice(text).unwrap_or_default())
        }
        Some(b'"') => {
            let inner = text.get(1..text.len() - 1).unwrap_or_default();
            Shape::Text(std::str::from_utf8(inner).unwrap_or_default().into())
        }
        Some(b'{') => Shape::Object,
        Some(b'[') => Shape::List,
        Some(b't') => Shape::Bool(true),
        Some(b'f') => Shape::Bool(false),
        Some(b'n') | None => Shape::Null,
        Some(_) => Shape::Number(std::str::from_utf8(text).unwrap_or_default()),
    }
}
