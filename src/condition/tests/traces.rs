//! Which test decided, and what was looked at.

use serde_json::json;

use super::*;

#[test]
fn the_trace_names_what_decided() {
    let payload = r#"{"a":1,"b":"x","l":[1,2]}"#;
    because(
        "[{path: $.a, equals: 1}, {path: $.b, equals: y}, {path: $.c, equals: 1}]",
        payload,
        "$.b",
        Some("\"x\""),
    );
    because("[{path: $.c, equals: 1}]", payload, "$.c", None);
    because(
        "[{path: '$.l[*]', equals: 3}]",
        payload,
        "$.l[*]",
        Some("1"),
    );
    because(
        "[{header: X-None, equals: a}]",
        payload,
        "header X-None",
        None,
    );
    because(
        "[any: [{path: $.a, equals: 2}, {path: $.b, equals: 2}]]",
        payload,
        "$.a",
        Some("1"),
    );
    because(
        "[all: [{path: $.a, equals: 1}, {path: $.b, equals: 2}]]",
        payload,
        "$.b",
        Some("\"x\""),
    );
    because(
        "[none: [{path: $.c, equals: 2}, {path: $.b, equals: x}]]",
        payload,
        "$.b",
        Some("\"x\""),
    );
    because("[not: {path: $.a, equals: 1}]", payload, "$.a", Some("1"));
    because("[{var: m, equals: 1}]", payload, "var m", None);
    let held = trace("[{path: $.a, equals: 1}]", payload);
    assert!(held.holds && held.because.is_none() && held.seen.is_none() && held.problem.is_none());
}

#[test]
fn a_failure_says_more_than_what_could_not_be_carried_out() {
    let payload = json!({"a": 1, "l": vec![vec![0; 1_001]; 1_000]}).to_string();
    let stopped = "{path: $..x, equals: 1}";
    because(
        &format!("[{stopped}, {{path: $.a, equals: 2}}]"),
        &payload,
        "$.a",
        Some("1"),
    );
    assert_eq!(
        judged(&format!("[{stopped}, {{path: $.a, equals: 2}}]"), &payload),
        Ok(false)
    );
    let text = judged(
        &format!("[{{path: $.a, equals: 1}}, not: {stopped}]"),
        &payload,
    )
    .unwrap_err();
    assert_eq!(
        text.to_string(),
        "the condition on `$..x` could not be carried out: the path looks at more than 1000000 values here"
    );
}

fn judged(conditions: &str, payload: &str) -> Result<bool, Stopped> {
    let (conditions, paths, _) = read(conditions);
    let event = event(payload);
    let facts = Facts {
        event: &event,
        slots: &event.payload.slots(&paths),
        vars: &serde_json::Map::new(),
        item: None,
    };
    conditions.judge(&facts)
}

/// One line for each test and group that was looked at.
fn lines(looked: &[Looked], indent: usize, found: &mut Vec<String>) {
    for one in looked {
        let mark = match one.held {
            Some(true) => "+",
            Some(false) => "-",
            None => "?",
        };
        let mut line = vec!["  ".repeat(indent), format!("{mark} {}", one.written)];
        if !one.seen.is_empty() {
            let seen: Vec<_> = one.seen.iter().map(ToString::to_string).collect();
            line.push(format!(": {}", seen.join(" ")));
        }
        if one.more > 0 {
            line.push(format!(" and {} more", one.more));
        }
        for operand in &one.operands {
            let value = operand.value.as_ref().map(ToString::to_string);
            line.push(format!(
                "; {} is {}",
                operand.path,
                value.unwrap_or_default()
            ));
        }
        line.extend(one.problem.iter().map(|problem| format!("; {problem}")));
        let line = line.concat();
        found.push(line);
        lines(&one.inside, indent + 1, found);
    }
}

#[track_caller]
fn looked(conditions: &str, payload: &str, expected: &[&str]) {
    let mut found = Vec::new();
    lines(&trace(conditions, payload).looked, 0, &mut found);
    assert_eq!(found, expected);
}

