//! The table of answers.

use std::sync::Arc;
use std::time::Duration;

use super::Verb;
use super::stage::{SECRET, Stage, event_id, json};
use crate::event::{ContentEncoding, Headers, Strength};
use crate::runtime::telemetry::Metric;
use crate::stores::Store as _;

const GITHUB: &str = "github: {provider: github, secrets: [thirty-two-bytes-of-test-secret!], labels: {customer: acme}}";

#[tokio::test]
async fn an_accepted_event_is_in_the_store() {
    let stage = Stage::start(GITHUB);
    let body = "{\"ref\": \"main\" , \"n\": 12345678901234567890123}";
    let answer = stage.send("github", stage.push("d-1", body)).await;
    assert_eq!(answer.status, 202);
    assert_eq!(json(&answer)["status"], "accepted");
    let event = stage.store.event(event_id(&answer)).await.unwrap().unwrap();
    assert_eq!(event.payload.raw(), body.as_bytes());
    assert_eq!(event.name(), "push");
    assert_eq!(event.delivery_id.as_deref(), Some("d-1"));
    assert_eq!(event.source.labels["customer"], "acme");
    assert_eq!(event.received_at, stage.clock.now());
    assert_eq!(event.proof.strength(), Strength::Signed);
    assert!(event.headers.contains("x-hub-signature-256"));
    assert!(!event.headers.contains("cookie"));
    assert_eq!(stage.telemetry.value(Metric::Accepted, &["github"]), 1);
}

#[tokio::test]
async fn the_same_delivery_again_runs_nothing() {
    let stage = Stage::start(GITHUB);
    let first = stage.send("github", stage.push("d-1", "{}")).await;
    let again = stage.send("github", stage.push("d-1", "{}")).await;
    assert_eq!(again.status, 200);
    assert_eq!(json(&again)["status"], "duplicate");
    assert_eq!(event_id(&again), event_id(&first));
    let hint = json(&again)["hint"].to_string();
    assert!(
        hint.contains(&format!("events replay {}", event_id(&first))),
        "{hint}"
    );
    let altered = stage.send("github", stage.push("d-1", "{\"a\": 1}")).await;
    assert_eq!(altered.status, 200);
    let counted = |metric| stage.telemetry.value(metric, &["github"]);
    assert_eq!(counted(Metric::Duplicates), 2);
    assert_eq!(counted(Metric::DuplicatesAltered), 1);
    assert_eq!(stage.events().await.len(), 1);
    assert_eq!(
        stage.send("github", stage.push("d-2", "{}")).await.status,
        202
    );
}

#[tokio::test]
async fn a_delivery_id_is_remembered_for_seven_days() {
    let stage = Stage::start(GITHUB);
    let week = Duration::from_hours(7 * 24);
    stage.send("github", stage.push("d-1", "{}")).await;
    stage
        .clock
        .advance(week.saturating_sub(Duration::from_secs(1)));
    assert_eq!(
        stage.send("github", stage.push("d-1", "{}")).await.status,
        200
    );
    stage.clock.advance(Duration::from_secs(2));
    assert_eq!(
        stage.send("github", stage.push("d-1", "{}")).await.status,
        202
    );
}

#[tokio::test]
async fn a_source_may_recognise_redeliveries_otherwise() {
    let off = Stage::start(&GITHUB.replace("labels", "dedupe: off, labels"));
    for _ in 0..2 {
        assert_eq!(off.send("github", off.push("d-1", "{}")).await.status, 202);
    }
    let body = "dedupe: {by: body, for: 5m}, labels";
    let body = Stage::start(&GITHUB.replace("labels", body));
    assert_eq!(
        body.send("github", body.push("d-1", "{}")).await.status,
        202
    );
    assert_eq!(
        body.send("github", body.push("d-2", "{}")).await.status,
        200
    );
    assert_eq!(
        body.send("github", body.push("d-1", "[]")).await.status,
        202
    );
    body.clock.advance(Duration::from_secs(301));
    assert_eq!(
        body.send("github", body.push("d-2", "{}")).await.status,
        202
    );
    let both = Stage::start(&GITHUB.replace("labels", "dedupe: [id, body], labels"));
    assert_eq!(
        both.send("github", both.push("d-1", "{}")).await.status,
        202
    );
    assert_eq!(
        both.send("github", both.push("d-1", "[]")).await.status,
        202
    );
    assert_eq!(
        both.send("github", both.push("d-1", "{}")).await.status,
        200
    );
}

#[tokio::test]
async fn sixteen_at_once_are_one_event() {
    let stage = Arc::new(Stage::start(GITHUB));
    let mut sending = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let stage = Arc::clone(&stage);
        sending.spawn(async move { stage.send("github", stage.push("d-1", "{}")).await.status });
    }
    let statuses = sending.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 15);
}

#[tokio::test]
async fn what_is_no_json_is_refused_only_after_proof() {
    let stage = Stage::start(GITHUB);
    for body in ["", "{", "{} x", "NaN", "\u{feff}{}"] {
        let answer = stage.send("github", stage.push("d", body)).await;
        assert_eq!(answer.status, 400, "{body:?}");
        assert!(json(&answer).contains_key("error"));
    }
    let deep = "[".repeat(128) + &"]".repeat(128);
    assert_eq!(
        stage.send("github", stage.push("d", &deep)).await.status,
        400
    );
    let mut forged = stage.push("d", "{");
    forged.body = "{{".into();
    assert_eq!(stage.send("github", forged).await.status, 401);
    assert!(stage.events().await.is_empty());
}

