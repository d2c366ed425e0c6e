//! What senders are told: the table of answers.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::crypto::random;
use crate::event::EventId;
use crate::providers::Reply;
use crate::rule::Response;

use super::Answer;

/// The shortest wait that is asked of a sender whose event could not be stored, in seconds.
const RETRY_SECONDS_MIN: u8 = 5;
/// Senders are asked to come back within so many seconds of each other, not all at once.
const RETRY_SECONDS_SPREAD: u8 = 10;

fn answer(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: Bytes::from(body.to_string()),
    }
}

/// On disk.
pub(super) fn accepted(event: EventId) -> Answer {
    answer(
        202,
        &json!({ "status": "accepted", "event_id": event.to_string() }),
    )
}

/// On disk before.
pub(super) fn duplicate(first: EventId) -> Answer {
    let hint = format!("nothing was run again; to run it again: hookrule events replay {first}");
    let first = first.to_string();
    answer(
        200,
        &json!({ "status": "duplicate", "event_id": first, "hint": hint }),
    )
}

/// Not proven, or no such source: the same for all, byte for byte.
pub(super) fn unproven() -> Answer {
    answer(
        401,
        &json!({ "error": "the delivery could not be verified" }),
    )
}

/// Proven, but nothing that can be taken.
pub(super) fn error(status: u16, message: &str) -> Answer {
    answer(status, &json!({ "error": message }))
}

/// Proven and good, but not on disk: the sender is asked to come back.
pub(super) fn unavailable() -> Answer {
    let message = "the event could not be stored; nothing was accepted, send it again";
    let spread = random::<1>().map_or(0, |[byte]| byte % RETRY_SECONDS_SPREAD);
    let mut answer = error(503, message);
    let wait = (RETRY_SECONDS_MIN + spread).to_string();
    answer.headers.push(("retry-after".to_owned(), wait));
    answer
}

/// As a rule says it.
pub(super) fn respond(response: Response) -> Answer {
    Answer {
        status: response.status,
        headers: response.headers,
        body: Bytes::from(response.body),
    }
}

/// As the provider wants it.
pub(super) fn reply(reply: Reply) -> Answer {
    Answer {
        status: reply.status,
        headers: reply.headers,
        body: Bytes::from(reply.body),
    }
}
