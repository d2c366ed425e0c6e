//! Events and jobs made up for the contract.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use crate::event::{
    Event, EventId, Headers, JobId, MediaKind, Payload, Proof, Query, SourceRef, Strength,
};
use crate::plan::{Attempt, JobBody, JobState, NewJob, Plan};
use crate::runtime::Timestamp;
use crate::stores::{Acceptance, Accepted, Dedupe, LeasedJob, Store};

/// The id of the `n`th event.
pub(crate) fn id(n: u64) -> EventId {
    let mut bytes = [7; 16];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    EventId::from_bytes(bytes)
}

/// The `n`th event, received when the contract's clock starts, with a body of its own.
pub(crate) fn event(n: u64) -> Event {
    let body = format!("{{\"n\": {n},  \"long\": 123456789012345678901234567890}}\n");
    Event {
        id: id(n),
        source: SourceRef {
            name: "shop".into(),
            labels: BTreeMap::from([("customer".to_owned(), "acme".to_owned())]),
        },
        provider: "shopify".into(),
        names: vec!["orders".into(), "orders.create".into()],
        delivery_id: Some(format!("d-{n}")),
        received_at: Timestamp::from_seconds(1_700_000_000),
        nonce: [9; 16],
        headers: Headers::new([("X-Twice", "1"), ("x-twice", " 2 ")]),
        query: Query::decode(b"a=1&a=%C3%A9"),
        payload: Payload::new(Bytes::from(body), MediaKind::Json).unwrap(),
        proof: Proof::restored_by_stores(Strength::Signed),
    }
}

/// A ready job of the `n`th event for the destination `chat`.
pub(crate) fn job(n: u64, action: &str) -> NewJob {
    NewJob {
        id: JobId::derive(id(n), 0, "rule", action, ""),
        run: 0,
        rule: "rule".into(),
        action: action.into(),
        kind: "discord".into(),
        destination: "chat".into(),
        state: JobState::Ready,
        delay: Duration::ZERO,
        after: Vec::new(),
        item: None,
        firing: None,
        lane: None,
        reason: None,
        body: JobBody::Prepared {
            data: json!({"content": action, "number": 1.50}),
            needs_delivery: false,
        },
    }
}

/// A job that waits for others of the same event.
pub(crate) fn follower(n: u64, action: &str, after: &[&str]) -> NewJob {
    NewJob {
        state: JobState::Waiting,
        after: after.iter().map(|action| job(n, action).id).collect(),
        ..job(n, action)
    }
}

/// What one event leads to.
pub(crate) fn plan(jobs: Vec<NewJob>) -> Plan {
    Plan {
        respond: None,
        rule_set: "hash-1".into(),
        matched: vec!["rule".into()],
        jobs,
        firings: Vec::new(),
        signals: Vec::new(),
    }
}

/// The `n`th event on its way in, without a dedupe key.
pub(crate) fn acceptance(n: u64, jobs: Vec<NewJob>) -> Acceptance {
    Acceptance {
        event: event(n),
        dedupe: None,
        plan: plan(jobs),
        lease: Vec::new(),
    }
}

/// The `n`th event on its way in under a key that is kept for a minute.
pub(crate) fn keyed(n: u64, key: &str) -> Acceptance {
    Acceptance {
        dedupe: Some(Dedupe {
            key: key.into(),
            keep: Duration::from_mins(1),
        }),
        ..acceptance(n, vec![job(n, "tell")])
    }
}

/// A try that came to something.
pub(crate) fn attempt(number: u32) -> Attempt {
    Attempt {
        number,
        started_at: Timestamp::from_seconds(1_700_000_000),
        took_ms: 12,
        outcome: "retry".into(),
        note: "503 Service Unavailable".into(),
    }
}

/// Stores one acceptance that must be new.
pub(crate) async fn accept(store: &impl Store, one: Acceptance) -> Vec<LeasedJob> {
    match store.accept(vec![one]).await.unwrap().remove(0) {
        Accepted::New(leased) => leased,
        duplicate @ Accepted::Duplicate { .. } => panic!("{duplicate:?}"),
    }
}

/// Where a job stands, and why.
pub(crate) async fn state(store: &impl Store, id: JobId) -> (JobState, Option<String>) {
    let (job, _) = store.job(id).await.unwrap().unwrap();
    (job.state, job.reason)
}

/// The states of actions of the `n`th event.
pub(crate) async fn states(store: &impl Store, n: u64, actions: &[&str]) -> Vec<JobState> {
    let mut states = Vec::new();
    for action in actions {
        states.push(state(store, job(n, action).id).await.0);
    }
    states
}

/// Everything of an event that must come back.
pub(crate) fn whole(event: &Event) -> String {
    let Event {
        id,
        source,
        provider,
        names,
        delivery_id,
        received_at,
        nonce,
        headers,
        query,
        payload,
        proof,
    } = event;
    let body = (payload.raw(), payload.kind(), payload.value().to_string());
    let origin = (source, provider, names, delivery_id, received_at, nonce);
    format!("{id} {origin:?} {headers:?} {query:?} {body:?} {proof:?}")
}
