//! Which secret proved a delivery, and when.

use std::time::Duration;

use super::stage::{SECRET, Stage, read};
use crate::event::{Delivery, Headers};
use crate::intake::proofs::Proofs;
use crate::intake::{Reach, SourceView, Use};
use crate::runtime::Timestamp;

const OLD: &str = "the-older-secret-of-thirty-two-b";
const START: i64 = 1_700_000_000;
const TWO: &str = "github: {provider: github, secrets: [thirty-two-bytes-of-test-secret!, \
     {value: the-older-secret-of-thirty-two-b, until: '2023-11-14T23:00:00Z'}]}";

fn used(count: u64, second: i64) -> Use {
    let last_at = Some(Timestamp::from_seconds(START + second));
    Use { count, last_at }
}

#[track_caller]
fn proved(view: &SourceView, expected: &[Use]) {
    let found: Vec<_> = view.secrets.iter().map(|one| one.proved).collect();
    assert_eq!(found, expected, "{view:?}");
}

async fn send(stage: &Stage, source: &str, delivery: Delivery, status: u16) -> SourceView {
    assert_eq!(stage.send(source, delivery).await.status, status);
    stage.intake.sources().remove(0)
}

#[tokio::test]
async fn each_secret_has_its_own_count_and_time_while_they_are_rotated() {
    let stage = Stage::start(TWO);
    proved(&stage.intake.sources()[0], &[Use::default(); 2]);
    let old = stage.signed("github", OLD, "a", "{}");
    proved(
        &send(&stage, "github", old, 202).await,
        &[Use::default(), used(1, 0)],
    );
    stage.clock.advance(Duration::from_secs(5));
    for id in ["b", "c"] {
        let new = stage.signed("github", SECRET, id, "{}");
        send(&stage, "github", new, 202).await;
    }
    // The old one ends; what it signs is refused and no proof of it.
    stage.clock.advance(Duration::from_secs(100_000));
    let old = stage.signed("github", OLD, "d", "{}");
    let view = send(&stage, "github", old, 401).await;
    proved(&view, &[used(2, 5), used(1, 0)]);
    assert_eq!(view.taken, used(3, 5));
    assert_eq!(view.scheme.as_deref(), Some("signature"));
    assert_eq!(view.since, Timestamp::from_seconds(START));
    let ended: Vec<_> = view.secrets.iter().map(|one| one.ended).collect();
    assert_eq!(ended, [false, true]);
    let refused = view.refused.unwrap();
    assert_eq!(
        refused.advice.unwrap(),
        ["it is made with a secret that has ended (`until`)"]
    );
    // One secret is left that counts.
    let new = stage.signed("github", SECRET, "e", "{}");
    let view = send(&stage, "github", new, 202).await;
    proved(&view, &[used(3, 100_005), used(1, 0)]);
    let shown = serde_json::to_string(&view).unwrap();
    assert!(
        !shown.contains(OLD) && !shown.contains(SECRET) && !format!("{view:?}").contains(SECRET),
        "{shown}"
    );
}

#[tokio::test]
async fn a_sender_that_signs_with_both_is_proven_by_both() {
    let stage = Stage::start(&format!(
        "pay: {{provider: stripe, secrets: [{SECRET}, {OLD}]}}"
    ));
    let signature = |delivery: &Delivery| {
        let found = delivery
            .headers
            .iter()
            .find(|(name, _)| *name == "stripe-signature");
        found.unwrap().1.to_owned()
    };
    let old = stage.signed("stripe", OLD, "a", "{}");
    let old = signature(&old);
    let (_, old) = old.split_once(',').unwrap();
    let mut both = stage.signed("stripe", SECRET, "a", "{}");
    let value = format!("{},{old}", signature(&both));
    both.headers = Headers::new([("stripe-signature", value)]);
    let view = send(&stage, "pay", both, 202).await;
    proved(&view, &[used(1, 0), used(1, 0)]);
}

#[tokio::test]
async fn unsigned_sources_have_no_secret() {
    let stage = Stage::start("any: {provider: generic, verify: none, allow_unsigned: true}");
    let delivery = stage.unsigned([("content-type", "application/json")], "{}");
    let view = send(&stage, "any", delivery, 202).await;
    proved(&view, &[]);
    assert_eq!((view.scheme, view.taken), (None, used(1, 0)));
}

#[test]
fn what_is_known_follows_a_secret_when_the_list_changes() {
    let sources = |secrets: &str| {
        let text = format!("github: {{provider: github, secrets: [{secrets}]}}");
        read(&text, Reach::Network).0
    };
    let (now, later) = (
        Timestamp::from_seconds(START),
        Timestamp::from_seconds(START + 9),
    );
    let proofs = Proofs::new(now);
    let before = sources(OLD);
    let before = before.get("github").unwrap();
    proofs.note(before, &[0], now);
    let rotated = sources(&format!("{SECRET}, {OLD}"));
    let rotated = rotated.get("github").unwrap();
    proved(
        &proofs.view(rotated, now, None),
        &[Use::default(), used(1, 0)],
    );
    proofs.note(rotated, &[0], later);
    proved(&proofs.view(rotated, now, None), &[used(1, 9), used(1, 0)]);
    // Gone from the list, it is forgotten with the next new one.
    let third = sources("a-third-secret-that-nobody-knows-yet");
    proofs.note(third.get("github").unwrap(), &[0], later);
    proved(&proofs.view(rotated, now, None), &[Use::default(); 2]);
}
