//! What a source may set differently from its provider's definition.

use std::time::Duration;

use crate::crypto::{Algorithm, Encoding};
use crate::diagnostic::{Diagnostics, code};
use crate::yaml::{Fields, Node, Value};

use super::freshness::tolerance;
use super::identify::Name;
use super::parts::{Parts, Place, header_name};
use super::signature::{encoding, named, place};
use super::signed::parts;

/// What a source may set differently from its provider's definition (`generic` lives by it):
/// `header algorithm encoding prefix content timestamp tolerance event delivery_id`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// The header that carries the signature or token.
    pub header: Option<Box<str>>,
    /// The hash function.
    pub algorithm: Option<Algorithm>,
    /// How the signature is written.
    pub encoding: Option<Encoding>,
    /// What stands before the signature or token in its header.
    pub prefix: Option<Box<str>>,
    /// What is signed.
    pub content: Option<Parts>,
    /// Where the signed timestamp stands.
    pub timestamp: Option<Place>,
    /// How old the timestamp may be; `Some(None)` looks at no clock.
    pub tolerance: Option<Option<Duration>>,
    /// The names of events.
    pub event: Option<Vec<Name>>,
    /// Where the delivery id stands; `Some` of nothing for `none`.
    pub delivery_id: Option<Vec<Parts>>,
}

impl Overrides {
    /// Takes its keys from a source's block in hookrule.yaml; the caller finishes the block.
    pub fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Self {
        Self {
            header: fields
                .optional("header")
                .and_then(|node| header(node, problems)),
            algorithm: fields
                .optional("algorithm")
                .and_then(|node| named(node, &Algorithm::NAMES, Algorithm::named, problems)),
            encoding: fields
                .optional("encoding")
                .and_then(|node| encoding(node, problems)),
            prefix: fields
                .optional("prefix")
                .and_then(|node| node.text(problems))
                .map(Into::into),
            content: fields
                .optional("content")
                .and_then(|node| parts(node, problems)),
            timestamp: fields
                .optional("timestamp")
                .and_then(|node| place(node, problems)),
            tolerance: fields
                .optional("tolerance")
                .and_then(|node| tolerance(node, problems)),
            event: fields.optional("event").and_then(|node| {
                let texts = node.one_or_list().iter();
                let texts: Option<Vec<_>> = texts.map(|text| finder(text, problems)).collect();
                Some(texts?.into_iter().map(Name::always).collect())
            }),
            delivery_id: fields
                .optional("delivery_id")
                .and_then(|node| delivery_id(node, problems, finder)),
        }
    }

    /// The keys that are set.
    pub fn keys(&self) -> Vec<&'static str> {
        let keys = [
            ("header", self.header.is_some()),
            ("algorithm", self.algorithm.is_some()),
            ("encoding", self.encoding.is_some()),
            ("prefix", self.prefix.is_some()),
            ("content", self.content.is_some()),
            ("timestamp", self.timestamp.is_some()),
            ("tolerance", self.tolerance.is_some()),
            ("event", self.event.is_some()),
            ("delivery_id", self.delivery_id.is_some()),
        ];
        keys.into_iter()
            .filter_map(|(key, set)| set.then_some(key))
            .collect()
    }
}

/// `none`, one text or several.
pub fn delivery_id(
    node: &Node,
    problems: &mut Diagnostics,
    read: impl Fn(&Node, &mut Diagnostics) -> Option<Parts>,
) -> Option<Vec<Parts>> {
    if node.as_str() == Some("none") {
        return Some(Vec::new());
    }
    node.one_or_list()
        .iter()
        .map(|node| read(node, problems))
        .collect()
}

/// Where a source finds a name or an id: `header:X-Event`, `$.type`, a text with parts in it, or
/// `{header: X-Event}`.
fn finder(node: &Node, problems: &mut Diagnostics) -> Option<Parts> {
    let written = match &node.value {
        Value::Map(entries) => match entries.as_slice() {
            [(kind, name)] => format!("{}:{}", kind.text, name.text(problems)?),
            _ => {
                let message = "one key is wanted here: header, json, query or form";
                problems.push(node.error(code::BAD_VALUE, message));
                return None;
            }
        },
        _ => match node.text(problems)? {
            text if text.contains('{') => return parts(node, problems),
            text => match text.strip_prefix("$.") {
                Some(path) => format!("json:{}", path.replace('[', ".").replace(']', "")),
                None => text.to_owned(),
            },
        },
    };
    match Place::parse(&written) {
        Ok(place) => Some(Parts::of(place, &written)),
        Err(message) => {
            problems.push(node.error(code::BAD_VALUE, message).help(
                "write where it stands: header:X-Event, $.type, or a text such as \
                 '{header:X-Event}.{json:action}'",
            ));
            None
        }
    }
}

/// A header's name.
pub fn header(node: &Node, problems: &mut Diagnostics) -> Option<Box<str>> {
    match header_name(node.text(problems)?) {
        Ok(name) => Some(name),
        Err(message) => {
            problems.push(node.error(code::BAD_VALUE, message));
            None
        }
    }
}
