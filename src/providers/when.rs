//! Whether a handshake or an event name is meant for a delivery.

use serde_json::json;

use crate::crypto::equal;
use crate::diagnostic::{Diagnostics, code};
use crate::event::{Found, Steps};
use crate::yaml::{Demand, Fields, Node, Shape, Value, key};

use super::parts::Place;
use super::reading::{Reading, Why};
use super::signature::{place, place_shape};

/// How a place is written.
const PLACE: &str = "write `header:NAME`, `query:NAME`, `form:NAME` or `json:PATH`";

/// What a delivery must be like. All of it must hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct When {
    tests: Vec<(Place, Test)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    OneOf(Vec<String>),
    Present,
    Absent,
    /// The same as what stands at another place; compared in constant time.
    Same(Place),
    /// A token: letters, digits and `-._~+/`, with `=` only at its end, and no JSON.
    Plain,
    /// Hex digits, in lower case.
    Hex,
    /// A list or a map with nothing in it.
    Empty,
    /// A name that stands in the JSON object alone.
    Only,
}

/// The longest token that is signed for whoever sends it, in bytes.
const TOKEN_BYTES_MAX: usize = 256;
/// How many hex digits are.
const HEX_DIGITS: std::ops::RangeInclusive<usize> = 16..=64;

impl When {
    /// What it looks like.
    pub(super) fn shape() -> Shape {
        let plain = || Shape::either([Shape::text(), Shape::number(), Shape::flag()]);
        let values = || Shape::named_by_author("type", Shape::one_or_list(plain()));
        let places = || Shape::one_or_list(place_shape());
        let same = Shape::named_by_author("json:id", place_shape());
        let mut keys = vec![
            key(
                "method",
                Shape::one_or_list(plain()),
                "The method, or one of several.",
                "GET",
            ),
            key(
                "same",
                same,
                "Places whose values are the same as those at others.",
                json!({"json:id": "header:X-Id"}),
            ),
        ];
        let by_name = [
            (
                "header",
                "Headers, each with the value or values that it may have.",
            ),
            ("query", "Parameters of the URL, likewise."),
            ("json", "Values of the JSON body by their paths, likewise."),
            ("form", "Fields of a form, likewise."),
        ];
        keys.extend(
            by_name.map(|(name, help)| key(name, values(), help, json!({"type": ["ping"]}))),
        );
        let by_place = [
            (
                "present",
                "Places where something is.",
                "query:validationToken",
            ),
            ("absent", "Places where nothing is.", "json:type"),
            (
                "plain",
                "Places where a token is: letters, digits and `-._~+/`.",
                "json:challenge",
            ),
            (
                "hex",
                "Places where 16 to 64 hex digits are.",
                "query:crc_token",
            ),
            (
                "empty",
                "Places of the JSON body where an empty list or map is.",
                "json:events",
            ),
            (
                "only",
                "Names that stand in the JSON body alone.",
                "json:challenge",
            ),
        ];
        keys.extend(by_place.map(|(name, help, example)| key(name, places(), help, example)));
        let names = keys.iter().map(|key| key.name).collect();
        Shape::map(keys)
            .demand(Demand::Some(names))
            .says("What a delivery must be like; all of it must hold.")
    }

