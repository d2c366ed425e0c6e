//! `command`, down to what the program sees.

use serde_json::json;

use super::{Notes, Try, check, destination, hostile, note, outputs, prepare, word};
use crate::actions::{KeptDelivery, Outcome};
use crate::event::Headers;

async fn run(script: &str, more: &str, config: &str) -> Outcome {
    let there = destination(&format!(
        "{{command: {{argv: [/bin/sh, -c, {script:?}, \"--\"]{more}}}, timeout: 20s}}"
    ));
    let data = prepare("command", config, &hostile()).unwrap();
    let memory = Notes::default();
    let mut attempt = Try::first("command", data, &there, &memory);
    attempt.delivery = Some(KeptDelivery {
        headers: Headers::default(),
        body: bytes::Bytes::from_static(b"{\"a\":1}"),
    });
    attempt.perform().await
}

const ARGS: &str = ", args_max: 2, args_match: \"[A-Za-z0-9. ;$()-]{1,40}\"";

#[tokio::test]
async fn arguments_are_single_items_and_the_body_is_on_standard_input() {
    let script =
        "printf '%s|' \"$@\"; cat; echo \"|$HOOKRULE_RULE|$HOOKRULE_EVENT_NAME|$CI|$HOME\"";
    let outcome = run(
        script,
        &format!("{ARGS}, env: {{CI: \"1\"}}"),
        "{args: [\"a; $(id) b\", \"{{payload.dots}}\"]}",
    )
    .await;
    let text = outputs(&outcome)["text"].as_str().unwrap().to_owned();
    assert_eq!(text, "a; $(id) b|..|{\"a\":1}|the-rule|issues.opened|1|");
}

#[tokio::test]
async fn what_the_operator_does_not_allow() {
    let none = run("exit 0", "", "{args: [a]}").await;
    assert!(note(&none).contains("allows 0"), "{none:?}");
    for (args, expected) in [
        ("[a, b, c]", "3 arguments"),
        ("[\"{{payload.line}}\"]", "argument 1 does not match"),
        ("[a, \"{{payload.title}}\"]", "argument 2 does not match"),
        ("[\"\"]", "argument 1 does not match"),
    ] {
        let outcome = run("exit 0", ARGS, &format!("{{args: {args}}}")).await;
        assert_eq!(word(&outcome), "reject, gone: false", "{args}");
        assert!(note(&outcome).contains(expected), "{args}: {outcome:?}");
    }
    // Without "--" before it, an argument that begins with a dash would be an option.
    let there = destination("{command: {argv: [/bin/echo], args_max: 1, args_match: \".*\"}}");
    let data = prepare("command", "{args: [\"-e\"]}", &json!({})).unwrap();
    let memory = Notes::default();
    let outcome = Try::first("command", data, &there, &memory).perform().await;
    assert!(note(&outcome).contains("would be an option"), "{outcome:?}");
    let lists = prepare("command", "{args: [\"{{payload}}\"]}", &json!({}));
    assert!(lists.is_err());
    assert_eq!(check("command", "{arg: [a]}").len(), 1);
}

#[tokio::test]
async fn exits() {
    let check = async |script: &str, expected: &str| {
        let outcome = run(script, "", "{}").await;
        assert_eq!(word(&outcome), expected, "{script}: {outcome:?}");
        note(&outcome).to_owned()
    };
    check("exit 0", "done").await;
    check("exit 75", "retry Schedule").await;
    let said = check("echo out; echo why >&2; exit 3", "reject, gone: false").await;
    assert_eq!(said, "exit 3: why");
    check("kill -9 $$", "in doubt").await;
    let long = run("head -c 300000 /dev/zero | tr '\\0' x", "", "{}").await;
    assert!(outputs(&long)["text"].as_str().unwrap().len() <= 8192);
}

#[tokio::test]
async fn a_program_that_is_not_there_or_does_not_end() {
    let there = destination("{command: {argv: [/nowhere/at/all]}}");
    let memory = Notes::default();
    let outcome = Try::first("command", json!({}), &there, &memory)
        .perform()
        .await;
    assert_eq!(word(&outcome), "reject, gone: false", "{outcome:?}");
    let there =
        destination("{command: {argv: [/bin/sh, -c, \"sleep 600 & wait\"]}, timeout: 200ms}");
    let outcome = Try::first("command", json!({}), &there, &memory)
        .perform()
        .await;
    assert_eq!(word(&outcome), "in doubt", "{outcome:?}");
    assert!(note(&outcome).starts_with("killed"), "{outcome:?}");
}

#[tokio::test]
async fn the_operators_secrets_are_not_shown() {
    let outcome = run("echo $KEY; exit 1", ", env: {KEY: very-hidden-value}", "{}").await;
    assert_eq!(note(&outcome), "exit 1: ***");
}
