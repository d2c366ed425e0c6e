//! Whether the destinations exist that a rule reaches, and are of the kind that its actions need.

use crate::diagnostic::{Diagnostic, Diagnostics, code, did_you_mean};

use super::super::action::NamedDestination;
use super::super::{Rule, routed};
use super::Names;

pub(super) fn check(
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
