//! Files of tests beside rule files.

use super::*;
use crate::rule::TestFile;
use crate::trial::{StoredEvent, Tried};

const RULES: &str = "rules:
  - name: told
    when: {provider: github, event: push, conditions: [{path: $.n, gt: 3}]}
    actions: [{log: {message: 'n is {{payload.n}}'}}]
";

fn tests(path: &str, text: &str) -> TestFile {
    TestFile {
        file: SourceFile::new(path, text),
        of: None,
    }
}

fn tried(files: &[(&str, &str)], tests: Vec<TestFile>, previous: Option<&RuleSet>) -> Tried {
    let files = files
        .iter()
        .map(|(path, text)| SourceFile::new(*path, *text));
    let found = Found {
        files: files.collect(),
        tests,
        ..Found::default()
    };
    crate::trial::load(
        found,
        &Names::default(),
        &Providers::builtin(),
        previous,
        &nobody,
    )
}

/// What is found, as `CODE text-at-the-place: message; help`.
fn findings(tried: &Tried) -> Vec<String> {
    let found = tried.loaded.diagnostics.clone().sorted();
    let told = |d: Diagnostic| {
        let at = d.place.file.text.get(d.place.span.clone()).unwrap_or("");
        let help = d.help.unwrap_or_default();
        format!("{} {at}: {}; {help}", d.code.id(), d.message)
    };
    found.into_iter().map(told).collect()
}

#[track_caller]
fn finds(tried: &Tried, expected: &[&str], stale: &[&str]) {
    let found = findings(tried);
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.contains(expected), "{found}\nhas no\n{expected}");
    }
    let paths: Vec<_> = stale.iter().map(PathBuf::from).collect();
    assert_eq!(tried.loaded.stale, paths);
}

#[test]
fn they_are_run_with_the_rules_they_name() {
    let file = "tests:
  - {rule: told, name: one, payload: {n: 5}, expect: {rendered: {log: {message: n is 5}}}}
  - {rule: told, name: two, payload: {n: 3}, expect: {because: $.n}}
";
    let good = tried(
        &[("rules/a.yaml", RULES)],
        vec![tests("rules/x.test.yaml", file)],
        None,
    );
    finds(&good, &[], &[]);
    assert_eq!(good.tests, 2);
    let whole =
        "rule: told\nx-note: mine\ntests:\n  - {payload: {n: 5}, expect: {matched: true}}\n";
    let good = tried(
        &[("rules/deep/a.yaml", RULES)],
        vec![tests("rules/x.test.yaml", whole)],
        None,
    );
    finds(&good, &[], &[]);
    assert_eq!(good.tests, 1);
}

#[test]
fn one_that_fails_keeps_the_rule_file_from_going_live() {
    let first = tried(&[("a.yaml", RULES)], Vec::new(), None);
    let file = "tests:\n  - {rule: told, name: one, payload: {n: 5}, expect: {matched: false}}\n";
    let changed = RULES.replace("n is", "n was");
    let bad = tried(
        &[("a.yaml", &changed)],
        vec![tests("other.test.yaml", file)],
        Some(&first.loaded.set),
    );
    finds(
        &bad,
        &["HR0701 {matched: false}: test `one` fails: the rule matches, and was not to"],
        &["a.yaml"],
    );
    assert_eq!(bad.loaded.set.hash, first.loaded.set.hash);
}

#[test]
fn a_file_of_tests_that_cannot_be_read_stops_the_rule_file_of_its_name() {
    for (text, says) in [
        ("", "there are no tests in this file"),
        ("tests: 1", "HR0006"),
        (
            "tset: []",
            "`tset` means nothing here; did you mean `tests`?",
        ),
        ("tests: [{rule: told, rule: x}]", "HR0003"),
        (
            "tests: [{payload: {n: 5}, expect: {matched: true}}]",
            "`rule` is missing here",
        ),
        (
            "tests: [{rule: tolt, expect: {matched: true}}]",
            "HR0702 tolt: there is no rule `tolt` here; did you mean `told`?",
        ),
    ] {
        let found = tried(
            &[("a.yaml", RULES), ("b.yaml", &RULES.replace("told", "b"))],
            vec![tests("a.test.yaml", text)],
            None,
        );
        let told = findings(&found);
        assert!(told.iter().any(|told| told.contains(says)), "{told:#?}");
        assert_eq!(found.loaded.stale, [PathBuf::from("a.yaml")], "{text}");
    }
}

#[test]
fn nobody_tests_rules_of_another_folder() {
    let file = "tests: [{rule: told, payload: {n: 1}, expect: {matched: true}}]";
    let found = tried(
        &[("rules/a/a.yaml", RULES), ("rules/b/a.yaml", "rules: []\n")],
        vec![tests("rules/b/a.test.yaml", file)],
        None,
    );
    finds(
        &found,
        &["HR0702 told: there is no rule `told` here; a test is about a rule of its folder"],
        &["rules/b/a.yaml"],
    );
}

#[test]
fn a_rule_that_could_not_be_read_is_not_missed() {
    let broken = RULES.replace("when", "wenn");
    let file = "tests: [{rule: told, payload: {n: 5}, expect: {matched: true}}]";
    let found = tried(
        &[("a.yaml", &broken)],
        vec![tests("a.test.yaml", file)],
        None,
    );
    let told = findings(&found);
    assert!(
        told.iter().all(|told| !told.contains("HR0702")),
        "{told:#?}"
    );
}

