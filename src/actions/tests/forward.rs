//! `forward`, from its configuration to the bytes on the wire.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    Notes, Outcome, Try, check, destination, event, hostile, note, outputs, perform, prepare,
    prepare_event, word,
};
use crate::actions::KeptDelivery;
use crate::crypto::{Algorithm, Encoding, Mac};
use crate::event::Headers;
use crate::net::scripted::{Say, Scripted};

fn delivery() -> KeptDelivery {
    let headers = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("X-GitHub-Event", "push"),
        ("X-GitHub-Delivery", "d-1"),
        ("X-Hub-Signature-256", "sha256=abc"),
        ("X-Event-Key", "repo:push"),
        ("Webhook-Id", "theirs"),
        ("Traceparent", "00-1-2-03"),
        ("Host", "hooks.example"),
        ("Content-Length", "999"),
        ("Connection", "keep-alive, X-Hop"),
        ("X-Hop", "1"),
        ("Keep-Alive", "timeout=5"),
        ("Transfer-Encoding", "chunked"),
        ("TE", "trailers"),
        ("Upgrade", "h2c"),
        ("Expect", "100-continue"),
        ("Cookie", "session=1"),
        ("Authorization", "Bearer theirs"),
        ("X-Gitlab-Token", "theirs"),
        ("X-Api-Key", "theirs"),
        ("Accept-Encoding", "gzip"),
        ("Forwarded", "for=1.2.3.4"),
        ("X-Forwarded-For", "1.2.3.4"),
        ("X-Real-Ip", "1.2.3.4"),
        ("Via", "1.1 x"),
        ("User-Agent", "GitHub-Hookshot/1"),
        ("Idempotency-Key", "theirs"),
        ("X-Hookrule-Rule", "forged"),
        ("X-Original-Url", "/admin"),
        ("X-Rewrite-Url", "/admin"),
        ("X-Http-Method-Override", "DELETE"),
        ("X-Remote-User", "root"),
        ("Remote-User", "root"),
        ("X-Auth-Request-Email", "root@example.com"),
        ("X-Authenticated-Userid", "root"),
        ("X-Client-Ip", "127.0.0.1"),
        ("True-Client-Ip", "127.0.0.1"),
        ("Cf-Connecting-Ip", "127.0.0.1"),
        ("X-Envoy-Original-Path", "/admin"),
        ("X-Ssl-Client-Dn", "CN=root"),
        ("Origin", "https://intranet.example"),
        ("Range", "bytes=0-1"),
        ("If-None-Match", "*"),
    ];
    KeptDelivery {
        headers: Headers::new(headers),
        body: Bytes::from_static(b"{ \"a\" : 1.50,\n\t\"\xff\" }"),
    }
}

async fn forward(config: &str, target: &str, payload: &Value) -> Outcome {
    let there = destination(target);
    let memory = Notes::default();
    let mut attempt = Try::first(
        "forward",
        prepare("forward", config, payload).unwrap(),
        &there,
        &memory,
    );
    attempt.delivery = Some(delivery());
    attempt.attempt = 2;
    attempt.perform().await
}

