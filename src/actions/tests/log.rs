//! `log`.

use serde_json::json;

use super::{NOW, Notes, Try, check, destination, hostile, outputs, prepare, word};

#[tokio::test]
async fn a_line_without_control_characters() {
    let data = prepare(
        "log",
        "{level: warn, message: \"{{payload.line}}\"}",
        &hostile(),
    )
    .unwrap();
    assert_eq!(
        data,
        json!({"level": "warn", "message": "a\r\nX-Injected: yes"})
    );
    let unused = destination("{file: {root: x}}");
    let memory = Notes::default();
    let mut attempt = Try::first("log", data, &unused, &memory);
    attempt.destination = None;
    attempt.now = NOW;
    let outcome = attempt.perform().await;
    assert_eq!(word(&outcome), "done");
    assert_eq!(outputs(&outcome)["text"], "a  X-Injected: yes");
}

#[test]
fn without_a_message_the_event_is_named() {
    let data = prepare("log", "{}", &json!({})).unwrap();
    assert_eq!(
        data,
        json!({"level": "info", "message": "issues.opened from github"})
    );
    assert!(check("log", "{level: loud}")[0].contains("not a level"));
}
