//! Every sender that packs several events into one delivery: each becomes an event of its own.

use serde_json::{Value, json};

use super::Verb;
use super::stage::{SECRET, Stage};
use crate::stores::Store as _;

/// The names and payloads that are kept, in the order of the delivery.
async fn kept(stage: &Stage) -> Vec<(String, Value)> {
    let mut events = stage.events().await;
    events.sort_by_key(|event| event.id);
    let mut kept = Vec::new();
    for summary in events {
        let event = stage.store.event(summary.id).await.unwrap().unwrap();
        kept.push((event.name().to_owned(), event.payload.value().clone()));
    }
    kept
}

/// Sends a body to a source that verifies nothing, and gives what is kept of it.
async fn split(source: &str, body: &Value) -> Vec<(String, Value)> {
    let stage = Stage::start(&format!(
        "s: {{{source}, verify: none, allow_unsigned: true}}"
    ));
    let json = [("content-type", "application/json")];
    let delivery = stage.unsigned(json, &body.to_string());
    assert_eq!(stage.send("s", delivery).await.status, 202, "{source}");
    kept(&stage).await
}

#[tokio::test]
async fn a_list_is_one_event_for_each_item() {
    for (provider, items, names) in [
        (
            "hubspot",
            json!([
                {"eventId": 1, "subscriptionType": "contact.creation", "objectId": 7},
                {"eventId": 2, "subscriptionType": "deal.propertyChange", "propertyName": "amount"},
            ]),
            ["contact.creation", "deal.propertyChange"],
        ),
        (
            "azure-event-grid",
            json!([
                {"id": "a", "eventType": "Microsoft.Storage.BlobCreated", "data": {"api": "PutBlob"}},
                {"id": "b", "eventType": "Microsoft.Storage.BlobDeleted", "data": {}},
            ]),
            [
                "Microsoft.Storage.BlobCreated",
                "Microsoft.Storage.BlobDeleted",
            ],
        ),
        (
            "sendgrid",
            json!([
                {"sg_event_id": "a", "event": "delivered", "email": "ada@example.com"},
                {"sg_event_id": "b", "event": "open", "email": "ada@example.com"},
            ]),
            ["delivered", "open"],
        ),
    ] {
        let found = split(&format!("provider: {provider}"), &items).await;
        let expected: Vec<_> = names.iter().zip(items.as_array().unwrap()).collect();
        assert_eq!(found.len(), expected.len(), "{provider}: {found:?}");
        for ((name, payload), (wanted, item)) in found.iter().zip(expected) {
            assert_eq!((name.as_str(), payload), (*wanted, item), "{provider}");
        }
    }
}

#[tokio::test]
async fn a_list_inside_a_body_is_replaced_by_its_item() {
    let change = |field: &str, n: u32| json!({"field": field, "value": {"n": n}});
    let body = json!({"object": "page", "entry": [
        {"id": "1", "changes": [change("feed", 1), change("mention", 2)]},
        {"id": "2", "changes": [change("feed", 3)]},
    ]});
    let expected = [
        ("page.feed", 1, "1"),
        ("page.mention", 2, "1"),
        ("page.feed", 3, "2"),
    ];
    for provider in ["meta", "whatsapp"] {
        let settings = "settings: {verify_token: a-token-for-tests-only}";
        let found = split(&format!("provider: {provider}, {settings}"), &body).await;
        let found: Vec<_> = found
            .iter()
            .map(|(name, payload)| {
                let n = payload["entry"]["changes"]["value"]["n"].as_u64();
                (
                    name.as_str(),
                    n.unwrap(),
                    payload["entry"]["id"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(found, expected, "{provider}");
    }
}

#[tokio::test]
async fn alerts_are_one_event_unless_their_source_splits_them() {
    let alert = |status: &str, name: &str| json!({"status": status, "labels": {"alertname": name}});
    let body = json!({"status": "firing", "groupKey": "g",
        "alerts": [alert("firing", "Cpu"), alert("resolved", "Disk")]});
    let whole = split("provider: alertmanager", &body).await;
    assert_eq!(whole, [("alert.firing".to_owned(), body.clone())]);
    let each = split("provider: alertmanager, split: true", &body).await;
    let each: Vec<_> = each
        .iter()
        .map(|(_, payload)| payload["alerts"]["labels"]["alertname"].as_str().unwrap())
        .collect();
    assert_eq!(each, ["Cpu", "Disk"]);
}

/// Event Grid asks with an event of its own whether the address wants events: it is told, and stores nothing.
#[tokio::test]
async fn a_validation_is_no_batch() {
    let stage = Stage::start(&format!(
        "grid: {{provider: azure-event-grid, secrets: [{SECRET}]}}"
    ));
    let body = json!([{"id": "v", "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": {"validationCode": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}}]);
    let headers = [
        ("content-type", "application/json"),
        ("aeg-event-type", "SubscriptionValidation"),
    ];
    let asked = stage.unsigned(headers, &body.to_string());
    let answer = stage.send("grid", asked).await;
    assert_eq!(answer.status, 200);
    let code = json!({"validationResponse": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"});
    assert_eq!(serde_json::from_slice::<Value>(&answer.body).unwrap(), code);
    // The same without that header is an event like others, and unproven.
    let unproven = stage.unsigned([headers[0]], &body.to_string());
    assert_eq!(stage.send("grid", unproven).await.status, 401);
    assert!(stage.events().await.is_empty());
}

#[tokio::test]
async fn all_of_a_batch_is_stored_or_nothing() {
    let stage = Stage::start(&format!("line: {{provider: line, secrets: [{SECRET}]}}"));
    let body = json!({"events": [
        {"type": "message", "webhookEventId": "1"},
        {"type": "follow", "webhookEventId": "2"},
    ]});
    let send = || stage.send("line", stage.signed("line", SECRET, "", &body.to_string()));
    stage.store.fail(Verb::Accept);
    assert_eq!(send().await.status, 503);
    assert!(stage.events().await.is_empty());
    stage.store.mend();
    assert_eq!(send().await.status, 202, "what failed is not known again");
    let names: Vec<_> = kept(&stage)
        .await
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["message", "follow"]);
}
