//! The `{part}` language of definitions: texts with pieces of a delivery in them.
//!
//! `{header:webhook-id}.{timestamp}.{body}` is a text with three parts. A part is a place in the
//! delivery (`body`, `timestamp`, `method`, `header:NAME`, `query:NAME`, `form:FIELD`,
//! `json:PATH.TO.0.VALUE`, `sig:FIELD` of the signature header), and filters behind `|`. A `{` that
//! no lower-case letter follows stands for itself. Texts are compiled when a definition is read.

use std::fmt;

use crate::diagnostic::did_you_mean;
use crate::event::{Step, Steps};

use super::filter::Filter;

/// A compiled text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    text: Box<str>,
    pieces: Box<[Piece]>,
}

/// One piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Stands for itself.
    Literal(Box<str>),
    /// Is looked up, then filtered.
    Part(Place, Box<[Filter]>),
}

/// A place in a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The body as sent.
    Body,
    /// The timestamp of the signature, as the sender wrote it.
    Timestamp,
    /// The request method.
    Method,
    /// A header.
    Header(Box<str>),
    /// A parameter of the URL's query.
    Query(Box<str>),
    /// A field of a form body.
    Form(Box<str>),
    /// A value of the JSON payload, and its path as written.
    Json(Box<str>, Steps),
    /// A field of the signature header.
    Signature(Box<str>),
}

const PLACES: [&str; 8] = [
    "body",
    "timestamp",
    "method",
    "header",
    "query",
    "form",
    "json",
    "sig",
];

impl Place {
    /// Reads `body`, `header:X-Name`, `json:a.b.0`, ….
    ///
    /// # Errors
    /// Says what is wrong and what there is.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (kind, name) = match text.split_once(':') {
            Some((kind, name)) => (kind, Some(name.trim())),
            None => (text, None),
        };
        match (kind, name) {
            ("body", None) => Ok(Self::Body),
            ("timestamp", None) => Ok(Self::Timestamp),
            ("method", None) => Ok(Self::Method),
            ("header", Some(name)) => header_name(name).map(Self::Header),
            ("query", Some(name)) if !name.is_empty() => Ok(Self::Query(name.into())),
            ("form", Some(name)) if !name.is_empty() => Ok(Self::Form(name.into())),
            ("json", Some(path)) => Ok(Self::Json(path.into(), steps(path)?)),
            ("sig", Some(name)) if !name.is_empty() => Ok(Self::Signature(name.into())),
            ("body" | "timestamp" | "method", Some(_)) => {
                Err(format!("`{kind}` takes no name: write `{kind}`"))
            }
            (kind, _) if PLACES.contains(&kind) => {
                Err(format!("`{kind}` needs a name: write `{kind}:NAME`"))
            }
            (kind, _) => Err(unknown("a part of a delivery", kind, &PLACES)),
        }
    }
}

impl Place {
    /// Whether it stands in the body, so that what covers the body covers it.
    pub fn in_body(&self) -> bool {
        matches!(self, Self::Body | Self::Form(_) | Self::Json(..))
    }

