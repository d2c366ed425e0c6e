//! How a body is to be read.

use std::fmt;

use crate::diagnostic::{Diagnostics, code};
use crate::event::{Delivery, MediaKind, Query};
use crate::yaml::Node;

use super::definition::Provider;

/// A body type that the provider does not send.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("content type `{0}` is not one that this source takes")]
pub struct UnknownMedia(pub String);

/// One sort of body that a sender sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyForm {
    /// What its Content-Type says.
    Named(MediaKind),
    /// JSON that is called `text/plain`.
    JsonInText,
}

/// How content types are written in definitions.
const WRITTEN: &str =
    "json, form, form:FIELD, text, text:json, lines, xml, jwt, multipart, multipart:FIELD";

impl BodyForm {
    /// How such bodies are read.
    pub fn kind(&self) -> &MediaKind {
        match self {
            Self::Named(kind) => kind,
            Self::JsonInText => &MediaKind::Json,
        }
    }

    /// The Content-Type that such bodies have.
    pub fn content_type(&self) -> &'static str {
        match self {
            Self::JsonInText | Self::Named(MediaKind::Text) => "text/plain",
            Self::Named(MediaKind::Json) => "application/json",
            Self::Named(MediaKind::Form | MediaKind::FormField(_)) => {
                "application/x-www-form-urlencoded"
            }
            Self::Named(MediaKind::Lines) => "application/x-ndjson",
            Self::Named(MediaKind::Jwt) => "application/jwt",
            Self::Named(MediaKind::Xml) => "application/xml",
            Self::Named(MediaKind::Multipart | MediaKind::MultipartField(_)) => {
                "multipart/form-data"
            }
        }
    }
}

impl fmt::Display for BodyForm {
    /// As definitions write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JsonInText => f.write_str("text:json"),
            Self::Named(MediaKind::Json) => f.write_str("json"),
            Self::Named(MediaKind::Form) => f.write_str("form"),
            Self::Named(MediaKind::FormField(field)) => write!(f, "form:{field}"),
            Self::Named(MediaKind::Text) => f.write_str("text"),
            Self::Named(MediaKind::Lines) => f.write_str("lines"),
            Self::Named(MediaKind::Jwt) => f.write_str("jwt"),
            Self::Named(MediaKind::Xml) => f.write_str("xml"),
            Self::Named(MediaKind::Multipart) => f.write_str("multipart"),
            Self::Named(MediaKind::MultipartField(field)) => write!(f, "multipart:{field}"),
        }
    }
}

impl From<MediaKind> for BodyForm {
    fn from(kind: MediaKind) -> Self {
        Self::Named(kind)
    }
}

/// A content type of a definition.
pub fn content_type(node: &Node, problems: &mut Diagnostics) -> Option<BodyForm> {
    let text = node.text(problems)?;
    let named = |field: &str, kind: fn(String) -> MediaKind| {
        (!field.is_empty()).then(|| kind(field.to_owned()))
    };
    let kind = match text.split_once(':').unwrap_or((text, "")) {
        ("text", "json") => return Some(BodyForm::JsonInText),
        ("form", field) if text != "form" => named(field, MediaKind::FormField),
        ("multipart", field) if text != "multipart" => named(field, MediaKind::MultipartField),
        ("json", "") => Some(MediaKind::Json),
        ("form", "") => Some(MediaKind::Form),
        ("text", "") => Some(MediaKind::Text),
        ("lines", "") => Some(MediaKind::Lines),
        ("jwt", "") => Some(MediaKind::Jwt),
        ("xml", "") => Some(MediaKind::Xml),
        ("multipart", "") => Some(MediaKind::Multipart),
        _ => None,
    };
    if kind.is_none() {
        let message = format!("`{text}` is none of {WRITTEN}");
        problems.push(
            node.error(code::BAD_VALUE, message)
                .help("write one of these"),
        );
    }
    kind.map(BodyForm::Named)
}

/// How the body is to be read, from the definition and the Content-Type. Without a Content-Type it is
/// the definition's first.
///
/// # Errors
/// [`UnknownMedia`] for a type the definition does not allow: 415.
pub fn media_kind(provider: &Provider, delivery: &Delivery) -> Result<MediaKind, UnknownMedia> {
    kind_among(provider.content_types(), delivery)
}

/// The same among the given forms.
pub(super) fn kind_among(
    allowed: &[BodyForm],
    delivery: &Delivery,
) -> Result<MediaKind, UnknownMedia> {
    let found = called(allowed, delivery)?;
    let text = BodyForm::Named(MediaKind::Text);
    if found == MediaKind::Json && delivery.body.is_empty() && allowed.contains(&text) {
        // Nothing at all is no JSON, whatever it is called, but a text without letters.
        return Ok(MediaKind::Text);
    }
    Ok(found)
}

