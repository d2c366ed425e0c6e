//! `command`, down to what the program sees.

use serde_json::json;

use super::{Notes, Try, check, destination, hostile, node, note, outputs, prepare, word};
use crate::actions::{KeptDelivery, Outcome};
use crate::destinations::{CommandSettings, Destination};
use crate::diagnostic::Diagnostics;
use crate::event::Headers;
use crate::yaml::{Node, Value};

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
async fn variables_are_those_that_the_operator_names() {
    let allowed = ", env_names: [TITLE, CI], env: {CI: \"1\"}";
    let config = "{env: {TITLE: \"{{payload.dots}} $(id)\", CI: \"2\"}}";
    let outcome = run("echo \"$TITLE|$CI\"", allowed, config).await;
    let text = outputs(&outcome)["text"].as_str().unwrap().to_owned();
    assert_eq!(text.trim(), ".. $(id)|1", "the operator's own value stays");
    let outcome = run("exit 0", allowed, "{env: {LD_PRELOAD: x}}").await;
    assert_eq!(word(&outcome), "reject, gone: false");
    assert!(note(&outcome).contains("LD_PRELOAD"), "{outcome:?}");
    let outcome = run("exit 0", "", "{env: {TITLE: x}}").await;
    assert!(note(&outcome).contains("env_names"), "{outcome:?}");
    let lists = prepare("command", "{env: {TITLE: \"{{payload}}\"}}", &json!({}));
    assert!(lists.is_err());
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

#[tokio::test]
async fn a_program_that_is_broken_off_leaves_nobody_behind() {
    let name = format!("hookrule-left-behind-{}", std::process::id());
    let file = std::env::temp_dir().join(name);
    let script = format!(
        "sleep 600 & echo $! > {0}.new; mv {0}.new {0}; wait",
        file.display()
    );
    let there = destination(&format!(
        "{{command: {{argv: [/bin/sh, -c, {script:?}]}}, timeout: 20s}}"
    ));
    let memory = Notes::default();
    let attempt = Try::first("command", json!({}), &there, &memory);
    let child = tokio::select! {
        outcome = attempt.perform() => panic!("{outcome:?}"),
        child = async {
            loop {
                if let Ok(child) = std::fs::read_to_string(&file) {
                    break child;
                }
                tokio::task::yield_now().await;
            }
        } => child,
    };
    std::fs::remove_file(&file).unwrap();
    // A process that is killed is gone, or dead and not yet taken note of (Z).
    let runs = || match std::fs::read_to_string(format!("/proc/{}/stat", child.trim())) {
        Ok(stat) => !stat.contains(") Z "),
        Err(_) => false,
    };
    let gone = async {
        while runs() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let hanging = std::time::Duration::from_secs(20);
    tokio::time::timeout(hanging, gone)
        .await
        .expect("it still runs");
}

#[test]
fn an_error_does_not_repeat_the_event() {
    let payload = json!({"private": "words of a stranger"});
    let error = prepare("command", "{args: [\"{{payload}}\"]}", &payload).unwrap_err();
    assert!(!error.to_string().contains("stranger"), "{error}");
    assert!(error.to_string().contains("{{payload}}"), "{error}");
}

#[tokio::test]
async fn what_config_has_filled_into_arguments_is_not_shown() {
    let text = "{command: {argv: [/bin/sh, -c, \"echo $1; exit 1\", sh, filled-in-value]}}";
    let mut node = node(text);
    let last = |node: &mut Node| {
        let Value::Map(kinds) = &mut node.value else {
            panic!()
        };
        let Value::Map(fields) = &mut kinds[0].1.value else {
            panic!()
        };
        let Value::List(argv) = &mut fields[0].1.value else {
            panic!()
        };
        argv[4].filled = true;
    };
    last(&mut node);
    let there = Destination::parse("there", &node, &mut Diagnostics::new()).unwrap();
    let settings = format!("{:?}", there.settings::<CommandSettings>().unwrap());
    assert!(!settings.contains("filled-in-value"), "{settings}");
    let memory = Notes::default();
    let outcome = Try::first("command", json!({}), &there, &memory)
        .perform()
        .await;
    assert_eq!(note(&outcome), "exit 1: ***");
}