    /// The header's name, as written, if it is one.
    pub fn header(&self) -> Option<&str> {
        match self {
            Self::Header(name) => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Place {
    /// As an operator would look for it: a header by its bare name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => f.write_str("the body"),
            Self::Timestamp => f.write_str("the timestamp"),
            Self::Method => f.write_str("the method"),
            Self::Header(name) => f.write_str(name),
            Self::Query(name) => write!(f, "the query parameter {name}"),
            Self::Form(name) => write!(f, "the form field {name}"),
            Self::Json(path, _) => write!(f, "{path} in the JSON body"),
            Self::Signature(name) => write!(f, "{name} in the signature"),
        }
    }
}

/// A header's name, as written.
///
/// # Errors
/// Where no header can have that name.
pub fn header_name(name: &str) -> Result<Box<str>, String> {
    let valid = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if !name.is_empty() && name.chars().all(valid) {
        return Ok(name.into());
    }
    Err(format!("`{name}` is not the name of a header"))
}

/// `a.b.0` as the steps of a path; whole numbers are positions in lists.
fn steps(path: &str) -> Result<Steps, String> {
    if path.split('.').any(str::is_empty) {
        return Err(format!(
            "`{path}` is not a path: write the names from the outside in, with dots between"
        ));
    }
    let step = |name: &str| match name.parse::<i64>() {
        Ok(index) => Step::Index(index),
        Err(_) => Step::Name(name.into()),
    };
    Ok(Steps(path.split('.').map(step).collect()))
}

pub(super) fn unknown(what: &str, given: &str, known: &[&str]) -> String {
    match did_you_mean(given, known.iter().copied()) {
        Some(name) => format!("`{given}` is not {what}; did you mean `{name}`?"),
        None => format!("`{given}` is not {what}; there are {}", known.join(", ")),
    }
}

impl Parts {
    /// Compiles a text.
    ///
    /// # Errors
    /// Names the part that is wrong and says what there is.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            literal.push_str(before);
            let inside = from.get(1..).unwrap_or_default();
            if !inside.starts_with(|c: char| c.is_ascii_lowercase()) {
                literal.push('{');
                rest = inside;
                continue;
            }
            let Some((part, after)) = inside.split_once('}') else {
                return Err(format!("`{{` is never closed in `{text}`"));
            };
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal).into()));
            }
            pieces.push(Piece::parse(part)?);
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal.into()));
        }
        Ok(Self {
            text: text.into(),
            pieces: pieces.into(),
        })
    }

    /// The text that is one part and nothing else.
    pub fn of(place: Place, written: &str) -> Self {
        Self {
            text: format!("{{{written}}}").into(),
            pieces: Box::new([Piece::Part(place, Box::new([]))]),
        }
    }

    /// The pieces, in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The places it looks at.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Literal(_) => None,
            Piece::Part(place, _) => Some(place),
        })
    }

    /// The headers it looks at, as written.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        self.places().filter_map(Place::header)
    }

    /// The header it consists of, if it is one header and nothing else.
    pub fn only_header(&self) -> Option<&str> {
        match self.pieces() {
            [Piece::Part(Place::Header(name), _)] => Some(name),
            _ => None,
        }
    }
}

impl Piece {
    fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split('|');
        let place = Place::parse(words.next().unwrap_or_default())?;
        let filters = words.map(Filter::parse).collect::<Result<_, _>>()?;
        Ok(Self::Part(place, filters))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_literals() {
        let parts = Parts::parse("v0:{timestamp}:{header:X-A|dotted:/|lower}}").unwrap();
        let header = Piece::Part(
            Place::Header("X-A".into()),
            Box::new([Filter::Dotted("/".into()), Filter::Lower]),
        );
        let expected = [
            Piece::Literal("v0:".into()),
            Piece::Part(Place::Timestamp, Box::new([])),
            Piece::Literal(":".into()),
            header,
            Piece::Literal("}".into()),
        ];
        assert_eq!(parts.pieces(), expected);
        assert_eq!(Parts::parse("{\"type\":1}").unwrap().places().count(), 0);
    }

    #[test]
    fn a_path_counts_in_lists() {
        let parts = Parts::parse("{json:actions.0.id}").unwrap();
        let steps = Steps(Box::new([
            Step::Name("actions".into()),
            Step::Index(0),
            Step::Name("id".into()),
        ]));
        let place = Place::Json("actions.0.id".into(), steps);
        assert_eq!(parts.places().collect::<Vec<_>>(), [&place]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, said) in [
            ("{heder:X}", "did you mean `header`?"),
            ("{header}", "write `header:NAME`"),
            ("{header:}", "not the name of a header"),
            ("{header:X Y}", "not the name of a header"),
            ("{body:x}", "write `body`"),
            ("{json:a..b}", "not a path"),
            ("{json:}", "not a path"),
            ("{body|doted}", "did you mean `dotted`?"),
            ("{body", "never closed"),
            ("{wholly}", "there are body, timestamp"),
        ] {
            let error = Parts::parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