#[tokio::test]
async fn the_event_goes_on_byte_for_byte() {
    let target = Scripted::start(vec![Say::json(201, r#"{"id":7}"#)]).await;
    let there = format!(
        "{{http: {{url: \"{}\", headers: {{Authorization: Bearer our-own-credential}}}}, allow_private: true}}",
        target.url("/base/")
    );
    let config = "{path: \"/repos/{{payload.name}}\", query: {q: \"{{payload.path}}\", n: [1, 2]}, headers: {X-Env: prod}}";
    let outcome = forward(config, &there, &hostile()).await;
    assert_eq!(outputs(&outcome)["body"]["id"], 7);
    let heard = target.only();
    assert_eq!(
        heard.line,
        "POST /base/repos/octo%20repo%2F%C3%BC?q=..%2F..%2Fadmin%3Fx%3D1%23y&n=1&n=2 HTTP/1.1"
    );
    assert_eq!(heard.body, delivery().body);
    let mut names: Vec<_> = heard
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "accept",
            "authorization",
            "content-length",
            "content-type",
            "host",
            "idempotency-key",
            "traceparent",
            "user-agent",
            "webhook-id",
            "x-env",
            "x-event-key",
            "x-github-delivery",
            "x-github-event",
            "x-hookrule-attempt",
            "x-hookrule-event",
            "x-hookrule-hops",
            "x-hookrule-rule",
            "x-hub-signature-256",
        ]
    );
    for (name, value) in [
        ("authorization", "Bearer our-own-credential"),
        ("content-type", "application/json; charset=utf-8"),
        ("idempotency-key", "job_11111111111111111111111111111111"),
        (
            "user-agent",
            concat!("hookrule/", env!("CARGO_PKG_VERSION")),
        ),
        ("x-env", "prod"),
        ("x-hookrule-attempt", "2"),
        ("x-hookrule-event", "evt_22222222222222222222222222222222"),
        ("x-hookrule-hops", "1"),
        ("x-hookrule-rule", "the-rule"),
        ("x-hub-signature-256", "sha256=abc"),
    ] {
        assert_eq!(heard.header(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn each_attempt_is_signed_anew_with_its_own_time() {
    let target = Scripted::start(vec![Say::text(200, "")]).await;
    let there = format!(
        "{{http: {{url: \"{}\", sign: {{standard: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}}}}, allow_private: true}}",
        target.url("/in")
    );
    forward("{}", &there, &json!({})).await;
    let heard = target.only();
    assert_eq!(
        heard.header("webhook-id"),
        Some("job_11111111111111111111111111111111")
    );
    assert_eq!(heard.header("webhook-timestamp"), Some("1704067200"));
    let key = Encoding::Base64
        .decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        .unwrap();
    let mut signed = b"job_11111111111111111111111111111111.1704067200.".to_vec();
    signed.extend_from_slice(&delivery().body);
    let tag = Mac::tag(Algorithm::Sha256, &key, &[signed]);
    let expected = format!("v1,{}", Encoding::Base64.encode(&tag));
    assert_eq!(heard.header("webhook-signature"), Some(expected.as_str()));
}

#[tokio::test]
async fn what_goes_in_circles_is_stopped() {
    let target = Scripted::start(vec![Say::text(200, "")]).await;
    let there = destination(&format!(
        "{{http: {{url: \"{}\"}}, allow_private: true}}",
        target.url("/")
    ));
    for (hops, expected) in [
        ("4", "done"),
        ("5", "reject, gone: false"),
        ("99999999999999999999", "done"),
    ] {
        let mut event = event(&json!({}));
        event.headers = Headers::new([("X-Hookrule-Hops", hops)]);
        let data = prepare_event("forward", "{}", &event).unwrap();
        assert_eq!(
            word(&perform("forward", data, &there).await),
            expected,
            "{hops}"
        );
    }
}

#[test]
fn a_path_cannot_climb() {
    for config in [
        "{path: \"/a/{{payload.dots}}/b\"}",
        "{path: /a/../b}",
        "{path: /a/%2e%2E}",
        "{path: '/a/{{{payload.dots}}}'}",
    ] {
        let prepared = prepare("forward", config, &hostile());
        assert!(prepared.is_err(), "{config}: {prepared:?}");
    }
    let unescaped = prepare("forward", "{path: \"/a/{{{payload.path}}}\"}", &hostile());
    assert!(unescaped.is_err(), "{unescaped:?}");
}

#[test]
fn a_header_cannot_break_out() {
    let prepared = prepare(
        "forward",
        "{headers: {X-A: \"{{payload.line}}\"}}",
        &hostile(),
    );
    assert!(prepared.is_err(), "{prepared:?}");
    for (name, code) in [
        ("Authorization", "HR0007"),
        ("Host", "HR0007"),
        ("Content-Length", "HR0007"),
        ("Transfer-Encoding", "HR0007"),
        ("Cookie", "HR0007"),
        ("X-Hookrule-Hops", "HR0007"),
        ("\"a b\"", "HR0007"),
        ("\"{{payload.x}}\"", "HR0007"),
    ] {
        let said = check("forward", &format!("{{headers: {{{name}: x}}}}"));
        assert!(
            said.len() == 1 && said[0].contains(code),
            "{name}: {said:?}"
        );
    }
    assert_eq!(check("forward", "{path: /a?b=1}").len(), 1);
    assert_eq!(check("forward", "{pth: /a}").len(), 1);
    assert!(check("forward", "{path: \"/a/{{eq payload.a '?'}}\"}").is_empty());
}

#[tokio::test]
async fn credentials_in_an_answer_are_not_shown() {
    let says = Say::text(400, "bad key our-own-credential, Bearer our-own-credential");
    let target = Scripted::start(vec![says]).await;
    let there = format!(
        "{{http: {{url: \"{}\", headers: {{Authorization: Bearer our-own-credential}}}}, allow_private: true}}",
        target.url("/")
    );
    let outcome = forward("{}", &there, &json!({})).await;
    assert_eq!(note(&outcome), "400: bad key ***, ***");
}

#[tokio::test]
async fn every_kind_of_failure() {
    let check = async |says: Say, expected: &str| {
        let target = Scripted::start(vec![says]).await;
        let there = format!(
            "{{http: {{url: \"{}\"}}, allow_private: true, timeout: {}}}",
            target.url("/"),
            target.patience
        );
        let outcome = forward("{}", &there, &json!({})).await;
        assert_eq!(word(&outcome), expected, "{outcome:?}");
    };
    check(Say::text(500, "x"), "retry Schedule").await;
    check(
        Say::with(429, &[("Retry-After", "3")], ""),
        "retry Destination(Some(3s))",
    )
    .await;
    check(Say::text(404, "x"), "reject, gone: false").await;
    check(Say::text(410, "x"), "reject, gone: true").await;
    check(Say::text(302, "x"), "reject, gone: false").await;
    check(Say::Close, "in doubt").await;
    check(Say::Nothing, "in doubt").await;
    let private = forward(
        "{}",
        "{http: {url: \"http://internal.localhost/\"}, allow_private: true}",
        &json!({}),
    )
    .await;
    assert!(word(&private).starts_with("retry"), "{private:?}");
}

#[test]
fn a_value_does_not_climb_behind_a_receiver_that_decodes_slashes() {
    for climbing in [
        "../admin",
        "a/../../admin",
        "..\\admin",
        "x/..",
        "./x",
        "%2e%2e/admin",
        "..%2Fadmin",
    ] {
        let payload = json!({"id": climbing});
        let prepared = prepare("forward", "{path: \"/in/{{payload.id}}\"}", &payload);
        assert!(prepared.is_err(), "{climbing}: {prepared:?}");
    }
    for plain in ["a/b", "..b/c..", "1.2.3", "...", "feature/x.y"] {
        let payload = json!({"id": plain});
        let prepared = prepare("forward", "{path: \"/in/{{payload.id}}\"}", &payload);
        assert!(prepared.is_ok(), "{plain}: {prepared:?}");
    }
}
