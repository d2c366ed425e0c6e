//! What rules with `for_each` lead to, and what their senders are answered.

use serde_json::json;

use super::*;
use crate::rule::ITEMS_MAX;

const EACH: &str = "rules:
  - name: r
    when: {}
    for_each: $.alerts[*]
    vars:
      all: '{{payload.group}}'
      who: '{{item.labels.who}}'
      line: '{{vars.all}}/{{vars.who}}'
    actions:
      - {name: tell, log: {message: '{{vars.line}} {{actions.record.id}} {{item.n}}'}}
      - {name: record, log: {message: '{{vars.line}}'}}
      - {name: loud, conditions: [{item: $.n, gt: 1}, {var: who, equals: bob}], log: {message: '{{item.n}}!'}}
";

fn alerts() -> Event {
    let alert = |who: &str, n: u32| json!({"labels": {"who": who}, "n": n});
    push(&json!({"group": "g", "alerts": [alert("ann", 1), alert("bob", 2)]}))
}

#[test]
fn actions_are_planned_once_for_each_item() {
    let jobs = plan(&rules(EACH), &alerts(), 0).jobs;
    let made: Vec<_> = jobs
        .iter()
        .map(|job| (job.item, job.action.as_str(), job.state))
        .collect();
    assert_eq!(
        made,
        [
            (Some(0), "record", JobState::Ready),
            (Some(0), "tell", JobState::Waiting),
            (Some(1), "record", JobState::Ready),
            (Some(1), "tell", JobState::Waiting),
            (Some(1), "loud", JobState::Ready),
        ]
    );
    assert_eq!(message(&jobs[0]), "g/ann");
    assert_eq!(message(&jobs[2]), "g/bob");
    assert_eq!(message(&jobs[4]), "2!");
    // A follower waits for the one of its own item, and sees that item when it is rendered.
    assert_eq!(jobs[1].after, [jobs[0].id]);
    assert_eq!(jobs[3].after, [jobs[2].id]);
    let event = alerts();
    let outputs = json!({"record": {"id": 7}});
    let body = prepare(&stored(&jobs[3], &event), &event, &outputs, &[]).unwrap();
    let JobBody::Prepared { data, .. } = body else {
        panic!()
    };
    assert_eq!(data["message"], "g/bob 7 2");
    let ids: std::collections::HashSet<_> = jobs.iter().map(|job| job.id).collect();
    assert_eq!(ids.len(), jobs.len());
}

#[test]
fn what_fails_for_one_item_fails_for_that_one() {
    let event =
        push(&json!({"group": "g", "alerts": [{"n": 1}, {"labels": {"who": "bob"}, "n": 2}]}));
    let jobs = plan(&rules(EACH), &event, 0).jobs;
    let of = |item| jobs.iter().filter(move |job| job.item == Some(item));
    assert!(of(0).all(|job| matches!(job.state, JobState::Dead | JobState::Skipped)));
    let reason = of(0).find_map(|job| job.reason.as_deref()).unwrap();
    assert!(
        reason.contains("item 0") && reason.contains("`who`"),
        "{reason}"
    );
    assert!(of(1).all(|job| !matches!(job.state, JobState::Dead | JobState::Skipped)));
    assert_eq!(of(1).count(), 3);
}

#[test]
fn no_items_no_jobs_and_too_many_one_dead_letter() {
    let set = rules(EACH);
    for payload in [json!({"group": "g"}), json!({"group": "g", "alerts": []})] {
        let found = plan(&set, &push(&payload), 0);
        assert_eq!((found.matched.len(), found.jobs.len()), (1, 0));
    }
    let alert = json!({"labels": {"who": "ann"}, "n": 1});
    let many = json!({"group": "g", "alerts": vec![alert; ITEMS_MAX + 3]});
    let found = plan(&set, &push(&many), 0);
    assert_eq!(found.jobs.len(), 2 * ITEMS_MAX + 1);
    let reason = death(found.jobs.last().unwrap());
    assert!(
        reason.contains("selects 103 values") && reason.contains("last 3"),
        "{reason}"
    );
    let ids: std::collections::HashSet<_> = found.jobs.iter().map(|job| job.id).collect();
    assert_eq!(ids.len(), found.jobs.len());
}

