//! Whether the providers and sources exist whose events a rule is about.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics, code};

use super::super::{Namespace, When, pattern};
use super::given::not_given;
use super::{Names, unknown};

pub(super) fn check_providers(when: &When, names: &Names, problems: &mut Diagnostics) {
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

pub(super) fn check_sources(
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
