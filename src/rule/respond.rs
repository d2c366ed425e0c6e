//! `respond:` — what the sender is answered.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};
use crate::expression::shapes::{template, tree};
use crate::expression::tree::parse_template;
use crate::expression::{Escape, Scope, Template, Tree};
use crate::net::header_name;
use crate::yaml::{Fields, Node, Shape, Value, key};

use super::uses::Reads;

/// The longest answer, in bytes.
pub const RESPONSE_BYTES_MAX: usize = 64 * 1024;
/// The most headers of an answer.
const HEADERS_MAX: usize = 32;

/// An answer as a rule's author wrote it.
#[derive(Debug, Clone)]
pub struct Respond {
    /// Where it stands.
    pub place: Place,
    /// What its templates read.
    pub reads: Reads,
    status: u16,
    headers: Vec<(String, Template)>,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    None,
    Json(Tree),
    Text(Template),
}

/// An answer, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// Its status.
    pub status: u16,
    /// Its headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: String,
}

impl Respond {
    /// What it looks like.
    pub(super) fn shape() -> Shape {
        let body = "What the answer holds: text, or a map or list that becomes JSON. Templates, rendered before the event is stored.";
        Shape::map([
            key(
                "status",
                Shape::count(200, 599),
                "The HTTP status. With most other than 200 the sender sends the event again.",
                200,
            )
            .or(200),
            key(
                "headers",
                Shape::headers(template()),
                format!(
                    "Headers of the answer, at most {HEADERS_MAX}; their values are templates."
                ),
                json!({"X-Team": "build"}),
            ),
            key(
                "body",
                tree(),
                body,
                json!({"text": "Deploying {{payload.text}}"}),
            )
            .like("ok"),
        ])
    }

    /// Reads `{status, headers, body}`.
    pub(super) fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Arc<Self>> {
        let mut fields = Fields::of(node, problems)?;
        let status = match fields.optional("status") {
            Some(node) => status(node, problems),
            None => Some(200),
        };
        let headers = fields.optional("headers").map(|n| headers(n, problems));
        let body = fields.optional("body");
        let body_node = body;
        let body = body.map_or(Some(Body::None), |node| Body::parse(node, problems));
        fields.finish(problems);
        let mut respond = Self {
            place: node.place.clone(),
            reads: Reads::default(),
            status: status?,
            headers: headers.unwrap_or_default(),
            body: body?,
        };
        if let Some(body) = body_node {
            respond.check(body, problems);
        }
        respond.reads = Reads::of(node, &respond.templates(), problems);
        Some(Arc::new(respond))
    }

    fn templates(&self) -> Vec<&Template> {
        let headers = self.headers.iter().map(|(_, value)| value);
        let mut templates: Vec<_> = headers.collect();
        match &self.body {
            Body::None => {}
            Body::Json(tree) => templates.extend(tree.templates()),
            Body::Text(template) => templates.push(template),
        }
        templates
    }

    /// Points at values that could leave their place in the answer.
    fn check(&self, body: &Node, problems: &mut Diagnostics) {
        if matches!(self.status, 204 | 205 | 304) {
            let message = format!("an answer with the status {} has no body", self.status);
            problems.push(
                body.error(code::BAD_VALUE, message)
                    .help("leave out one of them"),
            );
        }
        let Body::Text(template) = &self.body else {
            return;
        };
        let content_type = self.headers.iter().find(|(name, _)| name == "content-type");
        let content_type = content_type.map_or("", |(_, value)| value.text());
        let content_type = content_type.to_ascii_lowercase();
        let is = |kinds: &[&str]| kinds.iter().any(|kind| content_type.contains(kind));
        let message = |place: &str| format!("values put into {place} can leave their place in it");
        let as_tree = "write `body` as a map or list; JSON is built from that";
        let problem = if template.is_literal() {
            return;
        } else if is(&["json"]) {
            let problem = body.error(code::UNESCAPED, message(&content_type));
            problem.help(as_tree)
        } else if is(&["html", "xml", "javascript"]) {
            let help = "answer with plain text or JSON where a value from an event is in it";
            let problem = body.error(code::UNESCAPED, message(&content_type));
            problem.help(help)
        } else if template.looks_like_json() {
            let problem = body.warning(code::UNESCAPED, message("JSON text"));
            problem.help(as_tree)
        } else {
            return;
        };
        problems.push(problem);
    }

    /// The answer for what templates see of an event.
    ///
    /// # Errors
    /// Why it cannot be rendered, in words for people.
    pub fn render(&self, scope: &Scope<'_>) -> Result<Response, String> {
        let mut headers = Vec::with_capacity(self.headers.len() + 2);
        for (name, value) in &self.headers {
            let value = value.render(scope).map_err(|error| error.to_string())?;
            headers.push((name.clone(), value));
        }
        let (content_type, body) = match &self.body {
            Body::None => (None, String::new()),
            Body::Json(tree) => {
                let value = tree.render(scope).map_err(|error| error.to_string())?;
                (Some("application/json"), value.to_string())
            }
            Body::Text(template) => {
                let text = template.render(scope).map_err(|error| error.to_string())?;
                (Some("text/plain; charset=utf-8"), text)
            }
        };
        if body.len() > RESPONSE_BYTES_MAX {
            return Err(format!(
                "the answer is longer than {RESPONSE_BYTES_MAX} bytes"
            ));
        }
        if let Some(content_type) = content_type {
            let said = headers.iter().any(|(name, _)| name == "content-type");
            if !said {
                headers.push(("content-type".to_owned(), content_type.to_owned()));
            }
            // What a sender wrote may come back: no browser may take it for a page.
            headers.push(("x-content-type-options".to_owned(), "nosniff".to_owned()));
        }
        Ok(Response {
            status: self.status,
            headers,
            body,
        })
    }
}

impl Body {
    fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        Some(match &node.value {
            Value::String(_) => Self::Text(parse_template(node, Escape::None, problems)?),
            _ => Self::Json(Tree::parse(node, Escape::None, problems)),
        })
    }
}

fn status(node: &Node, problems: &mut Diagnostics) -> Option<u16> {
    let status = u16::try_from(node.count(problems)?).ok();
    let status = status.filter(|status| (200..600).contains(status));
    if status.is_none() {
        problems.push(
            node.error(code::BAD_VALUE, "a status is between 200 and 599")
                .help("200 takes the event; with most others the sender sends it again"),
        );
    }
    status
}

fn headers(node: &Node, problems: &mut Diagnostics) -> Vec<(String, Template)> {
    let mut headers: Vec<(String, Template)> = Vec::new();
    for (key, value) in node.map(problems).unwrap_or_default() {
        let wrong =
            |message: String| Diagnostic::error(code::BAD_VALUE, node.key_place(key), message);
        match header_name(&key.text) {
            Err(error) => problems.push(wrong(error.to_string())),
            Ok(name) if name == "date" => {
                problems.push(wrong("the date is written by hookrule itself".to_owned()));
            }
            Ok(name) if headers.iter().any(|(known, _)| *known == name) => {
                problems.push(wrong(format!("`{name}` stands here twice")));
            }
            Ok(_) if headers.len() == HEADERS_MAX => {
                problems.push(wrong(format!(
                    "an answer has at most {HEADERS_MAX} headers"
                )));
                break;
            }
            Ok(name) => {
                let template = parse_template(value, Escape::Header, problems);
                headers.extend(template.map(|template| (name, template)));
            }
        }
    }
    headers
}