#[test]
fn what_was_looked_at_is_told_in_order() {
    let payload = r#"{"a":1,"b":"x","l":[1,2,3,4,5]}"#;
    looked(
        "[{path: $.a, gte: 1}, any: [{path: $.b, equals: y}, {header: X-Kind, in: [b]}, {path: $.a, exists: true}], \
          {path: $.c, equals: 1}, {path: $.b, equals: x}]",
        payload,
        &[
            "+ $.a gte 1: 1",
            "+ any",
            "  - $.b equals \"y\": \"x\"",
            "  + header X-Kind in [\"b\"]: \"b\" \"a\"",
            "- $.c equals 1",
        ],
    );
    looked(
        "[not: {all: [{path: $.a, exists: false}, {path: $.b, equals: x}]}, \
          none: [{path: $.a, type: string}, {path: $.b, equals: x, ignore_case: true}]]",
        payload,
        &[
            "+ not",
            "  - all",
            "    - $.a exists false: 1",
            "- none",
            "  - $.a type \"string\": 1",
            "  + $.b ignore_case equals \"x\": \"x\"",
        ],
    );
    // The values that decided come first.
    looked(
        "[{path: '$.l[*]', gt: 3, lte: 4}, {path: '$.l[*]', lt: 5, quantifier: all}]",
        payload,
        &[
            "+ $.l[*] gt 3, lte 4: 4 1 2 and 2 more",
            "- all of $.l[*] lt 5: 5 1 2 and 2 more",
        ],
    );
    looked(
        "[{path: '$.l[*]', not_in: [4, 9]}]",
        payload,
        &["- $.l[*] not_in [4,9]: 4 1 2 and 2 more"],
    );
    looked(
        "[{path: $.a, as: text, equals: {path: $.b}}]",
        payload,
        &["- $.a as text equals $.b: 1; $.b is \"x\""],
    );
    looked(
        "[{path: $.a, equals: {path: $.none}}]",
        payload,
        &["- $.a equals $.none: 1; $.none is "],
    );
    looked(
        "[{path: $.b, not_in: {list: vips}}, {item: $.s, in: {list: vips}}]",
        payload,
        &[
            "+ $.b not_in list vips: \"x\"",
            "- item $.s in list vips: \"x\"",
        ],
    );
}

#[test]
fn long_values_and_operands_are_cut() {
    let (text, list) = ("ä".repeat(1_000), vec![1; 1_000]);
    let payload = json!({"t": text, "l": list, "s": [1]}).to_string();
    let trace = trace(
        &format!(
            "[{{path: $.t, equals: '{text}'}}, {{path: $.l, exists: true}}, {{path: $.s, equals: 1}}]"
        ),
        &payload,
    );
    let shown: Vec<_> = trace
        .looked
        .iter()
        .map(|one| one.seen[0].to_string())
        .collect();
    assert_eq!(shown[0], format!("\"{}…\"", "ä".repeat(200)));
    assert!(shown[1].starts_with("\"[1,1,") && shown[1].ends_with("…\"") && shown[1].len() < 220);
    assert_eq!(shown[2], "[1]");
    assert!(trace.looked[0].written.chars().count() < 250);
}

#[test]
fn what_could_not_be_carried_out_is_told_where_it_stands() {
    let payload = json!({"a": 1, "l": vec![vec![0; 1_001]; 1_000]}).to_string();
    looked(
        "[{path: $..x, equals: 1}, {path: $.a, equals: 2}]",
        &payload,
        &[
            "? $..x equals 1; the path looks at more than 1000000 values here",
            "- $.a equals 2: 1",
        ],
    );
}

#[test]
fn what_cannot_be_carried_out_fails_and_says_so() {
    let payload = serde_json::json!({"l": vec![vec![0; 1_001]; 1_000]}).to_string();
    for text in [
        "[{path: $..x, equals: 1}]",
        "[not: {path: $..x, equals: 1}]",
        "[none: [{path: $..x, exists: true}]]",
        "[{path: $..x, not_equals: 1}]",
    ] {
        let trace = trace(text, &payload);
        assert!(!trace.holds, "{text}");
        assert_eq!(trace.because.as_deref(), Some("$..x"));
        assert!(trace.problem.unwrap().contains("1000000 values"));
    }
}

#[test]
fn a_group_is_decided_without_what_cannot_be_carried_out() {
    let payload = serde_json::json!({"a": 1, "l": vec![vec![0; 1_001]; 1_000]}).to_string();
    let (yes, stopped) = ("{path: $.a, equals: 1}", "{path: $..x, equals: 1}");
    for order in [format!("{stopped}, {yes}"), format!("{yes}, {stopped}")] {
        check(&format!("[any: [{order}]]"), &payload, true);
        check(&format!("[none: [{order}]]"), &payload, false);
        check(&format!("[all: [{order}]]"), &payload, false);
        check(&format!("[not: {{all: [{order}]}}]"), &payload, false);
    }
}
