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
        ])
        .demand(Demand::OneOf(vec!["json", "form"]))
    }

    /// Reads an entry of `samples:`: an event, `headers`, and its `json` or its `form`.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let event = fields
            .required("event", problems)
            .and_then(|node| node.text(problems));
        let json = fields.optional("json");
        let form = fields.optional("form");
        let mut headers = Vec::new();
        if let Some(node) = fields.optional("headers") {
            for (name, value) in node.map(problems)? {
                headers.push((name.text.clone(), value.text(problems)?.to_owned()));
            }
        }
        fields.finish(problems);
        let (content_type, body) = match (json, form) {
            (Some(json), None) => ("application/json", json.to_json().to_string()),
            (None, Some(form)) => ("application/x-www-form-urlencoded", encode(form, problems)?),
            (None, None) | (Some(_), Some(_)) => {
                let message = "a sample has either `json` or `form`";
                problems.push(
                    node.error(code::BAD_DEFINITION, message).help(
                        "write the body once: `json: {…}`, or `form: {…}` for fields of a form",
                    ),
                );
                return None;
            }
        };
        Some(Self {
            event: event?.to_owned(),
            headers,
            content_type: content_type.to_owned(),
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
