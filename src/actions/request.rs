//! The parts of a request that rules may set: `path`, `query`, `headers`.
//!
//! Scheme, host and port are the destination's own. A value from an event stays in its segment of the
//! path, its value of the query, its header; names are the author's.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::diagnostic::{Diagnostics, code};
use crate::expression::shapes::{template, tree};
use crate::expression::tree::parse_template;
use crate::expression::{Escape, RenderError, Scope, Template, Tree};
use crate::net::header_name;
use crate::yaml::shape::Key as ShapeKey;
use crate::yaml::{Fields, Node, Shape, key};

/// Headers that say who we are; a destination may set them, a rule may not.
const RESERVED_HEADERS: [&str; 4] = [
    "authorization",
    "cookie",
    "idempotency-key",
    "content-encoding",
];

/// `path`, `query` and `headers`, with their templates.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestParts {
    path: Option<Template>,
    query: Vec<(String, Tree)>,
    headers: Vec<(String, Template)>,
}

impl RequestParts {
    /// The three keys.
    pub(super) fn keys() -> [ShapeKey; 3] {
        [
            key(
                "path",
                template(),
                "Appended to the path of the destination's URL; a value from an event stays in its segment. No `?` and no `://`.",
                "builds/{{payload.id}}",
            ),
            key(
                "query",
                Shape::named_by_author("team", tree()),
                "Added to the query: text, or a list of texts for a name that comes several times. What is null is left out.",
                json!({"team": "build"}),
            ),
            key(
                "headers",
                Shape::headers(template()),
                "Set on the request, over the sender's own; credentials stand in the destination instead.",
                json!({"X-Team": "build"}),
            ),
        ]
    }

    /// Takes the three keys.
    pub(super) fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Self {
        let path = fields.optional("path").and_then(|node| {
            let path = parse_template(node, Escape::Url, problems)?;
            let mut literal = path.text().split("{{").map(after_expression);
            if literal.any(|text| text.contains(['?', '#'])) {
                let message = "a path has no `?` or `#`";
                let help = "write what follows `?` under `query`";
                problems.push(node.error(code::BAD_VALUE, message).help(help));
            }
            let mut literal = path.text().split("{{").map(after_expression);
            if literal.any(|text| text.contains("://")) {
                let message = "this is a URL, not a path";
                let help = "scheme, host and port stand in the destination, in hookrule.yaml";
                problems.push(node.error(code::BAD_VALUE, message).help(help));
            }
            Some(path)
        });
        let query = fields
            .optional("query")
            .map_or_else(Vec::new, |node| pairs(node, problems));
        let headers = fields
            .optional("headers")
            .map_or_else(Vec::new, |node| headers(node, problems));
        Self {
            path,
            query,
            headers,
        }
    }

    /// Every template in them.
    pub(super) fn templates(&self) -> Vec<&Template> {
        let query = self.query.iter().flat_map(|(_, value)| value.templates());
        let headers = self.headers.iter().map(|(_, value)| value);
        self.path.iter().chain(query).chain(headers).collect()
    }

    /// The template of a header.
    pub(super) fn header(&self, name: &str) -> Option<&Template> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// Puts `path query headers` into prepared data.
    pub(super) fn prepare(
        &self,
        scope: &Scope<'_>,
        data: &mut Map<String, Value>,
    ) -> Result<(), RenderError> {
        let path = match &self.path {
            Some(path) => checked_path(path, path.render(scope)?)?,
            None => String::new(),
        };
        let headers = self.headers.iter().map(|(name, value)| {
            let text = value.render(scope)?;
            Ok((name.clone(), Value::String(text)))
        });
        let headers: Map<_, _> = headers.collect::<Result<_, RenderError>>()?;
        data.insert("path".to_owned(), path.into());
        data.insert("query".to_owned(), render_pairs(&self.query, scope)?);
        data.insert("headers".to_owned(), Value::Object(headers));
        Ok(())
    }
}

