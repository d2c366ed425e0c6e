//! The `{part}` language of definitions: texts with pieces of a delivery in them.
//!
//! `{header:webhook-id}.{timestamp}.{body}` is a text with three parts. A part is a place in the
//! delivery (`body`, `timestamp`, `method`, `header:NAME`, `query:NAME`, `form:FIELD`,
//! `json:PATH.TO.0.VALUE`, `sig:FIELD` of the signature header, …), and filters behind `|`. With a `?`
//! behind it a part may be missing, and is nothing then; `{?Subject {json:Subject}?}` falls away whole
//! where a part in it is missing. A `{` that neither a lower-case letter nor `?` follows stands for
//! itself. Texts are compiled when a definition is read.

use std::fmt;

use crate::diagnostic::did_you_mean;
use crate::event::{Step, Steps};

use super::canonical::{self, Canonical};
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
    /// Falls away where a part in it is missing.
    Optional(Box<[Piece]>),
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
    /// A field of the signature header; of a list without names, its number from 0.
    Signature(Box<str>),
    /// The address as the sender knows it: what the source calls its `url`, with the query.
    Url,
    /// The fields of a form, sorted, each name with its values behind it and nothing between.
    FormSorted,
    /// The secret itself.
    Secret,
    /// What the source says under `settings:`.
    Setting(Box<str>),
    /// The first name in the JSON object that is none of these.
    OtherKey(Box<[Box<str>]>),
    /// What the sender makes of the whole request, by rules of its own.
    Canonical(&'static Canonical),
}

/// Every place, and whether it takes a name.
const PLACES: [(&str, bool); 14] = [
    ("body", false),
    ("timestamp", false),
    ("method", false),
    ("header", true),
    ("query", true),
    ("form", true),
    ("json", true),
    ("sig", true),
    ("url", false),
    ("form_sorted", false),
    ("secret", false),
    ("setting", true),
    ("other_key", true),
    ("canonical", true),
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
            ("url", None) => Ok(Self::Url),
            ("form_sorted", None) => Ok(Self::FormSorted),
            ("secret", None) => Ok(Self::Secret),
            ("header", Some(name)) => header_name(name).map(Self::Header),
            ("json", Some(path)) => Ok(Self::Json(path.into(), steps(path)?)),
            (kind, Some(name)) if !name.is_empty() => match kind {
                "query" => Ok(Self::Query(name.into())),
                "form" => Ok(Self::Form(name.into())),
                "sig" => Ok(Self::Signature(name.into())),
                "setting" => Ok(Self::Setting(name.into())),
                "other_key" => Ok(Self::OtherKey(name.split(',').map(Into::into).collect())),
                "canonical" => {
                    let known: Vec<_> = canonical::LIST.iter().map(|one| one.name).collect();
                    let found = canonical::find(name).map(Self::Canonical);
                    found.ok_or_else(|| unknown("a canonical request", name, &known))
                }
                kind => Err(misnamed(kind)),
            },
            (kind, _) => Err(misnamed(kind)),
        }
    }
}

/// What is wrong with a place that has a name and should not, or the other way round, or is none.
fn misnamed(kind: &str) -> String {
    match PLACES.iter().find(|(known, _)| *known == kind) {
        Some((kind, false)) => format!("`{kind}` takes no name: write `{kind}`"),
        Some((kind, true)) => format!("`{kind}` needs a name: write `{kind}:NAME`"),
        None => unknown(
            "a part of a delivery",
            kind,
            &PLACES.map(|(known, _)| known),
        ),
    }
}

impl Place {
    /// Whether it stands in the body, so that what covers the body covers it.
    pub fn in_body(&self) -> bool {
        matches!(
            self,
            Self::Body | Self::Form(_) | Self::Json(..) | Self::FormSorted | Self::OtherKey(_)
        )
    }

    /// Whether it asks for the address as the sender knows it.
    pub fn is_addressed(&self) -> bool {
        match self {
            Self::Url => true,
            Self::Canonical(canonical) => canonical.addressed,
            _ => false,
        }
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
            Self::Url => f.write_str("the URL"),
            Self::FormSorted => f.write_str("the form"),
            Self::Secret => f.write_str("the secret"),
            Self::Setting(name) => write!(f, "the setting {name}"),
            Self::OtherKey(_) => f.write_str("a key of the JSON body"),
            Self::Canonical(_) => f.write_str("the request as the sender signs it"),
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
pub(super) fn steps(path: &str) -> Result<Steps, String> {
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
        let (pieces, _) = pieces(text, text, false)?;
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
        self.parts().map(|(place, _)| place)
    }

    /// The places it looks at, each with what becomes of it.
    pub fn parts(&self) -> impl Iterator<Item = (&Place, &[Filter])> {
        let mut found = Vec::new();
        gather(&self.pieces, &mut found);
        found.into_iter()
    }

    /// The headers it looks at, as written.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        let mut found: Vec<&str> = Vec::new();
        for place in self.places() {
            match place {
                Place::Header(name) => found.push(name),
                Place::Canonical(canonical) => found.extend(canonical.headers),
                _ => {}
            }
        }
        found.into_iter()
    }

