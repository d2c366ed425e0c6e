//! What can only be said of a rule beside the rest of the configuration: whether the providers,
//! sources and destinations that it names exist, and whether its namespace was given them.

mod destinations;
mod given;
mod senders;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, did_you_mean};
use crate::event::{ProofDemand, Strength};

use super::{Root, Rule, pattern};

/// The names that rules may use, as `hookrule.yaml` and the provider definitions give them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Sources and the provider of each; none where there is no hookrule.yaml: then it is not checked.
    pub sources: Option<BTreeMap<String, String>>,
    /// Destinations and the kind of each; none where there is no hookrule.yaml: then it is not checked.
    pub destinations: Option<BTreeMap<String, String>>,
    /// The labels of sources that have some.
    pub labels: BTreeMap<String, BTreeMap<String, String>>,
    /// How far the deliveries of a source can be shown to be authentic, the strongest first; of those
    /// sources where that is known.
    pub strengths: BTreeMap<String, Vec<Strength>>,
    /// How much proof a destination asks for; of those that ask.
    pub demands: BTreeMap<String, ProofDemand>,
    /// Where rules are looked for, and the namespaces they are in.
    pub roots: Vec<Root>,
    /// Providers; where it is empty, they are not checked.
    pub providers: BTreeSet<String>,
}

/// Reports the names in a rule that stand for nothing.
pub(super) fn check(rule: &Rule, names: &Names, problems: &mut Diagnostics) {
    let namespace = rule.namespace.as_deref();
    for when in [&rule.when].into_iter().chain(rule.flow.whens()) {
        senders::check_providers(when, names, problems);
        senders::check_sources(when, namespace, names, problems);
    }
    if let Some(namespace) = namespace {
        given::check(rule, namespace, problems);
    }
    for named in &rule.named_destinations {
        destinations::check(rule, named, names, problems);
    }
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
mod tests;
