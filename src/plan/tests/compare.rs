//! What two rule sets make of one event differently.

use serde_json::{Value, json};

use super::{push, rules};
use crate::plan::{Change, Difference, compare, plan};

/// What differs in a push of `{"a": 1}` between rules that are written after `rules:`.
fn between(before: &str, after: &str) -> Difference {
    let event = push(&json!({"a": 1, "list": [1, 2]}));
    let plan = |text: &str| plan(&rules(&format!("rules:\n{text}")), &event, 0);
    compare(&plan(before), &plan(after))
}

/// Rules with their changes, and the places that differ: `rule change action path: before → after`.
#[track_caller]
fn check(before: &str, after: &str, expected: &[&str]) {
    let found = between(before, after);
    let mut told = Vec::new();
    let text = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
    for rule in &found.rules {
        let change = match rule.change {
            Change::NewlyMatches => "newly",
            Change::NoLongerMatches => "gone",
            Change::Differs => "differs",
        };
        told.push(format!("{} {change}", rule.rule));
        for job in &rule.jobs {
            let dies = if job.dies { " dies" } else { "" };
            let item = job.item.map(|item| format!(" {item}")).unwrap_or_default();
            for path in &job.paths {
                let (before, after) = (text(&path.before), text(&path.after));
                let line = format!(
                    "{}{item}{dies} {}: {before} → {after}",
                    job.action, path.path
                );
                told.push(line);
            }
        }
    }
    for path in &found.respond {
        let (before, after) = (text(&path.before), text(&path.after));
        told.push(format!("respond {}: {before} → {after}", path.path));
    }
    assert_eq!(told, expected);
    assert_eq!(found.is_none(), expected.is_empty());
}

const TELL: &str =
    "  - {name: tell, when: {event: push}, actions: [{log: {message: 'a is {{payload.a}}'}}]}\n";

#[test]
fn the_same_rules_do_the_same() {
    check(TELL, TELL, &[]);
    // Another text of the same meaning, in another file.
    let other = TELL.replace("name: tell,", "name: tell, description: d,");
    check(TELL, &other, &[]);
}

#[test]
fn rules_that_match_on_one_side_only() {
    let other = TELL.replace("name: tell", "name: other");
    let job = r#"{"kind":"log","state":"ready","rendered":{"level":"info","message":"a is 1"}}"#;
    let (gone, newly) = (format!("log : {job} → -"), format!("log : - → {job}"));
    check(TELL, &other, &["other newly", &newly, "tell gone", &gone]);
}

#[test]
fn what_is_rendered_differs_by_its_place() {
    let louder = TELL.replace("a is", "A is");
    let expected = [
        "tell differs",
        r#"log rendered.message: "a is 1" → "A is 1""#,
    ];
    check(TELL, &louder, &expected);
}

#[test]
fn a_missing_value_is_a_job_that_dies() {
    let wrong = TELL.replace("payload.a", "payload.b");
    let found = between(TELL, &wrong);
    let job = &found.rules[0].jobs[0];
    assert!(job.dies);
    let paths: Vec<_> = job.paths.iter().map(|path| path.path.as_str()).collect();
    assert_eq!(paths, ["state", "reason", "rendered"]);
    assert!(!between(&wrong, TELL).rules[0].jobs[0].dies);
    assert!(between(&wrong, &wrong).is_none());
}

#[test]
fn items_are_compared_one_by_one() {
    let each = |text: &str| {
        format!(
            "  - {{name: each, when: {{event: push}}, for_each: '$.list[*]', actions: [{{log: {{message: '{text}'}}}}]}}\n"
        )
    };
    let expected = ["each differs", r#"log 1 rendered.message: "2" → "2!""#];
    let after = each("{{item}}{{#if (eq item 2)}}!{{/if}}");
    check(&each("{{item}}"), &after, &expected);
}

#[test]
fn gates_are_compared_as_they_are_planned() {
    let gated = |gate: &str| TELL.replace("actions:", &format!("{gate}, actions:"));
    let throttled = |per: &str| gated(&format!("throttle: {{key: k, at_most: 1, per: {per}}}"));
    let found = between(TELL, &throttled("1m"));
    let paths = &found.rules[0].jobs[0].paths;
    let paths: Vec<_> = paths.iter().map(|path| path.path.as_str()).collect();
    assert_eq!(paths, ["state", "gates"]);
    let longer = between(&throttled("1m"), &throttled("2m"));
    let path = &longer.rules[0].jobs[0].paths[0];
    assert_eq!(path.path, "gates.throttle.per");
    assert_eq!(path.after, Some(json!("120s")));
    let expected = ["tell differs", r#"log state: "ready" → "shadow""#];
    check(TELL, &gated("mode: shadow"), &expected);
}

#[test]
fn followers_are_compared_by_their_templates() {
    let two = |text: &str| {
        format!(
            "  - name: two
    when: {{event: push}}
    actions:
      - {{http: {{destination: d, method: POST, path: /a}}}}
      - {{log: {{message: '{text} {{{{actions.http.status}}}}'}}}}
"
        )
    };
    check(&two("a"), &two("a"), &[]);
    let expected = [
        "two differs",
        r#"log template.message: "a {{actions.http.status}}" → "b {{actions.http.status}}""#,
    ];
    check(&two("a"), &two("b"), &expected);
}

#[test]
fn the_answer_to_the_sender_is_compared() {
    let answering = |status: u16| {
        TELL.replace(
            "actions:",
            &format!("respond: {{status: {status}}}, actions:"),
        )
    };
    let expected = ["respond status: 200 → 201"];
    check(&answering(200), &answering(201), &expected);
}

#[test]
fn what_calls_off_is_compared() {
    let unless = |event: &str| {
        let gate = format!("unless: {{within: 1m, key: k, when: {{event: {event}}}}}");
        TELL.replace("event: push", "event: ping")
            .replace("actions:", &format!("{gate}, actions:"))
    };
    let found = between(&unless("ping"), &unless("push"));
    let told: Vec<_> = found
        .rules
        .iter()
        .map(|r| (r.rule.as_str(), r.signals))
        .collect();
    assert_eq!(told, [("tell", true)]);
}

#[test]
fn very_different_jobs_are_told_up_to_a_limit() {
    let wide = |value: u32| {
        let fields: Vec<_> = (0..60).map(|n| format!("k{n}: {value}")).collect();
        format!(
            "  - {{name: wide, when: {{event: push}}, actions: [{{http: {{destination: d, method: POST, path: /, body: {{{}}}}}}}]}}\n",
            fields.join(", ")
        )
    };
    let found = between(&wide(1), &wide(2));
    let job = &found.rules[0].jobs[0];
    assert_eq!((job.paths.len(), job.more), (40, 20));
    assert_eq!(job.paths[0].path, "rendered.body.k0");
}