/// A map whose values become pairs of a query or form: text, or a list of texts.
pub(super) fn pairs(node: &Node, problems: &mut Diagnostics) -> Vec<(String, Tree)> {
    let entries = node.map(problems).unwrap_or_default();
    let pair = |(key, value): &(crate::yaml::Key, Node)| {
        (key.text.clone(), Tree::parse(value, Escape::None, problems))
    };
    entries.iter().map(pair).collect()
}

/// Renders pairs into an object of texts and lists of texts; what is null is left out.
pub(super) fn render_pairs(
    pairs: &[(String, Tree)],
    scope: &Scope<'_>,
) -> Result<Value, RenderError> {
    let mut object = Map::new();
    for (name, tree) in pairs {
        let value = match tree.render(scope)? {
            Value::Null => continue,
            Value::Array(items) => items.iter().map(text_of).map(Value::String).collect(),
            other => Value::String(text_of(&other)),
        };
        object.insert(name.clone(), value);
    }
    Ok(Value::Object(object))
}

/// The pairs in prepared data.
pub(super) fn read_pairs(data: &Value) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (name, value) in data.as_object().into_iter().flatten() {
        let values = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        pairs.extend(values.iter().map(|value| (name.clone(), text_of(value))));
    }
    pairs
}

/// A value where only text can stand.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn headers(node: &Node, problems: &mut Diagnostics) -> Vec<(String, Template)> {
    let mut headers = Vec::new();
    for (key, value) in node.map(problems).unwrap_or_default() {
        let name = match header_name(&key.text) {
            Ok(name) => name,
            Err(error) => {
                problems.push(
                    value
                        .error(code::BAD_VALUE, error.to_string())
                        .help("a header's name is letters, digits and `-`"),
                );
                continue;
            }
        };
        if RESERVED_HEADERS.contains(&name.as_str()) || name.starts_with("x-hookrule-") {
            let message = format!("a rule cannot set the header `{}`", key.text);
            let help = "credentials stand under the destination's `headers` in hookrule.yaml";
            problems.push(value.error(code::BAD_VALUE, message).help(help));
            continue;
        }
        if let Some(template) = parse_template(value, Escape::Header, problems) {
            headers.push((name, template));
        }
    }
    headers
}

/// What stands literally behind one expression.
fn after_expression(text: &str) -> &str {
    text.rsplit_once("}}").map_or(text, |(_, literal)| literal)
}

/// Escaping keeps a value in its segment; a segment that climbs would still leave the path.
fn checked_path(template: &Template, path: String) -> Result<String, RenderError> {
    let error = |message: String| RenderError {
        template: template.text().to_owned(),
        message,
    };
    // Decoded first, for many receivers decode `%2F` too before they look for steps up; and once more,
    // for what stands before them may have done so already.
    let once = percent_decode_str(&path).decode_utf8_lossy();
    let twice = percent_decode_str(&once).decode_utf8_lossy();
    for decoded in [&once, &twice] {
        let mut segments = decoded.split(['/', '\\']);
        if let Some(step) = segments.find(|segment| matches!(*segment, "." | "..")) {
            return Err(error(format!("the path has the segment `{step}`")));
        }
        if decoded.chars().any(char::is_control) {
            return Err(error("the path has a control character".to_owned()));
        }
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pairs_of_prepared_data() {
        let data = json!({"a": "1", "b": ["2", "3"]});
        let pairs: Vec<_> = read_pairs(&data);
        let expected = [("a", "1"), ("b", "2"), ("b", "3")];
        assert_eq!(pairs, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
        assert!(read_pairs(&Value::Null).is_empty());
    }

    #[test]
    fn literals_of_a_path() {
        let literals: Vec<_> = "/a/{{x}}/b{{eq y \"?\"}}?c"
            .split("{{")
            .map(after_expression)
            .collect();
        assert_eq!(literals, ["/a/", "/b", "?c"]);
    }
}
