//! `hookrule send`, as senders of every sort sign, to a running hookrule.

use std::process::Output;

use crate::harness::{Folder, Process, SECRET, WHSEC};

const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    String::from_utf8_lossy(out).into_owned() + &String::from_utf8_lossy(err)
}

fn start(sources: &str) -> (Folder, Process) {
    let folder = Folder::new();
    let config = format!("listen: 127.0.0.1:0\nsources:\n{sources}");
    let config = folder.write("hookrule.yaml", &config);
    folder.write("rules/README", "no rules here");
    let server = Process::start(&config);
    (folder, server)
}

fn send(server: &Process, provider: &str, event: &str, source: &str) -> Output {
    let url = format!("http://{}/webhook/{source}", server.address);
    server.ask(&["send", provider, event, "--source", source, "--url", &url])
}

/// A source, its provider, an event of it, and what else the source says.
type Kind = (&'static str, &'static str, &'static str, String);

/// One of each sort of signing.
fn kinds() -> Vec<Kind> {
    let url = "url: \"https://hooks.example.com/webhook/x\"";
    vec![
        ("text", "github", "push", format!("secrets: [{SECRET}]")),
        (
            "timed",
            "stripe",
            "invoice.paid",
            format!("secrets: [{SECRET}]"),
        ),
        (
            "decoded",
            "standard-webhooks",
            "invoice.paid",
            format!("secrets: [\"{WHSEC}\"]"),
        ),
        (
            "token",
            "gitlab",
            "push",
            format!("scheme: token, secrets: [{SECRET}]"),
        ),
        (
            "basic",
            "chargebee",
            "subscription_created",
            "secrets: [\"shop:a-password-of-ours\"]".into(),
        ),
        (
            "items",
            "adyen",
            "AUTHORISATION",
            format!("secrets: [\"{HEX}\"]"),
        ),
        (
            "tokens",
            "microsoft-graph",
            "created",
            format!("secrets: [{SECRET}]"),
        ),
        (
            "nested",
            "mailgun",
            "delivered",
            format!("secrets: [{SECRET}]"),
        ),
        (
            "form",
            "mailgun",
            "delivered",
            format!("scheme: form, secrets: [{SECRET}]"),
        ),
        (
            "sorted",
            "twilio",
            "message.received",
            format!("secrets: [{SECRET}], {url}"),
        ),
        (
            "addressed",
            "trello",
            "updateCard",
            format!("secrets: [{SECRET}], {url}"),
        ),
        (
            "canonical",
            "contentful",
            "ContentManagement.Entry.publish",
            format!("secrets: [{SECRET}], {url}"),
        ),
    ]
}

#[test]
fn a_source_believes_what_is_sent_as_its_sender() {
    let kinds = kinds();
    let sources = kinds
        .iter()
        .map(|(name, provider, _, more)| format!("  {name}: {{provider: {provider}, {more}}}\n"));
    let (_folder, server) = start(&sources.collect::<String>());
    for (source, provider, event, _) in &kinds {
        let output = send(&server, provider, event, source);
        let said = said(&output);
        assert!(output.status.success(), "{source}: {said}");
        let listed = server.ask(&["events", "list", "--source", source, "--format", "json"]);
        let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
        let names = listed[0]["names"].as_array().unwrap();
        assert!(names.iter().any(|name| name == event), "{source}: {listed}");
    }
}

#[test]
fn what_only_the_sender_can_sign_is_not_sent() {
    let key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let (_folder, server) = start(&format!(
        "  app: {{provider: discord, secrets: [\"{key}\"]}}
  cloud: {{provider: aws-sns, settings: {{topic: \"arn:aws:sns:us-east-1:1:shop\"}}}}
  open: {{provider: discord, verify: none}}
"
    ));
    for (source, provider, event) in [
        ("app", "discord", "command.deploy"),
        ("cloud", "aws-sns", "Notification"),
    ] {
        let output = send(&server, provider, event, source);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        let help = format!("`hookrule explain FILE --provider {provider}`");
        assert!(
            said.contains("only the sender has") && said.contains(&help),
            "{said}"
        );
    }
    assert!(server.event_ids().is_empty(), "nothing was posted");
    let output = send(&server, "discord", "command.deploy", "open");
    assert!(output.status.success(), "{}", said(&output));
}
