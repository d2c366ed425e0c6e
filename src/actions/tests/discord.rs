//! `discord`, from its configuration to the message on the wire.

use serde_json::{Value, json};

use super::{check, destination, hostile, note, outputs, perform, prepare, word};
use crate::actions::Outcome;
use crate::destinations::Destination;
use crate::net::scripted::{Say, Scripted};

const TOKEN: &str = "aaaa-webhook-token-bbbb";

fn there(target: &Scripted) -> Destination {
    let url = target.url(&format!("/api/webhooks/123/{TOKEN}"));
    destination(&format!(
        "{{discord: {{url: \"{url}\"}}, allow_private: true, timeout: {}}}",
        target.patience
    ))
}

async fn post(config: &str, says: Say) -> (Outcome, Vec<crate::net::scripted::Heard>) {
    let target = Scripted::start(vec![says]).await;
    let data = prepare("discord", config, &hostile()).unwrap();
    let outcome = perform("discord", data, &there(&target)).await;
    (outcome, target.heard())
}

fn message() -> Say {
    Say::json(
        200,
        r#"{"id": "1100", "channel_id": "2200", "content": "x"}"#,
    )
}

#[tokio::test]
async fn a_message_that_pings_nobody() {
    let (outcome, heard) = post("{content: \"New: {{payload.mention}}\"}", message()).await;
    let outputs = outputs(&outcome);
    assert_eq!(
        (&outputs["id"], &outputs["channel_id"]),
        (&json!("1100"), &json!("2200"))
    );
    assert_eq!(
        heard[0].line,
        format!("POST /api/webhooks/123/{TOKEN}?wait=true HTTP/1.1")
    );
    assert_eq!(heard[0].header("content-type"), Some("application/json"));
    assert!(
        heard[0]
            .header("user-agent")
            .unwrap()
            .starts_with("hookrule/")
    );
    assert_eq!(heard[0].header("authorization"), None);
    let body = heard[0].json();
    assert_eq!(body["allowed_mentions"], json!({"parse": []}));
    assert_eq!(body["flags"], 4);
    let content = body["content"].as_str().unwrap();
    assert!(content.starts_with("New: "), "{content}");
    for unescaped in ["@everyone", "**bold**", "[click](https"] {
        assert!(!content.contains(unescaped), "{content}");
    }
}

#[tokio::test]
async fn everything_a_message_can_have() {
    let config = r##"
content: "**bold** by the author"
username: hookrule
avatar_url: https://example.com/a.png
thread: "123456789012345678"
mentions: {users: ["80351110224678912"], roles: [1], everyone: false}
silent: true
embeds:
  - title: "{{payload.title}}"
    url: https://example.com/x
    color: "#ff0000"
    timestamp: "2024-01-01T00:00:00Z"
    footer: "{{payload.mention}}"
    author: {name: me, icon_url: "javascript:alert(1)"}
    fields: {Empty: "", Title: "{{payload.title}}"}
"##;
    let (_, heard) = post(config, message()).await;
    assert_eq!(
        heard[0].line,
        format!("POST /api/webhooks/123/{TOKEN}?wait=true&thread_id=123456789012345678 HTTP/1.1")
    );
    let body = heard[0].json();
    assert_eq!(body["content"], "**bold** by the author");
    assert_eq!(body["username"], "hookrule");
    assert_eq!(body["flags"], 4096);
    assert_eq!(body.get("thread_id"), None);
    assert_eq!(
        body["allowed_mentions"],
        json!({"parse": [], "users": ["80351110224678912"], "roles": ["1"]})
    );
    let embed = &body["embeds"][0];
    assert_eq!(embed["color"].as_u64(), Some(0x00ff_0000));
    assert_eq!(embed["author"], json!({"name": "me"}));
    assert_eq!(embed["footer"]["text"], hostile()["mention"]);
    assert_eq!(embed["fields"][0]["name"], "Empty");
    assert_eq!(embed["fields"][0]["value"], "\u{200b}");
    assert_eq!(embed["fields"][1]["inline"], true);
}

#[test]
fn too_long_is_cut() {
    let long = json!({"text": "x".repeat(5000)});
    let data = prepare(
        "discord",
        "{content: \"{{payload.text}}\", embeds: [{title: \"{{payload.text}}\", description: \"{{payload.text}}\", fields: {\"{{payload.text}}\": \"{{payload.text}}\"}}]}",
        &long,
    )
    .unwrap();
    let length = |value: &Value| value.as_str().unwrap().encode_utf16().count();
    assert_eq!(length(&data["content"]), 2000);
    let embed = &data["embeds"][0];
    assert_eq!(length(&embed["title"]), 256);
    assert_eq!(length(&embed["description"]), 4096);
    assert_eq!(length(&embed["fields"][0]["name"]), 256);
    assert_eq!(length(&embed["fields"][0]["value"]), 1024);
}

#[test]
fn bad_names_and_links_from_events_are_left_out() {
    let data = prepare(
        "discord",
        "{content: x, username: \"{{payload.name}}\", avatar_url: \"{{payload.url}}\"}",
        &json!({"name": "Discord Team", "url": "javascript:alert(1)"}),
    )
    .unwrap();
    assert_eq!((data.get("username"), data.get("avatar_url")), (None, None));
    let bad = prepare(
        "discord",
        "{content: x, thread: \"{{payload.id}}\"}",
        &json!({"id": "1&wait=false"}),
    );
    assert!(bad.is_err(), "{bad:?}");
}

