//! Deliveries that hold several events: each becomes one of its own.
//!
//! The list is replaced by its item, so `$.events.type` is the type of the one event in a body that had
//! `{"destination": …, "events": […]}`, and `$.event` where the body is a list.

use serde_json::Value;

use crate::diagnostic::{Diagnostics, code};
use crate::event::{Delivery, MediaKind, Payload, Step, Steps};
use crate::yaml::Node;

use super::definition::Provider;
use super::identify::{Identity, identify, is_own_id};
use super::parts::steps;

/// The most events of one delivery. One with more stays whole: nothing is lost.
pub const EVENTS_MAX: usize = 1000;

/// Lists in a body, from the outside in, each item of which is an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub(super) lists: Vec<Steps>,
    /// Whether a source that says nothing has its deliveries split.
    pub split: bool,
}

impl Batch {
    /// Reads `batch:`: `$` for a body that is a list, else the path to the list, and paths inside its
    /// items after it.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut lists = Vec::new();
        for node in node.one_or_list() {
            match node.text(problems)? {
                "$" => lists.push(Steps::default()),
                path => match steps(path) {
                    Ok(steps) => lists.push(steps),
                    Err(message) => {
                        problems.push(node.error(code::BAD_VALUE, message).help(
                            "write where the list stands: `$`, or a path such as `$.events`",
                        ));
                        return None;
                    }
                },
            }
        }
        Some(Self { lists, split: true })
    }

    /// What becomes of its deliveries, for people.
    pub fn about(&self) -> String {
        let step = |step: &Step| match step {
            Step::Name(name) => name.to_string(),
            Step::Index(index) => index.to_string(),
        };
        let path = |list: &Steps| match list.0.iter().map(step).collect::<Vec<_>>() {
            steps if steps.is_empty() => "the body".to_owned(),
            steps => steps.join("."),
        };
        let lists: Vec<_> = self.lists.iter().map(path).collect();
        let lists = lists.join(", then ");
        if self.split {
            format!("each item of {lists} becomes an event; `split: false` keeps them together")
        } else {
            format!("in {lists}; `split: true` makes an event of each")
        }
    }

    /// The bodies of the single events; none where it is not a batch, or too large a one.
    fn bodies(&self, body: &Value) -> Option<Vec<Value>> {
        let mut bodies = vec![body.clone()];
        let mut path = Vec::new();
        let mut any = false;
        for list in &self.lists {
            path.extend(list.0.iter().cloned());
            let mut next = Vec::new();
            for body in bodies {
                match items(body, &path) {
                    Ok(items) => {
                        any = true;
                        next.extend(items);
                    }
                    Err(body) => next.push(body),
                }
                if next.len() > EVENTS_MAX {
                    return None;
                }
            }
            bodies = next;
        }
        (any && !bodies.is_empty()).then_some(bodies)
    }
}

/// One body for each item of the list at the end of a path; the body itself where there is no list, or
/// nothing in it.
fn items(mut body: Value, path: &[Step]) -> Result<Vec<Value>, Value> {
    let Some(Value::Array(list)) = place(&mut body, path) else {
        return Err(body);
    };
    if list.is_empty() || list.len() > EVENTS_MAX {
        return Err(body);
    }
    let list = std::mem::take(list);
    let with = |item: Value| {
        let mut body = body.clone();
        if let Some(place) = place(&mut body, path) {
            *place = item;
        }
        body
    };
    Ok(list.into_iter().map(with).collect())
}

fn place<'v>(body: &'v mut Value, path: &[Step]) -> Option<&'v mut Value> {
    path.iter().try_fold(body, |value, step| match step {
        Step::Name(name) => value.as_object_mut()?.get_mut(name.as_ref()),
        Step::Index(index) => value.as_array_mut()?.get_mut(usize::try_from(*index).ok()?),
    })
}

/// The events of a verified, parsed delivery, each with what it says of itself; at least one.
///
/// An id that stands beside the items, and not in them, is the same for all: there the number of the
/// item makes the difference.
pub fn events(
    provider: &Provider,
    delivery: &Delivery,
    payload: Payload,
) -> Vec<(Payload, Identity)> {
    let one = |payload: Payload| {
        let identity = identify(provider, delivery, &payload);
        vec![(payload, identity)]
    };
    let batch = provider.batch().filter(|batch| batch.split);
    let tree = matches!(payload.kind(), MediaKind::Text);
    let Some(bodies) = batch
        .filter(|_| !tree)
        .and_then(|b| b.bodies(payload.value()))
    else {
        return one(payload);
    };
    let read = |body: Value| Payload::new(body.to_string().into(), MediaKind::Json).ok();
    let payloads: Option<Vec<_>> = bodies.into_iter().map(read).collect();
    let Some(payloads) = payloads else {
        return one(payload);
    };
    let several = payloads.len() > 1;
    let identified = |(number, payload): (usize, Payload)| {
        let mut identity = identify(provider, delivery, &payload);
        if several && !is_own_id(provider, delivery, &payload) {
            let key = identity.dedupe_key.take();
            identity.dedupe_key = key.map(|key| format!("{key}#{number}"));
        }
        (payload, identity)
    };
    payloads.into_iter().enumerate().map(identified).collect()
}

