//! What the module above promises, case by case.

use std::collections::BTreeMap;

use crate::diagnostic::SourceFile;
use crate::event::{EventId, Headers, MediaKind, Payload, Proof, Query, SourceRef, Strength};
use crate::runtime::Timestamp;
use crate::yaml;

use super::*;

mod operands;
mod refused;
mod table;
mod traces;

fn event(payload: &str) -> Event {
    Event {
        id: EventId::from_bytes([1; 16]),
        source: SourceRef {
            name: "s".into(),
            labels: BTreeMap::new(),
        },
        provider: "p".into(),
        names: vec!["push".into()],
        delivery_id: None,
        received_at: Timestamp::from_seconds(1_700_000_000),
        nonce: [0; 16],
        headers: Headers::new([("X-Kind", "a"), ("x-kind", "b"), ("X-One", "1")]),
        query: Query::decode(b"q=1&q=2"),
        payload: Payload::new(payload.to_owned().into(), MediaKind::Json).unwrap(),
        proof: Proof::imagined_by_trial(Strength::Signed),
    }
}

/// The conditions, and the findings as `CODE text-it-points-at: message`.
fn read(text: &str) -> (Conditions, PathSet, Vec<String>) {
    let mut problems = Diagnostics::new();
    let mut paths = PathSet::default();
    let node = yaml::read(&SourceFile::new("rules.yaml", text), &mut problems).unwrap();
    let mut lists = Lists::default();
    let vips = ["ann", "bob"].map(Value::from).to_vec();
    lists.insert("vips", List::new(vips).into());
    let nets = ["10.0.0.0/8", "192.0.2.7"].map(Value::from).to_vec();
    lists.insert("nets", List::new(nets).into());
    let mut reading = Reading {
        paths: &mut paths,
        lists: &lists,
        item: true,
    };
    let conditions = Conditions::parse(&node, &mut reading, &mut problems);
    let findings = problems.iter().map(|finding| {
        let at = &text[finding.place.span.clone()];
        let help = finding.help.as_deref().unwrap_or_default();
        format!("{} {at}: {} ({help})", finding.code.id(), finding.message)
    });
    (conditions, paths, findings.collect())
}

fn trace(conditions: &str, payload: &str) -> Trace {
    let (conditions, paths, findings) = read(conditions);
    assert_eq!(findings, Vec::<String>::new());
    let event = event(payload);
    let slots = event.payload.slots(&paths);
    let vars = serde_json::json!({"n": 3});
    let item = serde_json::json!({"k": [1, 2], "s": "x"});
    let facts = Facts {
        event: &event,
        slots: &slots,
        vars: vars.as_object().unwrap(),
        item: Some(&item),
    };
    let trace = conditions.trace(&facts);
    assert_eq!(conditions.holds(&facts), trace.holds);
    trace
}

#[track_caller]
fn check(conditions: &str, payload: &str, expected: bool) {
    assert_eq!(
        trace(conditions, payload).holds,
        expected,
        "{conditions} {payload}"
    );
}

#[track_caller]
fn because(conditions: &str, payload: &str, because: &str, seen: Option<&str>) {
    let trace = trace(conditions, payload);
    assert!(!trace.holds);
    assert_eq!(trace.because.as_deref(), Some(because));
    assert_eq!(trace.seen.map(|seen| seen.to_string()).as_deref(), seen);
}

#[track_caller]
fn refused(conditions: &str, finding: &str, help: &str) {
    let (_, _, findings) = read(conditions);
    let found = findings
        .iter()
        .any(|f| f.starts_with(finding) && f.contains(help));
    assert!(found && findings.len() == 1, "{findings:#?}");
}

#[test]
fn nothing_always_holds() {
    check("[]", "{}", true);
    check("~", "{}", true);
    assert!(Conditions::default().is_empty());
}

