//! `notion_page`, from its configuration to the pages that are made.

use serde_json::{Value, json};

use super::{NOW, Notes, Try, check, destination, note, outputs, prepare, word};
use crate::actions::Outcome;
use crate::destinations::Destination;
use crate::net::scripted::{Heard, Say, Scripted};

const TOKEN: &str = "ntn_0123456789abcdef";
const DATABASE: &str = "248104cd477e80fdb757e945d38000bd";
const CONFIG: &str = "
database: https://www.notion.so/acme/Books-248104cd477e80fdb757e945d38000bd?v=1
properties:
  Invoice ID: \"{{payload.id}}\"
  Amount: \"{{payload.amount}}\"
  date: \"{{payload.created}}\"
unique_by: Invoice ID
content: \"Invoice **{{payload.id}}** paid.\"
icon: 🧾
";

fn there(target: &Scripted) -> Destination {
    let url = target.url("");
    destination(&format!(
        "{{notion: {{token: {TOKEN}, url: \"{url}\"}}, allow_private: true, timeout: {}}}",
        target.patience
    ))
}

fn payload() -> Value {
    json!({"id": "in_1", "amount": 1205.5, "created": 1_700_000_000})
}

fn database() -> Say {
    Say::json(
        200,
        r#"{"object":"database","data_sources":[{"id":"ds-1","name":"Invoices"}]}"#,
    )
}

fn schema() -> Say {
    let properties = json!({
        "Invoice ID": {"id": "title", "type": "title", "title": {}},
        "Amount": {"id": "a", "type": "number", "number": {}},
        "Date": {"id": "b", "type": "date", "date": {}},
        "Total": {"id": "c", "type": "formula", "formula": {}},
    });
    Say::json(200, &json!({"properties": properties}).to_string())
}

