//! `http`, from its configuration to the bytes on the wire.

use super::{check, destination, hostile, perform, prepare, word};
use crate::net::scripted::{Heard, Say, Scripted};

async fn sent(config: &str) -> Heard {
    let target = Scripted::start(vec![Say::text(204, "")]).await;
    let there = destination(&format!(
        "{{http: {{url: \"{}\"}}, allow_private: true}}",
        target.url("/in")
    ));
    let data = prepare("http", config, &hostile()).unwrap();
    // As it comes back from a store.
    let data = serde_json::from_str(&data.to_string()).unwrap();
    let outcome = perform("http", data, &there).await;
    assert_eq!(word(&outcome), "done", "{outcome:?}");
    target.only()
}

#[tokio::test]
async fn json_is_built_as_a_tree() {
    let heard = sent(
        "{body: {text: \"{{payload.title}}\", n: 1.50, deep: [\"{{payload.dots}}\", null, true]}}",
    )
    .await;
    assert_eq!(heard.line, "POST /in HTTP/1.1");
    assert_eq!(heard.header("content-type"), Some("application/json"));
    assert_eq!(
        String::from_utf8(heard.body).unwrap(),
        r#"{"text":"x\",\"admin\":true,\"y\":\"","n":1.50,"deep":["..",null,true]}"#
    );
}

#[tokio::test]
async fn forms_texts_and_nothing() {
    let heard = sent("{body: {form: {a: \"{{payload.title}}\", b: [1, \"&=\"], c: null}}}").await;
    assert_eq!(
        heard.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(
        String::from_utf8(heard.body).unwrap(),
        "a=x%22%2C%22admin%22%3Atrue%2C%22y%22%3A%22&b=1&b=%26%3D"
    );
    let heard = sent("{method: PUT, body: \"hello {{payload.dots}}\"}").await;
    assert_eq!(heard.line, "PUT /in HTTP/1.1");
    assert_eq!(
        heard.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(heard.body, b"hello ..");
    let heard = sent("{body: {json: {form: {a: 1}}}}").await;
    assert_eq!(heard.body, br#"{"form":{"a":1}}"#);
    let heard = sent("{method: GET, query: {a: \"{{payload.dots}}\"}}").await;
    assert_eq!(heard.line, "GET /in?a=.. HTTP/1.1");
    assert!(heard.body.is_empty() && heard.header("content-type").is_none());
    let heard = sent("{headers: {Content-Type: text/csv}, body: \"a,b\"}").await;
    assert_eq!(heard.header("content-type"), Some("text/csv"));
}

#[test]
fn what_check_says() {
    for (config, code) in [
        ("{method: post}", "HR0007"),
        ("{method: GET, body: x}", "HR0007"),
        (
            "{headers: {Content-Type: application/json}, body: '{\"a\": \"{{payload.title}}\"}'}",
            "HR0305",
        ),
        ("{body: '{\"a\": \"{{payload.title}}\"}'}", "HR0305"),
        ("{body: '[\"{{payload.title}}\"]'}", "HR0305"),
        ("{body: {text: \"{{payload.\"}}", "HR0302"),
        ("{url: \"https://x.example\"}", "HR0004"),
    ] {
        let said = check("http", config);
        assert!(
            said.len() == 1 && said[0].contains(code),
            "{config}: {said:?}"
        );
    }
    for config in [
        "{body: {text: a, b: c}}",
        "{body: '{\"a\": 1}'}",
        "{body: '{{payload.title}} \"x\"'}",
        "{body: '[{{payload.title}}] is new'}",
        "{headers: {Content-Type: application/json}, body: \"{{json payload}}\"}",
    ] {
        assert_eq!(check("http", config), Vec::<String>::new(), "{config}");
    }
}
