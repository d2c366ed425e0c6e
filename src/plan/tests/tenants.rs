//! Rules in namespaces: each sees its own events only, and what is left of them.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::rule::{Namespace, Root};

fn names() -> Names {
    let root = |name: &str| {
        let list = |text: &str| vec![text.to_owned()];
        Root {
            path: PathBuf::from(format!("rules-{name}")),
            namespace: Some(Arc::new(Namespace {
                name: name.to_owned(),
                sources: list(&format!("{name}-*")),
                destinations: list("*"),
                actions: list("*"),
            })),
        }
    };
    Names {
        roots: vec![root("acme"), root("beta")],
        ..Names::default()
    }
}

fn set() -> RuleSet {
    let left = rule("left", "unmatched: true", "{{rule.name}}");
    let one = rule(
        "one",
        "conditions: [{path: $.a, equals: 1}]",
        "{{rule.name}}",
    );
    let text = format!("rules:\n{one}{left}");
    let any = format!("rules:\n{}", rule("any", "", "m"));
    let files = [
        ("rules-acme/a.yaml", text.as_str()),
        ("rules-beta/a.yaml", &text),
        ("rules/a.yaml", &any),
    ];
    let files = files.map(|(path, text)| SourceFile::new(path, text));
    let loaded = RuleSet::load(files.into(), &names(), None);
    assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
    loaded.set
}

fn from(source: &str, payload: &Value) -> Event {
    let mut event = push(payload);
    event.source.name = source.to_owned();
    event
}

#[test]
fn rules_see_the_events_of_their_namespace() {
    let set = set();
    let again = RuleSet::of_text(&set.text()).unwrap().set;
    assert_eq!(again.hash, set.hash);
    for set in [&set, &again] {
        let matched = |source, a| plan(set, &from(source, &json!({"a": a})), 0).matched;
        assert_eq!(matched("acme-shop", 1), ["acme/one", "any"]);
        // What another namespace or no namespace matched is left all the same.
        assert_eq!(matched("acme-shop", 2), ["any", "acme/left"]);
        assert_eq!(matched("beta-shop", 1), ["beta/one", "any"]);
        assert_eq!(matched("other", 1), ["any"]);
    }
}

#[test]
fn the_same_name_in_two_namespaces_is_two_rules() {
    let set = set();
    assert_eq!(set.lookup("acme/one").unwrap().name, "acme/one");
    assert!(set.lookup("one").is_none());
    let id = |source| plan(&set, &from(source, &json!({"a": 1})), 0).jobs[0].id;
    assert_ne!(id("acme-shop"), id("beta-shop"));
    let traces = judge(&set, &from("acme-shop", &json!({"a": 2})));
    let of = |name: &str| traces.iter().find(|trace| trace.rule == name).unwrap();
    assert_eq!(of("beta/one").because.as_deref(), Some("source"));
    assert!(of("acme/left").matched && of("any").matched);
    assert_eq!(of("acme/one").because.as_deref(), Some("$.a"));
    let traces = judge(&set, &from("acme-shop", &json!({"a": 1})));
    let left = traces
        .iter()
        .find(|trace| trace.rule == "acme/left")
        .unwrap();
    assert_eq!(left.because.as_deref(), Some("unmatched"));
    assert_eq!(left.seen, Some(json!("acme/one")));
}

#[test]
fn lanes_of_two_namespaces_are_two() {
    let text = "rules: [{name: r, when: {}, order_by: {key: k, on_dead: hold}, actions: [{log: {message: m}}]}]";
    let files = ["rules-acme/a.yaml", "rules-beta/a.yaml", "rules/a.yaml"];
    let files = files.map(|path| SourceFile::new(path, text));
    let set = RuleSet::load(files.into(), &names(), None).set;
    let lanes = |source| -> Vec<String> {
        let jobs = plan(&set, &from(source, &json!({})), 0).jobs;
        jobs.into_iter().map(|job| job.lane.unwrap().key).collect()
    };
    assert_eq!(lanes("acme-shop"), ["acme/k", "k"]);
    assert_eq!(lanes("beta-shop"), ["beta/k", "k"]);
}

#[test]
fn what_is_given_from_above_stays_in_its_namespace() {
    let files = [
        ("rules/_shared.yaml", "templates: {hi: hello}\n".to_owned()),
        (
            "rules/acme/a.yaml",
            format!("rules:\n{}", rule("r", "", "{{> hi}}")),
        ),
    ];
    let load = |names: &Names| {
        let files = files
            .iter()
            .map(|(path, text)| SourceFile::new(*path, text.as_str()));
        RuleSet::load(files.collect(), names, None)
    };
    assert!(load(&Names::default()).diagnostics.is_empty());
    let mut names = names();
    names.roots[0].path = "rules/acme".into();
    assert!(load(&names).diagnostics.has_errors());
}

#[test]
fn labels_of_the_source_name_a_destination() {
    let text = "rules: [{name: r, when: {}, actions: [{forward: {destination: ['books-{{source.labels.customer}}', books-acme]}}]}]";
    let set = rules(text);
    let mut event = push(&json!({}));
    let reason = |event: &Event| death(&plan(&set, event, 0).jobs[0]).to_owned();
    assert!(reason(&event).contains("destination `books-{{source.labels.customer}}`"));
    let label = |name: &str| [("customer".to_owned(), name.to_owned())].into();
    event.source.labels = label("beta");
    let to = |event: &Event| -> Vec<String> {
        let jobs = plan(&set, event, 0).jobs;
        jobs.into_iter().map(|job| job.destination).collect()
    };
    assert_eq!(to(&event), ["books-beta", "books-acme"]);
    event.source.labels = label("acme");
    assert_eq!(to(&event), ["books-acme"]);
}
