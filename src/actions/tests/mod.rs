//! What tests of action kinds stand on: an event, a destination, a memory, and the two halves of a
//! kind, prepare and perform. One file for the tests of each kind.

mod agent_task;
mod command;
mod destinations;
mod discord;
mod file;
mod forward;
mod http;
mod kinds;
mod log;
mod notion_page;

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::destinations::Destination;
use crate::diagnostic::{Diagnostics, SourceFile};
use crate::event::{
    Event, EventId, Headers, JobId, MediaKind, Payload, Proof, Query, SourceRef, Strength,
};
use crate::expression::{RenderError, Scope};
use crate::net::scripted::client;
use crate::runtime::{BoxFuture, Timestamp};
use crate::yaml::{self, Fields, Node};

use super::{Context, KeptDelivery, Memory, Outcome, Preparation, find};

/// Facts remembered until the test ends.
#[derive(Debug, Default)]
pub(super) struct Notes(pub(super) Mutex<HashMap<String, String>>);

impl Memory for Notes {
    fn recall<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Option<String>> {
        let found = self.0.lock().unwrap().get(key).cloned();
        Box::pin(async { found })
    }

    fn remember<'a>(&'a self, key: &'a str, value: &'a str) -> BoxFuture<'a, ()> {
        self.0
            .lock()
            .unwrap()
            .insert(key.to_owned(), value.to_owned());
        Box::pin(async {})
    }
}

/// The job of every test.
pub(super) fn job() -> JobId {
    JobId::from_bytes([0x11; 16])
}

/// Mon, 01 Jan 2024 00:00:00 GMT.
pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_704_067_200);

/// Reads a text of YAML.
pub(super) fn node(text: &str) -> Node {
    let mut problems = Diagnostics::new();
    let node = yaml::read(&SourceFile::new("hookrule.yaml", text), &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    node.unwrap()
}

/// One entry of `destinations:`.
#[track_caller]
pub(super) fn destination(text: &str) -> Destination {
    let mut problems = Diagnostics::new();
    let found = Destination::parse("there", &node(text), &mut problems);
    assert!(!problems.has_errors(), "{problems:?}");
    found.unwrap()
}

/// An event of provider `github` with that payload.
pub(super) fn event(payload: &Value) -> Event {
    Event {
        id: EventId::from_bytes([0x22; 16]),
        source: SourceRef {
            name: "github".to_owned(),
            labels: BTreeMap::default(),
        },
        provider: "github".to_owned(),
        names: vec!["issues".to_owned(), "issues.opened".to_owned()],
        delivery_id: None,
        received_at: NOW,
        nonce: [7; 16],
        headers: Headers::default(),
        query: Query::default(),
        payload: Payload::new(payload.to_string().into(), MediaKind::Json).unwrap(),
        proof: Proof::imagined_by_trial(Strength::Signed),
    }
}

/// What `check` says of an action's configuration, `severity code message` each.
pub(super) fn check(kind: &str, config: &str) -> Vec<String> {
    let mut problems = Diagnostics::new();
    let node = node(config);
    let mut fields = Fields::of(&node, &mut problems).unwrap();
    let parsed = find(kind).unwrap().parse(&mut fields, &mut problems);
    fields.finish(&mut problems);
    assert!(
        parsed.is_some() || problems.has_errors(),
        "nothing said of {config}"
    );
    let said = problems.iter().map(|problem| {
        format!(
            "{:?} {} {}",
            problem.severity,
            problem.code.id(),
            problem.message
        )
    });
    said.collect()
}

/// Prepares an action for an event.
#[track_caller]
pub(super) fn prepare_event(kind: &str, config: &str, event: &Event) -> Result<Value, RenderError> {
    let mut problems = Diagnostics::new();
    let node = node(config);
    let mut fields = Fields::of(&node, &mut problems).unwrap();
    let configured = find(kind).unwrap().parse(&mut fields, &mut problems);
    fields.finish(&mut problems);
    assert!(!problems.has_errors(), "{problems:?}");
    let mut scope = Scope::of(event);
    scope.enter_rule("the-rule");
    configured.unwrap().prepare(&Preparation {
        scope: &scope,
        event,
        proof: event.proof.strength(),
        rule: "the-rule",
        action: "the-action",
    })
}

/// Prepares an action for a payload.
#[track_caller]
pub(super) fn prepare(kind: &str, config: &str, payload: &Value) -> Result<Value, RenderError> {
    prepare_event(kind, config, &event(payload))
}

/// One attempt of a job.
pub(super) struct Try<'a> {
    pub(super) kind: &'a str,
    pub(super) data: Value,
    pub(super) destination: Option<&'a Destination>,
    pub(super) delivery: Option<KeptDelivery>,
    pub(super) attempt: u32,
    pub(super) now: Timestamp,
    pub(super) memory: &'a Notes,
}

impl<'a> Try<'a> {
    /// The first attempt.
    pub(super) fn first(
        kind: &'a str,
        data: Value,
        destination: &'a Destination,
        memory: &'a Notes,
    ) -> Self {
        Self {
            kind,
            data,
            destination: Some(destination),
            delivery: Some(KeptDelivery {
                headers: Headers::default(),
                body: bytes::Bytes::from_static(b"{}"),
            }),
            attempt: 1,
            now: NOW,
            memory,
        }
    }

    /// Performs it.
    pub(super) async fn perform(&self) -> Outcome {
        let client = client();
        let context = Context {
            data: &self.data,
            destination: self.destination,
            client: &client,
            memory: self.memory,
            job: job(),
            event: EventId::from_bytes([0x22; 16]),
            event_name: "issues.opened",
            rule: "the-rule",
            attempt: self.attempt,
            now: self.now,
            delivery: self.delivery.as_ref(),
        };
        find(self.kind).unwrap().perform(context).await
    }
}

/// Performs prepared data once.
pub(super) async fn perform(kind: &str, data: Value, destination: &Destination) -> Outcome {
    let memory = Notes::default();
    Try::first(kind, data, destination, &memory).perform().await
}

/// An outcome in a few words.
pub(super) fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done { .. } => "done".to_owned(),
        Outcome::Retry { wait, .. } => format!("retry {wait:?}"),
        Outcome::Reject { gone, .. } => format!("reject, gone: {gone}"),
        Outcome::InDoubt { .. } => "in doubt".to_owned(),
    }
}

/// What an outcome says to people.
pub(super) fn note(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Done { note, .. }
        | Outcome::Retry { note, .. }
        | Outcome::Reject { note, .. }
        | Outcome::InDoubt { note } => note,
    }
}

/// The outputs of a success.
#[track_caller]
pub(super) fn outputs(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Done { outputs, .. } => outputs.clone(),
        other => panic!("not done: {other:?}"),
    }
}

/// A payload with hostile values in it.
pub(super) fn hostile() -> Value {
    json!({
        "title": "x\",\"admin\":true,\"y\":\"",
        "line": "a\r\nX-Injected: yes",
        "path": "../../admin?x=1#y",
        "dots": "..",
        "mention": "@everyone **bold** [click](https://evil.example)",
        "name": "octo repo/ü",
    })
}
