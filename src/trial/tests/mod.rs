//! What tests in rule files say when they fail, and that they pass when they should.

mod beside;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::event::Strength;
use crate::providers::Providers;
use crate::rule::{Found, Loaded, Names, RuleSet, read_rule_files};
use crate::runtime::nobody;

use super::{Outcome, Report, Trial};

/// One rule with tests: `when`, more keys of the rule, and the tests, each in one line.
fn text(when: &str, rest: &str, tests: &[&str]) -> String {
    let when = if when.is_empty() { "event: '**'" } else { when };
    let tests: Vec<_> = tests
        .iter()
        .map(|test| format!("      - {{{test}}}\n"))
        .collect();
    let tests = tests.concat();
    format!("rules:\n  - name: r\n    when: {{{when}}}\n{rest}    tests:\n{tests}")
}

const LOG: &str = "    actions: [{log: {message: 'n is {{payload.n}}'}}]\n";

/// Builds a rule set of these files and their own tests.
fn load(files: Vec<Arc<SourceFile>>, names: &Names, previous: Option<&RuleSet>) -> Loaded {
    let found = Found {
        files,
        ..Found::default()
    };
    super::load(found, names, &Providers::builtin(), previous, &nobody).loaded
}

/// Runs the tests of a set, or only those of some files.
fn run(set: &RuleSet, names: &Names, only: Option<&BTreeSet<PathBuf>>) -> Report {
    Trial {
        set,
        names,
        providers: &Providers::builtin(),
        tests: &[],
        missing: &[],
        only,
        stored: None,
        told: &nobody,
    }
    .run(&|_| true)
}

fn loaded(text: &str) -> Loaded {
    load(
        vec![SourceFile::new("rules/a.yaml", text)],
        &Names::default(),
        None,
    )
}

#[track_caller]
fn passes(when: &str, rest: &str, test: &str) {
    let loaded = loaded(&text(when, rest, &[test]));
    assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
    let report = run(&loaded.set, &Names::default(), None);
    assert!(matches!(report.results.as_slice(), [one] if one.outcome == Outcome::Passed));
}

/// Exactly one finding: its code, the text it points at, and what it says.
#[track_caller]
fn fails(when: &str, rest: &str, test: &str, code: &str, at: &str, says: &str) {
    let written = text(when, rest, &[test]);
    let loaded = loaded(&written);
    assert!(loaded.set.rules.is_empty(), "the file went live");
    let found: Vec<Diagnostic> = loaded.diagnostics.sorted();
    let [one] = found.as_slice() else {
        panic!("{found:#?}")
    };
    let help = one.help.clone().unwrap_or_default();
    let told = format!("{}; {help}", one.message);
    assert_eq!(one.code.id(), code, "{told}");
    assert!(told.contains(says), "{told}");
    let pointed = written.get(one.place.span.clone()).unwrap();
    assert!(pointed.starts_with(at), "points at {pointed}");
}

#[test]
fn what_passes() {
    let when = "provider: github, event: pull_request.opened, conditions: [{path: $.n, gt: 3}]";
    for test in [
        "payload: {n: 5}, expect: {matched: true}",
        "payload: {n: 5}, expect: {actions: [log], rendered: {log: {message: n is 5}}}",
        "payload: {n: 3}, expect: {matched: false}",
        "payload: {n: 3}, expect: {because: $.n}",
        "payload: {n: 5}, event: pull_request.closed, expect: {because: event}",
        "payload: {n: 5}, headers: {X-GitHub-Event: push}, expect: {because: event}",
        "payload: {n: 5, action: opened}, headers: {X-GitHub-Event: pull_request}, expect: {matched: true}",
        "payload: {n: 5}, provider: stripe, event: pull_request.opened, expect: {because: provider}",
        "expect: {matched: false}",
    ] {
        passes(when, LOG, test);
    }
}

#[test]
fn what_the_event_is_like() {
    let log = |message: &str| format!("    actions: [{{log: {{message: '{message}'}}}}]\n");
    let said = |message: &str, test: &str, expected: &str| {
        let test = format!("{test}, expect: {{rendered: {{log: {{message: '{expected}'}}}}}}");
        passes("provider: stripe", &log(message), &test);
    };
    said(
        "{{event.provider}} {{source.name}}",
        "payload: {}",
        "stripe stripe",
    );
    said("{{source.name}}", "source: shop", "shop");
    said(
        "{{event.name}}",
        "payload: {type: invoice.paid}",
        "invoice.paid",
    );
    said("{{event.name}}", "event: a.b", "a.b");
    said(
        "{{headers.x-a}} {{headers.x-b}}",
        "headers: {X-A: 1, x-b: two}",
        "1 two",
    );
    said(
        "{{event.received_at}}",
        "payload: {}",
        "2026-01-01T00:00:00.000Z",
    );
    said(
        "{{event.received_at}}",
        "at: 2023-11-14T22:13:20Z",
        "2023-11-14T22:13:20.000Z",
    );
    said(
        "{{event.received_at}}",
        "at: 1700000000",
        "2023-11-14T22:13:20.000Z",
    );
}

