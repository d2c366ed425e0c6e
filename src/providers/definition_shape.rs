//! What a provider's definition looks like, for editors.

use serde_json::json;

use crate::event::ContentEncoding;
use crate::yaml::{Shape, key, shape};

use super::definition::Confidence;
use super::events::Events;
use super::handshake::Handshake;
use super::identify::Name;
use super::reply::Ack;
use super::sample::Sample;
use super::schemes::{self, Kind};
use super::signed::parts_shape;
use super::vectors::Vector;

/// What a provider's definition looks like.
pub fn shape() -> Shape {
    Shape::map(about())
        .and(proving())
        .and(reading())
        .and(answering())
        .and(showing())
        .says("How one sender signs, names and identifies its events, what it wants answered, and how it can be tried.")
}

fn identifier() -> Shape {
    Shape::matching("^[a-z][a-z0-9-]*$")
}

fn texts() -> Shape {
    Shape::one_or_list(Shape::text())
}

fn about() -> [shape::Key; 6] {
    let aliases = Shape::either([
        Shape::one_or_list(identifier()),
        Shape::named_by_author("shop-legacy", Shape::text()),
    ]);
    [
        key("name", identifier(), "Its name: lower-case letters, digits and `-`. The name of a built-in one replaces that.", "shop").required(),
        key("docs", Shape::text(), "Where the sender documents its webhooks.", "https://shop.example.com/docs/webhooks"),
        key("confidence", Shape::choice(Confidence::NAMES), "How sure its facts are: from the sender, from documents, a guess.", "high").or("low"),
        key("notes", Shape::text(), "What is peculiar about it, for people.", "Deliveries are not sent again."),
        key("setup", texts(), "What to paste where in the sender's settings; `URL` stands for the source's address.", json!(["Settings, Webhooks, Add", "Address: URL"])),
        key("aliases", aliases, "Other names of it, perhaps each with the scheme that comes first then.", json!(["shop-events"])),
    ]
}

fn proving() -> [shape::Key; 4] {
    let scheme = || Shape::either(schemes::LIST.iter().map(scheme));
    let verify = Shape::either([Shape::only("none"), Shape::one_or_list(scheme())]);
    [
        key(
            "verify",
            verify,
            "How it signs: one scheme, several with names of which a source uses one, or `none`.",
            json!({"scheme": "hmac", "signature": {"from": "header:X-Signature"}}),
        )
        .like("none")
        .required(),
        key(
            "recognise",
            texts(),
            "Headers that only this sender sends: by them a delivery to `/webhook` finds its source.",
            json!(["X-Shop-Event"]),
        ),
        key(
            "settings",
            Shape::named_by_author("token", Shape::text()),
            "What a source may have to say, and what it is.",
            json!({"token": "the token of the subscription"}),
        ),
        key(
            "sensitive",
            texts(),
            "Fields of the body that carry credentials: they are never shown.",
            json!(["token"]),
        ),
    ]
}

fn scheme(kind: &'static Kind) -> Shape {
    let name = "Its name, where there are several; the scheme's where it is left out.";
    Shape::map([
        key(
            "scheme",
            Shape::only(kind.name),
            "How it is computed.",
            kind.name,
        )
        .required(),
        key("name", identifier(), name, "signature"),
    ])
    .and((kind.keys)())
}

fn reading() -> [shape::Key; 9] {
    let methods = Shape::one_or_list(Shape::choice(["GET", "HEAD", "OPTIONS", "PUT"]));
    let kind = Shape::matching(
        "^(json|form|text|text:json|lines|xml|jwt|multipart|form:.+|multipart:.+)$",
    );
    [
        key(
            "methods",
            methods,
            "Methods besides POST that it sends.",
            json!(["GET"]),
        ),
        key(
            "content_types",
            Shape::one_or_list(kind),
            "The sorts of body that it sends; `form:FIELD` is JSON in a field of a form.",
            json!(["json", "form:payload"]),
        )
        .or(json!(["json"])),
        key(
            "encodings",
            ContentEncoding::list_shape(),
            "How it may pack its bodies (`Content-Encoding`). It signs the plain ones.",
            json!(["gzip"]),
        )
        .like("deflate"),
        key(
            "body_max",
            Shape::size(),
            "The largest body that it sends.",
            "25MiB",
        ),
        key(
            "names",
            Shape::one_or_list(Name::shape()),
            "What its events are called, the most general first; a name with a missing part is left out.",
            json!(["{json:type}"]),
        ),
        key(
            "events",
            Events::shape(),
            "Every name of its events, for `hookrule check` and for people.",
            json!(["order.paid", "order.refunded"]),
        ),
        key(
            "spellings",
            Shape::named_by_author("Order Created", Shape::text()),
            "Its own spellings of event names, and ours.",
            json!({"Order Created": "order.created"}),
        ),
        key(
            "delivery_id",
            Shape::one_or_list(parts_shape()),
            "Where the id stands that it makes anew for each event; `none` where there is none.",
            "{header:X-Shop-Id}",
        )
        .like("none")
        .required(),
        key(
            "batch",
            texts(),
            "The list in the body whose items are events, and lists inside those; `$` for a body that is a list.",
            "events",
        ),
    ]
}

fn answering() -> [shape::Key; 4] {
    [
        key(
            "split",
            Shape::flag(),
            "Whether such a list is split into events where a source does not say.",
            false,
        )
        .or(true),
        key(
            "handshakes",
            Shape::one_or_list(Handshake::shape()),
            "Deliveries that are answered before or instead of an event.",
            json!([{"name": "challenge", "when": {"json": {"type": "challenge"}}, "reply": {"body": "{json:challenge}"}}]),
        ),
        key(
            "ack",
            Shape::one_or_list(Ack::shape()),
            "What it wants as the answer to an event, where 202 with JSON will not do.",
            json!({"status": 200, "body": "ok"}),
        ),
        key(
            "response",
            Shape::duration(),
            "How long it waits for an answer.",
            "10s",
        ),
    ]
}

fn showing() -> [shape::Key; 2] {
    [
        key(
            "samples",
            Shape::one_or_list(Sample::shape()),
            "Deliveries for `hookrule send` and for checking rules.",
            json!([{"event": "order.created", "json": {"type": "order.created"}}]),
        ),
        key(
            "vectors",
            Shape::one_or_list(Vector::shape()),
            "Deliveries that must be accepted, refused or answered: they are run by `hookrule providers verify`.",
            json!([{"name": "unsigned", "expect": "invalid", "body": "{}"}]),
        ),
    ]
}