    /// The header it consists of, if it is one header and nothing else.
    pub fn only_header(&self) -> Option<&str> {
        match self.pieces() {
            [Piece::Part(Place::Header(name), _)] => Some(name),
            _ => None,
        }
    }
}

fn gather<'p>(pieces: &'p [Piece], found: &mut Vec<(&'p Place, &'p [Filter])>) {
    for piece in pieces {
        match piece {
            Piece::Literal(_) => {}
            Piece::Part(place, filters) => found.push((place, filters)),
            Piece::Optional(pieces) => gather(pieces, found),
        }
    }
}

/// The pieces of `rest`, up to a `?}` where `optional`, and what follows them.
fn pieces<'t>(
    text: &str,
    mut rest: &'t str,
    optional: bool,
) -> Result<(Vec<Piece>, &'t str), String> {
    let open = || format!("`{{` is never closed in `{text}`");
    let mut found = Vec::new();
    let mut literal = String::new();
    loop {
        let end = rest.find("?}").filter(|_| optional);
        let at = match (rest.find('{'), end) {
            (Some(at), Some(end)) if end < at => return Ok(finish(found, literal, rest, end)),
            (None, Some(end)) => return Ok(finish(found, literal, rest, end)),
            (None, None) if optional => return Err(open()),
            (None, None) => return Ok(finish(found, literal, rest, rest.len())),
            (Some(at), _) => at,
        };
        let (before, from) = rest.split_at(at);
        literal.push_str(before);
        let inside = from.get(1..).unwrap_or_default();
        let part = inside.starts_with(|c: char| c.is_ascii_lowercase());
        let group = inside.strip_prefix('?').filter(|_| !optional);
        if (part || group.is_some()) && !literal.is_empty() {
            found.push(Piece::Literal(std::mem::take(&mut literal).into()));
        }
        if let Some(group) = group {
            let (inner, after) = pieces(text, group, true)?;
            found.push(Piece::Optional(inner.into()));
            rest = after;
        } else if part {
            let (part, after) = inside.split_once('}').ok_or_else(open)?;
            found.push(Piece::parse(part)?);
            rest = after;
        } else {
            literal.push('{');
            rest = inside;
        }
    }
}

/// The pieces with the last literal, and what follows the end.
fn finish(
    mut found: Vec<Piece>,
    mut literal: String,
    rest: &str,
    end: usize,
) -> (Vec<Piece>, &str) {
    let (last, after) = rest.split_at(end);
    literal.push_str(last);
    if !literal.is_empty() {
        found.push(Piece::Literal(literal.into()));
    }
    (found, after.strip_prefix("?}").unwrap_or(after))
}

impl Piece {
    fn parse(text: &str) -> Result<Self, String> {
        let (text, optional) = match text.strip_suffix('?') {
            Some(text) => (text, true),
            None => (text, false),
        };
        let mut words = text.split('|');
        let place = Place::parse(words.next().unwrap_or_default())?;
        let filters = words.map(Filter::parse).collect::<Result<_, _>>()?;
        let part = Self::Part(place, filters);
        Ok(if optional {
            Self::Optional(Box::new([part]))
        } else {
            part
        })
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
    fn what_may_be_missing() {
        let json = |path: &str| Piece::Part(Place::parse(path).unwrap(), Box::new([]));
        let parts = Parts::parse("a{?b{json:c}\n?}{json:d?}{?e?}{").unwrap();
        let expected = [
            Piece::Literal("a".into()),
            Piece::Optional(Box::new([
                Piece::Literal("b".into()),
                json("json:c"),
                Piece::Literal("\n".into()),
            ])),
            Piece::Optional(Box::new([json("json:d")])),
            Piece::Optional(Box::new([Piece::Literal("e".into())])),
            Piece::Literal("{".into()),
        ];
        assert_eq!(parts.pieces(), expected);
        assert_eq!(parts.places().count(), 2);
        for open in ["{?a", "{?{json:c}", "{?{json:c?}"] {
            let error = Parts::parse(open).unwrap_err();
            assert!(error.contains("never closed"), "{open}: {error}");
        }
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
            ("{canonical:plvo}", "did you mean `plivo`?"),
        ] {
            let error = Parts::parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
