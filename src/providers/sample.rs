//! Deliveries that a definition brings along, for `hookrule send` and for trying rules.

use bytes::Bytes;
use serde_json::json;

use crate::diagnostic::{Diagnostics, code};
use crate::yaml::{Demand, Fields, Node, Shape, Value, key};

/// A delivery to send when the user gives no body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The dotted name of the event.
    pub event: String,
    /// Headers that neither the signature nor the event's name brings along.
    pub headers: Vec<(String, String)>,
    /// Its Content-Type.
    pub content_type: String,
    /// Its body.
    pub body: Bytes,
}

impl Sample {
    /// What it looks like.
    pub(super) fn shape() -> Shape {
        Shape::map([
            key(
                "event",
                Shape::text(),
                "The dotted name of the event.",
                "invoice.paid",
            )
            .required(),
            key(
                "headers",
                Shape::headers(Shape::text()),
                "Headers that neither the signature nor the event's name brings along.",
                json!({"X-Kind": "invoice"}),
            ),
            key(
                "json",
                Shape::any(),
                "The body, sent as JSON.",
                json!({"type": "invoice.paid"}),
            ),
            key(
                "form",
                Shape::named_by_author("payload", Shape::any()),
                "The body, sent as a form; fields that are maps or lists are sent as JSON.",
                json!({"payload": {"type": "ping"}}),
            ),
            key(
                "text",
                Shape::text(),
                "The body as it stands, such as XML; `headers` may say its Content-Type.",
                "<order><id>1001</id></order>",
            ),
        ])
        .demand(Demand::OneOf(vec!["json", "form", "text"]))
    }

    /// Reads an entry of `samples:`: an event, `headers`, and its `json`, its `form` or its `text`.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let event = fields
            .required("event", problems)
            .and_then(|node| node.text(problems));
        let json = fields.optional("json");
        let form = fields.optional("form");
        let text = fields.optional("text");
        let mut headers = Vec::new();
        if let Some(node) = fields.optional("headers") {
            for (name, value) in node.map(problems)? {
                headers.push((name.text.clone(), value.text(problems)?.to_owned()));
            }
        }
        fields.finish(problems);
        let (content_type, body) = match (json, form, text) {
            (Some(json), None, None) => ("application/json", json.to_json().to_string()),
            (None, Some(form), None) => {
                ("application/x-www-form-urlencoded", encode(form, problems)?)
            }
            (None, None, Some(text)) => ("text/plain", text.text(problems)?.to_owned()),
            _ => {
                let message = "a sample has one of `json`, `form` and `text`";
                problems.push(
                    node.error(code::BAD_DEFINITION, message).help(
                        "write the body once: `json: {…}`, `form: {…}` for fields of a form, `text: \"…\"` for others",
                    ),
                );
                return None;
            }
        };
        let is_type = |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-type");
        let own = headers.iter().position(is_type);
        let own = own.map(|at| headers.remove(at).1);
        Some(Self {
            event: event?.to_owned(),
            content_type: own.unwrap_or_else(|| content_type.to_owned()),
            headers,
            body: body.into(),
        })
    }
}

/// A form; a field that is a map or a list is sent as JSON.
fn encode(form: &Node, problems: &mut Diagnostics) -> Option<String> {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    for (key, node) in form.map(problems)? {
        match &node.value {
            Value::String(text) => encoded.append_pair(&key.text, text),
            _ => encoded.append_pair(&key.text, &node.to_json().to_string()),
        };
    }
    Some(encoded.finish())
}
