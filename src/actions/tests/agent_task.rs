//! `agent_task`, from its configuration to what the agent reads.

use serde_json::json;

use super::{
    check, destination, event, hostile, note, outputs, perform, prepare, prepare_event, word,
};
use crate::destinations::Destination;
use crate::event::{Event, Headers, Proof, Strength};
use crate::net::scripted::{Say, Scripted};

const TOKEN: &str = "gateway-token-of-ours";

fn there(target: &Scripted) -> Destination {
    let url = target.url("/");
    destination(&format!(
        "{{agent: {{openclaw: {{url: \"{url}\", token: {TOKEN}}}}}, allow_private: true, timeout: {}}}",
        target.patience
    ))
}

const TASK: &str = "{message: \"Look at {{event.name}}.\", data: {title: \"{{payload.mention}}\", all: \"{{payload}}\"}, session_by: \"{{payload.name}}\", agent: reviewer, timeout: 5m, deliver: {channel: slack, to: \"channel:C1\"}}";

#[tokio::test]
async fn openclaw_gets_what_its_contract_says() {
    let target = Scripted::start(vec![Say::json(200, r#"{"ok":true,"runId":"run-1"}"#)]).await;
    let data = prepare("agent_task", TASK, &hostile()).unwrap();
    let outcome = perform("agent_task", data, &there(&target)).await;
    assert_eq!(outputs(&outcome)["run"], "run-1");
    let heard = target.only();
    assert_eq!(heard.line, "POST /hooks/agent HTTP/1.1");
    assert_eq!(
        heard.header("authorization"),
        Some("Bearer gateway-token-of-ours")
    );
    assert_eq!(heard.header("content-type"), Some("application/json"));
    assert_eq!(
        heard.header("idempotency-key"),
        Some("job_11111111111111111111111111111111")
    );
    assert_eq!(heard.header("x-hookrule-hops"), Some("1"));
    let body = heard.json();
    let keys: Vec<_> = body
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        [
            "message",
            "name",
            "agentId",
            "timeoutSeconds",
            "channel",
            "to",
            "sessionKey"
        ]
    );
    assert_eq!(
        (&body["name"], &body["agentId"]),
        (&json!("the-rule"), &json!("reviewer"))
    );
    assert_eq!(body["timeoutSeconds"].as_u64(), Some(300));
    let session = body["sessionKey"].as_str().unwrap();
    assert!(
        session.starts_with("hook:hookrule:") && !session.contains("octo"),
        "{session}"
    );
    let message = body["message"].as_str().unwrap();
    assert!(message.starts_with("Look at issues.opened.\n"), "{message}");
    assert_eq!(message.matches("<<<").count(), 2, "{message}");
    let fence = message.find("<<<").unwrap();
    assert!(message.find("@everyone").unwrap() > fence);
}

#[tokio::test]
async fn only_message_and_name_where_nothing_else_is_set() {
    let target = Scripted::start(vec![Say::json(202, r#"{"ok":true}"#)]).await;
    let data = prepare("agent_task", "{message: Do it., name: Nightly}", &json!({})).unwrap();
    let outcome = perform("agent_task", data, &there(&target)).await;
    assert_eq!(word(&outcome), "done");
    assert_eq!(
        target.only().json(),
        json!({"message": "Do it.", "name": "Nightly"})
    );
}

#[tokio::test]
async fn what_the_gateway_answers() {
    let ask = async |says: Say, expected: &str| {
        let target = Scripted::start(vec![says]).await;
        let data = prepare("agent_task", "{message: x}", &json!({})).unwrap();
        let outcome = perform("agent_task", data, &there(&target)).await;
        assert_eq!(word(&outcome), expected, "{outcome:?}");
        assert!(!note(&outcome).contains(TOKEN));
    };
    ask(
        Say::json(200, r#"{"ok":false,"error":"no"}"#),
        "reject, gone: false",
    )
    .await;
    ask(Say::text(200, "hello"), "reject, gone: false").await;
    ask(Say::text(204, ""), "reject, gone: false").await;
    ask(
        Say::json(400, r#"{"ok":false,"error":"message required"}"#),
        "reject, gone: false",
    )
    .await;
    ask(
        Say::text(401, &format!("Unauthorized {TOKEN}")),
        "reject, gone: false",
    )
    .await;
    ask(Say::text(404, ""), "reject, gone: false").await;
    ask(Say::text(408, ""), "retry Schedule").await;
    ask(Say::text(409, ""), "retry Schedule").await;
    ask(
        Say::with(429, &[("Retry-After", "60")], ""),
        "retry Destination(Some(60s))",
    )
    .await;
    ask(Say::text(503, ""), "retry Schedule").await;
    ask(Say::Close, "in doubt").await;
    ask(Say::Nothing, "in doubt").await;
}

#[tokio::test]
async fn a_program_reads_the_task_on_its_standard_input() {
    let there = destination("{agent: {command: {argv: [/bin/cat]}}}");
    let data = prepare("agent_task", TASK, &hostile()).unwrap();
    let task = data["task"].as_str().unwrap().trim_end().to_owned();
    let outcome = perform("agent_task", data, &there).await;
    assert_eq!(outputs(&outcome)["text"], task);
}

#[tokio::test]
async fn an_agents_own_echo_is_stopped() {
    let target = Scripted::start(vec![Say::json(200, r#"{"ok":true}"#)]).await;
    for (hops, expected) in [("2", "done"), ("3", "reject, gone: false")] {
        let mut event = event(&json!({}));
        event.headers = Headers::new([("x-hookrule-hops", hops)]);
        let data = prepare_event("agent_task", "{message: x}", &event).unwrap();
        assert_eq!(
            word(&perform("agent_task", data, &there(&target)).await),
            expected
        );
    }
}

#[test]
fn the_instruction_is_the_authors_own() {
    for message in [
        "Look at {{payload.title}}",
        "{{{payload.title}}}",
        "{{headers.x-a}}",
        "{{query.q}}",
        "{{item.a}}",
        "{{vars.a}}",
        "{{actions.a.text}}",
        "{{#each payload.items}}{{this}}{{/each}}",
        "{{#with payload}}{{title}}{{/with}}",
        "{{#if payload.x}}a{{else}}b{{/if}}",
        "{{upper payload.title}}",
        "{{default @root.payload.title \"-\"}}",
        "{{lookup this \"payload\"}}",
        "{{jsonpath \"$.payload\"}}",
        "{{json this}}",
    ] {
        let config = |inline: &str| format!("{{message: '{message}'{inline}}}");
        let said = check("agent_task", &config(""));
        assert!(
            said.iter().any(|line| line.starts_with("Error")),
            "{message}: {said:?}"
        );
        let said = check("agent_task", &config(", inline: true"));
        assert!(
            said.iter().all(|line| line.starts_with("Warning HR0405"))
                || said[0].starts_with("Error HR03"),
            "{message}: {said:?}"
        );
    }
    for fine in [
        "Look at {{event.name}} of {{source.name}} ({{rule.name}})",
        "Do it.",
    ] {
        assert_eq!(
            check("agent_task", &format!("{{message: '{fine}'}}")),
            Vec::<String>::new()
        );
    }
}

#[test]
fn what_else_check_says() {
    for (config, expected) in [
        ("{}", "HR0005"),
        ("{message: \" \"}", "needs an instruction"),
        (
            "{message: x, agent: \"{{payload.agent}}\"}",
            "an event has no say",
        ),
        ("{message: x, deliver: {channel: slack}}", "`to` is missing"),
        ("{message: x, sessionKey: y}", "HR0004"),
        ("{message: x, model: y}", "HR0004"),
    ] {
        let said = check("agent_task", config);
        assert!(
            said.iter().any(|line| line.contains(expected)),
            "{config}: {said:?}"
        );
    }
}

/// Whoever runs the agent says what it may be given, whatever rules say.
#[tokio::test]
async fn an_agent_takes_what_is_proven_as_far_as_its_operator_asks() {
    let cat = "{agent: {command: {argv: [/bin/cat]}, proof: ASKED}}";
    for (asked, strength, taken) in [
        ("signed", Strength::Signed, true),
        ("signed", Strength::Authenticated, false),
        ("signed", Strength::Unsigned, false),
        ("[signed, authenticated]", Strength::Authenticated, true),
        ("[signed, authenticated]", Strength::Unsigned, false),
        ("unsigned", Strength::Unsigned, true),
        ("unsigned", Strength::Signed, false),
    ] {
        let event = Event {
            proof: Proof::imagined_by_trial(strength),
            ..event(&json!({}))
        };
        let agent = destination(&cat.replace("ASKED", asked));
        let data = prepare_event("agent_task", "{message: Look.}", &event).unwrap();
        let outcome = perform("agent_task", data.clone(), &agent).await;
        let expected = if taken { "done" } else { "reject, gone: false" };
        assert_eq!(
            word(&outcome),
            expected,
            "{asked}, {strength:?}: {outcome:?}"
        );
        if !taken {
            let said = note(&outcome);
            assert!(
                said.contains(&format!("this is {}", strength.word())),
                "{said}"
            );
        }
        // What was stored by a hookrule that did not keep it has nothing proven.
        let mut data = data;
        data.as_object_mut().unwrap().shift_remove("proof");
        let outcome = perform("agent_task", data, &agent).await;
        let expected = if asked == "unsigned" {
            "done"
        } else {
            "reject, gone: false"
        };
        assert_eq!(word(&outcome), expected, "{asked}: {outcome:?}");
    }
}
