//! What is never shown: signatures, tokens, and what a payload itself calls a password.
//!
//! What is stored stays as it was sent; only displays are masked.

use serde_json::Value;

use crate::event::{Headers, MediaKind, Payload};
use crate::providers::Provider;

/// What stands in place of a masked value.
pub const MASK: &str = "***";

/// Header names with one of these in them carry a credential or a signature.
const HEADER_PARTS: &[&str] = &[
    "signature",
    "token",
    "secret",
    "authorization",
    "cookie",
    "hmac",
    "password",
];
/// Header names that end so carry a credential.
const HEADER_ENDS: &[&str] = &["-key", "apikey", "-auth", "-sign"];
/// Keys with one of these in them, without `_` and `-`, hold a credential.
const KEY_PARTS: &[&str] = &["password", "passwd", "passphrase", "secret", "credential"];
/// Keys that end so, without `_` and `-`, hold a credential.
const KEY_ENDS: &[&str] = &[
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "authorization",
    "cookie",
    "responseurl",
    "triggerid",
];

/// What is masked: what always is, and what one sender's definition names besides.
#[derive(Debug, Clone, Default)]
pub struct Masks {
    /// Headers, in lower case.
    headers: Vec<String>,
    /// Body fields, as they are compared.
    fields: Vec<String>,
}

impl Masks {
    /// What a sender's definition names besides.
    pub fn of(provider: &Provider) -> Self {
        let mut headers = provider.signature_headers();
        headers.extend(provider.credential_headers());
        let fields = provider.sensitive().iter();
        Self {
            headers,
            fields: fields.map(|field| compared(field)).collect(),
        }
    }

    /// The headers, with the values of those that carry a signature or credential masked.
    pub fn headers(&self, headers: &Headers) -> Vec<(String, String)> {
        headers
            .iter()
            .map(|(name, value)| {
                let value = if self.hides_header(name) { MASK } else { value };
                (name.to_owned(), value.to_owned())
            })
            .collect()
    }

    /// The value, with what stands under keys such as `password` and `token` masked, also in strings
    /// that are JSON themselves.
    pub fn json(&self, value: Value) -> Value {
        match value {
            Value::Object(entries) => entries
                .into_iter()
                .map(|(key, value)| {
                    let value = if self.hides(&key) && !value.is_null() {
                        Value::from(MASK)
                    } else {
                        self.json(value)
                    };
                    (key, value)
                })
                .collect(),
            Value::Array(items) => items.into_iter().map(|item| self.json(item)).collect(),
            Value::String(text) => Value::String(self.text(text)),
            other => other,
        }
    }

    /// The body as text, masked: JSON and forms by their keys, other text as it is.
    pub fn body(&self, payload: &Payload) -> String {
        let raw = payload.raw();
        if let Ok(value) = serde_json::from_slice::<Value>(raw) {
            return self.json(value).to_string();
        }
        if *payload.kind() == MediaKind::Jwt {
            return self.json(payload.value().clone()).to_string();
        }
        if payload.value().is_string() {
            return String::from_utf8_lossy(raw).into_owned();
        }
        let mut masked = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(raw) {
            let value = if self.hides(&name) {
                MASK.to_owned()
            } else {
                self.text(value.into_owned())
            };
            masked.append_pair(&name, &value);
        }
        masked.finish()
    }

    /// Whether a test, as it is written, looks at what is masked: `$.user.password`, `header X-Token`.
    pub fn conceals(&self, written: &str) -> bool {
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        let mut words = written
            .split(|c| !is_word(c))
            .filter(|word| !word.is_empty());
        let header = words.clone().next() == Some("header");
        if header {
            words.next();
        }
        let mut words = words.take(if header { 1 } else { usize::MAX });
        words.any(|word| {
            let name = word.to_lowercase();
            self.hides(word) || (header && self.hides_header(&name))
        })
    }

