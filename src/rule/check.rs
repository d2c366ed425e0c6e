//! What can only be said of a rule beside the rest of the configuration: whether the providers,
//! sources and destinations that it names exist.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, code, did_you_mean};

use super::action::NamedDestination;
use super::{Namespace, Root, Rule, When, pattern, routed};

/// The names that rules may use, as `hookrule.yaml` and the provider definitions give them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Sources and the provider of each; none where there is no hookrule.yaml: then it is not checked.
    pub sources: Option<BTreeMap<String, String>>,
    /// Destinations and the kind of each; none where there is no hookrule.yaml: then it is not checked.
    pub destinations: Option<BTreeMap<String, String>>,
    /// The labels of sources that have some.
    pub labels: BTreeMap<String, BTreeMap<String, String>>,
    /// Where rules are looked for, and the namespaces they are in.
    pub roots: Vec<Root>,
    /// Providers; where it is empty, they are not checked.
    pub providers: BTreeSet<String>,
}

/// Reports the names in a rule that stand for nothing.
pub(super) fn check(rule: &Rule, names: &Names, problems: &mut Diagnostics) {
    let namespace = rule.namespace.as_deref();
    for when in [&rule.when].into_iter().chain(rule.flow.whens()) {
        check_providers(when, names, problems);
        check_sources(when, namespace, names, problems);
    }
    if let Some(namespace) = namespace {
        within(rule, namespace, problems);
    }
    for named in &rule.named_destinations {
        check_destination(rule, named, names, problems);
    }
}

fn check_providers(when: &When, names: &Names, problems: &mut Diagnostics) {
    if names.providers.is_empty() {
        return;
    }
    for (name, place) in when.providers.iter().zip(&when.provider_places) {
        let known = names.providers.iter().map(String::as_str);
        if let Some(problem) = unknown(code::UNKNOWN_PROVIDER, "provider", name, place, known) {
            problems.push(problem.help_or("`hookrule providers list` shows those that exist"));
        }
    }
}

/// Reports the kinds of action and the destinations that a namespace was not given.
fn within(rule: &Rule, namespace: &Namespace, problems: &mut Diagnostics) {
    let name = &namespace.name;
    for action in &rule.actions {
        let kind = action.kind.name();
        if !namespace.does(kind) {
            let message = format!("the namespace `{name}` may not have the action `{kind}`");
            problems.push(not_given(
                &action.place,
                message,
                "actions",
                &namespace.actions,
            ));
        }
    }
    let named = rule.named_destinations.iter();
    for destination in named.filter(|named| named.template.is_none()) {
        if !namespace.reaches(&destination.name) {
            let other = &destination.name;
            let message = format!("the namespace `{name}` may not use the destination `{other}`");
            let (place, given) = (&destination.place, &namespace.destinations);
            problems.push(not_given(place, message, "destinations", given));
        }
    }
}

/// Only what was given is named: what else there is, is nobody's business there.
fn not_given(place: &Place, message: String, what: &str, given: &[String]) -> Diagnostic {
    let help = match given {
        [] => format!("it was given no {what}, by `rules:` in hookrule.yaml"),
        given => format!(
            "its {what}, by `rules:` in hookrule.yaml: {}",
            given.join(", ")
        ),
    };
    Diagnostic::error(code::NOT_GIVEN, place.clone(), message).help(help)
}

