//! The keys of a vector.

use serde_json::json;

use crate::yaml::shape::Key;
use crate::yaml::{Shape, key};

/// The keys of a vector; what is not among them is an error in a definition.
pub(super) fn keys() -> Vec<Key> {
    delivered().into_iter().chain(expected()).collect()
}

fn delivered() -> [Key; 9] {
    let headers = Shape::either([Shape::headers(Shape::any()), Shape::list(Shape::any())]);
    [
        key("name", Shape::text(), "What it shows.", "a valid delivery").required(),
        key(
            "scheme",
            Shape::text(),
            "The scheme that is meant, where there are several.",
            "signature",
        ),
        key(
            "secrets",
            Shape::one_or_list(Shape::any()),
            "The secrets of the source.",
            json!(["a-secret-for-examples"]),
        ),
        key(
            "now",
            Shape::any(),
            "The time of the delivery, in seconds since 1970.",
            1_700_000_000,
        ),
        key("method", Shape::text(), "Its method.", "GET").or("POST"),
        key(
            "url",
            Shape::text(),
            "The address that it was sent to.",
            "https://hooks.example.com/webhook/shop",
        ),
        key(
            "headers",
            headers,
            "Its headers.",
            json!({"X-Signature": "00"}),
        ),
        key("body", Shape::text(), "Its body.", "{}"),
        key(
            "body_b64",
            Shape::text(),
            "Its body in base64, where it is no text.",
            "e30=",
        ),
    ]
}

fn expected() -> [Key; 7] {
    let names = || Shape::list(Shape::text());
    let reply = json!({"status": 200, "body": "ok"});
    [
        key(
            "expect",
            Shape::choice(["valid", "invalid"]),
            "Whether it is accepted.",
            "valid",
        ),
        key(
            "refused",
            Shape::text(),
            "The kind of refusal that is expected.",
            "mismatch",
        ),
        key("names", names(), "The names of its event.", json!(["ping"])),
        key("delivery_id", Shape::any(), "Its delivery id.", "1"),
        key(
            "reply",
            Shape::named_by_author("status", Shape::any()),
            "The answer to a handshake: `{status, content_type, headers, body}`.",
            reply,
        ),
        key(
            "settings",
            Shape::named_by_author("token", Shape::any()),
            "What the source says of itself.",
            json!({"token": "abc"}),
        ),
        key(
            "notes",
            Shape::any(),
            "For people.",
            "from the sender's documentation",
        ),
    ]
}
