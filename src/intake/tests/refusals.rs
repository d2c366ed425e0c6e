//! What the operator learns of deliveries that were turned away.

use std::time::Duration;

use super::stage::{SECRET, Stage};
use crate::event::{Delivery, Headers};
use crate::intake::TurnedAway;

const TWO: &str = "github: {provider: github, secrets: [thirty-two-bytes-of-test-secret!, \
     {value: the-older-secret-of-thirty-two-b, until: '2023-01-01T00:00:00Z'}]}\n\
     fork: {provider: github, secrets: [the-secret-of-the-fork-repository]}";

/// What is remembered of one delivery that is turned away.
async fn refused(stage: &Stage, source: &str, delivery: Delivery) -> TurnedAway {
    // Only one a second is looked into.
    stage.clock.advance(Duration::from_secs(1));
    let received_at = stage.clock.now();
    let delivery = Delivery {
        received_at,
        ..delivery
    };
    assert_eq!(stage.send(source, delivery).await.status, 401);
    let mut newest = stage.intake.refused(None, 1);
    newest.remove(0)
}

#[track_caller]
fn says(refused: &TurnedAway, kind: &str, reason: &str, advice: &str) {
    assert_eq!(refused.kind, kind, "{refused:?}");
    assert!(refused.reason.contains(reason), "{refused:?}");
    let found = refused.advice.as_ref().unwrap();
    match advice {
        "" => assert!(found.is_empty(), "{refused:?}"),
        _ => assert!(found.iter().any(|one| one.contains(advice)), "{refused:?}"),
    }
}

#[tokio::test]
async fn each_reason_is_told_with_what_would_have_been_right() {
    let stage = Stage::start(TWO);
    let body = "{\"a\":1}";
    let signed = |secret| stage.signed("github", secret, "d", body);
    let none = stage.unsigned([("content-type", "application/json")], body);
    let found = refused(&stage, "github", none).await;
    says(&found, "missing", "X-Hub-Signature-256 is missing", "");
    assert_eq!(found.source.as_deref(), Some("github"));
    assert_eq!(found.provider.as_deref(), Some("github"));
    assert_eq!(found.headers, ["content-type"]);
    assert_eq!(found.body_bytes, 7);
    assert_eq!(found.remote, Some([203, 0, 113, 9].into()));

    let found = refused(
        &stage,
        "github",
        signed("nobody's secret of thirty-two byt"),
    )
    .await;
    says(&found, "mismatch", "does not match", "");
    let found = refused(&stage, "github", signed("the-older-secret-of-thirty-two-b")).await;
    says(&found, "mismatch", "", "a secret that has ended");
    let found = refused(
        &stage,
        "github",
        signed("the-secret-of-the-fork-repository"),
    )
    .await;
    says(&found, "mismatch", "", "the source `fork`");
    let mut newline = signed(SECRET);
    newline.body = "{\"a\":1}\n".into();
    let found = refused(&stage, "github", newline).await;
    says(&found, "mismatch", "", "added behind the body");
    let mut anew = signed(SECRET);
    anew.body = "{\"a\": 1}".into();
    let found = refused(&stage, "github", anew).await;
    says(&found, "mismatch", "", "byte for byte");
    let mut prefix = signed(SECRET);
    let headers = prefix.headers.iter();
    let without = headers.map(|(name, value)| (name, value.replace("sha256=", "")));
    prefix.headers = Headers::new(without.collect::<Vec<_>>());
    let found = refused(&stage, "github", prefix).await;
    says(&found, "malformed", "sha256=", "");
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_by_how_much() {
    let stage =
        Stage::start("pay: {provider: stripe, secrets: [thirty-two-bytes-of-test-secret!]}");
    let delivery = stage.signed("stripe", SECRET, "d", "{}");
    stage.clock.advance(Duration::from_secs(899));
    let found = refused(&stage, "pay", delivery).await;
    says(&found, "stale", "900s in the past", "clocks is off");
}

#[tokio::test]
async fn a_name_that_no_source_has_is_told_and_a_source_is_listed_alone() {
    let stage = Stage::start(TWO);
    let push = stage.push("d", "{}");
    let found = refused(&stage, "git\nhub", push.clone()).await;
    assert_eq!(found.source, None);
    assert_eq!(found.named.as_deref(), Some("git?hub"));
    assert_eq!(found.kind, "source");
    refused(&stage, "fork", push.clone()).await;
    refused(&stage, "fork", push).await;
    let of_fork = stage.intake.refused(Some("fork"), 10);
    let counts: Vec<_> = of_fork.iter().map(|one| one.count).collect();
    assert_eq!(counts, [2]);
    assert_eq!(stage.intake.refused(None, 10).len(), 2);
}

#[tokio::test]
async fn what_is_refused_after_proof_is_remembered_too() {
    let stage = Stage::start(TWO);
    let push = stage.push("d", "no json");
    assert_eq!(stage.send("github", push).await.status, 400);
    let found = stage.intake.refused(Some("github"), 1);
    assert_eq!(found.first().map(|one| one.kind.as_str()), Some("payload"));
}

#[tokio::test]
async fn a_flood_does_not_hide_what_the_sender_does_wrong() {
    let stage = Stage::start(TWO);
    let forged = || Delivery {
        remote: Some([198, 51, 100, 66].into()),
        ..stage.signed("github", "nobody's secret of thirty-two byt", "d", "{}")
    };
    for _ in 0..200 {
        assert_eq!(stage.send("github", forged()).await.status, 401);
    }
    let old = stage.signed("github", "the-older-secret-of-thirty-two-b", "d", "{}");
    assert_eq!(stage.send("github", old).await.status, 401);
    let found = stage.intake.refused(Some("github"), 10);
    let of = |last: u8| {
        found.iter().find(|one| {
            one.remote
                .is_some_and(|address| address.to_string().ends_with(&format!(".{last}")))
        })
    };
    says(of(9).unwrap(), "mismatch", "", "a secret that has ended");
    assert_eq!(of(66).unwrap().count, 200);
}