#[test]
fn a_refusal_by_the_name_of_the_event_is_not_what_was_tested() {
    fails(
        "provider: github, event: push, conditions: [{path: $.n, gt: 3}]",
        LOG,
        "event: fork, payload: {n: 3}, expect: {because: $.n}",
        "HR0701",
        "$.n",
        "the name of the event decided alone, so no condition was looked at",
    );
}

#[test]
fn queries_and_labels_are_part_of_the_event() {
    let log = "    actions: [{log: {message: '{{query.a}} {{source.labels.customer}}'}}]\n";
    passes(
        "conditions: [{query: a, equals: '1'}]",
        log,
        "query: {a: 1}, labels: {customer: acme}, expect: {rendered: {log: {message: 1 acme}}}",
    );
}

#[test]
fn exact_leaves_nothing_unsaid() {
    let log = "    actions: [{log: {message: m}}]\n    respond: {body: {a: 1, b: 2}}\n";
    let exact = "expect: {exact: true, rendered: {log: {message: m, level: info}}}";
    passes("", log, exact);
    passes("", log, "expect: {respond: {body: {a: 1}}}");
    fails(
        "",
        log,
        "expect: {exact: true, respond: {status: 200, body: {a: 1}}}",
        "HR0701",
        "{status",
        "body.b: expected nothing, rendered 2",
    );
}

#[test]
fn a_dead_step_takes_those_behind_it_with_it() {
    let actions = "    actions:
      - {name: first, log: {message: a}}
      - {name: second, log: {message: '{{actions.first.url}}'}}
      - {name: third, log: {message: '{{actions.second.url}}'}}
      - {name: apart, log: {message: b}}
";
    passes(
        "",
        actions,
        "answers: {first: dead}, expect: {actions: [first, apart]}",
    );
    fails(
        "",
        actions,
        "answers: {first: dead}, expect: {rendered: {third: {message: x}}}",
        "HR0701",
        "{message",
        "`third` does not run",
    );
    fails(
        "",
        actions,
        "answers: {first: 1}, expect: {matched: true}",
        "HR0007",
        "1",
        "or `dead`",
    );
}

#[test]
fn stored_events_are_asked_for_and_skipped_where_there_are_none() {
    let id = "evt_01900000000070008000000000000001";
    let test =
        format!("payload: {{event: {id}}}, expect: {{rendered: {{log: {{message: n is 9}}}}}}");
    let written = text("provider: github, event: push", LOG, &[&test]);
    let loaded = loaded(&written);
    assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
    let event = StoredEvent {
        source: "github".to_owned(),
        provider: "github".to_owned(),
        names: vec!["push".to_owned()],
        headers: Vec::new(),
        body: r#"{"n": 9}"#.to_owned(),
        received_at: crate::runtime::Timestamp::from_seconds(1),
        proof: crate::event::Strength::Signed,
    };
    let names = Names::default();
    let providers = Providers::builtin();
    let trial = |stored| Trial {
        set: &loaded.set,
        names: &names,
        providers: &providers,
        tests: &[],
        missing: &[],
        only: None,
        stored,
        told: &nobody,
    };
    let ids = trial(None).stored_events();
    assert_eq!(
        ids.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [id]
    );
    let outcome = |stored| trial(stored).run(&|_| true).results.remove(0).outcome;
    assert!(matches!(outcome(None), Outcome::Skipped(why) if why.contains("none is asked")));
    let none = std::collections::BTreeMap::new();
    assert!(matches!(outcome(Some(&none)), Outcome::Skipped(why) if why.contains(id)));
    let there = ids.into_iter().map(|id| (id, event.clone())).collect();
    assert_eq!(outcome(Some(&there)), Outcome::Passed);
}

#[test]
fn what_tests_see_is_counted_by_its_sides() {
    let rules = "rules:
  - name: r
    when:
      conditions:
        - {path: $.a, equals: 1}
        - any: [{path: $.b, equals: 1}, {path: $.b, equals: 2}]
        - not: {path: $.c, exists: true}
    actions:
      - {log: {message: m}, conditions: [{path: $.d, equals: 1}]}
    tests:
      - {name: one, payload: {a: 1, b: 1}, expect: {matched: true}}
      - {name: two, payload: {a: 2}, expect: {matched: false}}
  - {name: s, when: {event: '**'}, actions: [{log: {message: m}}]}
";
    let loaded = loaded(rules);
    assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
    let report = run(&loaded.set, &Names::default(), None);
    let files = report.coverage.report(&loaded.set, |_| true);
    let [file] = files.as_slice() else {
        panic!("{files:#?}")
    };
    let [r, s] = file.rules.as_slice() else {
        panic!("{file:#?}")
    };
    let seen: Vec<_> = r
        .conditions
        .iter()
        .map(|c| (c.written.as_str(), c.sides.held, c.sides.failed))
        .collect();
    assert_eq!(
        seen,
        [
            ("$.a equals 1", true, true),
            ("$.b equals 1", true, false),
            ("$.b equals 2", false, false),
            ("$.c exists true", false, true),
            ("$.d equals 1", false, true),
        ]
    );
    assert_eq!((r.share().seen, r.share().all), (6, 11));
    assert_eq!((s.matched, s.share().percent()), (false, 0));
    assert_eq!(file.share().percent(), 50);
}
