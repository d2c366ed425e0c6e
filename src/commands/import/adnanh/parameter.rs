//! Where a hook takes a value from.

use std::fmt::Write as _;

use crate::commands::import::text::{literal, scalar};
use crate::diagnostic::{Diagnostics, Place, code};
use crate::yaml::{Fields, Node};

/// A value of the request.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) origin: Origin,
    pub(super) place: Place,
    /// The name that it has there.
    pub(super) name: String,
    /// The environment variable that it goes into, if the author named one.
    pub(super) variable: Option<String>,
    /// Whether it is decoded before it goes into a file.
    pub(super) base64: bool,
}

/// The kinds of places that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Payload,
    Header,
    Query,
    /// The name is the value.
    Text,
    WholePayload,
    WholeHeaders,
    WholeQuery,
    /// The body as it came.
    Body,
    /// The method, or the sender's address.
    Request,
}

const ORIGINS: &[(&str, Origin)] = &[
    ("payload", Origin::Payload),
    ("header", Origin::Header),
    ("url", Origin::Query),
    ("query", Origin::Query),
    ("string", Origin::Text),
    ("entire-payload", Origin::WholePayload),
    ("entire-headers", Origin::WholeHeaders),
    ("entire-query", Origin::WholeQuery),
    ("raw-request-body", Origin::Body),
    ("request", Origin::Request),
];

impl Parameter {
    pub(super) fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let source = fields.required("source", problems);
        let name = fields
            .optional("name")
            .and_then(|node| word(node, problems));
        let variable = fields
            .optional("envname")
            .and_then(|node| word(node, problems));
        let base64 = fields
            .optional("base64decode")
            .and_then(|node| node.bool(problems));
        fields.finish(problems);
        let source = source?;
        let text = source.text(problems)?;
        let Some((_, origin)) = ORIGINS.iter().find(|(known, _)| *known == text) else {
            let known: Vec<_> = ORIGINS.iter().map(|(known, _)| *known).collect();
            let message = format!("`{text}` is no source of values");
            problems.push(
                source
                    .error(code::BAD_VALUE, message)
                    .help(format!("there are {}", known.join(", "))),
            );
            return None;
        };
        Some(Self {
            origin: *origin,
            place: node.place.clone(),
            name: name.unwrap_or_default(),
            variable,
            base64: base64.unwrap_or(false),
        })
    }

    /// The subject of a condition over it.
    pub(super) fn subject(&self) -> Option<String> {
        match self.origin {
            Origin::Payload => Some(format!("path: {}", scalar(&path(&self.name)))),
            Origin::Header => Some(format!("header: {}", scalar(&self.name))),
            Origin::Query => Some(format!("query: {}", scalar(&self.name))),
            _ => None,
        }
    }

    /// A template that gives it; what is not there is empty, as it was.
    pub(super) fn template(&self) -> Option<String> {
        let template = match self.origin {
            Origin::Payload => default(&read("payload", &segments(&self.name))?),
            Origin::Header => default(&read("headers", &[&self.name.to_lowercase()])?),
            Origin::Query => default(&read("query", &[&self.name])?),
            Origin::Text => return literal(&self.name),
            Origin::WholePayload => "{{json payload}}".to_owned(),
            Origin::WholeHeaders => "{{json headers}}".to_owned(),
            Origin::WholeQuery => "{{json query}}".to_owned(),
            Origin::Body | Origin::Request => return None,
        };
        Some(scalar(&template))
    }
}

/// A text, also one that was written as a number.
fn word(node: &Node, problems: &mut Diagnostics) -> Option<String> {
    match node.to_json() {
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => node.text(problems).map(str::to_owned),
    }
}

fn default(expression: &str) -> String {
    format!("{{{{default {expression} ''}}}}")
}

/// The parts of a dotted name. A list as payload was put under `root`.
fn segments(name: &str) -> Vec<&str> {
    let mut parts: Vec<_> = name.split('.').collect();
    let of_list = parts.get(1).is_some_and(|part| is_number(part));
    if of_list && parts.first() == Some(&"root") {
        parts.remove(0);
    }
    parts
}

pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The JSONPath of a dotted name.
pub(super) fn path(name: &str) -> String {
    let mut path = "$".to_owned();
    for part in segments(name) {
        if is_number(part) {
            let _ = write!(path, "[{part}]");
        } else if is_identifier(part) {
            let _ = write!(path, ".{part}");
        } else {
            let part = part.replace('\\', "\\\\").replace('\'', "\\'");
            let _ = write!(path, "['{part}']");
        }
    }
    path
}

/// The expression that reads a member of a variable.
fn read(variable: &str, parts: &[&str]) -> Option<String> {
    let plain = |part: &&str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        !part.is_empty() && part.chars().all(fits) && !part.starts_with('-')
    };
    if parts.iter().all(plain) {
        return Some(format!("{variable}.{}", parts.join(".")));
    }
    // Names with other signs are looked up one by one.
    let mut expression = variable.to_owned();
    for part in parts {
        if part.contains(['\'', '\\']) {
            return None;
        }
        let part = if is_number(part) {
            (*part).to_owned()
        } else {
            format!("'{part}'")
        };
        expression = format!("(lookup {expression} {part})");
    }
    Some(expression)
}
