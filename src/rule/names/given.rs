//! Whether a namespace was given what its rules do and reach.

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};

use super::super::{Namespace, Rule};

/// Reports the kinds of action and the destinations that a namespace was not given.
pub(super) fn check(rule: &Rule, namespace: &Namespace, problems: &mut Diagnostics) {
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
pub(super) fn not_given(
    place: &Place,
    message: String,
    what: &str,
    given: &[String],
) -> Diagnostic {
    let help = match given {
        [] => format!("it was given no {what}, by `rules:` in hookrule.yaml"),
        given => format!(
            "its {what}, by `rules:` in hookrule.yaml: {}",
            given.join(", ")
        ),
    };
    Diagnostic::error(code::NOT_GIVEN, place.clone(), message).help(help)
}