#[test]
fn several_destinations_of_several_items_are_jobs_of_their_own() {
    let text = "rules: [{name: r, when: {}, for_each: '$.a[*]', actions: [{http: {destination: [x, y], body: ['{{item}}']}}]}]";
    let jobs = plan(&rules(text), &push(&json!({"a": [1, 2]})), 0).jobs;
    let made: Vec<_> = jobs
        .iter()
        .map(|job| (job.item, job.destination.as_str()))
        .collect();
    let expected = [
        (Some(0), "x"),
        (Some(0), "y"),
        (Some(1), "x"),
        (Some(1), "y"),
    ];
    assert_eq!(made, expected);
    let ids: std::collections::HashSet<_> = jobs.iter().map(|job| job.id).collect();
    assert_eq!(ids.len(), 4);
}

#[test]
fn the_next_rule_has_no_item() {
    let text = "rules:
  - {name: a, when: {}, for_each: '$.a[*]', actions: [{log: {message: '{{item}}'}}]}
  - {name: b, when: {}, vars: {x: '{{payload.n}}'}, actions: [{log: {message: '{{vars.x}}'}}]}
";
    let jobs = plan(&rules(text), &push(&json!({"a": [1, 2], "n": 9})), 0).jobs;
    let items: Vec<_> = jobs.iter().map(|job| job.item).collect();
    assert_eq!(items, [Some(0), Some(1), None]);
    assert_eq!(message(&jobs[2]), "9");
}

#[test]
fn why_an_action_does_not_run_is_told() {
    let set = rules(EACH);
    let trace = judge(&set, &alerts()).remove(0);
    let [passed] = trace.passed_over.as_slice() else {
        panic!("{trace:#?}")
    };
    assert_eq!((passed.action.as_str(), passed.item), ("loud", Some(0)));
    assert_eq!(passed.because.as_deref(), Some("item $.n"));
    assert_eq!(passed.seen, Some(json!(1)));
    let chain = rules(super::CHAIN);
    let event = push(&json!({"who": "mira", "id": 9, "skip": true}));
    let trace = judge(&chain, &event).remove(0);
    assert!(trace.matched);
    let told: Vec<_> = trace
        .passed_over
        .iter()
        .map(|passed| (passed.action.as_str(), passed.because.as_deref().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("record", "$.skip"),
            ("tell", "`record`, whose outputs it uses, does not run")
        ]
    );
}

fn answer(text: &str, payload: &serde_json::Value) -> Option<Result<(u16, String), String>> {
    let plan = plan(&rules(text), &push(payload), 0);
    let respond = plan.respond?;
    Some(respond.map(|response| (response.status, response.body)))
}

#[test]
fn the_first_rule_that_matches_and_says_so_answers() {
    let log = "actions: [{log: {message: m}}]";
    let text = format!(
        "rules:
  - {{name: silent, when: {{}}, {log}}}
  - {{name: off, enabled: false, when: {{}}, respond: {{body: off}}, {log}}}
  - {{name: shadow, mode: shadow, when: {{}}, respond: {{body: shadow}}, {log}}}
  - {{name: other, when: {{event: other}}, respond: {{body: other}}, {log}}}
  - {{name: one, vars: {{n: '{{{{payload.n}}}}'}}, when: {{}}, respond: {{status: 201, body: {{n: '{{{{vars.n}}}}', 'is {{{{event.name}}}}': true}}}}, {log}}}
  - {{name: two, when: {{}}, respond: {{body: '{{{{payload.none}}}}'}}, {log}}}
"
    );
    let body = r#"{"n":5,"is push":true}"#.to_owned();
    assert_eq!(answer(&text, &json!({"n": 5})), Some(Ok((201, body))));
    let error = answer(&text, &json!({})).unwrap().unwrap_err();
    assert!(error.starts_with("rule `one`, `respond`: "), "{error}");
    assert_eq!(
        answer(
            &format!("rules: [{{name: a, when: {{}}, {log}}}]"),
            &json!({})
        ),
        None
    );
}

#[test]
fn answers_are_bounded_and_keep_values_in_their_place() {
    let text = "rules: [{name: a, when: {}, respond: {headers: {X-Who: '{{payload.who}}'}, body: '{{payload.text}}'}, actions: [{log: {message: m}}]}]";
    let plan = |payload| plan(&rules(text), &push(&payload), 0).respond.unwrap();
    let response = plan(json!({"who": "ann", "text": "hi"})).unwrap();
    let header = |name: &str| {
        let mut headers = response.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(header("x-who"), Some("ann"));
    assert_eq!(header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(header("x-content-type-options"), Some("nosniff"));
    assert!(plan(json!({"who": "a\r\nb: c", "text": "hi"})).is_err());
    let long = "x".repeat(crate::rule::RESPONSE_BYTES_MAX + 1);
    assert!(
        plan(json!({"who": "ann", "text": long}))
            .unwrap_err()
            .contains("longer than")
    );
}
