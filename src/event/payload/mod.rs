//! The body, and how it is read.
//!
//! Raw bytes and their media kind, and two ways in: [`Payload::slots`] and [`Payload::at`] for the
//! values at known paths, found where they stand; [`Payload::value`] for the whole tree, built once and
//! only when asked for. JSON is checked in one pass that notes the places of its values.

mod found;
mod lines;
mod multipart;
mod pages;
mod scan;
mod slots;
mod tape;
mod xml;

use std::sync::OnceLock;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::delivery::Query;
use crate::crypto::Encoding;
use found::Place;
use tape::Tape;

pub use found::{Found, Shape};
pub use slots::{PathSet, QueryId, SlotId, Slots, Step, Steps, TestId};

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
    /// A JSON value a line, as a list.
    Lines,
    /// XML, as an object: attributes begin with `@`, repeated elements are lists.
    Xml,
    /// A multipart form, as an object: texts, and for files their name, type and size.
    Multipart,
    /// The JSON text in one part of a multipart form.
    MultipartField(String),
    /// A JSON Web Token, as what it claims. Who made it is for others to check.
    Jwt,
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
    /// Not XML, or XML that asks for more than is read.
    #[error("the body is not XML that is read here: {0}")]
    Xml(String),
    /// Not a multipart form.
    #[error("the body is not a multipart form: {0}")]
    Multipart(&'static str),
    /// More of something than is read.
    #[error("the body has more than {1} {0}")]
    TooMany(&'static str, usize),
    /// Not a JSON Web Token.
    #[error("the body is not a JSON Web Token")]
    Token,
    /// Not UTF-8.
    #[error("the body is not UTF-8 text")]
    Utf8,
}

/// A body.
#[derive(Debug)]
pub struct Payload {
    raw: Bytes,
    kind: MediaKind,
    read: Read,
    value: OnceLock<Value>,
}

/// What reading a body left behind.
#[derive(Debug)]
enum Read {
    /// The places of its values.
    Tape(Tape),
    /// The values: those of forms and texts, and of JSON that is left to `serde_json`.
    Tree(Value),
}

impl Payload {
    /// Checks that the body is what it is said to be.
    ///
    /// # Errors
    /// Says what is wrong with it and where.
    pub fn new(raw: Bytes, kind: MediaKind) -> Result<Self, PayloadError> {
        let read = match &kind {
            MediaKind::Json => read_json(&raw)?,
            MediaKind::Form => Read::Tree(form_value(&Query::decode(&raw))),
            MediaKind::FormField(field) => {
                let form = Query::decode(&raw);
                let text = form.first(field);
                let text = text.ok_or_else(|| PayloadError::Field(field.clone()))?;
                read_json(&text.to_owned().into())?
            }
            MediaKind::Text => {
                let text = std::str::from_utf8(&raw).map_err(|_| PayloadError::Utf8)?;
                Read::Tree(Value::String(text.to_owned()))
            }
            MediaKind::Lines => Read::Tree(lines::read(&raw)?),
            MediaKind::Xml => Read::Tree(xml::read(&raw)?),
            MediaKind::Multipart => Read::Tree(multipart::read(&raw)?),
            MediaKind::Jwt => read_json(&claims(&raw)?)?,
            MediaKind::MultipartField(field) => {
                read_json(&Bytes::copy_from_slice(multipart::part(&raw, field)?))?
            }
        };
        let value = OnceLock::new();
        Ok(Self {
            raw,
            kind,
            read,
            value,
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

    /// The whole tree, built at the first call. It costs several times what reading the body did: ask
    /// [`Payload::at`] or [`Payload::slots`] for single values.
    pub fn value(&self) -> &Value {
        match &self.read {
            Read::Tree(tree) => tree,
            Read::Tape(tape) => {
                let whole = || Found(Place::Tape(tape, tape::ROOT)).value().into_owned();
                self.value.get_or_init(whole)
            }
        }
    }

    /// The values at the paths of a set, each looked up at most once.
    pub fn slots<'p>(&'p self, paths: &'p PathSet) -> Slots<'p> {
        Slots::new(self, paths)
    }

    /// The value at one path.
    pub fn at(&self, steps: &Steps) -> Option<Found<'_>> {
        Some(Found(match &self.read {
            Read::Tree(tree) => Place::Tree(steps.0.iter().try_fold(tree, child)?),
            Read::Tape(tape) => Place::Tape(tape, tape.walk(steps)?),
        }))
    }
}

/// The value one step down.
fn child<'v>(value: &'v Value, step: &Step) -> Option<&'v Value> {
    match step {
        Step::Name(name) => value.as_object()?.get(name.as_ref()),
        Step::Index(index) => {
            let items = value.as_array()?;
            items.get(tape::position(*index, || items.len())?)
        }
    }
}

fn read_json(text: &Bytes) -> Result<Read, PayloadError> {
    match Tape::of(text.clone()) {
        Some(tape) => Ok(Read::Tape(tape)),
        None => parse_json(text).map(Read::Tree),
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

/// The JSON in the second of a token's three parts.
fn claims(raw: &[u8]) -> Result<Bytes, PayloadError> {
    let text = std::str::from_utf8(raw).map_err(|_| PayloadError::Utf8)?;
    let parts: Vec<_> = text.splitn(4, '.').collect();
    let [_, claims, _] = parts.as_slice() else {
        return Err(PayloadError::Token);
    };
    let claims = Encoding::Base64Url.decode(claims);
    claims.map(Bytes::from).ok_or(PayloadError::Token)
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

#[cfg(test)]
mod tests;
