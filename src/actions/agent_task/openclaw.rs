//! OpenClaw's hook endpoint, `POST /hooks/agent`.
//!
//! `message` and `name` are always sent, all else only where the rule sets it, so that every
//! generation of the gateway understands it. The gateway wraps the message as external content itself
//! and drops a second task with the same `Idempotency-Key`.
//!
//! Source: OpenClaw's documentation, "Hooks" and "Hook HTTP contract".

use serde_json::{Map, Value};

use crate::actions::exchange::{Draft, Hops, Redactor, judge, outputs, parsed, reject, unanswered};
use crate::actions::{Context, Outcome, Wait};
use crate::destinations::{Address, Destination};
use crate::secret::Secret;

use super::HOPS_MAX;

/// Hands one task over.
pub(super) async fn perform(
    context: &Context<'_>,
    destination: &Destination,
    address: &Address,
    token: &Secret,
) -> Result<Outcome, Outcome> {
    let url = address
        .join("/hooks/agent", &[])
        .ok_or_else(|| reject("the gateway's URL cannot be used"))?;
    let mut draft = Draft::json("POST", url, &body(context))
        .bearer(token)
        .named(context);
    Hops::read(context.data).onward(HOPS_MAX, &mut draft)?;
    let mut secrets = address.credentials();
    secrets.push(token.expose().to_owned());
    let redactor = Redactor::new(secrets);
    let response = draft
        .send(context, destination)
        .await
        .map_err(|error| unanswered(&error))?;
    if response.status == 409 {
        // Another run holds the session.
        return Err(Outcome::Retry {
            note: redactor.note(&response),
            wait: Wait::Schedule,
        });
    }
    judge(&response, &destination.policy, &redactor, context.now)?;
    let answer = parsed(&response).unwrap_or(Value::Null);
    let note = redactor.note(&response);
    if answer.get("ok") != Some(&Value::Bool(true)) {
        return Err(reject(format!("the gateway did not take the task: {note}")));
    }
    let run = answer.get("runId").cloned().unwrap_or(Value::Null);
    Ok(Outcome::Done {
        outputs: outputs(&response, &[("run", run)], &redactor),
        note,
    })
}

fn body(context: &Context<'_>) -> Value {
    let data = context.data;
    let mut body = Map::new();
    let mut set = |field: &str, value: &Value| body.insert(field.to_owned(), value.clone());
    set("message", data.get("task").unwrap_or(&Value::Null));
    set("name", &context.rule.into());
    for (field, value) in data
        .get("fixed")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        set(field, value);
    }
    if let Some(session) = data.get("session").filter(|session| session.is_string()) {
        set("sessionKey", session);
    }
    Value::Object(body)
}