fn none() -> Say {
    Say::json(200, r#"{"results":[]}"#)
}

fn page() -> Say {
    Say::json(
        200,
        r#"{"object":"page","id":"page-1","url":"https://notion.example/page-1"}"#,
    )
}

fn error(status: u16, code: &str) -> Say {
    let body = json!({"object": "error", "status": status, "code": code, "message": "because"});
    Say::json(status, &body.to_string())
}

/// One job against one script, with what is remembered from before.
async fn make(config: &str, says: Vec<Say>, memory: &Notes) -> (Outcome, Vec<Heard>) {
    let target = Scripted::start(says).await;
    let data = prepare("notion_page", config, &payload()).unwrap();
    let data = serde_json::from_str(&data.to_string()).unwrap();
    let destination = there(&target);
    let outcome = Try::first("notion_page", data, &destination, memory)
        .perform()
        .await;
    (outcome, target.heard())
}

fn lines(heard: &[Heard]) -> Vec<&str> {
    heard
        .iter()
        .map(|heard| heard.line.trim_end_matches(" HTTP/1.1"))
        .collect()
}

fn forget(memory: &Notes, what: &str) {
    let mut notes = memory.0.lock().unwrap();
    notes.retain(|key, _| !key.contains(what));
}

#[tokio::test]
async fn a_page_is_made_as_the_schema_says() {
    let memory = Notes::default();
    let (outcome, heard) = make(CONFIG, vec![database(), schema(), none(), page()], &memory).await;
    let outputs = outputs(&outcome);
    assert_eq!(
        (&outputs["id"], &outputs["url"]),
        (&json!("page-1"), &json!("https://notion.example/page-1"))
    );
    assert_eq!(
        lines(&heard),
        [
            format!("GET /v1/databases/{DATABASE}").as_str(),
            "GET /v1/data_sources/ds-1",
            "POST /v1/data_sources/ds-1/query",
            "POST /v1/pages",
        ]
    );
    for heard in &heard {
        assert_eq!(
            heard.header("authorization"),
            Some("Bearer ntn_0123456789abcdef")
        );
        assert_eq!(heard.header("notion-version"), Some("2025-09-03"));
    }
    assert_eq!(
        heard[2].json().to_string(),
        json!({"filter": {"property": "Invoice ID", "title": {"equals": "in_1"}}, "page_size": 1})
            .to_string()
    );
    assert_eq!(
        heard[3].json().to_string(),
        json!({
            "parent": {"type": "data_source_id", "data_source_id": "ds-1"},
            "properties": {
                "Invoice ID": {"title": [{"type": "text", "text": {"content": "in_1"}}]},
                "Amount": {"number": 1205.5},
                "Date": {"date": {"start": "2023-11-14T22:13:20Z"}},
            },
            "icon": {"type": "emoji", "emoji": "🧾"},
            "children": [{"object": "block", "type": "paragraph", "paragraph": {"rich_text": [
                {"type": "text", "text": {"content": "Invoice **in_1** paid."}}]}}],
        })
        .to_string()
    );
}

#[tokio::test]
async fn only_the_author_writes_notions_own_forms() {
    let form = json!([{"type": "text", "text": {"content": "click", "link": {"url": "https://evil.example"}}}]);
    let payload = json!({
        "whole": {"title": form}, "when": {"start": "2026-01-31", "end": null, "more": {"a": 1}},
        "text": "mine",
    });
    let config = |id: &str| {
        format!(
            "{{database: {DATABASE}, properties: {{Invoice ID: {id}, Date: \"{{{{payload.when}}}}\"}}}}"
        )
    };
    let sent = async |id: &str| {
        let target = Scripted::start(vec![database(), schema(), page()]).await;
        let data = prepare("notion_page", &config(id), &payload).unwrap();
        let memory = Notes::default();
        let there = there(&target);
        let outcome = Try::first("notion_page", data, &there, &memory)
            .perform()
            .await;
        assert_eq!(word(&outcome), "done", "{outcome:?}");
        target.heard().last().unwrap().json()["properties"].clone()
    };
    let strangers = sent("\"{{payload.whole}}\"").await;
    let text = &strangers["Invoice ID"]["title"][0]["text"];
    assert_eq!(text["link"], Value::Null, "{text}");
    assert_eq!(text["content"], payload["whole"].to_string());
    assert_eq!(
        strangers["Date"].to_string(),
        r#"{"date":{"start":"2026-01-31","end":null}}"#
    );
    let authors = sent("{title: [{type: text, text: {content: \"{{payload.text}}\"}}]}").await;
    assert_eq!(authors["Invoice ID"]["title"][0]["text"]["content"], "mine");
}

#[tokio::test]
async fn what_is_known_is_not_asked_again() {
    let memory = Notes::default();
    make(CONFIG, vec![database(), schema(), none(), page()], &memory).await;
    // The same job again: its page is remembered.
    let (outcome, heard) = make(CONFIG, vec![page()], &memory).await;
    assert_eq!((word(&outcome).as_str(), heard.len()), ("done", 0));
    assert_eq!(outputs(&outcome)["id"], "page-1");
    // Another job with the same key: the page is there, whatever Notion's index says.
    forget(&memory, "/job/");
    let (outcome, heard) = make(CONFIG, vec![page()], &memory).await;
    assert_eq!(lines(&heard), ["GET /v1/pages/page-1"]);
    assert!(note(&outcome).contains("was there already"), "{outcome:?}");
    // Unless somebody has deleted it.
    forget(&memory, "/job/");
    let trashed = Say::json(200, r#"{"id":"page-1","in_trash":true}"#);
    let (outcome, heard) = make(CONFIG, vec![trashed, none(), page()], &memory).await;
    assert_eq!((word(&outcome).as_str(), heard.len()), ("done", 3));
    // A schema is believed for ten minutes.
    forget(&memory, "/job/");
    forget(&memory, "/page/");
    let target = Scripted::start(vec![database(), schema(), none(), page()]).await;
    let destination = there(&target);
    let data = prepare("notion_page", CONFIG, &payload()).unwrap();
    let mut later = Try::first("notion_page", data, &destination, &memory);
    later.now = NOW.after(std::time::Duration::from_secs(601));
    later.perform().await;
    assert_eq!(target.heard().len(), 4);
}

#[tokio::test]
async fn a_page_that_is_there_is_left_or_updated() {
    let found = || {
        Say::json(
            200,
            r#"{"results":[{"id":"old-1","url":"https://notion.example/old-1"}]}"#,
        )
    };
    let memory = Notes::default();
    let (outcome, heard) = make(CONFIG, vec![database(), schema(), found()], &memory).await;
    assert_eq!(heard.len(), 3);
    assert_eq!(outputs(&outcome)["id"], "old-1");
    let memory = Notes::default();
    let config = format!("{CONFIG}on_duplicate: update\n");
    let (outcome, heard) = make(
        &config,
        vec![database(), schema(), found(), page()],
        &memory,
    )
    .await;
    assert_eq!(lines(&heard)[3], "PATCH /v1/pages/old-1");
    assert_eq!(
        heard[3].json()["properties"]["Amount"]["number"].as_f64(),
        Some(1205.5)
    );
    assert_eq!(word(&outcome), "done");
}

#[tokio::test]
async fn a_schema_that_may_be_old_is_asked_for_once_more() {
    let memory = Notes::default();
    make(CONFIG, vec![database(), schema(), none(), page()], &memory).await;
    forget(&memory, "/job/");
    forget(&memory, "/page/");
    let says = vec![
        none(),
        error(400, "validation_error"),
        database(),
        schema(),
        none(),
        page(),
    ];
    let (outcome, heard) = make(CONFIG, says, &memory).await;
    assert_eq!((word(&outcome).as_str(), heard.len()), ("done", 6));
    // A new one is not asked for again.
    let says = vec![database(), schema(), none(), error(400, "validation_error")];
    let (outcome, heard) = make(CONFIG, says, &Notes::default()).await;
    assert_eq!(
        (word(&outcome).as_str(), heard.len()),
        ("reject, gone: false", 4)
    );
}

#[tokio::test]
async fn values_that_do_not_fit() {
    let refused = async |properties: &str, expected: &str| {
        let config = format!("database: {DATABASE}\nproperties: {properties}");
        let (outcome, heard) = make(&config, vec![database(), schema()], &Notes::default()).await;
        assert_eq!(
            (word(&outcome).as_str(), heard.len()),
            ("reject, gone: false", 2)
        );
        assert!(note(&outcome).contains(expected), "{outcome:?}");
    };
    refused("{Amuont: 1}", "did you mean `Amount`").await;
    refused(
        "{Amount: lots}",
        "property `Amount` is a number, and `lots` is none",
    )
    .await;
    refused(
        "{Total: 1}",
        "is of type formula, which Notion fills in itself",
    )
    .await;
}

#[tokio::test]
async fn what_notion_answers() {
    let by_key = CONFIG;
    let blind = CONFIG.replace("unique_by: Invoice ID\n", "");
    let ask = async |config: &str, says: Say, expected: &str| {
        let mut script = vec![database(), schema()];
        if config.contains("unique_by") {
            script.push(none());
        }
        script.push(says);
        let (outcome, _) = make(config, script, &Notes::default()).await;
        assert_eq!(word(&outcome), expected, "{outcome:?}");
        note(&outcome).to_owned()
    };
    for config in [by_key, &blind] {
        ask(config, error(409, "conflict_error"), "retry Schedule").await;
        ask(
            config,
            Say::with(429, &[("Retry-After", "2")], ""),
            "retry Destination(Some(2s))",
        )
        .await;
        ask(
            config,
            Say::with(529, &[("Retry-After", "2")], ""),
            "retry Destination(Some(2s))",
        )
        .await;
        ask(
            config,
            error(529, "service_overload"),
            "retry Destination(Some(5s))",
        )
        .await;
        ask(config, error(400, "invalid_json"), "reject, gone: false").await;
        let said = ask(config, error(401, "unauthorized"), "reject, gone: false").await;
        assert!(said.contains("integration token"), "{said}");
        ask(
            config,
            error(403, "restricted_resource"),
            "reject, gone: false",
        )
        .await;
        let said = ask(
            config,
            error(404, "object_not_found"),
            "reject, gone: false",
        )
        .await;
        assert!(
            said.contains("share the database with the integration"),
            "{said}"
        );
    }
    // Made, perhaps: with a key it is looked for first, without one a person or the policy decides.
    for says in [
        error(500, "internal_server_error"),
        error(504, "gateway_timeout"),
        Say::Close,
        Say::Nothing,
    ] {
        ask(by_key, says.clone(), "retry Schedule").await;
        ask(&blind, says, "in doubt").await;
    }
    // Reading is never in doubt.
    let (outcome, _) = make(&blind, vec![Say::Close], &Notes::default()).await;
    assert_eq!(word(&outcome), "retry Schedule");
    let (outcome, _) = make(&blind, vec![error(500, "x")], &Notes::default()).await;
    assert_eq!(word(&outcome), "retry Schedule");
}

#[tokio::test]
async fn several_data_sources_need_a_name() {
    let two = || {
        Say::json(
            200,
            r#"{"data_sources":[{"id":"ds-1","name":"A"},{"id":"ds-2","name":"B"}]}"#,
        )
    };
    let config = format!("database: {DATABASE}\nproperties: {{Amount: 1}}\n");
    let (outcome, _) = make(&config, vec![two()], &Notes::default()).await;
    assert!(
        note(&outcome).contains("name one with `data_source`"),
        "{outcome:?}"
    );
    let config = format!("{config}data_source: B\n");
    let (_, heard) = make(&config, vec![two(), schema(), page()], &Notes::default()).await;
    assert_eq!(lines(&heard)[1], "GET /v1/data_sources/ds-2");
}

#[test]
fn what_check_says() {
    for (config, expected) in [
        ("{properties: {A: 1}}", "`database` is missing"),
        (
            "{database: Invoices, properties: {A: 1}}",
            "no id of a database",
        ),
        (
            "{database: \"{{payload.db}}\", properties: {A: 1}}",
            "an event has no say",
        ),
        ("{data_source: B}", "`properties` is missing"),
        (
            "{data_source: B, properties: {A: 1}, unique_by: C}",
            "not among `properties`",
        ),
        (
            "{data_source: B, properties: {A: 1}, on_duplicate: replace}",
            "`replace` cannot be done",
        ),
        ("{data_source: B, properties: {A: 1}, token: x}", "HR0004"),
    ] {
        let said = check("notion_page", config);
        assert!(
            said.iter().any(|line| line.contains(expected)),
            "{config}: {said:?}"
        );
    }
}