#[test]
fn what_fails() {
    let when = "provider: github, event: push, conditions: [{path: $.n, gt: 3}]";
    for (test, at, says) in [
        (
            "name: a, payload: {n: 3}, expect: {matched: true}",
            "{matched",
            "test `a` fails: the rule does not match: `$.n` decided, where 3 stands",
        ),
        (
            "payload: {}, expect: {matched: true}",
            "{matched",
            "where nothing stands",
        ),
        (
            "payload: {n: 5}, expect: {matched: false}",
            "{matched",
            "the rule matches, and was not to",
        ),
        (
            "payload: {n: 5}, expect: {because: $.n}",
            "{because",
            "the rule matches, and was not to",
        ),
        (
            "payload: {n: 3}, expect: {because: $.m}",
            "$.m",
            "but `$.n` decided",
        ),
        (
            "payload: {n: 5}, expect: {actions: []}",
            "[]",
            "those that run: log",
        ),
        (
            "payload: {n: 5}, expect: {rendered: {log: {message: n is 6}}}",
            "{message",
            "message: expected \"n is 6\", rendered \"n is 5\"",
        ),
        (
            "payload: {n: 5}, headers: {X-GitHub-Event: fork}, expect: {matched: true}",
            "{matched",
            "`event: NAME` in the test",
        ),
    ] {
        fails(when, LOG, test, "HR0701", at, says);
    }
    let dead = "    actions: [{log: {message: '{{payload.x.y}}'}}]\n";
    fails(
        "",
        dead,
        "payload: {}, expect: {matched: true}",
        "HR0701",
        "{matched",
        "`log` would be a dead letter",
    );
}

const NOT_RIGHT: [(&str, &str, &str, &str); 10] = [
    (
        "payload: {n: 5}",
        "HR0005",
        "{payload",
        "`expect` is missing",
    ),
    (
        "payload: {n: 5}, expect: {}",
        "HR0005",
        "{}",
        "nothing can fail",
    ),
    (
        "payload: {n: 5}, expect: {mached: true, actions: [log]}",
        "HR0004",
        "mached",
        "`matched`",
    ),
    (
        "paylod: {n: 5}, expect: {matched: true}",
        "HR0004",
        "paylod",
        "`payload`",
    ),
    (
        "expect: {actions: [lgo]}",
        "HR0007",
        "lgo",
        "did you mean `log`?",
    ),
    (
        "expect: {rendered: {lgo: {}}}",
        "HR0007",
        "lgo",
        "did you mean `log`?",
    ),
    (
        "answers: {lgo: {}}, payload: {n: 1}, expect: {matched: true}",
        "HR0007",
        "lgo",
        "did you mean `log`?",
    ),
    (
        "expect: {matched: true, because: $.n}",
        "HR0007",
        "{matched",
        "cannot be so together",
    ),
    (
        "expect: {matched: false, actions: [log]}",
        "HR0007",
        "{matched",
        "cannot be so together",
    ),
    (
        "at: noon, expect: {matched: true}",
        "HR0007",
        "noon",
        "not a time",
    ),
];

#[test]
fn tests_that_are_not_right_themselves() {
    for (test, code, at, says) in NOT_RIGHT {
        let text = text("", LOG, &[test]);
        let found = loaded(&text).diagnostics.sorted();
        let told = |d: &Diagnostic| {
            let help = d.help.clone().unwrap_or_default();
            let at_place = text.get(d.place.span.clone()).unwrap_or_default();
            d.code.id() == code
                && at_place.starts_with(at)
                && format!("{} {help}", d.message).contains(says)
        };
        assert!(found.iter().any(told), "{test}: {found:#?}");
    }
}

#[test]
fn chains_are_rendered_with_the_answers() {
    let actions = "    actions:
      - {name: tell, log: {message: 'see {{actions.record.url}}'}}
      - {name: record, log: {message: x}}
";
    let test = |more: &str| format!("payload: {{}}, {more}");
    let rendered =
        "expect: {actions: [record, tell], rendered: {tell: {message: 'see https://x'}}}";
    passes(
        "",
        actions,
        &test(&format!(
            "answers: {{record: {{url: 'https://x'}}}}, {rendered}"
        )),
    );
    passes("", actions, &test("expect: {actions: [record, tell]}"));
    fails(
        "",
        actions,
        &test(rendered),
        "HR0701",
        "{actions",
        "answers: {ACTION",
    );
    let wrong = "answers: {record: {ulr: x}}, expect: {matched: true}";
    fails(
        "",
        actions,
        &test(wrong),
        "HR0701",
        "{matched",
        "actions.record.url",
    );
}

