//! What is not proven causes nothing but a refusal.

use std::time::Duration;

use super::stage::{SECRET, Stage, WHSEC};
use crate::event::{Delivery, Headers, Strength};
use crate::intake::Answer;
use crate::runtime::telemetry::Metric;
use crate::stores::Store as _;

const GITHUB: &str = "github: {provider: github, secrets: [thirty-two-bytes-of-test-secret!]}";

/// Everything that a sender could tell apart.
async fn refused(stage: &Stage, source: Option<&str>, delivery: Delivery) -> Answer {
    let before = stage.events().await.len();
    let answer = stage.intake.receive(source, delivery).await;
    assert_eq!(answer.status, 401);
    assert_eq!(stage.events().await.len(), before);
    answer
}

#[tokio::test]
async fn never_accept_missing_signature() {
    let stage = Stage::start(GITHUB);
    let headers = [
        ("content-type", "application/json"),
        ("x-github-event", "push"),
    ];
    refused(&stage, Some("github"), stage.unsigned(headers, "{}")).await;
    assert_eq!(
        stage
            .telemetry
            .value(Metric::Refused, &["github", "missing"]),
        1
    );
}

#[tokio::test]
async fn all_refusals_look_alike() {
    let stage = Stage::start(GITHUB);
    let missing = stage.unsigned([("content-type", "application/json")], "{}");
    let mut wrong = stage.push("d", "{}");
    wrong.body = "{ }".into();
    let other_key = stage.signed("github", "another-secret-of-thirty-two-by", "d", "{}");
    let good = stage.push("d", "{}");
    let first = refused(&stage, Some("github"), missing).await;
    assert_eq!(refused(&stage, Some("github"), wrong).await, first);
    assert_eq!(refused(&stage, Some("github"), other_key).await, first);
    assert_eq!(refused(&stage, Some("nobody"), good.clone()).await, first);
    assert_eq!(refused(&stage, Some("git\nhub"), good).await, first);
    let none = stage.unsigned([], "{}");
    assert_eq!(refused(&stage, None, none).await, first);
    assert_eq!(
        stage.telemetry.value(Metric::Refused, &["other", "source"]),
        3
    );
}

#[tokio::test]
async fn a_forgery_leaves_no_mark() {
    let stage = Stage::start(GITHUB);
    let mut forged = stage.push("d-1", "{}");
    forged.body = "{\"evil\": 1}".into();
    refused(&stage, Some("github"), forged).await;
    assert_eq!(
        stage.send("github", stage.push("d-1", "{}")).await.status,
        202
    );
}

#[tokio::test]
async fn timestamps_may_be_five_minutes_off() {
    let yaml = format!("shop: {{provider: standard-webhooks, secrets: ['{WHSEC}']}}");
    for (seconds, expected) in [(299, 202), (300, 202), (301, 401)] {
        let stage = Stage::start(&yaml);
        let mut delivery = stage.signed("standard-webhooks", WHSEC, "msg_1", "{}");
        delivery.received_at = delivery.received_at.after(Duration::from_secs(seconds));
        let answer = stage.send("shop", delivery).await;
        assert_eq!(answer.status, expected, "{seconds} s");
    }
}

#[tokio::test]
async fn a_secret_counts_until_its_end() {
    let stage = Stage::start(
        "github: {provider: github, secrets: [thirty-two-bytes-of-test-secret!, \
         {value: the-older-secret-of-thirty-two-b, until: '2023-11-14T22:30:00Z'}]}",
    );
    let old = |id| stage.signed("github", "the-older-secret-of-thirty-two-b", id, "{}");
    assert_eq!(
        stage.send("github", stage.push("d-1", "{}")).await.status,
        202
    );
    assert_eq!(stage.send("github", old("d-2")).await.status, 202);
    stage.clock.advance(Duration::from_hours(1));
    refused(&stage, Some("github"), old("d-3")).await;
    assert_eq!(
        stage.send("github", stage.push("d-4", "{}")).await.status,
        202
    );
}

