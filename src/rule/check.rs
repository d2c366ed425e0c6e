//! What can only be said of a rule beside the rest of the configuration: whether the providers,
//! sources and destinations that it names exist.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, code, did_you_mean};

use super::action::NamedDestination;
use super::{Rule, When, pattern};

/// The names that rules may use, as `hookrule.yaml` and the provider definitions give them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Sources and the provider of each; none where there is no hookrule.yaml: then it is not checked.
    pub sources: Option<BTreeMap<String, String>>,
    /// Destinations and the kind of each; none where there is no hookrule.yaml: then it is not checked.
    pub destinations: Option<BTreeMap<String, String>>,
    /// Providers; where it is empty, they are not checked.
    pub providers: BTreeSet<String>,
}

/// Reports the names in a rule that stand for nothing.
pub(super) fn check(rule: &Rule, names: &Names, problems: &mut Diagnostics) {
    for when in [&rule.when].into_iter().chain(rule.flow.whens()) {
        check_providers(when, names, problems);
        check_sources(when, names, problems);
    }
    for named in &rule.named_destinations {
        check_destination(named, names, problems);
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

fn check_sources(when: &When, names: &Names, problems: &mut Diagnostics) {
    let Some(sources) = &names.sources else {
        return;
    };
    for (name, place) in when.sources.iter().zip(&when.source_places) {
        let known = sources.keys().map(String::as_str);
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

fn check_destination(destination: &NamedDestination, names: &Names, problems: &mut Diagnostics) {
    let (Some(destinations), Some(wanted)) =
        (&names.destinations, destination.kind.destination_kind())
    else {
        return;
    };
    let NamedDestination { name, place, kind } = destination;
    let fitting = || {
        let fits = |(_, kind): &(&String, &String)| kind.as_str() == wanted;
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

    #[test]
    fn without_a_configuration_nothing_is_missed() {
        assert_eq!(
            findings("provider: x, source: y", "z", &Names::default()),
            []
        );
    }
}