#[test]
fn rules_beside_it_and_its_own_state() {
    let other =
        "rules: [{name: other, when: {provider: github}, actions: [{log: {message: m}}]}]\n";
    let tests = [
        "provider: github, event: push, expect: {because: unmatched}",
        "provider: gitlab, event: push, expect: {matched: true}",
    ];
    let rest = "    actions: [{log: {message: m}}]\n    enabled: false\n";
    let files = vec![
        SourceFile::new("a.yaml", other),
        SourceFile::new("b.yaml", text("unmatched: true", rest, &tests)),
    ];
    let loaded = load(files, &Names::default(), None);
    assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
}

#[test]
fn a_failing_test_keeps_the_last_good_version() {
    let good = text(
        "",
        LOG,
        &["payload: {n: 1}, expect: {rendered: {log: {message: n is 1}}}"],
    );
    let first = loaded(&good);
    let bad = good.replace("n is {{", "now {{");
    let files = vec![SourceFile::new("rules/a.yaml", bad)];
    let second = load(files, &Names::default(), Some(&first.set));
    assert_eq!(second.stale, [Path::new("rules/a.yaml")]);
    assert_eq!(second.set.hash, first.set.hash);
    assert!(second.diagnostics.has_errors());
}

#[test]
fn the_report_names_every_test() {
    let tests = [
        "name: one, payload: {n: 1}, expect: {matched: true}",
        "name: two, payload: {n: 1}, expect: {matched: false}",
    ];
    let files = vec![SourceFile::new("a.yaml", text("", LOG, &tests))];
    let set = RuleSet::load(files, &Names::default(), None).set;
    let report = run(&set, &Names::default(), None);
    let results = report
        .results
        .iter()
        .map(|r| (r.name.as_str(), r.line, r.outcome == Outcome::Passed));
    assert_eq!(
        results.collect::<Vec<_>>(),
        [("one", 6, true), ("two", 7, false)]
    );
    let none = BTreeSet::from(["other.yaml".into()]);
    assert!(run(&set, &Names::default(), Some(&none)).results.is_empty());
}

mod payload_files {
    use std::fs;

    use super::*;

    /// What is found in a rule file in `FOLDER/rules` whose one test takes its payload from `path`.
    fn findings(folder: &Path, path: &str) -> Vec<(&'static str, String)> {
        let rest = format!("payload: {path}, expect: {{rendered: {{log: {{message: n is 5}}}}}}");
        let file = SourceFile::new(folder.join("rules/a.yaml"), text("", LOG, &[&rest]));
        let found = load(vec![file], &Names::default(), None)
            .diagnostics
            .sorted();
        found
            .into_iter()
            .map(|d| (d.code.id(), d.message))
            .collect()
    }