/// Whether a body is an object or a list in JSON: no form and no sender's plain text begins so.
fn is_json(body: &[u8]) -> bool {
    let first = body.trim_ascii_start().first();
    matches!(first, Some(b'{' | b'['))
        && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

/// What a body is called, and is: nobody signs the Content-Type, so JSON that is called a form is
/// refused, and JSON that is called plain text is JSON, where the sender sends JSON.
fn called(allowed: &[BodyForm], delivery: &Delivery) -> Result<MediaKind, UnknownMedia> {
    let found = named(allowed, delivery)?;
    let misnamed = match &found {
        MediaKind::Form | MediaKind::FormField(_) | MediaKind::Text => is_json(&delivery.body),
        _ => false,
    };
    let json = || {
        allowed
            .iter()
            .map(BodyForm::kind)
            .any(|kind| *kind == MediaKind::Json)
    };
    match found {
        _ if !misnamed => Ok(found),
        MediaKind::Text if json() => Ok(MediaKind::Json),
        MediaKind::Text => Ok(found),
        _ => Err(UnknownMedia("a form, but the body is JSON".to_owned())),
    }
}

/// What its Content-Type says.
fn named(allowed: &[BodyForm], delivery: &Delivery) -> Result<MediaKind, UnknownMedia> {
    if !delivery.headers.contains("content-type") {
        let first = allowed.first().map(|form| form.kind().clone());
        return first.ok_or_else(|| UnknownMedia(String::new()));
    }
    let Some(written) = delivery.headers.single("content-type") else {
        return Err(UnknownMedia("several at once".to_owned()));
    };
    let essence = written.split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    let one = |wanted: MediaKind| {
        allowed
            .contains(&BodyForm::Named(wanted.clone()))
            .then_some(wanted)
    };
    let found = match essence.as_str() {
        "application/x-www-form-urlencoded" => form_kind(allowed, delivery),
        "multipart/form-data" => multipart_kind(allowed),
        "text/plain" if allowed.contains(&BodyForm::JsonInText) => Some(MediaKind::Json),
        "text/plain" => one(MediaKind::Text),
        "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/jsonlines"
        | "application/x-jsonlines" => one(MediaKind::Lines),
        "application/jwt" => one(MediaKind::Jwt),
        "application/xml" | "text/xml" => one(MediaKind::Xml),
        "application/json" | "text/json" => one(MediaKind::Json),
        other if other.starts_with("application/") && other.ends_with("+json") => {
            one(MediaKind::Json)
        }
        other if other.starts_with("application/") && other.ends_with("+xml") => {
            one(MediaKind::Xml)
        }
        _ => None,
    };
    found.ok_or_else(|| UnknownMedia(essence.chars().take(100).collect()))
}

/// JSON in a form's field where that field is there, a plain form otherwise.
fn form_kind(allowed: &[BodyForm], delivery: &Delivery) -> Option<MediaKind> {
    let has = |field: &str| Query::decode(&delivery.body).first(field).is_some();
    let mut kinds = allowed.iter().map(BodyForm::kind);
    let field = kinds.find(|kind| matches!(kind, MediaKind::FormField(field) if has(field)));
    let whole = || {
        allowed
            .iter()
            .map(BodyForm::kind)
            .find(|kind| **kind == MediaKind::Form)
    };
    field.or_else(whole).cloned()
}

/// JSON in a part where the definition names one, a plain form otherwise.
fn multipart_kind(allowed: &[BodyForm]) -> Option<MediaKind> {
    let kinds = || allowed.iter().map(BodyForm::kind);
    let field = kinds().find(|kind| matches!(kind, MediaKind::MultipartField(_)));
    let whole = || kinds().find(|kind| **kind == MediaKind::Multipart);
    field.or_else(whole).cloned()
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

    #[test]
    fn other_sorts_of_bodies() {
        check(
            "aws-sns",
            &["text/plain; charset=UTF-8"],
            "{}",
            Ok(MediaKind::Json),
        );
        check("zendesk", &["application/xml"], "<a/>", Ok(MediaKind::Xml));
        check(
            "youtube-websub",
            &["application/atom+xml"],
            "<a/>",
            Ok(MediaKind::Xml),
        );
        check(
            "auth0",
            &["application/x-ndjson"],
            "{}",
            Ok(MediaKind::Lines),
        );
        check(
            "google-drive",
            &["application/json"],
            "",
            Ok(MediaKind::Text),
        );
        check("stripe", &["application/json"], "", Ok(MediaKind::Json));
        let part = MediaKind::MultipartField("json".to_owned());
        check(
            "dropbox-sign",
            &["multipart/form-data; boundary=x"],
            "",
            Ok(part),
        );
        check(
            "mailgun",
            &["multipart/form-data; boundary=x"],
            "",
            Ok(MediaKind::Multipart),
        );
        check(
            "stripe",
            &["multipart/form-data"],
            "",
            Err("multipart/form-data"),
        );
    }
}
