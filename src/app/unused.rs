//! Sources and destinations that no rule uses.

use crate::config::{Document, Inputs};
use crate::diagnostic::{Diagnostic, Diagnostics, code};
use crate::rule::{Names, RuleSet};

/// Points at sources whose events no rule looks at, and at destinations that no action names. Where there
/// are no rules yet, nothing is said.
pub(super) fn unused(
    document: &Document,
    included: &Inputs,
    rules: &RuleSet,
    names: &Names,
) -> Diagnostics {
    let mut problems = Diagnostics::new();
    if rules.rules.is_empty() {
        return problems;
    }
    let own = document.declared("sources");
    for (name, place) in own.iter().chain(&included.sources) {
        let known = names.sources.as_ref().and_then(|sources| sources.get(name));
        if known.is_some_and(|provider| !rules.looks_at(name, provider)) {
            let message = format!("no rule looks at the events of the source `{name}`");
            let help =
                "write a rule for them, or delete the source: its events are kept and do nothing";
            problems.push(Diagnostic::warning(code::UNUSED, place.clone(), message).help(help));
        }
    }
    let own = document.declared("destinations");
    for (name, place) in own.iter().chain(&included.destinations) {
        if !rules.names_destination(name) {
            let message = format!("no action names the destination `{name}`");
            let help = "delete it, or name it in an action";
            problems.push(Diagnostic::warning(code::UNUSED, place.clone(), message).help(help));
        }
    }
    problems
}
