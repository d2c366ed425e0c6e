//! The index finds every rule that matches, and few others. That none is missing is shown at length in
//! `tests/it/equivalence`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::clue::beginning;
use crate::diagnostic::SourceFile;
use crate::event::{
    Event, EventId, Headers, MediaKind, Payload, Proof, Query, SourceRef, Strength,
};
use crate::rule::{Names, RuleSet};
use crate::runtime::Timestamp;

fn event(payload: &Value) -> Event {
    Event {
        id: EventId::from_bytes([7; 16]),
        source: SourceRef {
            name: "code".to_owned(),
            labels: BTreeMap::new(),
        },
        provider: "github".to_owned(),
        names: vec!["issues".to_owned(), "issues.opened".to_owned()],
        delivery_id: None,
        received_at: Timestamp::from_seconds(1_700_000_000),
        nonce: [0; 16],
        headers: Headers::new([("X-A", "one"), ("X-A", "two")]),
        query: Query::decode(b"q=1"),
        payload: Payload::new(payload.to_string().into(), MediaKind::Json).unwrap(),
        proof: Proof::imagined_by_trial(Strength::Signed),
    }
}

/// Which rules are candidates, each given by its name and its `when`.
#[track_caller]
fn check(whens: &[(&str, &str)], payload: &Value, candidates: &[&str]) {
    let rule = |(name, when): &(&str, &str)| {
        format!("  - {{name: {name}, when: {{{when}}}, actions: [{{log: {{message: m}}}}]}}\n")
    };
    let text: String = whens.iter().map(rule).collect();
    let file = SourceFile::new("a.yaml", format!("rules:\n{text}"));
    let loaded = RuleSet::load(vec![file], &Names::default(), None);
    let problems = &loaded.diagnostics;
    assert!(!problems.has_errors(), "{problems:#?}");
    let event = event(payload);
    let slots = event.payload.slots(&loaded.set.paths);
    let found = loaded.set.candidates(&event, &slots);
    let found: Vec<&str> = found.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(found, candidates, "{payload}");
}

#[test]
fn by_what_a_path_has() {
    let whens = [
        ("text", "conditions: [{path: $.a, equals: x}]"),
        ("other", "conditions: [{path: $.a, equals: y}]"),
        ("number", "conditions: [{path: $.a, equals: 1}]"),
        ("in", "conditions: [{path: $.a, in: [x, null, 2]}]"),
        ("list", "conditions: [{path: $.a, equals: [1]}]"),
        ("begins", "conditions: [{path: $.a, starts_with: re}]"),
        ("regex", "conditions: [{path: $.a, matches: ^refs/.*x$}]"),
        ("regex2", "conditions: [{path: $.a, matches: x$}]"),
        ("above", "conditions: [{path: $.a, gt: 1}]"),
        ("below", "conditions: [{path: $.a, lt: 1}]"),
        ("there", "conditions: [{path: $.a, exists: true}]"),
        ("absent", "conditions: [{path: $.a, exists: false}]"),
    ];
    let found = |value: Value, found: &[&str]| {
        let all: Vec<_> = found.iter().copied().chain(["there", "absent"]).collect();
        check(&whens, &json!({ "a": value }), &all);
    };
    found(json!("x"), &["text", "in", "regex2"]);
    found(json!("refs/x"), &["begins", "regex", "regex2"]);
    found(json!(1.0), &["number", "above", "below"]);
    found(json!(2), &["in", "above"]);
    found(json!(-2), &["below"]);
    found(json!(null), &["in"]);
    found(json!([2]), &["list"]);
    found(json!(true), &[]);
    check(&whens, &json!({}), &["absent"]);
}

#[test]
fn by_the_clue_that_few_rules_share() {
    let whens = [
        (
            "a",
            "conditions: [{path: $.kind, equals: k}, {path: $.id, equals: 1}]",
        ),
        (
            "b",
            "conditions: [{path: $.id, equals: 2}, {path: $.kind, equals: k}]",
        ),
        (
            "c",
            "conditions: [{all: [{path: $.kind, equals: k}, {path: $.id, equals: 3}]}]",
        ),
        (
            "d",
            "conditions: [{path: $.id, gt: 1}, {path: $.kind, equals: k}]",
        ),
    ];
    check(&whens, &json!({"kind": "k", "id": 2}), &["b", "d"]);
    check(&whens, &json!({"kind": "k", "id": 3}), &["c", "d"]);
    check(&whens, &json!({"kind": "other", "id": 1}), &["a"]);
}

#[test]
fn through_each_branch_or_always() {
    let whens = [
        (
            "any",
            "conditions: [{any: [{path: $.a, equals: 1}, {path: $.b, equals: 1}]}]",
        ),
        (
            "open",
            "conditions: [{any: [{path: $.a, equals: 1}, {path: $.b, not_equals: 1}]}]",
        ),
        ("not", "conditions: [{not: {path: $.a, equals: 1}}]"),
        ("none", "conditions: [{none: [{path: $.a, equals: 1}]}]"),
        ("several", "conditions: [{path: '$.l[*]', equals: 1}]"),
        (
            "folded",
            "conditions: [{path: $.a, equals: X, ignore_case: true}]",
        ),
    ];
    let always = ["open", "not", "none"];
    let with = |name: &'static str| [&[name][..], &always].concat();
    check(
        &whens,
        &json!({"a": 1}),
        &[&with("any")[..], &["folded"]].concat(),
    );
    check(
        &whens,
        &json!({"b": 1}),
        &[&with("any")[..], &["folded"]].concat(),
    );
    check(
        &whens,
        &json!({"l": [3, 1]}),
        &["open", "not", "none", "several", "folded"],
    );
    check(
        &whens,
        &json!({"l": [3]}),
        &["open", "not", "none", "folded"],
    );
}

#[test]
fn by_provider_event_source_header_and_query() {
    let whens = [
        ("all", ""),
        ("named", "provider: github, event: issues.opened"),
        ("under", "provider: git*, event: issues.*"),
        ("pattern", "event: '*.opened'"),
        ("closed", "event: [issues.closed, push]"),
        ("gitlab", "provider: gitlab"),
        ("source", "source: [shop, code]"),
        ("other", "source: shop"),
        ("glob", "source: c*"),
        ("header", "conditions: [{header: x-a, equals: two}]"),
        ("header2", "conditions: [{header: x-a, equals: three}]"),
        ("query", "conditions: [{query: q, equals: '1'}]"),
        ("query2", "conditions: [{query: q, equals: '2'}]"),
    ];
    let found = [
        "all", "named", "under", "pattern", "source", "glob", "header", "query",
    ];
    check(&whens, &json!({}), &found);
}

#[test]
fn beginnings_of_patterns() {
    for (pattern, text) in [
        ("^refs/heads/team-1/.*-hotfix$", "refs/heads/team-1/"),
        ("refs/heads", ""),
        ("^abc?", "ab"),
        ("^abc*d", "ab"),
        ("^ab{0}", "a"),
        ("^a|b", ""),
        ("^(?i)ab", ""),
        ("(?i)^ab", ""),
        ("^ab(?:c|d)", ""),
        ("^ab\\.c", "ab"),
        ("^ab$", "ab"),
        ("^[a]", ""),
        ("^é", ""),
        ("^", ""),
    ] {
        assert_eq!(beginning(pattern), text, "{pattern}");
    }
}