#[test]
fn what_check_says() {
    let eleven = ["{title: x}"; 11].join(", ");
    for (config, expected) in [
        ("{}", "needs `content` or `embeds`"),
        ("{content: x, username: my discord}", "`clyde` or `discord`"),
        (
            "{content: x, mentions: [here]}",
            "nobody who can be mentioned",
        ),
        (
            "{content: x, mentions: {users: [\"{{payload.id}}\"]}}",
            "not an id",
        ),
        ("{content: x, thread: {}}", "an `id`, or a `name`"),
        ("{embeds: [{colour: red}]}", "HR0004"),
        ("{embeds: [{color: reddish}]}", "not a colour"),
        ("{content: x, webhook: y}", "HR0004"),
        (
            format!("{{embeds: [{eleven}]}}").as_str(),
            "at most 10 embeds",
        ),
    ] {
        let said = check("discord", config);
        assert!(
            said.iter().any(|line| line.contains(expected)),
            "{config}: {said:?}"
        );
    }
    let long = format!("{{content: {}}}", "x".repeat(2001));
    assert!(check("discord", &long)[0].starts_with("Warning HR0406"));
}

#[test]
fn what_is_written_is_counted_whatever_the_values_are() {
    let warned = |config: &str| {
        let found = check("discord", config);
        found
            .iter()
            .filter(|found| found.contains("HR0406"))
            .count()
    };
    let letters = |count: usize| "x".repeat(count);
    for (config, warnings) in [
        (
            format!("{{content: \"{} {{{{payload.a}}}}\"}}", letters(1999)),
            0,
        ),
        (
            format!("{{content: \"{} {{{{payload.a}}}}\"}}", letters(2000)),
            1,
        ),
        // Units of UTF-16, as Discord may count them.
        (format!("{{content: \"{}\"}}", "😀".repeat(1001)), 1),
        // What stands in a block may be left out.
        (
            format!(
                "{{content: \"{{{{#if payload.a}}}}{}{{{{/if}}}}\"}}",
                letters(2001)
            ),
            0,
        ),
        (format!("{{embeds: {{title: {}}}}}", letters(257)), 1),
        (
            format!(
                "{{embeds: {{description: \"{}{{{{payload.a}}}}\"}}}}",
                letters(4097)
            ),
            1,
        ),
        (
            format!("{{embeds: {{title: t, footer: {}}}}}", letters(2049)),
            1,
        ),
        (
            format!(
                "{{embeds: {{title: t, author: {{name: {}}}}}}}",
                letters(257)
            ),
            1,
        ),
        (
            format!("{{embeds: {{title: t, fields: {{{}: v}}}}}}", letters(257)),
            1,
        ),
        (
            format!("{{embeds: {{title: t, fields: {{n: {}}}}}}}", letters(1025)),
            1,
        ),
        // Each fits; together they do not.
        (
            format!(
                "{{embeds: [{{description: {0}}}, {{description: {0}}}]}}",
                letters(3001)
            ),
            1,
        ),
    ] {
        assert_eq!(warned(&config), warnings, "{}", &config[..60]);
    }
}

#[tokio::test]
async fn what_discord_answers() {
    let ask = async |says: Say, expected: &str| {
        let (outcome, _) = post("{content: x}", says).await;
        assert_eq!(word(&outcome), expected, "{outcome:?}");
        assert!(!format!("{outcome:?}").contains(TOKEN), "{outcome:?}");
        note(&outcome).to_owned()
    };
    ask(message(), "done").await;
    ask(
        Say::json(
            429,
            r#"{"message": "slow", "retry_after": 0.75, "global": true}"#,
        ),
        "retry Destination(Some(750ms))",
    )
    .await;
    ask(
        Say::with(429, &[("Retry-After", "3")], r#"{"message": "slow"}"#),
        "retry Destination(Some(3s))",
    )
    .await;
    ask(
        Say::text(429, "<html>cloudflare</html>"),
        "retry Destination(Some(900s))",
    )
    .await;
    ask(
        Say::json(404, r#"{"message": "Unknown Webhook", "code": 10015}"#),
        "reject, gone: true",
    )
    .await;
    ask(Say::text(404, ""), "reject, gone: true").await;
    ask(
        Say::json(404, r#"{"message": "Unknown Channel", "code": 10003}"#),
        "reject, gone: false",
    )
    .await;
    ask(
        Say::json(
            401,
            r#"{"message": "Invalid Webhook Token", "code": 50027}"#,
        ),
        "reject, gone: true",
    )
    .await;
    ask(Say::text(403, ""), "reject, gone: false").await;
    ask(Say::text(502, ""), "retry Schedule").await;
    ask(Say::Close, "in doubt").await;
    ask(Say::Nothing, "in doubt").await;
    let refused = json!({"code": 50035, "message": "Invalid Form Body", "errors": {
        "embeds": {"0": {"title": {"_errors": [{"code": "X", "message": "Must be 256 or fewer in length."}]}}}}});
    let note = ask(Say::json(400, &refused.to_string()), "reject, gone: false").await;
    assert_eq!(
        note,
        "400: Discord refuses the message: embeds.0.title: Must be 256 or fewer in length."
    );
    let echo = format!("see https://discord.com/api/webhooks/123/{TOKEN}");
    ask(Say::text(400, &echo), "reject, gone: false").await;
}
