//! Passes an event on untouched: the body byte for byte, with the sender's own event and signature
//! headers, so that the next receiver can verify it as we did.
//!
//! Source: RFC 9110 section 7.6.1 for what belongs to one connection only.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::destinations::HttpSettings;
use crate::diagnostic::Diagnostics;
use crate::event::Headers;
use crate::expression::{RenderError, Template};
use crate::runtime::BoxFuture;
use crate::yaml::{Fields, Shape};

use super::exchange::{
    Draft, HeaderList, Hops, Redactor, judge, outputs, reject, settings, unanswered,
};
use super::request::{RequestParts, read_pairs};
use super::{Configured, Context, Kind, Outcome, Preparation};

/// An event goes through no more hookrules than this by `forward` and `http`.
pub(super) const HOPS_MAX: u64 = 5;

/// Headers that are about the sender's connection to us, not about the event.
const DROPPED: [&str; 29] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "authorization",
    "client-ip",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "idempotency-key",
    "keep-alive",
    "max-forwards",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "true-client-ip",
    "upgrade",
    "user-agent",
    "via",
    "x-client-ip",
    "x-real-ip",
];

/// Names of headers that are not the event's either, whatever follows. By most of them a proxy tells
/// the server behind it who asks, and for what: that server would take the sender's word for ours.
const DROPPED_PREFIXES: [&str; 20] = [
    "cf-connecting-",
    "if-",
    "proxy-",
    "remote-",
    "sec-",
    "ssl-client-",
    "tailscale-user-",
    "x-amzn-oidc-",
    "x-auth-request-",
    "x-authenticated-",
    "x-envoy-",
    "x-forwarded-",
    "x-goog-authenticated-",
    "x-hookrule-",
    "x-http-method",
    "x-original-",
    "x-remote-",
    "x-rewrite-",
    "x-ssl-client-",
    "x-webauth-",
];

/// Ends of names of headers that carry a credential of somebody's.
const DROPPED_SUFFIXES: [&str; 3] = ["-token", "-secret", "-key"];

/// Bitbucket's name for the event, no credential.
const EVENT_KEY: &str = "x-event-key";

/// The kind.
#[derive(Debug)]
pub struct Forward;

#[derive(Debug)]
struct ForwardAction {
    parts: RequestParts,
}

impl Kind for Forward {
    fn name(&self) -> &'static str {
        "forward"
    }

    fn help(&self) -> &'static str {
        "Passes the event on untouched: its body byte for byte, with the sender's own headers."
    }

    fn shape(&self) -> Shape {
        Shape::map(RequestParts::keys())
    }

    fn example(&self) -> Value {
        json!({"destination": "ci", "path": "hooks/{{event.name}}"})
    }

    fn destination_kind(&self) -> Option<&'static str> {
        Some("http")
    }

    fn parse(
        &self,
        fields: &mut Fields<'_>,
        problems: &mut Diagnostics,
    ) -> Option<Arc<dyn Configured>> {
        let parts = RequestParts::parse(fields, problems);
        Some(Arc::new(ForwardAction { parts }))
    }

    fn perform<'a>(&'a self, context: Context<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { perform(&context).await.unwrap_or_else(|outcome| outcome) })
    }
}

impl Configured for ForwardAction {
    fn templates(&self) -> Vec<&Template> {
        self.parts.templates()
    }

    fn prepare(&self, event: &Preparation<'_>) -> Result<Value, RenderError> {
        let mut data = Map::new();
        data.insert("hops".to_owned(), Hops::of(event.event).value());
        self.parts.prepare(event.scope, &mut data)?;
        Ok(Value::Object(data))
    }

    fn needs_delivery(&self) -> bool {
        true
    }
}

async fn perform(context: &Context<'_>) -> Result<Outcome, Outcome> {
    let (destination, http) = settings::<HttpSettings>(context)?;
    let delivery = context
        .delivery
        .ok_or_else(|| reject("the event's body is not kept any more"))?;
    let mut headers = passed_on(&delivery.headers);
    if http.sign.is_some() {
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            headers.remove(name);
        }
    }
    set_own(&mut headers, context, http);
    let mut draft = Draft {
        method: "POST".to_owned(),
        url: url(context.data, http)?,
        headers,
        body: delivery.body.clone(),
    };
    Hops::read(context.data).onward(HOPS_MAX, &mut draft)?;
    finish(draft, context, destination, http).await
}

/// The rule's headers, then the destination's over them.
pub(super) fn set_own(headers: &mut HeaderList, context: &Context<'_>, http: &HttpSettings) {
    for (name, value) in read_pairs(context.data.get("headers").unwrap_or(&Value::Null)) {
        headers.set(&name, value);
    }
    for (name, value) in &http.headers {
        headers.set(name, value.expose());
    }
}

/// The destination's URL with the rule's path and query.
pub(super) fn url(data: &Value, http: &HttpSettings) -> Result<url::Url, Outcome> {
    let path = data.get("path").and_then(Value::as_str).unwrap_or_default();
    let query = read_pairs(data.get("query").unwrap_or(&Value::Null));
    http.address
        .join(path, &query)
        .ok_or_else(|| reject("the path leads out of the destination's URL"))
}

/// Names, signs and sends a request, and judges the answer.
pub(super) async fn finish(
    draft: Draft,
    context: &Context<'_>,
    destination: &crate::destinations::Destination,
    http: &HttpSettings,
) -> Result<Outcome, Outcome> {
    let redactor = Redactor::new(http.credentials());
    let draft = draft.named(context).sign(http.sign.as_ref(), context);
    let response = draft
        .send(context, destination)
        .await
        .map_err(|error| unanswered(&error))?;
    judge(&response, &destination.policy, &redactor, context.now)?;
    Ok(Outcome::Done {
        outputs: outputs(&response, &[], &redactor),
        note: redactor.note(&response),
    })
}

/// The headers of a delivery that are about the event.
fn passed_on(delivery: &Headers) -> HeaderList {
    // `Connection: x` makes `x` a header of that connection.
    let named: Vec<String> = delivery
        .all("connection")
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let mut headers = HeaderList::default();
    for (name, value) in delivery.iter() {
        let dropped = DROPPED.contains(&name)
            || DROPPED_PREFIXES
                .iter()
                .any(|prefix| name.starts_with(prefix))
            || (name != EVENT_KEY && DROPPED_SUFFIXES.iter().any(|suffix| name.ends_with(suffix)))
            || named.iter().any(|hop| hop == name);
        if !dropped {
            headers.add(name, value);
        }
    }
    headers
}