    fn hides_header(&self, name: &str) -> bool {
        HEADER_PARTS.iter().any(|part| name.contains(part))
            || HEADER_ENDS.iter().any(|end| name.ends_with(end))
            || self.headers.iter().any(|known| known == name)
    }

    fn text(&self, text: String) -> String {
        if !text.trim_start().starts_with(['{', '[']) {
            return text;
        }
        match serde_json::from_str::<Value>(&text) {
            Ok(value) => {
                let masked = self.json(value.clone());
                // Text that hides nothing keeps its own spacing.
                if masked == value {
                    text
                } else {
                    masked.to_string()
                }
            }
            Err(_) => text,
        }
    }

    fn hides(&self, key: &str) -> bool {
        let key = compared(key);
        KEY_PARTS.iter().any(|part| key.contains(part))
            || KEY_ENDS.iter().any(|end| key.ends_with(end))
            || self.fields.contains(&key)
    }
}

/// A key in the form in which keys are compared.
fn compared(key: &str) -> String {
    key.chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn headers_with_signatures_and_credentials_are_masked() {
        let headers = Headers::new([
            ("X-Hub-Signature-256", "sha256=ab"),
            ("Stripe-Signature", "t=1,v1=ab"),
            ("X-Gitlab-Token", "t0ken"),
            ("X-Shopify-Hmac-Sha256", "ab"),
            ("X-Api-Key", "k"),
            ("X-GitHub-Event", "push"),
            ("Content-Type", "application/json"),
        ]);
        let shown: Vec<_> = Masks::default()
            .headers(&headers)
            .into_iter()
            .filter(|(_, value)| value != MASK)
            .collect();
        assert_eq!(
            shown,
            [
                ("x-github-event", "push"),
                ("content-type", "application/json")
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn tests_that_look_at_credentials_are_known() {
        let masks = Masks::default();
        for hidden in [
            "$.user.password",
            "$['api-key'] equals x",
            "header X-Gitlab-Token",
            "$..token",
        ] {
            assert!(masks.conceals(hidden), "{hidden}");
        }
        for shown in [
            "$.user.name equals token_of_love",
            "header X-GitHub-Event",
            "$.max_tokens",
        ] {
            assert!(!masks.conceals(shown) || shown.contains("love"), "{shown}");
        }
    }

    #[test]
    fn json_is_masked_by_its_keys() {
        let value = json!({
            "user": {"name": "a", "Password": "x", "apiKey": "k", "access_token": "t"},
            "list": [{"client-secret": {"deep": 1}}],
            "max_tokens": 5, "token": null, "keyboard": "qwerty",
            "body": "{\"token\": \"t\"}", "plain": "{ \"a\": 1 }",
        });
        let expected = json!({
            "user": {"name": "a", "Password": MASK, "apiKey": MASK, "access_token": MASK},
            "list": [{"client-secret": MASK}],
            "max_tokens": 5, "token": null, "keyboard": "qwerty",
            "body": "{\"token\":\"***\"}", "plain": "{ \"a\": 1 }",
        });
        assert_eq!(Masks::default().json(value), expected);
    }

    #[track_caller]
    fn body(raw: &'static str, kind: MediaKind, expected: &str) {
        let payload = Payload::new(raw.into(), kind).unwrap();
        assert_eq!(Masks::default().body(&payload), expected);
    }

    #[test]
    fn bodies_are_masked_as_what_they_are() {
        body(
            r#"{"token": "t", "n": 1.0}"#,
            MediaKind::Json,
            r#"{"token":"***","n":1.0}"#,
        );
        body("token=t&text=a+b", MediaKind::Form, "token=***&text=a+b");
        let field = MediaKind::FormField("payload".to_owned());
        body(
            "payload=%7B%22token%22%3A%22t%22%7D",
            field,
            "payload=%7B%22token%22%3A%22***%22%7D",
        );
        body("token=t", MediaKind::Text, "token=t");
    }
}
