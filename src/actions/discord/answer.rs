//! What Discord's answers mean where they are its own.

use std::time::Duration;

use serde_json::Value;

use crate::actions::exchange::{Redactor, reject, waits};
use crate::actions::{Outcome, Wait};
use crate::net::{RETRY_AFTER_MAX, Response};
use crate::runtime::Timestamp;

/// The wait after Discord's edge has refused our address.
const BANNED_WAIT: Duration = Duration::from_mins(15);

/// Answers that mean something else from Discord than from others.
pub(super) fn peculiar(
    response: &Response,
    answer: Option<&Value>,
    redactor: &Redactor,
    now: Timestamp,
) -> Option<Outcome> {
    let note = redactor.note(response);
    let code = answer
        .and_then(|answer| answer.get("code"))
        .and_then(Value::as_u64);
    match response.status {
        429 => Some(Outcome::Retry {
            note,
            wait: match answer {
                Some(answer) => throttled(answer).unwrap_or_else(|| waits(response, now)),
                // Discord itself answers in JSON; this is the edge before it refusing our address.
                None => match waits(response, now) {
                    Wait::Destination(Some(asked)) => {
                        Wait::Destination(Some(asked.max(BANNED_WAIT)))
                    }
                    _ => Wait::Destination(Some(BANNED_WAIT)),
                },
            },
        }),
        // 10003 is the thread, which only this job names; all else is the webhook.
        404 if code != Some(10003) => Some(Outcome::Reject {
            note: format!("the webhook is gone ({note})"),
            gone: true,
        }),
        401 => Some(Outcome::Reject {
            note: format!("the webhook's token is refused ({note})"),
            gone: true,
        }),
        400 => {
            let errors = answer.and_then(|answer| answer.get("errors"))?;
            let places = redactor.text(&places(errors));
            Some(reject(format!(
                "400: Discord refuses the message: {places}"
            )))
        }
        _ => None,
    }
}

/// `retry_after` in broken seconds, for the webhook or for all of them.
fn throttled(answer: &Value) -> Option<Wait> {
    let seconds = answer.get("retry_after")?.as_f64()?;
    let wait = Duration::try_from_secs_f64(seconds).ok()?;
    Some(Wait::Destination(Some(wait.min(RETRY_AFTER_MAX))))
}

/// `embeds.0.title: Must be 256 or fewer in length.`, from Discord's nested form.
fn places(errors: &Value) -> String {
    fn walk(value: &Value, path: &mut Vec<String>, found: &mut Vec<String>) {
        for (key, value) in value.as_object().into_iter().flatten() {
            if let ("_errors", Some(errors)) = (key.as_str(), value.as_array()) {
                let messages = errors.iter().filter_map(|e| e.get("message")?.as_str());
                let messages: Vec<_> = messages.collect();
                found.push(format!("{}: {}", path.join("."), messages.join(" ")));
            } else {
                path.push(key.clone());
                walk(value, path, found);
                path.pop();
            }
        }
    }
    let mut found = Vec::new();
    walk(errors, &mut Vec::new(), &mut found);
    found.join("; ")
}