#[tokio::test]
async fn a_type_that_the_sender_does_not_send_is_refused_only_after_proof() {
    let stage = Stage::start(GITHUB);
    let with = |kind: &'static str| {
        let mut delivery = stage.push("d", "{}");
        let others = delivery.headers.keep(|name| name != "content-type");
        let pairs = others.iter().chain([("content-type", kind)]);
        delivery.headers = Headers::new(pairs.collect::<Vec<_>>());
        delivery
    };
    assert_eq!(
        stage
            .send("github", with("multipart/form-data"))
            .await
            .status,
        415
    );
    assert_eq!(
        stage.send("github", with("application/xml")).await.status,
        415
    );
    let mut forged = with("application/xml");
    forged.body = "[]".into();
    assert_eq!(stage.send("github", forged).await.status, 401);
}

#[tokio::test]
async fn a_store_that_fails_accepts_nothing() {
    let stage = Stage::start(GITHUB);
    stage.store.fail(Verb::Accept);
    let answer = stage.send("github", stage.push("d-1", "{}")).await;
    assert_eq!(answer.status, 503);
    let wait = answer
        .headers
        .iter()
        .find(|(name, _)| name == "retry-after");
    let wait: u64 = wait.unwrap().1.parse().unwrap();
    assert!((5..15).contains(&wait), "{wait}");
    assert!(stage.intake.refusing().unwrap().contains("as told"));
    stage.clock.advance(Duration::from_secs(11));
    assert_eq!(
        stage.intake.refusing(),
        None,
        "or nobody would ever try again"
    );
    stage.store.mend();
    assert_eq!(
        stage.send("github", stage.push("d-1", "{}")).await.status,
        202
    );
    assert_eq!(stage.intake.refusing(), None);
}

#[tokio::test]
async fn large_bodies_go_the_same_way() {
    let stage = Stage::start(GITHUB);
    let body = format!("{{\"text\": \"{}\"}}", "x".repeat(300_000));
    assert_eq!(
        stage.send("github", stage.push("d-1", &body)).await.status,
        202
    );
    let mut forged = stage.push("d-2", &body);
    forged.body = body.replace('x', "y").into();
    assert_eq!(stage.send("github", forged).await.status, 401);
}

#[tokio::test]
async fn handshakes_are_answered_and_not_stored() {
    let yaml = format!("slack: {{provider: slack, secrets: ['{SECRET}']}}");
    let stage = Stage::start(&yaml);
    let body = r#"{"type": "url_verification", "challenge": "abc"}"#;
    let answer = stage
        .send("slack", stage.signed("slack", SECRET, "d", body))
        .await;
    assert_eq!((answer.status, answer.body.as_ref()), (200, &b"abc"[..]));
    let unsigned = stage.unsigned([("content-type", "application/json")], body);
    assert_eq!(stage.send("slack", unsigned).await.status, 401);
    assert!(stage.events().await.is_empty());
    assert_eq!(stage.telemetry.value(Metric::Handshakes, &["slack"]), 1);
}

#[tokio::test]
async fn an_answer_that_the_provider_demands_is_given_to_duplicates_too() {
    let yaml = format!("slack: {{provider: slack, secrets: ['{SECRET}']}}");
    let stage = Stage::start(&yaml);
    let body = r#"{"type": "event_callback", "event_id": "Ev1", "event": {"type": "app_mention"}}"#;
    for _ in 0..2 {
        let answer = stage
            .send("slack", stage.signed("slack", SECRET, "Ev1", body))
            .await;
        assert_eq!((answer.status, answer.body.len()), (200, 0));
    }
    assert_eq!(stage.events().await.len(), 1);
    let mut get = stage.signed("slack", SECRET, "Ev2", body);
    get.method = "GET".to_owned();
    assert_eq!(stage.send("slack", get).await.status, 405);
}

#[tokio::test]
async fn a_listener_learns_what_a_source_takes() {
    let stage = Stage::start(&format!(
        "github: {{provider: github, secrets: ['{SECRET}']}}\n\
         small: {{provider: github, secrets: ['{SECRET}'], body_max: 2KiB, encodings: [deflate, gzip]}}\n\
         slack: {{provider: slack, secrets: ['{SECRET}']}}\n\
         chat: {{provider: stream, secrets: ['{SECRET}']}}\n\
         plain: {{provider: stream, secrets: ['{SECRET}'], encodings: []}}"
    ));
    let admission = |name| stage.intake.admission(Some(name), &Headers::default());
    assert_eq!(admission("github").body_bytes_max, 25 * 1024 * 1024);
    assert_eq!(admission("small").body_bytes_max, 2048);
    assert_eq!(admission("slack").methods, ["POST", "GET"]);
    let packed = |name| admission(name).encodings;
    assert_eq!(
        packed("small"),
        [ContentEncoding::Gzip, ContentEncoding::Deflate]
    );
    assert_eq!(packed("chat"), [ContentEncoding::Gzip]);
    assert!(packed("plain").is_empty() && packed("github").is_empty());
}
