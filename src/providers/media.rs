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
    let allowed = provider.content_types();
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

/// The same, for a look into a delivery before it is known to be good.
pub(super) fn media_kind_or_none(provider: &Provider, delivery: &Delivery) -> Option<MediaKind> {
    media_kind(provider, delivery).ok()
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