#[test]
fn one_value() {
    let equals = "[{path: $.a, equals: 1}]";
    for (payload, expected) in [
        (r#"{"a":1}"#, true),
        (r#"{"a":1.0}"#, true),
        (r#"{"a":"1"}"#, false),
        (r#"{"a":null}"#, false),
        (r#"{"a":[1]}"#, false),
        ("{}", false),
        ("[]", false),
    ] {
        check(equals, payload, expected);
        check("[{path: $.a, not_equals: 1}]", payload, !expected);
        check("[not: {path: $.a, equals: 1}]", payload, !expected);
    }
}

#[test]
fn several_values() {
    let payload = r#"{"l":[{"n":"a","v":1},{"n":"b","v":5},{"v":9}]}"#;
    check("[{path: '$.l[*].n', equals: b}]", payload, true);
    check("[{path: '$.l[*].n', in: [x, b]}]", payload, true);
    check("[{path: '$.l[*].n', not_equals: b}]", payload, false);
    check("[{path: '$.l[*].n', not_in: [x, y]}]", payload, true);
    check("[{path: '$.l[*].v', gt: 1, lt: 9}]", payload, true);
    // One value must pass all operators: none is both below 2 and above 8.
    check("[{path: '$.l[*].v', gt: 8, lt: 2}]", payload, false);
    check(
        "[{path: '$.l[*].v', gt: 0, quantifier: all}]",
        payload,
        true,
    );
    check(
        "[{path: '$.l[*].v', gt: 1, quantifier: all}]",
        payload,
        false,
    );
    check(
        "[{path: '$.l[*].v', gt: 1, quantifier: any}]",
        payload,
        true,
    );
    check(
        "[{path: '$.l[*].none', gt: 1, quantifier: all}]",
        payload,
        false,
    );
    check("[{path: '$.l[*].none', not_equals: 1}]", payload, true);
    check("[{path: '$.l[*].none', exists: true}]", payload, false);
    check("[{path: '$.l[*].none', exists: false}]", payload, true);
    check("[{path: '$.l[*].n', exists: false}]", payload, false);
    check(
        "[{path: \"$.l[?@.n == 'b'].v\", equals: 5.0}]",
        payload,
        true,
    );
}

#[test]
fn what_is_there() {
    check("[{path: $.a, exists: true}]", r#"{"a":null}"#, true);
    check("[{path: $.a, exists: false}]", r#"{"a":null}"#, false);
    check("[{path: $.a, exists: false}]", "{}", true);
    check(
        "[{path: $.a, type: [string, 'null']}]",
        r#"{"a":null}"#,
        true,
    );
    check("[{path: $, type: object}]", "{}", true);
}

#[test]
fn other_subjects() {
    check("[{header: X-Kind, equals: b}]", "{}", true);
    check("[{header: x-kind, not_equals: b}]", "{}", false);
    check("[{header: X-None, exists: false}]", "{}", true);
    check("[{header: X-One, equals: '1'}]", "{}", true);
    check("[{header: X-One, equals: 1}]", "{}", false);
    check("[{query: q, equals: '2'}]", "{}", true);
    check("[{query: p, exists: true}]", "{}", false);
    check("[{var: n, gte: 3}]", "{}", true);
    check("[{var: m, exists: true}]", "{}", false);
    // A negative operator beside a positive one over a single value: both must hold.
    check(
        "[{header: X-One, starts_with: '1', not_equals: '12'}]",
        "{}",
        true,
    );
    check(
        "[{path: $.a, starts_with: x, not_in: [xy]}]",
        r#"{"a":"xy"}"#,
        false,
    );
    check(
        "[{path: $.a, equals: OPEN, ignore_case: true}]",
        r#"{"a":"open"}"#,
        true,
    );
    check("[{path: $.t, newer_than: 1h}]", r#"{"t":1699999000}"#, true);
}

#[test]
fn the_item_of_for_each() {
    check("[{item: $.s, equals: x}]", "{}", true);
    check("[{item: '$.k[*]', equals: 2}]", "{}", true);
    check("[{item: '$.k[*]', not_in: [2]}]", "{}", false);
    check("[{item: $.none, exists: true}]", r#"{"none":1}"#, false);
    check("[{item: $, type: object}]", "{}", true);
    because("[{item: $.s, equals: y}]", "{}", "item $.s", Some("\"x\""));
    refused("[{item: s, equals: y}]", "HR0301 s", "write `$.s`");
    refused(
        "[{item: '$.k[*]', not_equals: 1, gt: 0}]",
        "HR0203 not_equals",
        "two conditions",
    );
    let mut reading = Reading {
        paths: &mut PathSet::default(),
        lists: &Lists::default(),
        item: false,
    };
    let mut problems = Diagnostics::new();
    let text = "[{item: $.s, equals: y}]";
    let node = yaml::read(&SourceFile::new("rules.yaml", text), &mut problems).unwrap();
    Conditions::parse(&node, &mut reading, &mut problems);
    let finding = problems.iter().next().unwrap();
    assert_eq!(finding.code.id(), "HR0204");
    assert_eq!(&text[finding.place.span.clone()], "item");
}

#[test]
fn lists_by_name() {
    check("[{path: $.a, in: {list: vips}}]", r#"{"a":"bob"}"#, true);
    check("[{path: $.a, in: {list: vips}}]", r#"{"a":"Bob"}"#, false);
    check(
        "[{path: $.a, in: {list: vips}, ignore_case: true}]",
        r#"{"a":"Bob"}"#,
        true,
    );
    check(
        "[{path: $.a, not_in: {list: vips}}]",
        r#"{"a":"bob"}"#,
        false,
    );
    check("[{path: $.a, not_in: {list: vips}}]", "{}", true);
    check(
        "[{path: $.a, cidr: {list: nets}}]",
        r#"{"a":"10.1.2.3"}"#,
        true,
    );
    check(
        "[{path: $.a, cidr: {list: nets}}]",
        r#"{"a":"11.1.2.3"}"#,
        false,
    );
    refused(
        "[{path: $.a, in: {list: vipps}}]",
        "HR0202 vipps: there is no list `vipps`",
        "did you mean `vips`?",
    );
    refused(
        "[{path: $.a, in: {list: zzzzzz}}]",
        "HR0202 zzzzzz",
        "there are nets, vips",
    );
    refused(
        "[{path: $.a, contains: {list: vips}}]",
        "HR0202 vips: `contains` cannot take a list by its name",
        "a list can stand behind in, not_in, cidr",
    );
    refused(
        "[{path: $.a, cidr: {list: vips}}]",
        "HR0202 vips: `ann` in this list is not a network",
        "10.0.0.0/8",
    );
}

#[test]
fn groups() {
    let (yes, no) = ("{path: $.a, equals: 1}", "{path: $.a, equals: 2}");
    for (text, expected) in [
        (format!("[all: [{yes}, {yes}]]"), true),
        (format!("[all: [{yes}, {no}]]"), false),
        (format!("[any: [{no}, {yes}]]"), true),
        (format!("[any: [{no}, {no}]]"), false),
        (format!("[none: [{no}, {no}]]"), true),
        (format!("[none: [{no}, {yes}]]"), false),
        (format!("[not: {no}]"), true),
        (format!("[not: {{any: [{no}, {{not: {no}}}]}}]"), false),
        (format!("[{yes}, {no}]"), false),
        (format!("[{yes}, {{any: [{no}, {{all: [{yes}]}}]}}]"), true),
    ] {
        check(&text, r#"{"a":1}"#, expected);
    }
}

#[test]
fn what_an_index_can_find() {
    let (conditions, ..) = read(
        "[{path: $.a, equals: 1}, {path: \"$['a']\", equals: 1}, {path: $.a, equals: 1, ignore_case: true}, \
          {path: '$.l[*]', gt: 1, lte: 9, quantifier: all}, {path: $.b, starts_with: x, not_equals: xy}, \
          {path: $.b, in: {list: vips}}, {path: $.b, matches: '^x'}, {path: $.b, exists: true}, \
          {path: $.b, exists: false}, {path: $.b, ends_with: x}, {item: $.b, equals: 1}]",
    );
    let leaves = conditions.leaves();
    let keys: Vec<_> = leaves
        .iter()
        .map(|leaf| format!("{:?}", leaf.keys()))
        .collect();
    assert_eq!(
        keys,
        [
            "[Equals([Number(1)])]",
            "[Equals([Number(1)])]",
            "[]",
            "[Range(Excluded(Number(1)), Unbounded), Range(Unbounded, Included(Number(9)))]",
            "[Prefix(\"x\")]",
            "[Equals([String(\"ann\"), String(\"bob\")])]",
            "[Regex(\"^x\")]",
            "[Exists]",
            "[]",
            "[]",
            "[Equals([Number(1)])]",
        ]
    );
    let told: Vec<_> = leaves.iter().map(|leaf| leaf.is_told_by_keys()).collect();
    assert_eq!(
        told,
        [
            true, true, false, false, false, true, true, true, false, false, true
        ]
    );
    let shared: Vec<_> = leaves.iter().filter(|leaf| !leaf.is_shared()).collect();
    assert_eq!(shared.len(), 1);
    let identities: Vec<_> = leaves.iter().map(|leaf| leaf.identity()).collect();
    assert_eq!(identities[0], identities[1]);
    let distinct: std::collections::HashSet<_> = identities.iter().collect();
    assert_eq!(distinct.len(), leaves.len() - 1);
}

#[test]
fn names_that_look_like_options_are_no_options() {
    let (conditions, _, findings) = read(
        "[{query: q as number, equals: 1}, {query: q, as: number, equals: 1}, \
          {query: q ignore_case, equals: a}, {query: q, equals: a, ignore_case: true}, \
          {query: q all, equals: a}, {query: q, equals: a, quantifier: all}]",
    );
    assert_eq!(findings, Vec::<String>::new());
    let leaves = conditions.leaves();
    let distinct: std::collections::HashSet<_> =
        leaves.iter().map(|leaf| leaf.identity()).collect();
    assert_eq!(distinct.len(), leaves.len());
}

#[test]
fn a_path_is_evaluated_once_for_all_rules() {
    let mut paths = PathSet::default();
    let mut read = |text: &str| {
        let mut problems = Diagnostics::new();
        let node = yaml::read(&SourceFile::new("rules.yaml", text), &mut problems).unwrap();
        let mut reading = Reading {
            paths: &mut paths,
            lists: &Lists::default(),
            item: false,
        };
        Conditions::parse(&node, &mut reading, &mut problems)
    };
    let one = read("[{path: $..x, equals: 1}]");
    let other = read("[not: {path: $..x, equals: 2}]");
    let query = |conditions: &Conditions| match conditions.leaves()[0].subject() {
        Subject::Several(query, _) => *query,
        other => panic!("{other:?}"),
    };
    assert_eq!(query(&one), query(&other));
}

#[test]
fn subjects_are_listed() {
    let (conditions, ..) = read(
        "[{path: $.a, equals: 1}, any: [{header: X, exists: true}, not: {path: '$.b[*]', gt: 1}]]",
    );
    assert_eq!(conditions.subjects(), ["$.a", "header X", "$.b[*]"]);
}
