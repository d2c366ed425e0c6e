//! What hookrule.yaml may say of a source.

use super::stage::read;
use crate::diagnostic::Severity;
use crate::intake::Reach;

/// The findings in one source's block, as severity and code.
fn findings(block: &str, reach: Reach) -> (bool, Vec<String>) {
    let (sources, problems) = read(&format!("shop: {block}"), reach);
    let mut found = Vec::new();
    for problem in &problems {
        let mark = match problem.severity {
            Severity::Error => "E",
            Severity::Warning => "W",
        };
        found.push(format!("{mark} {}", problem.code.id()));
        assert!(problem.help.is_some() || mark == "E", "{problem:?}");
        let shown = format!("{} {:?}", problem.message, problem.help);
        assert!(!shown.contains("hunter2"), "a secret is shown: {shown}");
    }
    (sources.get("shop").is_some(), found)
}

#[track_caller]
fn check(block: &str, expected: &[&str]) {
    let (there, found) = findings(block, Reach::Network);
    assert_eq!(found, expected, "{block}");
    let errors = expected.iter().any(|finding| finding.starts_with('E'));
    assert_eq!(there, !errors, "a source with an error is none: {block}");
}

const GOOD: &str = "thirty-two-bytes-of-test-secret!";

#[test]
fn secrets() {
    check(&format!("{{provider: github, secrets: ['{GOOD}']}}"), &[]);
    check(&format!("{{provider: github, secrets: '{GOOD}'}}"), &[]);
    check("{provider: github}", &["E HR0501"]);
    check("{provider: github, secrets: []}", &["E HR0501"]);
    check("{provider: github, secrets: ['']}", &["E HR0502"]);
    check("{provider: github, secrets: ['   ']}", &["E HR0502"]);
    check(
        &format!("{{provider: github, secrets: ['{GOOD}', '']}}"),
        &["E HR0502"],
    );
    check("{provider: github, secrets: [hunter2]}", &["W HR0502"]);
    check(
        "{provider: standard-webhooks, secrets: ['hunter2 hunter2 hunter2 !']}",
        &["E HR0007"],
    );
    check(
        &format!("{{provider: github, secrets: [{{value: '{GOOD}', until: tomorrow}}]}}"),
        &["E HR0007"],
    );
    check(
        &format!("{{provider: github, secrets: [{{value: '{GOOD}', till: x}}]}}"),
        &["E HR0004"],
    );
}

#[test]
fn unsigned_events_need_plain_words() {
    check("{provider: generic, verify: none}", &["E HR0505"]);
    check(
        "{provider: generic, verify: none, allow_unsigned: false}",
        &["E HR0505"],
    );
    check(
        "{provider: generic, verify: none, allow_unsigned: true}",
        &[],
    );
    check("{provider: generic, verify: nothing}", &["E HR0007"]);
    check(
        "{provider: github, verify: none, allow_unsigned: true, secrets: [hunter2hunter2hunter2]}",
        &["E HR0505"],
    );
    let (there, found) = findings("{provider: generic, verify: none}", Reach::Loopback);
    assert!(there && found.is_empty(), "{found:?}");
}

#[test]
fn the_rest() {
    let with = |more: &str| format!("{{provider: github, secrets: ['{GOOD}'], {more}}}");
    check("{secrets: [x]}", &["E HR0005"]);
    check(
        &format!("{{provider: gihtub, secrets: ['{GOOD}']}}"),
        &["E HR0104"],
    );
    check(&with("scheme: token"), &["E HR0007"]);
    check(&with("body_max: 5"), &[]);
    check(&with("body_max: much"), &["E HR0007"]);
    check(&with("secret: x"), &["E HR0004"]);
    check(&with("labels: {customer: acme}"), &[]);
    check(&with("labels: {customer: [acme]}"), &["E HR0006"]);
    check(&with("dedupe: {by: body}"), &[]);
    check(&with("dedupe: sometimes"), &["E HR0007"]);
    check(&with("allow_from: 10.0.0.0/8"), &[]);
    check(&with("allow_from: [10.0.0.0/40]"), &["E HR0506"]);
    check(&with("allow_from: []"), &["E HR0506"]);
    let (sources, problems) = read(&format!("'a b': {}", with("dedupe: id")), Reach::Network);
    assert!(problems.has_errors() && sources.iter().next().is_none());
}

#[test]
fn sources_that_the_nameless_route_confuses_are_warned_of() {
    let both = format!(
        "one: {{provider: github, secrets: ['{GOOD}']}}\ntwo: {{provider: github, secrets: ['{GOOD}']}}"
    );
    let (_, problems) = read(&both, Reach::Network);
    let found: Vec<_> = problems.iter().collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].code.id(), "HR0504");
    assert_eq!(found[0].severity, Severity::Warning);
    assert!(found[0].message.contains("`one` and `two`"));
}

#[test]
fn what_the_chosen_scheme_does_not_do_is_not_promised() {
    // The token scheme knows no timestamp: it would be read by nobody.
    for promised in [
        "timestamp: 'header:X-Time', content: '{timestamp}{body}'",
        "algorithm: sha512",
        "encoding: base64",
    ] {
        let block = |scheme| {
            format!("{{provider: generic, scheme: {scheme}, secrets: ['{GOOD}'], {promised}}}")
        };
        check(&block("token"), &["E HR0007"]);
        check(&block("signature"), &[]);
    }
}
