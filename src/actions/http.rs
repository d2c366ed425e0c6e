//! Sends the request that a rule's author writes.
//!
//! `body` is a map or list (JSON), text, or one of `{json: …}`, `{form: {…}}`, `{text: …}`. JSON is
//! built as a tree, so a value from an event can never leave its place in it.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::destinations::HttpSettings;
use crate::diagnostic::{Diagnostics, code};
use crate::expression::shapes::{template, tree};
use crate::expression::tree::parse_template;
use crate::expression::{Escape, RenderError, Scope, Template, Tree};
use crate::runtime::BoxFuture;
use crate::yaml::{self, Fields, Node, Shape, key};

use super::exchange::{Draft, HeaderList, Hops, settings};
use super::forward::{HOPS_MAX, finish, set_own, url};
use super::request::{RequestParts, pairs, read_pairs, render_pairs, text_of};
use super::{Configured, Context, Kind, Outcome, Preparation};

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// The kind.
#[derive(Debug)]
pub struct Http;

#[derive(Debug)]
struct HttpAction {
    method: &'static str,
    parts: RequestParts,
    body: Body,
}

#[derive(Debug)]
enum Body {
    None,
    Json(Tree),
    Form(Vec<(String, Tree)>),
    Text(Template),
}

impl Kind for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn help(&self) -> &'static str {
        "Sends an HTTP request that you write."
    }

    fn shape(&self) -> Shape {
        let one = |name, shape, help, example: Value| {
            let form = Shape::map([key(name, shape, help, example).required()]);
            // With other keys beside it, it is JSON like any map.
            form.others("name", Shape::any())
        };
        let pairs = Shape::named_by_author("name", tree());
        let body = Shape::either([
            tree(),
            one(
                "json",
                tree(),
                "Sent as JSON.",
                json!({"id": "{{payload.id}}"}),
            ),
            one(
                "form",
                pairs,
                "Sent as a form; a list is sent as one pair for each item.",
                json!({"id": "{{payload.id}}"}),
            ),
            one(
                "text",
                template(),
                "Sent as plain text.",
                json!("{{payload.text}}"),
            ),
        ]);
        Shape::map([
            key("method", Shape::choice(METHODS), "The method of the request.", "PUT").or("POST"),
            key("body", body, "What is sent: a map or list becomes JSON, text is sent as it is; `{json: …}`, `{form: …}` and `{text: …}` say which. None for GET and HEAD.", json!({"text": "{{payload.title}}"})),
        ])
        .and(RequestParts::keys())
    }

    fn example(&self) -> Value {
        json!({"destination": "ci", "method": "POST", "path": "builds", "body": {"ref": "{{payload.ref}}"}})
    }

    fn destination_kind(&self) -> Option<&'static str> {
        Some("http")
    }

    fn parse(
        &self,
        fields: &mut Fields<'_>,
        problems: &mut Diagnostics,
    ) -> Option<Arc<dyn Configured>> {
        let method = match fields.optional("method") {
            Some(node) => method(node, problems),
            None => Some("POST"),
        };
        let parts = RequestParts::parse(fields, problems);
        let node = fields.optional("body");
        let body = node.map_or(Some(Body::None), |node| Body::parse(node, problems));
        let action = HttpAction {
            method: method?,
            parts,
            body: body?,
        };
        if let Some(node) = node {
            action.check(node, problems);
        }
        Some(Arc::new(action))
    }

    fn perform<'a>(&'a self, context: Context<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { perform(&context).await.unwrap_or_else(|outcome| outcome) })
    }
}

fn method(node: &Node, problems: &mut Diagnostics) -> Option<&'static str> {
    let text = node.text(problems)?;
    let found = METHODS.into_iter().find(|method| *method == text);
    if found.is_none() {
        let message = format!("`{text}` is not a method that can be sent");
        let help = format!("write one of {}", METHODS.join(", "));
        problems.push(node.error(code::BAD_VALUE, message).help(help));
    }
    found
}