    /// Reads a `when:` block: `method`, `header`, `query`, `json` and `form` with the values that are
    /// wanted, and `present` and `absent` with places.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let mut when = Self::default();
        let mut unknown = false;
        let mut nowhere = |node: &Node, message: String, problems: &mut Diagnostics| {
            unknown = true;
            problems.push(node.error(code::BAD_VALUE, message).help(PLACE));
        };
        if let Some(node) = fields.optional("method") {
            let test = one_of(node, problems)?;
            when.tests.push((Place::Method, test));
        }
        for key in ["header", "query", "json", "form"] {
            let Some(node) = fields.optional(key) else {
                continue;
            };
            for (name, node) in node.map(problems)? {
                match Place::parse(&format!("{key}:{}", name.text)) {
                    Ok(place) => when.tests.push((place, one_of(node, problems)?)),
                    Err(message) => nowhere(node, message, problems),
                }
            }
        }
        if let Some(node) = fields.optional("same") {
            for (name, other) in node.map(problems)? {
                match Place::parse(&name.text) {
                    Ok(one) => when.tests.push((one, Test::Same(place(other, problems)?))),
                    Err(message) => nowhere(node, message, problems),
                }
            }
        }
        for (key, test) in [
            ("present", Test::Present),
            ("absent", Test::Absent),
            ("plain", Test::Plain),
            ("hex", Test::Hex),
            ("empty", Test::Empty),
            ("only", Test::Only),
        ] {
            for node in fields.optional(key).map_or(&[][..], Node::one_or_list) {
                when.tests.push((place(node, problems)?, test.clone()));
            }
        }
        fields.finish(problems);
        if when.tests.is_empty() && unknown {
            return None;
        }
        if when.tests.is_empty() {
            let message = "`when` says nothing, so it would always hold";
            let help =
                "write what must be there, such as `{method: GET}` or `{json: {type: ping}}`";
            problems.push(node.error(code::BAD_DEFINITION, message).help(help));
            return None;
        }
        Some(when)
    }

    /// Whether the delivery is like that.
    pub fn holds(&self, reading: &Reading<'_>) -> bool {
        self.tests
            .iter()
            .all(|(place, test)| test.holds(place, reading))
    }

    /// Whether what stands at a place can be nothing but a token.
    pub fn restricts(&self, place: &Place) -> bool {
        let restricts = |test: &Test| matches!(test, Test::Plain | Test::Hex);
        let mut tests = self.tests.iter();
        tests.any(|(tested, test)| tested == place && restricts(test))
    }
}

impl Test {
    fn holds(&self, place: &Place, reading: &Reading<'_>) -> bool {
        let found = reading.text(place);
        match self {
            Self::OneOf(wanted) => found.is_ok_and(|text| wanted.iter().any(|w| **w == *text)),
            Self::Present => match found {
                Ok(_) => true,
                Err(absent) => absent.why == Why::Unfit,
            },
            Self::Absent => found.is_err() && !reading.has(place),
            Self::Same(other) => match (found, reading.text(other)) {
                (Ok(one), Ok(other)) => equal(one.as_bytes(), other.as_bytes()),
                _ => false,
            },
            Self::Plain => found.is_ok_and(|text| is_plain(&text)),
            Self::Hex => found.is_ok_and(|text| is_hex(&text)),
            Self::Empty => match place {
                Place::Json(_, steps) => reading
                    .json(steps)
                    .is_some_and(|found| is_empty(&found.value())),
                _ => false,
            },
            Self::Only => is_only(place, reading),
        }
    }
}

/// Whether a text can be a token and nothing that means something.
fn is_plain(text: &str) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b);
    text.len() <= TOKEN_BYTES_MAX
        && text.trim_end_matches('=').bytes().all(token)
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_err()
}

fn is_hex(text: &str) -> bool {
    let digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    HEX_DIGITS.contains(&text.len()) && text.bytes().all(digit) && is_plain(text)
}

fn is_empty(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Array(items) => items.is_empty(),
        serde_json::Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// Whether a name is the only one in the JSON object or form.
fn is_only(place: &Place, reading: &Reading<'_>) -> bool {
    match place {
        Place::Json(name, steps) => {
            let body = reading.json(&Steps::default()).map(Found::value);
            let object = body.as_deref().and_then(|body| body.as_object());
            let alone = object.is_some_and(|o| o.len() == 1 && o.contains_key(name.as_ref()));
            alone && reading.json(steps).is_some()
        }
        Place::Form(name) => reading.form().is_ok_and(|form| {
            let mut names = form.iter().map(|(name, _)| name);
            names.next() == Some(name.as_ref()) && names.next().is_none()
        }),
        _ => false,
    }
}

/// The values that are wanted, as text.
fn one_of(node: &Node, problems: &mut Diagnostics) -> Option<Test> {
    let text = |node: &Node| match &node.value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::List(_) | Value::Map(_) => {
            let message = "text, a number, true or false is wanted here";
            let help = "write the value that must stand there, or a list of values";
            problems.push(node.error(code::WRONG_TYPE, message).help(help));
            None
        }
    };
    node.one_or_list()
        .iter()
        .map(text)
        .collect::<Option<_>>()
        .map(Test::OneOf)
}
