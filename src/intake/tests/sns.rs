//! Subscriptions of AWS SNS: confirmed once they are proven, and never at an address of a stranger's.
//!
//! `sns.jsonl` holds deliveries signed with a key made for these tests, whose public half is `sns.pem`.

use super::stage::Stage;
use crate::event::Delivery;

const SOURCE: &str = "sns: {provider: aws-sns, settings: {topic: \"arn:aws:sns:us-east-1:1:t\"}}";

/// The deliveries: a confirmation, one of an unsubscription, and confirmations that lead elsewhere.
fn deliveries() -> impl Iterator<Item = &'static str> {
    include_str!("sns.jsonl").lines()
}

fn delivery(stage: &Stage, body: &str) -> Delivery {
    stage.unsigned([("content-type", "text/plain; charset=UTF-8")], body)
}

#[tokio::test]
async fn a_proven_subscription_is_confirmed() {
    let stage = Stage::start(SOURCE);
    let body = deliveries().next().unwrap();
    let answer = stage.send("sns", delivery(&stage, body)).await;
    assert_eq!(answer.status, 200);
    // The key, and the confirmation.
    assert_eq!(stage.published.asked(), 2);
    assert!(stage.events().await.is_empty());
}

#[tokio::test]
async fn nothing_is_confirmed_that_is_not_proven() {
    let stage = Stage::start(SOURCE);
    let body = deliveries().next().unwrap();
    let forged = [
        body.replace("2336412f37", "2336412f38"),
        body.replace("ConfirmSubscription", "ConfirmSubscription&x=1"),
        body.replace("us-east-1:1:t", "us-east-1:2:t"),
    ];
    for forged in forged {
        let answer = stage.send("sns", delivery(&stage, &forged)).await;
        assert_eq!(answer.status, 401, "{forged}");
    }
    assert_eq!(stage.published.asked(), 1, "the key alone");
}

#[tokio::test]
async fn a_confirmation_that_leads_elsewhere_is_not_followed() {
    let stage = Stage::start(SOURCE);
    let elsewhere: Vec<_> = deliveries().skip(2).collect();
    assert_eq!(elsewhere.len(), 6);
    // It is proven, so it is kept for the operator to look at; the others have its id.
    for (body, status) in elsewhere.iter().zip([202, 200, 200, 200, 200, 200]) {
        let answer = stage.send("sns", delivery(&stage, body)).await;
        assert_eq!(answer.status, status, "{body}");
    }
    assert_eq!(stage.published.asked(), 1, "the key alone");
    assert_eq!(stage.events().await.len(), 1);
}

#[tokio::test]
async fn the_end_of_a_subscription_is_an_event() {
    let stage = Stage::start(SOURCE);
    let body = deliveries().nth(1).unwrap();
    let answer = stage.send("sns", delivery(&stage, body)).await;
    assert_eq!(answer.status, 202);
    // Following its link would subscribe once more.
    assert_eq!(stage.published.asked(), 1, "the key alone");
    assert_eq!(stage.events().await.len(), 1);
}
