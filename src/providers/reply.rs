//! What senders are answered.

use std::borrow::Cow;

use serde_json::json;

use crate::diagnostic::{Diagnostics, code};
use crate::yaml::shape::Key as ShapeKey;
use crate::yaml::{Fields, Node, Shape, key};

use super::filter::Filter;
use super::letter::empty_delivery;
use super::parts::{Parts, Place};
use super::reading::Reading;
use super::signed::{parts, parts_shape};
use super::when::When;

/// An answer to the sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: String,
}

/// A reply with parts of the delivery in it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplyForm {
    status: u16,
    content_type: Option<String>,
    headers: Vec<(String, Parts)>,
    body: Parts,
}

impl ReplyForm {
    /// What it looks like.
    pub(super) fn shape() -> Shape {
        Shape::map(Self::keys())
    }

    fn keys() -> [ShapeKey; 4] {
        [
            key("status", Shape::count(200, 599), "The HTTP status.", 204).or(200),
            key(
                "content_type",
                Shape::text(),
                "What the body is; in JSON, parts are escaped for it.",
                "application/json",
            ),
            key(
                "headers",
                Shape::headers(parts_shape()),
                "Its headers: texts with parts.",
                json!({"X-Hook-Ok": "1"}),
            ),
            key("body", parts_shape(), "Its body: a text with parts.", "ok"),
        ]
    }

    /// Reads `{status, content_type, headers, body}`.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let form = Self::read(&mut fields, problems);
        fields.finish(problems);
        form
    }

    fn read(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<Self> {
        let status = fields.optional("status").map_or(Some(200), |node| {
            let status = node.count(problems)?;
            let status = u16::try_from(status)
                .ok()
                .filter(|s| (200..600).contains(s));
            if status.is_none() {
                problems.push(
                    node.error(code::BAD_VALUE, "a status is between 200 and 599")
                        .help("200 takes the event"),
                );
            }
            status
        });
        let content_type = fields
            .optional("content_type")
            .and_then(|node| node.text(problems));
        let mut headers = Vec::new();
        if let Some(node) = fields.optional("headers") {
            for (name, value) in node.map(problems)? {
                headers.push((name.text.to_ascii_lowercase(), parts(value, problems)?));
            }
        }
        let body = match fields.optional("body") {
            Some(node) => parts(node, problems),
            None => Parts::parse("").ok(),
        };
        Some(Self {
            status: status?,
            content_type: content_type.map(str::to_owned),
            headers,
            body: body?,
        })
    }

    /// Whether it is the same for every delivery.
    pub fn is_fixed(&self) -> bool {
        self.texts().all(|text| text.places().next().is_none())
    }

    /// What stands in it signed with the source's secret.
    pub fn signed_places(&self) -> impl Iterator<Item = &Place> {
        let signed = |(place, filters): (_, &[Filter])| {
            let mut filters = filters.iter();
            let signs = filters.any(|filter| matches!(filter, Filter::Hmac(_)));
            signs.then_some(place)
        };
        self.texts().flat_map(Parts::parts).filter_map(signed)
    }

    fn texts(&self) -> impl Iterator<Item = &Parts> {
        self.headers
            .iter()
            .map(|(_, text)| text)
            .chain([&self.body])
    }

    /// The reply to one delivery, if it has every part of it.
    pub fn fill(&self, reading: &Reading<'_>) -> Option<Reply> {
        let in_json = self
            .content_type
            .as_ref()
            .is_some_and(|content_type| content_type.contains("json"));
        let body = reading.render(&self.body, |part| {
            Some(if in_json {
                Cow::Owned(json_inside(&part))
            } else {
                part
            })
        })?;
        let in_header = |part: Cow<'_, str>| part.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        let mut headers = Vec::new();
        for (name, text) in &self.headers {
            let value = reading.render(text, |part| in_header(part.clone()).then_some(part))?;
            headers.push((name.clone(), value));
        }
        if let Some(content_type) = &self.content_type {
            headers.push(("content-type".to_owned(), content_type.clone()));
        }
        if !self.is_fixed() {
            // What a sender wrote comes back: no browser may take it for a page.
            headers.push(("x-content-type-options".to_owned(), "nosniff".to_owned()));
        }
        Some(Reply {
            status: self.status,
            headers,
            body,
        })
    }
}

/// An answer to accepted events, where 202 with our JSON will not do.
#[derive(Debug, Clone, PartialEq)]
pub struct Ack {
    when: Option<When>,
    reply: Reply,
}

impl Ack {
    /// What it looks like.
    pub(super) fn shape() -> Shape {
        let when = key(
            "when",
            When::shape(),
            "For which events; for all where it is left out.",
            json!({"present": "header:X-Kind"}),
        );
        Shape::map([when]).and(ReplyForm::keys())
    }

    /// Reads an entry of `ack:`: a reply, and `when` it is the one.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let when = match fields.optional("when") {
            Some(node) => Some(When::parse(node, problems)?),
            None => None,
        };
        let form = ReplyForm::read(&mut fields, problems);
        fields.finish(problems);
        let form = form?;
        if !form.is_fixed() {
            let message = "an `ack` is the same for every event: it can have no parts";
            problems.push(node.error(code::BAD_DEFINITION, message).help("write the text as it goes out, without `{…}`; an answer that depends on the request is a handshake"));
            return None;
        }
        let reply = form.fill(&Reading::new(&empty_delivery(), &[]))?;
        Some(Self { when, reply })
    }

    /// Whether it is the answer to every event.
    pub fn always(&self) -> bool {
        self.when.is_none()
    }

    /// Whether it is the answer to this one.
    pub fn fits(&self, reading: &Reading<'_>) -> bool {
        self.when.as_ref().is_none_or(|when| when.holds(reading))
    }

    /// The answer.
    pub fn reply(&self) -> &Reply {
        &self.reply
    }
}

/// A text as it stands between the quotes of a JSON string.
fn json_inside(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let inside = quoted.strip_prefix('"').and_then(|q| q.strip_suffix('"'));
    inside.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::json_inside;

    #[test]
    fn what_stands_in_json_is_escaped_for_it() {
        assert_eq!(json_inside("a\"b\\\n"), r#"a\"b\\\n"#);
    }
}