impl Body {
    fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        match &node.value {
            yaml::Value::String(_) => parse_template(node, Escape::None, problems).map(Self::Text),
            yaml::Value::Map(entries) => match entries.as_slice() {
                [(key, value)] if key.text == "json" => {
                    Some(Self::Json(Tree::parse(value, Escape::None, problems)))
                }
                [(key, value)] if key.text == "form" => Some(Self::Form(pairs(value, problems))),
                [(key, value)] if key.text == "text" => {
                    parse_template(value, Escape::None, problems).map(Self::Text)
                }
                _ => Some(Self::Json(Tree::parse(node, Escape::None, problems))),
            },
            _ => Some(Self::Json(Tree::parse(node, Escape::None, problems))),
        }
    }

    fn templates(&self) -> Vec<&Template> {
        match self {
            Self::None => Vec::new(),
            Self::Json(tree) => tree.templates(),
            Self::Form(pairs) => pairs
                .iter()
                .flat_map(|(_, tree)| tree.templates())
                .collect(),
            Self::Text(template) => vec![template],
        }
    }

    /// How it is read in prepared data, and its content type.
    fn form(&self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::None => ("none", None),
            Self::Json(_) => ("json", Some("application/json")),
            Self::Form(_) => ("form", Some("application/x-www-form-urlencoded")),
            Self::Text(_) => ("text", Some("text/plain; charset=utf-8")),
        }
    }

    fn render(&self, scope: &Scope<'_>) -> Result<Value, RenderError> {
        match self {
            Self::None => Ok(Value::Null),
            Self::Json(tree) => tree.render(scope),
            Self::Form(pairs) => render_pairs(pairs, scope),
            Self::Text(template) => template.render(scope).map(Value::String),
        }
    }
}

impl HttpAction {
    fn check(&self, body: &Node, problems: &mut Diagnostics) {
        if matches!(self.method, "GET" | "HEAD") {
            let message = format!("{} has no body", self.method);
            problems.push(
                body.error(code::BAD_VALUE, message)
                    .help("leave `body:` out, or write `method: POST`"),
            );
        }
        let Body::Text(template) = &self.body else {
            return;
        };
        let json = self
            .parts
            .header("content-type")
            .is_some_and(|header| header.text().to_ascii_lowercase().contains("json"));
        let text = template.text().trim();
        let whole = text.starts_with("{{json ") || text.starts_with("{{{json ");
        let message = "values put into JSON text can leave their place in it";
        let help = "write `body` as a map or list; JSON is built from that";
        if json && !template.is_literal() && !whole {
            problems.push(body.error(code::UNESCAPED, message).help(help));
        } else if template.looks_like_json() {
            problems.push(body.warning(code::UNESCAPED, message).help(help));
        }
    }
}

impl Configured for HttpAction {
    fn templates(&self) -> Vec<&Template> {
        let mut templates = self.parts.templates();
        templates.extend(self.body.templates());
        templates
    }

    fn prepare(&self, event: &Preparation<'_>) -> Result<Value, RenderError> {
        let (form, content_type) = self.body.form();
        let mut data = Map::new();
        data.insert("method".to_owned(), self.method.into());
        data.insert("body_form".to_owned(), form.into());
        data.insert("content_type".to_owned(), content_type.into());
        data.insert("body".to_owned(), self.body.render(event.scope)?);
        data.insert("hops".to_owned(), Hops::of(event.event).value());
        self.parts.prepare(event.scope, &mut data)?;
        Ok(Value::Object(data))
    }
}

async fn perform(context: &Context<'_>) -> Result<Outcome, Outcome> {
    let (destination, http) = settings::<HttpSettings>(context)?;
    let data = context.data;
    let text = |key| data.get(key).and_then(Value::as_str);
    let mut headers = HeaderList::default();
    if let Some(content_type) = text("content_type") {
        headers.set("content-type", content_type);
    }
    set_own(&mut headers, context, http);
    let mut draft = Draft {
        method: text("method").unwrap_or("POST").to_owned(),
        url: url(data, http)?,
        headers,
        body: body(data, text("body_form").unwrap_or("none")),
    };
    Hops::read(data).onward(HOPS_MAX, &mut draft)?;
    finish(draft, context, destination, http).await
}

fn body(data: &Value, form: &str) -> Bytes {
    let value = data.get("body").unwrap_or(&Value::Null);
    match form {
        "json" => value.to_string().into(),
        "form" => form_urlencoded::Serializer::new(String::new())
            .extend_pairs(read_pairs(value))
            .finish()
            .into(),
        "text" => text_of(value).into(),
        _ => Bytes::new(),
    }
}