    #[test]
    fn stand_beside_the_rule_file_and_nowhere_else() {
        let folder: PathBuf =
            std::env::temp_dir().join(format!("hookrule-{}-payloads", std::process::id()));
        fs::create_dir_all(folder.join("rules/payloads")).unwrap();
        let write = |path: &str, text: &str| fs::write(folder.join(path), text).unwrap();
        write("secret.json", r#"{"n": 5}"#);
        write("rules/payloads/good.json", r#"{"n": 5}"#);
        write("rules/payloads/good.form", "n=5&m=6");
        write("rules/payloads/bad.json", "{");
        let link = folder.join("rules/link.json");
        std::os::unix::fs::symlink("../secret.json", link).unwrap();
        assert_eq!(findings(&folder, "payloads/good.json"), []);
        assert_eq!(findings(&folder, "./payloads/good.form"), []);
        for (path, code, says) in [
            ("../secret.json", "HR0001", "not below the folder"),
            (
                "payloads/../../secret.json",
                "HR0001",
                "not below the folder",
            ),
            ("/etc/passwd", "HR0001", "not below the folder"),
            ("link.json", "HR0001", "leads out"),
            ("payloads", "HR0001", "is not a file"),
            ("payloads/none.json", "HR0001", "cannot be read"),
            ("payloads/bad.json", "HR0007", "the body is not JSON"),
        ] {
            let found = findings(&folder, path);
            assert!(
                matches!(found.as_slice(), [(id, text)] if *id == code && text.contains(says)),
                "{path}: {found:?}"
            );
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
fn the_rules_of_a_fresh_clone_pass_their_own_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let found = read_rule_files(&[root]).unwrap();
    assert!(found.files.len() >= 5 && found.problems.is_empty());
    let names = Names {
        destinations: Some(
            [
                ("team-chat", "discord"),
                ("books", "notion"),
                ("reviewer", "agent"),
            ]
            .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
            .into(),
        ),
        providers: Providers::builtin()
            .names()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        ..Names::default()
    };
    let loaded = load(found.files, &names, None);
    assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
    let report = run(&loaded.set, &names, None);
    assert!(report.results.len() > loaded.set.rules.len());
}

const INVOICES: &str = r#"
rules:
  - name: big-payment-to-notion
    description: Every live invoice over $100 goes into the books
    when:
      provider: stripe
      event: invoice.paid
      conditions:
        - {path: $.data.object.amount_paid, gte: 10000}
        - {path: $.data.object.currency, equals: usd}
        - {path: $.livemode, equals: true}
        - any:
            - {path: $.data.object.customer_email, ends_with: "@example.com"}
            - {path: "$.data.object.lines.data[*].description", matches: '(?i)annual'}
    vars:
      amount: '{{math payload.data.object.amount_paid "/" 100}}'
    actions:
      - name: record
        notion_page:
          destination: books
          database: 248104cd477e80fdb757e945d38000bd
          properties:
            Invoice ID: "{{payload.data.object.id}}"
            Amount: "{{vars.amount}}"
            Customer: "{{payload.data.object.customer_email}}"
            Date: "{{date payload.created}}"
          unique_by: Invoice ID
          content: "Invoice {{payload.data.object.id}} paid: {{currency vars.amount payload.data.object.currency}}"
      - name: tell
        conditions: [{path: $.data.object.amount_paid, gte: 100000}]
        discord: {destination: team-chat, content: "Paid: {{actions.record.url}}"}
    tests:
      - name: a large invoice is recorded
        payload: {type: invoice.paid, created: 1700000000, livemode: true, data: {object: {id: in_1, amount_paid: 120500, currency: usd, customer_email: a@example.com}}}
        answers: {record: {url: "https://notion.so/x"}}
        expect: {actions: [record, tell], rendered: {record: {properties: {Amount: 1205.0}}}}
      - name: a small one is not
        payload: {type: invoice.paid, livemode: true, data: {object: {amount_paid: 100, currency: usd}}}
        expect: {matched: false, because: $.data.object.amount_paid}
"#;

#[test]
fn an_invoice_goes_into_the_books() {
    let loaded = loaded(INVOICES);
    assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
    let wrong = INVOICES.replace("Amount: 1205.0", "Amount: 1206");
    let found = load(
        vec![SourceFile::new("a.yaml", wrong)],
        &Names::default(),
        None,
    );
    let found = found.diagnostics.sorted();
    assert!(
        found.iter().any(|d| d
            .help
            .as_deref()
            .is_some_and(|help| help.contains("expected 1206, rendered 1205"))),
        "{found:#?}"
    );
}

/// What a test says of proof, or else what such a sender can show and the rule takes.
#[test]
fn the_proof_of_an_event_is_what_its_sender_can_show() {
    let log = "    actions: [{log: {message: 'it is {{event.proof}}'}}]\n";
    let is = |word: &str| format!("expect: {{rendered: {{log: {{message: it is {word}}}}}}}");
    let no = "expect: {matched: false, because: proof}";
    for (when, test) in [
        ("provider: github, event: push", is("signed")),
        ("provider: mailgun, event: delivered", is("authenticated")),
        ("provider: generic, proof: signed", is("signed")),
        ("provider: github, proof: authenticated", no.to_owned()),
        ("provider: mailgun, proof: signed", no.to_owned()),
        (
            "provider: github",
            format!("proof: unsigned, {}", is("unsigned")),
        ),
        (
            "provider: github, proof: signed",
            format!("proof: unsigned, {no}"),
        ),
        (
            "provider: gitlab, proof: authenticated",
            is("authenticated"),
        ),
        ("provider: nobody", is("signed")),
    ] {
        let loaded = loaded(&text(when, log, &[&test]));
        let found: Vec<_> = loaded.diagnostics.iter().collect();
        let errors = found.iter().filter(|d| d.code.id() == "HR0701").count();
        assert_eq!(errors, 0, "{when}; {test}: {found:#?}");
    }
    let names = Names {
        sources: Some([("open".to_owned(), "github".to_owned())].into()),
        strengths: [("open".to_owned(), vec![Strength::Unsigned])].into(),
        ..Names::default()
    };
    let file = text("source: open", log, &[&is("unsigned")]);
    let loaded = load(vec![SourceFile::new("rules/a.yaml", file)], &names, None);
    assert!(
        !loaded.diagnostics.has_errors(),
        "{:#?}",
        loaded.diagnostics
    );
}