#[tokio::test]
async fn a_source_may_say_where_its_sender_is() {
    let stage = Stage::start(
        "github: {provider: github, secrets: [thirty-two-bytes-of-test-secret!], \
         allow_from: [203.0.113.0/24]}",
    );
    assert_eq!(
        stage.send("github", stage.push("d-1", "{}")).await.status,
        202
    );
    let mut elsewhere = stage.push("d-2", "{}");
    elsewhere.remote = Some([198, 51, 100, 1].into());
    refused(&stage, Some("github"), elsewhere).await;
    let mut nowhere = stage.push("d-3", "{}");
    nowhere.remote = None;
    refused(&stage, Some("github"), nowhere).await;
}

#[tokio::test]
async fn unsigned_events_are_taken_where_that_is_said() {
    let stage = Stage::start("open: {provider: generic, verify: none, allow_unsigned: true}");
    let json = [("content-type", "application/json")];
    let answer = stage.send("open", stage.unsigned(json, "{}")).await;
    assert_eq!(answer.status, 202);
    let id = super::stage::event_id(&answer);
    let event = stage.store.event(id).await.unwrap().unwrap();
    assert_eq!(event.proof.strength(), Strength::Unsigned);
    assert!(!event.proof.verified());
}

#[tokio::test]
async fn the_nameless_route_finds_the_one_source_and_verifies_it() {
    let stage = Stage::start(&format!(
        "{GITHUB}\nshop: {{provider: shopify, secrets: ['{SECRET}']}}"
    ));
    let push = stage.push("d-1", "{}");
    assert_eq!(stage.intake.receive(None, push).await.status, 202);
    assert_eq!(stage.events().await[0].source, "github");
    let mut forged = stage.push("d-2", "{}");
    forged.body = "[]".into();
    refused(&stage, None, forged).await;
    // Known by headers of both: nobody's.
    let mut both = stage.push("d-3", "{}");
    let shop = stage.signed("shopify", SECRET, "d-3", "{}");
    let pairs: Vec<_> = both.headers.iter().chain(shop.headers.iter()).collect();
    both.headers = Headers::new(pairs);
    refused(&stage, None, both).await;
}

#[tokio::test]
async fn two_sources_of_one_provider_have_no_nameless_route() {
    let stage = Stage::start(&format!(
        "{GITHUB}\nfork: {{provider: github, secrets: ['{SECRET}']}}"
    ));
    refused(&stage, None, stage.push("d-1", "{}")).await;
    assert_eq!(
        stage.send("fork", stage.push("d-1", "{}")).await.status,
        202
    );
    assert_eq!(
        stage.send("github", stage.push("d-1", "{}")).await.status,
        202
    );
}

#[tokio::test]
async fn a_page_in_a_browser_cannot_send_unsigned_events() {
    let stage = Stage::start("open: {provider: generic, verify: none, allow_unsigned: true}");
    for browser in [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
    ] {
        // A page may send a body without a type to anybody, this machine included, and ask nobody.
        let delivery = stage.unsigned([browser], "{\"type\": \"deploy\"}");
        refused(&stage, Some("open"), delivery).await;
    }
    let counted = stage.telemetry.value(Metric::Refused, &["open", "browser"]);
    assert_eq!(counted, 3);
}

#[test]
fn an_unknown_source_has_the_limits_of_a_known_one() {
    let stage = Stage::start(&format!(
        "github: {{provider: github, secrets: ['{SECRET}']}}\n\
         slack: {{provider: slack, secrets: ['{SECRET}'], body_max: 2KiB, encodings: [gzip]}}\n\
         open: {{provider: generic, verify: none, allow_unsigned: true, body_max: 3KiB}}"
    ));
    let admission = |name: &str| stage.intake.admission(Some(name), &Headers::default());
    let known = [admission("github"), admission("slack")];
    let unknown: Vec<_> = (0..100).map(|n| admission(&format!("no-{n}"))).collect();
    for known in &known {
        assert!(unknown.contains(known), "no name behaves like {known:?}");
    }
    assert!(unknown.iter().all(|unknown| known.contains(unknown)));
    assert_eq!(
        unknown[7],
        admission("no-7"),
        "a name behaves the same again"
    );
}
