//! Deliveries that hold several events, settings that a definition asks for, tokens in the query.

use super::stage::{Stage, json, read};
use crate::event::Query;
use crate::intake::Reach;

const LINE: &str = "line: {provider: line, secrets: [thirty-two-bytes-of-test-secret!]}";
const SECRET: &str = "thirty-two-bytes-of-test-secret!";

fn body(ids: &[&str]) -> String {
    let event = |id: &&str| format!("{{\"type\":\"message\",\"webhookEventId\":\"{id}\"}}");
    let events: Vec<_> = ids.iter().map(event).collect();
    format!(
        "{{\"destination\":\"U\",\"events\":[{}]}}",
        events.join(",")
    )
}

#[tokio::test]
async fn each_event_of_a_batch_is_kept_and_known_again() {
    let stage = Stage::start(LINE);
    let send = |ids: &[&str]| stage.send("line", stage.signed("line", SECRET, "", &body(ids)));
    assert_eq!(send(&["1", "2"]).await.status, 202);
    let kept = stage.events().await;
    assert_eq!(kept.len(), 2);
    let again = send(&["1", "2"]).await;
    assert_eq!(
        (again.status, &json(&again)["status"]),
        (200, &"duplicate".into())
    );
    // Some of it is new: that much is accepted.
    assert_eq!(send(&["2", "3"]).await.status, 202);
    assert_eq!(stage.events().await.len(), 3);
}

#[tokio::test]
async fn a_source_may_keep_deliveries_whole() {
    let stage = Stage::start(&LINE.replace('}', ", split: false}"));
    let delivery = stage.signed("line", SECRET, "", &body(&["1", "2"]));
    assert_eq!(stage.send("line", delivery).await.status, 202);
    assert_eq!(stage.events().await.len(), 1);
}

#[tokio::test]
async fn an_empty_batch_is_answered_and_is_no_event() {
    let stage = Stage::start(LINE);
    let delivery = stage.signed("line", SECRET, "", &body(&[]));
    assert_eq!(stage.send("line", delivery).await.status, 200);
    let mut forged = stage.signed("line", SECRET, "", &body(&["1"]));
    forged.body = body(&[]).into();
    assert_eq!(stage.send("line", forged).await.status, 401);
    assert!(stage.events().await.is_empty());
}

#[tokio::test]
async fn a_token_in_the_query_is_not_kept() {
    let grid = "grid: {provider: azure-event-grid, secrets: [thirty-two-bytes-of-test-secret!]}";
    let stage = Stage::start(grid);
    let mut delivery = stage.unsigned([("content-type", "application/json")], "[{\"id\":\"1\"}]");
    let query = format!("code={SECRET}&region=eu");
    delivery.query = Query::decode(query.as_bytes());
    delivery.query_text = query;
    assert_eq!(stage.send("grid", delivery).await.status, 202);
    let kept = stage.events().await.remove(0);
    let event = crate::stores::Store::event(&*stage.store, kept.id)
        .await
        .unwrap()
        .unwrap();
    let pairs: Vec<_> = event.query.iter().collect();
    assert_eq!(pairs, [("region", "eu")]);
}

#[test]
fn what_a_definition_asks_for_must_be_there() {
    let check = |source: &str, said: &str| {
        let (_, problems) = read(source, Reach::Loopback);
        let found = problems
            .iter()
            .any(|problem| problem.message.contains(said));
        assert!(found, "{source}: {problems:?}");
    };
    let twilio = "phone: {provider: twilio, secrets: [thirty-two-bytes-of-test-secret!]}";
    check(
        twilio,
        "signs the address that it sends to: write it as `url:`",
    );
    let with = |more: &str| twilio.replace('}', &format!(", {more}}}"));
    check(&with("url: hooks.example.com"), "is not an address");
    check(&with("url: \"https://h/x?a=1\""), "is not an address");
    check(
        &with("url: \"https://h/x\", settings: {a: b}"),
        "`twilio` has no settings",
    );
    check(
        &with("url: \"https://h/x\", split: false"),
        "`split` does not fit",
    );
    let (_, problems) = read(&with("url: \"https://h/x\""), Reach::Loopback);
    assert!(!problems.has_errors(), "{problems:?}");
}