#[cfg(test)]
mod tests {
    use super::super::registry::Providers;
    use super::*;
    use crate::event::{Headers, Query};
    use crate::runtime::Timestamp;

    fn split(provider: &str, headers: &[(&str, &str)], body: &str) -> Vec<(String, Identity)> {
        let provider = Providers::builtin().find(provider).unwrap();
        let delivery = Delivery {
            method: "POST".to_owned(),
            query: Query::default(),
            query_text: String::new(),
            headers: Headers::new(headers.iter().copied()),
            body: body.to_owned().into(),
            received_at: Timestamp::from_seconds(0),
            remote: None,
        };
        let payload = Payload::new(delivery.body.clone(), MediaKind::Json).unwrap();
        events(&provider, &delivery, payload)
            .into_iter()
            .map(|(payload, identity)| {
                let raw = String::from_utf8(payload.raw().to_vec()).unwrap();
                (raw, identity)
            })
            .collect()
    }

    #[track_caller]
    fn check(provider: &str, body: &str, expected: &[(&str, &str, Option<&str>)]) {
        let found = split(provider, &[], body);
        let found: Vec<_> = found
            .iter()
            .map(|(raw, identity)| {
                let name = identity.names.last().unwrap();
                (raw.as_str(), name.as_str(), identity.dedupe_key.as_deref())
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_list_is_replaced_by_its_item() {
        check(
            "sendgrid",
            r#"[{"event":"open","sg_event_id":"a"},{"event":"click","sg_event_id":"b"}]"#,
            &[
                (r#"{"event":"open","sg_event_id":"a"}"#, "open", Some("a")),
                (r#"{"event":"click","sg_event_id":"b"}"#, "click", Some("b")),
            ],
        );
        check(
            "line",
            r#"{"destination":"U","events":[{"type":"message","webhookEventId":"1","n":12345678901234567890}]}"#,
            &[(
                r#"{"destination":"U","events":{"type":"message","webhookEventId":"1","n":12345678901234567890}}"#,
                "message",
                Some("1"),
            )],
        );
        check(
            "meta",
            r#"{"object":"page","entry":[{"id":"1","changes":[{"field":"feed"},{"field":"likes"}]},{"id":"2"}]}"#,
            &[
                (
                    r#"{"object":"page","entry":{"id":"1","changes":{"field":"feed"}}}"#,
                    "page.feed",
                    None,
                ),
                (
                    r#"{"object":"page","entry":{"id":"1","changes":{"field":"likes"}}}"#,
                    "page.likes",
                    None,
                ),
                (r#"{"object":"page","entry":{"id":"2"}}"#, "page", None),
            ],
        );
    }

    #[test]
    fn what_is_no_batch_stays_whole() {
        for body in [
            "[]",
            "{}",
            r#"{"events":[]}"#,
            r#"{"events":{"type":"message"}}"#,
        ] {
            assert_eq!(split("line", &[], body)[0].0, body);
        }
        let many = format!("{{\"events\":[{}0]}}", "0,".repeat(EVENTS_MAX));
        assert_eq!(split("line", &[], &many).len(), 1);
        let most = format!("{{\"events\":[{}0]}}", "0,".repeat(EVENTS_MAX - 1));
        assert_eq!(split("line", &[], &most).len(), EVENTS_MAX);
    }

    #[test]
    fn an_id_beside_the_items_is_numbered() {
        let body = r#"{"events":[{"event_type":"a"},{"event_type":"b"}]}"#;
        let keys: Vec<_> = split("attio", &[("Idempotency-Key", "k")], body)
            .into_iter()
            .map(|(_, identity)| (identity.delivery_id.unwrap(), identity.dedupe_key.unwrap()))
            .collect();
        let pair = |id: &str, key: &str| (id.to_owned(), key.to_owned());
        assert_eq!(keys, [pair("k", "k#0"), pair("k", "k#1")]);
    }

    #[test]
    fn alerts_stay_together_unless_a_source_says_so() {
        let body = r#"{"status":"firing","alerts":[{"status":"firing"},{"status":"resolved"}]}"#;
        assert_eq!(split("alertmanager", &[], body).len(), 1);
    }
}
