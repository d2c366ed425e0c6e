//! What events lead to.

mod compare;
mod gates;
mod items;
mod proof;
mod tenants;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::diagnostic::SourceFile;
use crate::event::{
    Event, EventId, Headers, JobId, MediaKind, Payload, Proof, Query, SourceRef, Strength,
};
use crate::rule::{Names, RuleSet};
use crate::runtime::Timestamp;

use super::{JOBS_MAX, Job, JobBody, JobState, NewJob, Plan, judge, plan, prepare};

fn event(provider: &str, names: &[&str], payload: &Value) -> Event {
    Event {
        id: EventId::from_bytes([7; 16]),
        source: SourceRef {
            name: format!("{provider}-main"),
            labels: BTreeMap::new(),
        },
        provider: provider.to_owned(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        delivery_id: None,
        received_at: Timestamp::from_seconds(1_700_000_000),
        nonce: [0; 16],
        headers: Headers::default(),
        query: Query::default(),
        payload: Payload::new(payload.to_string().into(), MediaKind::Json).unwrap(),
        proof: Proof::imagined_by_trial(Strength::Signed),
    }
}

pub(super) fn push(payload: &Value) -> Event {
    event("github", &["push"], payload)
}

pub(super) fn rules(text: &str) -> RuleSet {
    files(&[("a.yaml", text)])
}

#[track_caller]
fn files(files: &[(&str, &str)]) -> RuleSet {
    let files = files
        .iter()
        .map(|(path, text)| SourceFile::new(*path, *text));
    let loaded = RuleSet::load(files.collect(), &Names::default(), None);
    assert!(
        !loaded.diagnostics.has_errors(),
        "{:#?}",
        loaded.diagnostics
    );
    loaded.set
}

/// A rule in one line.
fn rule(name: &str, when: &str, message: &str) -> String {
    format!(
        "  - {{name: {name}, when: {{{when}}}, actions: [{{log: {{message: \"{message}\"}}}}]}}\n"
    )
}

fn message(job: &NewJob) -> &Value {
    match &job.body {
        JobBody::Prepared { data, .. } => &data["message"],
        other => panic!("not prepared: {other:?}, {:?}", job.reason),
    }
}

/// The reason of a job that is dead at birth.
#[track_caller]
fn death(job: &NewJob) -> &str {
    assert_eq!(
        (job.state, &job.body),
        (JobState::Dead, &JobBody::Unprepared)
    );
    job.reason.as_deref().unwrap()
}

#[test]
fn which_rules_match_and_in_what_order() {
    let text = [
        "rules:\n".to_owned(),
        rule("named", "event: push", "m"),
        rule("other-name", "event: pull_request", "m"),
        rule("provider", "provider: 'git*'", "m"),
        rule("other-provider", "provider: stripe, event: push", "m"),
        rule(
            "source",
            "source: github-main, provider: github, event: p*",
            "m",
        ),
        rule("other-source", "source: github-else", "m"),
        rule("holds", "conditions: [{path: $.a, equals: 1}]", "m"),
        rule("fails", "conditions: [{path: $.a, equals: 2}]", "m"),
        rule("unmatched", "unmatched: true", "m"),
        rule("off", "event: push", "m").replace("when:", "enabled: false, when:"),
    ];
    let set = rules(&text.concat());
    let found = plan(&set, &push(&json!({"a": 1})), 0);
    assert_eq!(found.matched, ["named", "provider", "source", "holds"]);
    assert_eq!(found.jobs.len(), 4);
    assert_eq!(found.rule_set, set.hash);
    let because: Vec<_> = judge(&set, &push(&json!({"a": 1})))
        .into_iter()
        .map(|trace| (trace.matched, trace.because.unwrap_or_default()))
        .collect();
    let because: Vec<_> = because.iter().map(|(m, b)| (*m, b.as_str())).collect();
    assert_eq!(
        because,
        [
            (true, ""),
            (false, "event"),
            (true, ""),
            (false, "provider"),
            (true, ""),
            (false, "source"),
            (true, ""),
            (false, "$.a"),
            (false, "unmatched"),
            (false, "enabled"),
        ]
    );
}

#[test]
fn unmatched_rules_take_what_no_other_took() {
    let text = [
        "rules:\n".to_owned(),
        rule("rest", "unmatched: true, provider: github", "m"),
        rule("rest-of-stripe", "unmatched: true, provider: stripe", "m"),
        rule("pushes", "event: push", "m"),
    ];
    let set = rules(&text.concat());
    let matched = |event: &Event| plan(&set, event, 0).matched;
    assert_eq!(matched(&push(&json!({}))), ["pushes"]);
    assert_eq!(matched(&event("github", &["fork"], &json!({}))), ["rest"]);
    assert_eq!(matched(&event("slack", &["x"], &json!({}))), [""; 0]);
}

#[test]
fn stop_ends_its_own_file() {
    let a = [
        "rules:\n",
        &rule("a1", "", "m").replace("when:", "stop: true, when:"),
        &rule("a2", "", "m"),
    ]
    .concat();
    let b = ["rules:\n", &rule("b1", "", "m")].concat();
    let set = files(&[("a.yaml", &a), ("b.yaml", &b)]);
    assert_eq!(plan(&set, &push(&json!({})), 0).matched, ["a1", "b1"]);
    let traces = judge(&set, &push(&json!({})));
    assert_eq!(traces[1].because.as_deref(), Some("stop"));
    assert_eq!(traces[1].seen, Some(json!("a1")));
}

#[test]
fn jobs_are_named_by_what_they_are() {
    let set = rules(
        "rules: [{name: r, when: {}, actions: [{forward: {destination: [erp, crm]}}, {log: {message: 'no {{payload.n}}'}}]}]",
    );
    let event = push(&json!({"n": 5}));
    let Plan { jobs, .. } = plan(&set, &event, 2);
    let id = |action, part| JobId::derive(event.id, 2, "r", action, part);
    let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
    assert_eq!(
        ids,
        [id("forward", "erp"), id("forward", "crm"), id("log", "")]
    );
    let to: Vec<_> = jobs
        .iter()
        .map(|job| (job.destination.as_str(), job.run))
        .collect();
    assert_eq!(to, [("erp", 2), ("crm", 2), ("", 2)]);
    assert!(
        jobs.iter()
            .all(|job| job.state == JobState::Ready && job.reason.is_none())
    );
    assert!(matches!(
        jobs[0].body,
        JobBody::Prepared {
            needs_delivery: true,
            ..
        }
    ));
    assert_eq!(message(&jobs[2]), "no 5");
    assert_eq!(plan(&set, &event, 2).jobs, jobs);
}

#[test]
fn vars_are_computed_when_they_are_used() {
    let text = "rules:
  - name: r
    vars: {base: '{{payload.n}}', double: '{{math vars.base \"*\" 2}}', broken: '{{payload.none}}', after: '{{vars.broken}}'}
    when: {conditions: [{var: double, gt: 5}]}
    actions:
      - {name: fine, log: {message: '{{vars.double}}'}}
      - {name: bad, log: {message: '{{vars.after}}'}}
      - {name: guarded, conditions: [{var: broken, not_equals: 1}], log: {message: x}}
";
    let set = rules(text);
    let found = plan(&set, &push(&json!({"n": 3})), 0);
    assert_eq!(found.jobs.len(), 2, "{:#?}", found.jobs);
    assert_eq!(message(&found.jobs[0]).to_string().trim_matches('"'), "6");
    let reason = death(&found.jobs[1]);
    assert!(
        reason.starts_with("rule `r`, action `bad`: var `broken`: "),
        "{reason}"
    );
    assert!(plan(&set, &push(&json!({"n": 2})), 0).matched.is_empty());
    let missing = push(&json!({}));
    assert!(plan(&set, &missing, 0).matched.is_empty());
    let note = judge(&set, &missing)[0].note.clone().unwrap();
    assert!(note.contains("var `base`"), "{note}");
}

#[test]
fn a_var_is_a_jq_program_where_it_says_so() {
    let text = "rules:
  - name: r
    vars:
      paid: {jq: .object.paid / 100}
      plain: .object.paid
      total: {jq: '$vars.paid + ([.items[].n] | add)'}
      endless: {jq: 'def f: f; f'}
      several: {jq: '.items[].n'}
      late: {jq: '$vars.several'}
      seen: {jq: '[$event.name, $source.name, $headers[\"x-a\"]]'}
    when: {conditions: [{var: total, gt: 20}]}
    actions:
      - {name: all, log: {message: '{{vars.paid}} {{vars.plain}} {{vars.total}} {{json vars.seen}}'}}
      - {name: bad, log: {message: '{{vars.late}}'}}
      - {name: stuck, log: {message: '{{vars.endless}}'}}
      - {name: guarded, conditions: [{var: endless, not_equals: 1}], log: {message: x}}
";
    let set = rules(text);
    let payload = json!({"object": {"paid": 1999}, "items": [{"n": 1}, {"n": 0.5}]});
    let found = plan(&set, &push(&payload), 0);
    assert_eq!(found.matched, ["r"]);
    assert_eq!(
        message(&found.jobs[0]),
        r#"19.99 .object.paid 21.49 ["push","github-main",null]"#
    );
    let reasons = [death(&found.jobs[1]), death(&found.jobs[2])];
    for (reason, parts) in reasons.iter().zip([
        [
            "action `bad`",
            "var `several`",
            "more than one value: `first(…)`",
        ],
        [
            "action `stuck`",
            "var `endless`: `def f: f; f`",
            "inside each other",
        ],
    ]) {
        assert!(reason.starts_with("rule `r`, "), "{reason}");
        assert!(parts.iter().all(|part| reason.contains(part)), "{reason}");
    }
    assert_eq!(found.jobs.len(), 3, "{:#?}", found.jobs);
    assert_eq!(plan(&set, &push(&payload), 0), found);

    let note = judge(&set, &push(&json!({"items": 1})))[0]
        .note
        .clone()
        .unwrap();
    assert!(
        note.starts_with("var `paid`: `.object.paid / 100`: null and 100 cannot stand"),
        "{note}"
    );
}

#[test]
fn a_var_that_nobody_reads_is_not_computed() {
    let set = rules(
        "rules: [{name: r, vars: {stuck: {jq: 'def f: f; f'}, x: {jq: .a}, y: {jq: $vars.x}}, when: {conditions: [{var: y, equals: 1}]}, actions: [{log: {message: '{{vars.x}}'}}]}]",
    );
    let found = plan(&set, &push(&json!({"a": 1})), 0);
    assert_eq!(message(&found.jobs[0]), "1");
    assert_eq!(judge(&set, &push(&json!({"a": 1})))[0].note, None);
}

#[test]
fn a_negative_condition_does_not_hold_for_a_var_that_failed() {
    let set = rules(
        "rules: [{name: r, vars: {x: '{{payload.none}}'}, when: {conditions: [{var: x, not_equals: 1}]}, actions: [{log: {message: m}}]}]",
    );
    assert!(plan(&set, &push(&json!({})), 0).matched.is_empty());
    assert!(!judge(&set, &push(&json!({})))[0].matched);
}

#[test]
fn a_var_that_failed_is_the_reason_only_where_it_decides() {
    let set = rules(
        "rules: [{name: r, vars: {x: '{{payload.none}}'}, when: {conditions: [{path: $.a, equals: 1}, {var: x, equals: 1}]}, actions: [{log: {message: m}}]}]",
    );
    let why = |payload: Value| {
        let trace = judge(&set, &push(&payload)).remove(0);
        assert!(!trace.matched);
        (trace.because.unwrap(), trace.note.is_some())
    };
    assert_eq!(why(json!({"a": 2})), ("$.a".to_owned(), false));
    assert_eq!(why(json!({"a": 1})), ("var x".to_owned(), true));
}

/// A body of a million values, which no path with `..` gets through.
fn huge() -> Event {
    push(&json!({"a": 1, "l": vec![vec![0; 1_001]; 1_000]}))
}

#[test]
fn a_condition_that_cannot_be_carried_out_is_a_dead_letter() {
    let stopped = "conditions: [{path: $..x, equals: 1}]";
    let set = rules(&format!(
        "rules:\n{}{}",
        rule("r", stopped, "m"),
        rule("next", "conditions: [{path: $.a, equals: 1}]", "m")
    ));
    let event = huge();
    let planned = plan(&set, &event, 0);
    assert_eq!(planned.matched, ["next"]);
    assert_eq!(
        death(&planned.jobs[0]),
        "rule `r` could not be followed: the condition on `$..x` could not be carried out: \
         the path looks at more than 1000000 values here"
    );
    let traces = judge(&set, &event);
    assert!(!traces[0].matched && traces[1].matched);
    assert_eq!(traces[0].because.as_deref(), Some("$..x"));
    assert!(
        traces[0]
            .note
            .as_deref()
            .unwrap()
            .contains("1000000 values")
    );
    assert_eq!(traces[0].looked[0].held, None);
    assert_eq!(traces[1].looked[0].written, "$.a equals 1");
}

#[test]
fn a_condition_of_an_action_that_cannot_be_carried_out_is_one_too() {
    let set = rules(
        "rules: [{name: r, when: {}, actions: [{log: {message: m}}, \
         {name: second, conditions: [{path: $..x, exists: true}], log: {message: m}}]}]",
    );
    let planned = plan(&set, &huge(), 0);
    assert_eq!((planned.matched.len(), planned.jobs.len()), (1, 2));
    assert_eq!(message(&planned.jobs[0]), "m");
    let reason = death(&planned.jobs[1]);
    assert!(
        reason.starts_with("rule `r`, action `second`: ") && reason.contains("could not be"),
        "{reason}"
    );
}

#[test]
fn another_condition_that_fails_makes_it_fail() {
    let both = "conditions: [{path: $..x, equals: 1}, {path: $.a, equals: 2}]";
    let set = rules(&format!("rules:\n{}", rule("r", both, "m")));
    let planned = plan(&set, &huge(), 0);
    assert_eq!((planned.matched.len(), planned.jobs.len()), (0, 0));
}

#[test]
fn what_cannot_be_rendered_is_dead_at_birth() {
    let set = rules(
        &[
            "rules:\n",
            &rule("r", "", "{{payload.a.b}}"),
            &rule("s", "", "fine"),
        ]
        .concat(),
    );
    let found = plan(&set, &push(&json!({})), 0);
    assert_eq!(found.matched, ["r", "s"]);
    let reason = death(&found.jobs[0]);
    assert!(
        reason.contains("rule `r`, action `log`") && reason.contains("payload.a"),
        "{reason}"
    );
    assert_eq!(message(&found.jobs[1]), "fine");
}

#[test]
fn vars_of_one_rule_are_not_seen_by_the_next() {
    let text = "rules:
  - {name: a, vars: {x: '{{payload.n}}'}, when: {}, actions: [{log: {message: '{{rule.name}} {{vars.x}}'}}]}
  - {name: b, vars: {x: other}, when: {}, actions: [{log: {message: '{{rule.name}} {{vars.x}}'}}]}
";
    let jobs = plan(&rules(text), &push(&json!({"n": 1})), 0).jobs;
    assert_eq!(
        (message(&jobs[0]), message(&jobs[1])),
        (&json!("a 1"), &json!("b other"))
    );
}

const CHAIN: &str = "rules:
  - name: r
    vars: {who: '{{payload.who}}'}
    when: {}
    actions:
      - {name: tell, log: {message: '{{vars.who}}: {{actions.record.url}}'}}
      - {name: record, conditions: [{path: $.skip, exists: false}], log: {message: '{{payload.id}}'}}
";

pub(super) fn stored(job: &NewJob, event: &Event) -> Job {
    let text = serde_json::to_string(&job.body).unwrap();
    Job {
        id: job.id,
        event: event.id,
        event_name: event.name().to_owned(),
        run: job.run,
        rule: job.rule.clone(),
        action: job.action.clone(),
        kind: job.kind.clone(),
        destination: job.destination.clone(),
        state: job.state,
        reason: None,
        attempts: 0,
        leases_lost: 0,
        due_at: event.received_at,
        ready_at: None,
        created_at: event.received_at,
        item: job.item,
        firing: job.firing,
        lane: job.lane.clone(),
        body: serde_json::from_str(&text).unwrap(),
    }
}

#[test]
fn followers_wait_and_are_rendered_later() {
    let set = rules(CHAIN);
    let event = push(&json!({"who": "mira", "id": 9}));
    let jobs = plan(&set, &event, 0).jobs;
    let [record, tell] = jobs.as_slice() else {
        panic!("{jobs:#?}")
    };
    assert_eq!(
        (record.action.as_str(), record.state),
        ("record", JobState::Ready)
    );
    assert_eq!(
        (tell.action.as_str(), tell.state),
        ("tell", JobState::Waiting)
    );
    assert_eq!(tell.after, [record.id]);
    let job = stored(tell, &event);
    let body = prepare(
        &job,
        &event,
        &json!({"record": {"url": "https://x/1"}}),
        &[],
    )
    .unwrap();
    let JobBody::Prepared { data, .. } = body else {
        panic!()
    };
    assert_eq!(data["message"], "mira: https://x/1");
    let error = prepare(&job, &event, &json!({"record": {}}), &[]).unwrap_err();
    assert!(error.starts_with("rule `r`, action `tell`: "), "{error}");
    let mut unknown = job.clone();
    unknown.kind = "teleport".to_owned();
    assert!(
        prepare(&unknown, &event, &json!({}), &[])
            .unwrap_err()
            .contains("teleport")
    );
}

#[test]
fn followers_of_what_does_not_run_do_not_run() {
    let set = rules(CHAIN);
    let jobs = plan(
        &set,
        &push(&json!({"who": "mira", "id": 9, "skip": true})),
        0,
    )
    .jobs;
    assert!(jobs.is_empty(), "{jobs:#?}");
    let jobs = plan(&set, &push(&json!({"who": "mira"})), 0).jobs;
    death(&jobs[0]);
    assert_eq!(
        (jobs[1].action.as_str(), jobs[1].state),
        ("tell", JobState::Skipped)
    );
    assert!(jobs[1].reason.as_deref().unwrap().contains("`record`"));
}

#[test]
fn one_event_leads_to_so_many_jobs_and_no_more() {
    let many: String = (0..JOBS_MAX + 7)
        .map(|n| rule(&format!("r{n}"), "", "m"))
        .collect();
    let found = plan(&rules(&format!("rules:\n{many}")), &push(&json!({})), 0);
    assert_eq!(found.jobs.len(), JOBS_MAX + 1);
    assert_eq!(found.matched.len(), JOBS_MAX + 7);
    let reason = death(found.jobs.last().unwrap());
    assert!(reason.contains("7 more, from rule `r1000` on"), "{reason}");
    let ids: std::collections::HashSet<_> = found.jobs.iter().map(|job| job.id).collect();
    assert_eq!(ids.len(), found.jobs.len());
}

#[test]
fn a_follower_never_waits_for_a_job_that_was_left_out() {
    let few: String = (0..JOBS_MAX - 1)
        .map(|n| rule(&format!("r{n}"), "", "m"))
        .collect();
    let first = format!("rules:\n{few}");
    let set = files(&[("a.yaml", &first), ("b.yaml", CHAIN)]);
    let found = plan(&set, &push(&json!({"who": "mira", "id": 9})), 0);
    let ids: std::collections::HashSet<_> = found.jobs.iter().map(|job| job.id).collect();
    assert!(
        found
            .jobs
            .iter()
            .flat_map(|job| &job.after)
            .all(|id| ids.contains(id))
    );
    assert!(death(found.jobs.last().unwrap()).contains("1 more"));
}

mod panics {
    use std::sync::Arc;

    use super::*;
    use crate::actions::{Configured, Preparation};
    use crate::expression::{RenderError, Template};
    use crate::rule::Rule;

    #[derive(Debug)]
    struct Panics;

    impl Configured for Panics {
        fn templates(&self) -> Vec<&Template> {
            Vec::new()
        }

        fn prepare(&self, _event: &Preparation<'_>) -> Result<Value, RenderError> {
            panic!("index out of bounds")
        }
    }

    #[test]
    fn a_panic_in_a_rule_is_one_dead_letter_that_names_it() {
        let text = [
            "rules:\n",
            &rule("bad", "", "m"),
            &rule("good", "", "{{payload.n}}"),
        ]
        .concat();
        let mut set = rules(&text);
        let mut bad = Rule::clone(&set.rules[0]);
        bad.actions[0].configured = Arc::new(Panics);
        set.rules[0] = Arc::new(bad);
        let found = plan(&set, &push(&json!({"n": 1})), 0);
        let reason = death(&found.jobs[0]);
        assert!(
            reason.contains("`bad`") && reason.contains("index out of bounds"),
            "{reason}"
        );
        assert_eq!(found.matched, ["good"]);
        assert_eq!(found.jobs.len(), 2);
        assert!(judge(&set, &push(&json!({})))[0].note.is_some());
    }
}
