//! Names that exist, names that do not, and names that a namespace was not given.

use super::*;
use crate::diagnostic::SourceFile;
use crate::rule::{Namespace, RuleSet};

fn names() -> Names {
    let map = |pairs: &[(&str, &str)]| {
        let pair = |(name, kind): &(&str, &str)| ((*name).to_owned(), (*kind).to_owned());
        Some(pairs.iter().map(pair).collect())
    };
    Names {
        sources: map(&[("github-main", "github"), ("shop", "shopify")]),
        destinations: map(&[("ci", "http"), ("team-chat", "discord")]),
        providers: ["github", "shopify"].map(str::to_owned).into(),
        ..Names::default()
    }
}

/// The findings about one rule: code and message with help.
fn findings(when: &str, destination: &str, names: &Names) -> Vec<(&'static str, String)> {
    let text = format!(
        "rules: [{{name: r, when: {{{when}}}, actions: [{{forward: {{destination: {destination}}}}}]}}]"
    );
    let found = RuleSet::load(vec![SourceFile::new("a.yaml", text)], names, None);
    let told = |d: Diagnostic| {
        let help = d.help.unwrap_or_default();
        (d.code.id(), format!("{}; {help}", d.message))
    };
    found.diagnostics.sorted().into_iter().map(told).collect()
}

#[track_caller]
fn one(when: &str, destination: &str, code: &str, says: &str) {
    let found = findings(when, destination, &names());
    assert!(
        matches!(found.as_slice(), [(id, text)] if *id == code && text.contains(says)),
        "{found:#?}"
    );
}

#[test]
fn names_that_stand_for_nothing() {
    one("provider: githb", "ci", "HR0104", "did you mean `github`?");
    one(
        "provider: [github, 'sl*']",
        "ci",
        "HR0104",
        "no provider is named like `sl*`",
    );
    one("source: shopp", "ci", "HR0105", "did you mean `shop`?");
    one(
        "source: 'acme-*'",
        "ci",
        "HR0105",
        "add it under `sources:`",
    );
    one("", "ic", "HR0402", "did you mean `ci`?");
    one(
        "",
        "[ci, warehouse]",
        "HR0402",
        "destinations of this kind: ci",
    );
    one(
        "",
        "team-chat",
        "HR0403",
        "needs a destination of kind `http`, and `team-chat` is of kind `discord`",
    );
    one(
        "provider: github, source: shop",
        "ci",
        "HR0007",
        "it never fits",
    );
}

#[test]
fn names_that_exist() {
    for when in [
        "",
        "provider: 'git*'",
        "source: '*'",
        "provider: shopify, source: shop",
    ] {
        assert_eq!(findings(when, "ci", &names()), [], "{when}");
    }
}

fn acme() -> Names {
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        let pair = |(name, kind): &(&str, &str)| ((*name).to_owned(), (*kind).to_owned());
        pairs.iter().map(pair).collect()
    };
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let namespace = Namespace {
        name: "acme".to_owned(),
        sources: list(&["acme-*"]),
        destinations: list(&["acme-*"]),
        actions: list(&["forward", "discord"]),
    };
    Names {
        sources: Some(map(&[("acme-shop", "shopify"), ("beta-shop", "shopify")])),
        destinations: Some(map(&[
            ("acme-erp", "http"),
            ("acme-chat", "discord"),
            ("beta-erp", "http"),
        ])),
        labels: [(
            "acme-shop".to_owned(),
            map(&[("erp", "acme-erp"), ("out", "beta-erp")]),
        )]
        .into(),
        roots: vec![Root {
            path: "rules-acme".into(),
            namespace: Some(namespace.into()),
        }],
        ..Names::default()
    }
}

#[track_caller]
fn in_acme(rule: &str, expected: &[(&str, &str)]) {
    let file = SourceFile::new("rules-acme/a.yaml", format!("rules: [{{name: r, {rule}}}]"));
    let loaded = RuleSet::load(vec![file], &acme(), None);
    let found = loaded.diagnostics.sorted();
    let told: Vec<_> = found
        .iter()
        .map(|d| {
            (
                d.code.id(),
                format!("{}; {}", d.message, d.help.as_deref().unwrap_or("")),
            )
        })
        .collect();
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for ((code, text), (wanted, says)) in told.iter().zip(expected) {
        assert!(code == wanted && text.contains(says), "{told:#?}");
        assert!(!text.contains("beta-shop"), "{told:#?}");
    }
    if expected.is_empty() {
        assert_eq!(loaded.set.rules[0].name, "acme/r");
    }
}

#[test]
fn a_namespace_uses_what_it_was_given() {
    let forward = |to: &str| format!("when: {{}}, actions: [{{forward: {{destination: {to}}}}}]");
    in_acme(&forward("acme-erp"), &[]);
    in_acme(&forward("'{{source.labels.erp}}'"), &[]);
    let given = "its destinations, by `rules:` in hookrule.yaml: acme-*";
    in_acme(&forward("beta-erp"), &[("HR0112", given)]);
    // One that does not exist is told in the same words.
    in_acme(&forward("gamma"), &[("HR0112", given)]);
    in_acme(
        &forward("acme-epr"),
        &[("HR0402", "did you mean `acme-erp`?")],
    );
    in_acme(
        &forward("acme-chat"),
        &[("HR0403", "destinations of this kind: acme-erp")],
    );
    in_acme(
        &forward("'{{source.labels.out}}'"),
        &[("HR0112", "`beta-erp`, which the namespace may not use")],
    );
    let log = "actions: [{log: {message: m}}]";
    in_acme(
        &format!("when: {{}}, {log}"),
        &[("HR0112", "may not have the action `log`")],
    );
    let source = |name: &str| forward("acme-erp").replace("{}", &format!("{{source: {name}}}"));
    in_acme(&source("acme-shop"), &[]);
    in_acme(&source("'*'"), &[]);
    in_acme(
        &source("beta"),
        &[("HR0112", "does not see the source `beta`; its sources")],
    );
    in_acme(
        &source("'beta-*'"),
        &[("HR0105", "no source is named like `beta-*`")],
    );
}

#[test]
fn labels_name_a_destination_for_every_source() {
    let mut names = acme();
    names.roots.clear();
    let told = |when: &str, to: &str, names: &Names| findings(when, to, names);
    let routed = "'acme-{{source.labels.kind}}'";
    let label = |names: &mut Names, source: &str, value: &str| {
        let labels = names.labels.entry(source.to_owned()).or_default();
        labels.insert("kind".to_owned(), value.to_owned());
    };
    label(&mut names, "acme-shop", "erp");
    let found = told("", routed, &names);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].0 == "HR0402"
            && found[0]
                .1
                .contains("for the source `beta-shop` this names nothing"),
        "{found:#?}"
    );
    assert_eq!(told("source: 'acme-*'", routed, &names), []);
    label(&mut names, "beta-shop", "chat");
    let found = told("", routed, &names);
    assert!(
        found[0].0 == "HR0403" && found[0].1.contains("`acme-chat`, of kind `discord`"),
        "{found:#?}"
    );
    label(&mut names, "beta-shop", "none");
    let found = told("provider: shopify", routed, &names);
    assert!(
        found[0].0 == "HR0402" && found[0].1.contains("no such destination"),
        "{found:#?}"
    );
    let found = told("", "'{{payload.to}}'", &names);
    assert!(
        found[0].1.contains("cannot depend on `payload.to`"),
        "{found:#?}"
    );
}

#[test]
fn without_a_configuration_nothing_is_missed() {
    assert_eq!(
        findings("provider: x, source: y", "z", &Names::default()),
        []
    );
}
