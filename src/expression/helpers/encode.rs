//! Values in another notation: `json url_encode base64 sha256 hmac_sha256`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::crypto::{Algorithm, Mac, sha256};

use super::{Helper, PLAIN, Wrong, example};

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

pub(super) const JSON: Helper = Helper {
    name: "json",
    usage: "json VALUE [indent=true]",
    help: "The value as JSON text.",
    examples: &[
        example("{{json payload}}", r#"{"a": [1, "x"]}"#, r#"{"a":[1,"x"]}"#),
        example(
            "{{json payload.text}}",
            r#"{"text":"a \"b\""}"#,
            r#""a \"b\"""#,
        ),
        example(
            "{{json payload indent=true}}",
            r#"{"a":1}"#,
            "{\n  \"a\": 1\n}",
        ),
    ],
    named: &["indent"],
    call: |arguments| {
        let value = arguments.value(0);
        let indent = arguments.named.get("indent") == Some(&&Value::Bool(true));
        let text = if indent {
            format!("{value:#}")
        } else {
            value.to_string()
        };
        Ok(Value::String(text))
    },
    ..PLAIN
};

pub(super) const URL_ENCODE: Helper = Helper {
    name: "url_encode",
    usage: "url_encode TEXT",
    help: "The text as one part of a URL; in URLs themselves {{x}} does that already.",
    examples: &[example(
        "{{url_encode payload.branch}}",
        r#"{"branch":"fix/a b&c"}"#,
        "fix%2Fa%20b%26c",
    )],
    call: |arguments| {
        let text = arguments.text(0)?;
        Ok(Value::String(
            utf8_percent_encode(&text, UNRESERVED).to_string(),
        ))
    },
    ..PLAIN
};

pub(super) const BASE64: Helper = Helper {
    name: "base64",
    usage: "base64 TEXT",
    help: "The text's UTF-8 bytes in base64.",
    examples: &[example("{{base64 payload.a}}", r#"{"a":"hi?"}"#, "aGk/")],
    call: |arguments| {
        Ok(Value::String(
            STANDARD.encode(arguments.text(0)?.as_bytes()),
        ))
    },
    ..PLAIN
};

pub(super) const SHA256: Helper = Helper {
    name: "sha256",
    usage: "sha256 TEXT",
    help: "The SHA-256 of the text's UTF-8 bytes, in hex.",
    examples: &[example(
        "{{sha256 payload.a}}",
        r#"{"a":"abc"}"#,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    )],
    call: |arguments| {
        let digest = sha256(arguments.text(0)?.as_bytes());
        Ok(Value::String(hex::encode(digest)))
    },
    ..PLAIN
};

pub(super) const HMAC_SHA256: Helper = Helper {
    name: "hmac_sha256",
    usage: "hmac_sha256 TEXT KEY",
    help: "The HMAC-SHA256 of the text under a key, in hex: a stable name for what must not be seen. \
           The key is no credential: rules hold none, and whoever reads the rule reads it. Requests \
           are signed by `sign:` of their destination.",
    examples: &[example(
        r#"{{hmac_sha256 payload.email "shop-1"}}"#,
        r#"{"email":"ann@example.com"}"#,
        "3018befbcfe02eab9a98b67cd39d75ee4c87e28f7a6e528a41fa55da6a3be16b",
    )],
    least: 2,
    most: 2,
    check: |literals| match literals.written(1) {
        Some("") => Err(Wrong::text("", NO_KEY.to_owned())),
        _ => Ok(()),
    },
    call: |arguments| {
        let (text, key) = (arguments.text(0)?, arguments.text(1)?);
        if key.is_empty() {
            return Err(NO_KEY.to_owned());
        }
        let tag = Mac::tag(Algorithm::Sha256, key.as_bytes(), &[text.as_bytes()]);
        Ok(Value::String(hex::encode(tag)))
    },
    ..PLAIN
};

const NO_KEY: &str = "wants a key that is not empty";
