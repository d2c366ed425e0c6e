//! How a body is to be read.

use crate::diagnostic::{Diagnostics, code};
use crate::event::{Delivery, MediaKind, Query};
use crate::yaml::Node;

use super::definition::Provider;

/// A body type that the provider does not send.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("content type `{0}` is not one that this source takes")]
pub struct UnknownMedia(pub String);

/// A content type of a definition: `json`, `form`, `form:FIELD` or `text`.
pub fn content_type(node: &Node, problems: &mut Diagnostics) -> Option<MediaKind> {
    let text = node.text(problems)?;
    match (text, text.strip_prefix("form:")) {
        ("json", _) => Some(MediaKind::Json),
        ("form", _) => Some(MediaKind::Form),
        ("text", _) => Some(MediaKind::Text),
        (_, Some(field)) if !field.is_empty() => Some(MediaKind::FormField(field.to_owned())),
        _ => {
            let message = format!("`{text}` is none of json, form, form:FIELD, text");
            problems.push(node.error(code::BAD_VALUE, message));
            None
        }
    }
}

/// How the body is to be read, from the definition and the Content-Type. Without a Content-Type it is
/// the definition's first.
///
/// # Errors
/// [`UnknownMedia`] for a type the definition does not allow: 415.
pub fn media_kind(provider: &Provider, delivery: &Delivery) -> Result<MediaKind, UnknownMedia> {
    kind_among(provider.content_types(), delivery)
}

/// The same among the given kinds.
pub(super) fn kind_among(
    allowed: &[MediaKind],
    delivery: &Delivery,
) -> Result<MediaKind, UnknownMedia> {
    if !delivery.headers.contains("content-type") {
        let first = allowed.first().cloned();
        return first.ok_or_else(|| UnknownMedia(String::new()));
    }
    let Some(written) = delivery.headers.single("content-type") else {
        return Err(UnknownMedia("several at once".to_owned()));
    };
    let essence = written.split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    let found = match essence.as_str() {
        "application/x-www-form-urlencoded" => form_kind(allowed, delivery),
        "text/plain" => allowed.iter().find(|kind| **kind == MediaKind::Text),
        "application/json" | "text/json" => json(allowed),
        other if other.starts_with("application/") && other.ends_with("+json") => json(allowed),
        _ => None,
    };
    found
        .cloned()
        .ok_or_else(|| UnknownMedia(essence.chars().take(100).collect()))
}

fn json(allowed: &[MediaKind]) -> Option<&MediaKind> {
    allowed.iter().find(|kind| **kind == MediaKind::Json)
}

/// JSON in a form's field where that field is there, a plain form otherwise.
fn form_kind<'p>(allowed: &'p [MediaKind], delivery: &Delivery) -> Option<&'p MediaKind> {
    let has = |field: &str| Query::decode(&delivery.body).first(field).is_some();
    let field = allowed.iter().find(|kind| match kind {
        MediaKind::FormField(field) => has(field),
        MediaKind::Json | MediaKind::Form | MediaKind::Text => false,
    });
    field.or_else(|| allowed.iter().find(|kind| **kind == MediaKind::Form))
}

#[cfg(test)]
mod tests {
    use super::super::registry::Providers;
    use super::*;
    use crate::event::Headers;
    use crate::runtime::Timestamp;

    #[track_caller]
    fn check(provider: &str, types: &[&str], body: &str, expected: Result<MediaKind, &str>) {
        let provider = Providers::builtin().find(provider).unwrap();
        let delivery = Delivery {
            method: "POST".to_owned(),
            query: Query::default(),
            query_text: String::new(),
            headers: Headers::new(types.iter().map(|t| ("Content-Type", *t))),
            body: body.to_owned().into(),
            received_at: Timestamp::from_seconds(0),
            remote: None,
        };
        let found = media_kind(&provider, &delivery);
        assert_eq!(
            found,
            expected.map_err(|text| UnknownMedia(text.to_owned()))
        );
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn parameters_and_case_are_ignored() {
        for json in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/cloudevents+json",
            "text/json",
        ] {
            check("stripe", &[json], "{}", Ok(MediaKind::Json));
        }
        check("stripe", &[], "{}", Ok(MediaKind::Json));
        check("stripe", &[FORM], "a=1", Err(FORM));
        check("stripe", &["text/plain"], "", Err("text/plain"));
        check(
            "stripe",
            &["application/jsonx"],
            "",
            Err("application/jsonx"),
        );
        check(
            "stripe",
            &["application/json", "text/plain"],
            "",
            Err("several at once"),
        );
        check("generic", &["text/plain"], "hello", Ok(MediaKind::Text));
        check("generic", &["image/png"], "", Err("image/png"));
    }

    #[test]
    fn json_in_a_form_where_the_field_is_there() {
        let field = MediaKind::FormField("payload".to_owned());
        check("slack", &[FORM], "payload=%7B%7D", Ok(field.clone()));
        check("slack", &[FORM], "command=%2Fx", Ok(MediaKind::Form));
        check("github", &[FORM], "payload=%7B%7D", Ok(field));
        check("github", &[FORM], "a=1", Err(FORM));
    }
}