fn check_sources(
    when: &When,
    namespace: Option<&Namespace>,
    names: &Names,
    problems: &mut Diagnostics,
) {
    if let Some(namespace) = namespace {
        for (name, place) in when.sources.iter().zip(&when.source_places) {
            if pattern::is_literal(name) && !namespace.hears(name) {
                let message = format!(
                    "the namespace `{}` does not see the source `{name}`",
                    namespace.name
                );
                problems.push(not_given(place, message, "sources", &namespace.sources));
            }
        }
    }
    let Some(sources) = &names.sources else {
        return;
    };
    let heard = |name: &&String| namespace.is_none_or(|namespace| namespace.hears(name));
    let sources: BTreeMap<_, _> = sources.iter().filter(|(name, _)| heard(name)).collect();
    for (name, place) in when.sources.iter().zip(&when.source_places) {
        if namespace.is_some_and(|ns| pattern::is_literal(name) && !ns.hears(name)) {
            continue;
        }
        let known = sources.keys().map(|name| name.as_str());
        if let Some(problem) = unknown(code::UNKNOWN_SOURCE, "source", name, place, known) {
            problems.push(problem.help_or("add it under `sources:` in hookrule.yaml"));
        } else if let Some(provider) = sources.get(name)
            && !provider.is_empty()
            && !when.providers.is_empty()
            && !when.providers.iter().any(|p| pattern::glob(p, provider))
        {
            let message =
                format!("the source `{name}` has the provider `{provider}`, so it never fits");
            problems.push(
                Diagnostic::warning(code::BAD_VALUE, place.clone(), message)
                    .help("`provider` and `source` must both hold; one of them is enough"),
            );
        }
    }
}

fn check_destination(
    rule: &Rule,
    destination: &NamedDestination,
    names: &Names,
    problems: &mut Diagnostics,
) {
    let namespace = rule.namespace.as_deref();
    if let Some(template) = &destination.template {
        return routed::check(rule, destination, template, names, problems);
    }
    if namespace.is_some_and(|namespace| !namespace.reaches(&destination.name)) {
        return;
    }
    let reached = |name: &str| namespace.is_none_or(|namespace| namespace.reaches(name));
    let (Some(destinations), Some(wanted)) =
        (&names.destinations, destination.kind.destination_kind())
    else {
        return;
    };
    let NamedDestination {
        name, place, kind, ..
    } = destination;
    let fitting = || {
        let fits = |(name, kind): &(&String, &String)| kind.as_str() == wanted && reached(name);
        let fitting = destinations.iter().filter(fits);
        fitting.map(|(name, _)| name.as_str())
    };
    let taken = destinations.contains_key(name);
    let problem = match destinations.get(name) {
        Some(kind) if kind == wanted => return,
        Some(its) => {
            let action = kind.name();
            let message = format!(
                "`{action}` needs a destination of kind `{wanted}`, and `{name}` is of kind `{its}`"
            );
            Diagnostic::error(code::WRONG_DESTINATION, place.clone(), message)
        }
        None => {
            let message = format!("there is no destination `{name}`");
            Diagnostic::error(code::UNKNOWN_DESTINATION, place.clone(), message)
        }
    };
    let help = match did_you_mean(name, fitting()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if fitting().next().is_none() && taken => {
            format!(
                "add one of that kind under `destinations:` in hookrule.yaml: `{{{wanted}: …}}`"
            )
        }
        None if fitting().next().is_none() => {
            format!("add it under `destinations:` in hookrule.yaml: `{name}: {{{wanted}: …}}`")
        }
        None => {
            let known: Vec<_> = fitting().take(12).collect();
            format!("destinations of this kind: {}", known.join(", "))
        }
    };
    problems.push(problem.help(help));
}

/// A diagnostic that may have its help already.
struct Unknown(Diagnostic);

impl Unknown {
    fn help_or(self, otherwise: &str) -> Diagnostic {
        match self.0.help {
            Some(_) => self.0,
            None => self.0.help(otherwise),
        }
    }
}

/// That a name or glob stands for none of the known names.
fn unknown<'k>(
    code: Code,
    what: &str,
    name: &str,
    place: &Place,
    mut known: impl Iterator<Item = &'k str> + Clone,
) -> Option<Unknown> {
    let names = known.clone();
    let message = if pattern::is_literal(name) {
        if known.any(|known| known == name) {
            return None;
        }
        format!("there is no {what} `{name}`")
    } else {
        if known.any(|known| pattern::glob(name, known)) {
            return None;
        }
        format!("no {what} is named like `{name}`")
    };
    let problem = Diagnostic::error(code, place.clone(), message);
    Some(Unknown(match did_you_mean(name, names) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem,
    }))
}

#[cfg(test)]
mod tests {
    use super::super::RuleSet;
    use super::*;
    use crate::diagnostic::SourceFile;

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
        let forward =
            |to: &str| format!("when: {{}}, actions: [{{forward: {{destination: {to}}}}}]");
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
}
