//! What becomes of a trigger rule, and what is said of what has no counterpart.

use crate::diagnostic::{Diagnostics, SourceFile};
use crate::yaml::read;

use super::parameter::{Parameter, path};
use super::vars::Vars;
use super::{Report, demands, import, trigger::Trigger};

/// The conditions of a trigger rule; what was said where it lost something.
fn conditions(rule: &str) -> Result<Vec<String>, Vec<String>> {
    let file = SourceFile::new("hooks.yaml", rule);
    let mut problems = Diagnostics::new();
    let node = read(&file, &mut problems).unwrap();
    let trigger = Trigger::parse(&node, &mut problems).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    let mut report = Report::default();
    let found = demands::of(&trigger, &mut Vars::new(&[]), &mut report).conditions;
    if report.loose {
        let said = report.problems.iter().map(|found| found.message.clone());
        return Err(said.collect());
    }
    Ok(found)
}

const REF: &str = "parameter: {source: payload, name: ref}";

#[track_caller]
fn check(rule: &str, expected: &[&str]) {
    let expected = expected.iter().map(|&text| text.to_owned()).collect();
    assert_eq!(conditions(rule), Ok(expected), "{rule}");
}

#[test]
fn groups_become_groups() {
    let value = |text: &str| format!("{{match: {{type: value, value: {text}, {REF}}}}}");
    let (a, b) = (value("a"), value("b"));
    let (is_a, is_b) = ("{path: $.ref, equals: a}", "{path: $.ref, equals: b}");
    check(&a, &[is_a]);
    check(&format!("{{and: [{a}, {{and: [{b}]}}]}}"), &[is_a, is_b]);
    check(
        &format!("{{or: [{a}, {{and: [{a}, {b}]}}]}}"),
        &[&format!("{{any: [{is_a}, {{all: [{is_a}, {is_b}]}}]}}")],
    );
    // A value that is not there makes `and` fail, also under `not`.
    let there = "{path: $.ref, exists: true}";
    check(
        &format!("{{and: [{a}, {{not: {b}}}]}}"),
        &[is_a, there, &format!("{{not: {is_b}}}")],
    );
    check(
        &format!("{{or: [{a}, {{not: {b}}}]}}"),
        &[&format!("{{any: [{is_a}, {{not: {is_b}}}]}}")],
    );
}

#[test]
fn what_was_compared_as_text_still_is() {
    let value = |text: &str| format!("{{match: {{type: value, value: {text}, {REF}}}}}");
    check(&value("'1'"), &["{path: $.ref, equals: \"1\", as: text}"]);
    check(
        &value("true"),
        &["{path: $.ref, equals: \"true\", as: text}"],
    );
    check(&value("a b"), &["{path: $.ref, equals: \"a b\"}"]);
    check(
        &format!("{{match: {{type: regex, regex: '^v\\d', {REF}}}}}"),
        &["{path: $.ref, matches: '^v\\d', as: text}"],
    );
}

#[test]
fn names_become_paths() {
    for (name, expected) in [
        ("ref", "$.ref"),
        ("commits.0.commit.id", "$.commits[0].commit.id"),
        ("root.1.event", "$[1].event"),
        ("root.event", "$.root.event"),
        ("app.user.-name", "$.app.user['-name']"),
        ("it's", "$['it\\'s']"),
    ] {
        assert_eq!(path(name), expected, "{name}");
    }
}

#[test]
fn values_become_templates() {
    for (parameter, expected) in [
        (
            "{source: payload, name: a.0.b}",
            "\"{{default payload.a.0.b ''}}\"",
        ),
        (
            "{source: header, name: X-Kind}",
            "\"{{default headers.x-kind ''}}\"",
        ),
        ("{source: url, name: q}", "\"{{default query.q ''}}\""),
        ("{source: string, name: -e}", "\"-e\""),
        ("{source: entire-payload}", "\"{{json payload}}\""),
        (
            "{source: payload, name: 'a.#text'}",
            "\"{{default (lookup (lookup payload 'a') '#text') ''}}\"",
        ),
    ] {
        let file = SourceFile::new("hooks.yaml", parameter);
        let mut problems = Diagnostics::new();
        let node = read(&file, &mut problems).unwrap();
        let parameter = Parameter::parse(&node, &mut problems).unwrap();
        assert_eq!(parameter.template().as_deref(), Some(expected));
    }
}

#[test]
fn nothing_is_widened_silently() {
    let hmac =
        "{match: {type: payload-hmac-sha1, secret: x, parameter: {source: header, name: X}}}";
    let value = format!("{{match: {{type: value, value: a, {REF}}}}}");
    let network = "{match: {type: ip-whitelist, ip-range: 10.0.0.0/8}}";
    let method = "{match: {type: value, value: PUT, parameter: {source: request, name: method}}}";
    for (rule, said) in [
        (
            format!("{{or: [{hmac}, {value}]}}"),
            "a signature is demanded of the whole source",
        ),
        (
            format!("{{not: {hmac}}}"),
            "a signature is demanded of the whole source",
        ),
        (
            format!("{{or: [{network}, {value}]}}"),
            "addresses are demanded of the whole source",
        ),
        (
            format!("{{and: [{network}, {network}]}}"),
            "addresses are demanded of the whole source",
        ),
        (method.to_owned(), "no condition can test this value"),
        (
            format!("{{or: [{value}, {{and: []}}]}}"),
            "an empty group decides nothing",
        ),
    ] {
        let found = conditions(&rule).unwrap_err();
        assert!(
            found.iter().any(|found| found.starts_with(said)),
            "{rule}: {found:?}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_converted() {
    let text = "- {id: a, execute-command: /bin/true}\n\
                - {id: a, execute-command: /bin/true}\n\
                - {execute-command: /bin/true}\n\
                - {id: b, execute-command: /bin/true, trigger-rule: {xor: []}}\n\
                - {id: c, execute-command: /bin/true, trigger-rule: {match: {type: magic}}}\n";
    let imported = import(&SourceFile::new("hooks.yaml", text));
    assert_eq!((imported.hooks, imported.disabled), (1, 0));
    let beside = crate::commands::schema::written().count();
    assert_eq!(imported.files.len(), 2 + beside);
    let said: Vec<_> = imported
        .problems
        .iter()
        .map(|found| found.message.as_str())
        .collect();
    assert_eq!(
        said,
        [
            "there is a hook `a` already",
            "`id` is missing here",
            "`xor` means nothing here",
            "a trigger rule is one of `and`, `or`, `not` and `match`",
            "`magic` is no type of match",
        ]
    );
    assert!(
        import(&SourceFile::new("hooks.yaml", "{id: a}"))
            .files
            .is_empty()
    );
}
