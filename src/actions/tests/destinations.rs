//! Destinations as the operator writes them.

use std::time::Duration;

use super::{destination, node};
use crate::destinations::{Destination, InDoubt, LIST};
use crate::diagnostic::Diagnostics;

/// What `check` says of a destination: severity, code and message of each finding.
fn said(text: &str) -> Vec<String> {
    let mut problems = Diagnostics::new();
    let found = Destination::parse("there", &node(text), &mut problems);
    assert!(
        found.is_some() || problems.has_errors(),
        "nothing said of {text}"
    );
    let line = |d: &crate::diagnostic::Diagnostic| {
        let help = d.help.as_deref().unwrap_or_default();
        format!("{:?} {} {} ({help})", d.severity, d.code.id(), d.message)
    };
    let said: Vec<_> = problems.iter().map(line).collect();
    let shown = format!("{said:?} {found:?}");
    assert!(!shown.contains("hidden-hidden"), "{shown}");
    said
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let said = said(text);
    assert!(
        said.iter().any(|line| line.contains(expected)),
        "{text}: {said:?} lacks {expected}"
    );
}

#[test]
fn what_the_pages_of_the_documentation_show() {
    for text in [
        "{discord: {url: \"https://discord.com/api/webhooks/1/abcdefghijklmnop\"}}",
        "{notion: {token: ntn_0123456789abcdef}}",
        "{agent: {openclaw: {url: \"http://127.0.0.1:18789\", token: 0123456789abcdef}}, allow_private: true}",
        "{agent: {command: {argv: [claude, -p, \"Do what standard input says\"]}, proof: [signed, authenticated]}}",
        "{http: {url: \"https://ci.example.com/hooks\", headers: {Authorization: \"Bearer abc\"}, sign: {standard: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}}, rate: 10/1s}",
        "{http: {url: \"http://127.0.0.1:9000/in\"}, allow_private: true, retry: {schedule: [1s, 5s, 30s]}, concurrency: 2}",
        "{command: {argv: [/opt/deploy.sh, \"--\"], args_max: 2, args_match: \"^[A-Za-z0-9._/-]{1,100}$\", cwd: /opt/app, env: {CI: \"1\"}}}",
        "{file: {root: data/journal}}",
    ] {
        assert_eq!(said(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_is_wrong_with_a_destination() {
    let url = "url: \"https://example.com/\"";
    check("{}", "HR0005 destination `there` has no kind");
    check("{htp: {}}", "did you mean `http`");
    check(
        &format!("{{http: {{{url}}}, discord: {{{url}}}}}"),
        "more than one kind",
    );
    check(
        &format!("{{http: {{{url}}}, allow_privat: true}}"),
        "did you mean `allow_private`",
    );
    check(
        &format!("{{http: {{{url}, heders: {{}}}}}}"),
        "did you mean `headers`",
    );
    check("{http: {}}", "HR0005 `url` is missing");
    check("{http: {url: \"ftp://x\"}}", "HR0506");
    check(
        "{http: {url: \"https://hidden-hidden@example.com/\"}} ",
        "HR0506",
    );
    check(
        &format!("{{http: {{{url}, headers: {{Host: x}}}}}}"),
        "HR0007",
    );
    check(
        &format!("{{http: {{{url}, headers: {{X-A: \"a\\nb\"}}}}}}"),
        "control characters",
    );
    check(
        &format!("{{http: {{{url}, sign: {{}}}}}}"),
        "one of `standard` and `github`",
    );
    check(
        &format!("{{http: {{{url}, sign: {{standard: \"hidden-hidden!\"}}}}}}"),
        "is base64",
    );
    check(
        &format!("{{http: {{{url}, sign: {{github: \"\"}}}}}}"),
        "HR0502",
    );
}

#[test]
fn what_else_is_wrong_with_a_destination() {
    check("{notion: {token: \" \"}}", "Error HR0502");
    check("{notion: {token: short}}", "Warning HR0502");
    check("{notion: {token: \"a\\nb-0123456789abcdef\"}}", "HR0007");
    check(
        "{notion: {token: ntn_0123456789abcdef, version: \"2022-06-28\"}}",
        "2025-09-03",
    );
    check("{agent: {}}", "one of `openclaw` and `command`");
    check(
        "{agent: {command: {argv: [x]}, proof: verified}}",
        "did you mean `signed`",
    );
    check(
        "{agent: {openclaw: {url: \"https://example.com\"}}}",
        "`token` is missing",
    );
    check("{command: {argv: []}}", "names no program");
    check(
        "{command: {argv: [x], args_max: 1}}",
        "`args_match` is missing",
    );
    check(
        "{command: {argv: [x], args_max: 1, args_match: \"(\"}}",
        "not a regular expression",
    );
    check(
        "{command: {argv: [x], args_max: 65, args_match: x}}",
        "at most 64",
    );
    check(
        "{command: {argv: [x], env: {\"A=B\": x}}}",
        "environment variable",
    );
    check("{file: {root: \"\"}}", "not a path");
}

#[test]
fn private_addresses_need_the_operators_word() {
    for host in [
        "127.0.0.1",
        "localhost:9000",
        "10.1.2.3",
        "[::1]",
        "169.254.169.254",
        "2130706433",
    ] {
        check(
            &format!("{{http: {{url: \"http://{host}/\"}}}}"),
            "(`allow_private: true`",
        );
        let allowed = format!("{{http: {{url: \"http://{host}/\"}}, allow_private: true}}");
        assert_eq!(said(&allowed), Vec::<String>::new(), "{allowed}");
    }
}

#[test]
fn policies() {
    let policy = |text: &str| destination(text).policy;
    let discord = policy("{discord: {url: \"https://discord.com/api/webhooks/1/abc\"}}");
    assert_eq!(
        (discord.concurrency, discord.retry.max_age.as_secs()),
        (1, 86_400)
    );
    let notion = policy("{notion: {token: ntn_0123456789abcdef}}");
    let rate = notion.rate.unwrap();
    assert_eq!(
        (notion.concurrency, rate.count, rate.per.as_secs()),
        (1, 3, 1)
    );
    assert_eq!(notion.retry.max_age.as_secs(), 7 * 86_400);
    let agent =
        policy("{agent: {openclaw: {url: \"https://example.com\", token: 0123456789abcdef}}}");
    assert_eq!(
        (agent.timeout.as_secs(), agent.in_doubt),
        (60, InDoubt::Retry)
    );
    let program = policy("{agent: {command: {argv: [x]}}}");
    assert_eq!(program.in_doubt, InDoubt::Dead);
    assert_eq!(policy("{command: {argv: [x]}}").in_doubt, InDoubt::Dead);

    let own = policy(
        "{command: {argv: [x]}, rate: 100/1m, concurrency: 3, timeout: 2s, in_doubt: retry, retry_on: [409, \"!501\"], retry: {schedule: [1s, 2s], max_age: 1h}}",
    );
    assert_eq!(
        (own.concurrency, own.timeout, own.in_doubt),
        (3, Duration::from_secs(2), InDoubt::Retry)
    );
    assert_eq!(
        own.rate.map(|rate| (rate.count, rate.per.as_secs())),
        Some((100, 60))
    );
    assert_eq!(
        own.retry.schedule,
        [Duration::from_secs(1), Duration::from_secs(2)]
    );
    assert_eq!(
        (own.retry.repeat, own.retry.max_age.as_secs()),
        (None, 3600)
    );
    assert!(own.retry_on.retries(409) && !own.retry_on.retries(501));

    let with = |text: &str| format!("{{command: {{argv: [x]}}, {text}}}");
    check(&with("rate: 10"), "HR000");
    check(&with("rate: 10/s"), "is not a rate");
    check(&with("rate: 0/1s"), "is not a rate");
    check(&with("concurrency: 0"), "between 1 and");
    check(&with("timeout: 0s"), "between 1ms and 1h");
    check(&with("timeout: 2h"), "between 1ms and 1h");
    check(&with("in_doubt: maybe"), "`retry`");
    check(&with("retry: {shedule: []}"), "did you mean `schedule`");
    check(&with("retry: {schedule: [soon]}"), "not a duration");
    check(&with("retry: {repeat: 0s}"), "longer than 0");
    check(&with("retry_on: [200]"), "not a status");
}

#[test]
fn kinds_have_names_of_their_own() {
    let mut names: Vec<_> = LIST.iter().map(|kind| kind.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), LIST.len());
    assert!(LIST.iter().all(|kind| kind.help().ends_with('.')));
}
