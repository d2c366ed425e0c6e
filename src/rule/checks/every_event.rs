//! A rule without any restriction: what should restrict it may have slipped out of it.

use crate::diagnostic::{Diagnostic, Diagnostics, code};

use super::super::Rule;
use super::{Around, Check};

pub(super) struct EveryEvent;

impl Check for EveryEvent {
    fn of_one(&self, rule: &Rule, _: &Around<'_>, problems: &mut Diagnostics) {
        let when = &rule.when;
        let named =
            !(when.providers.is_empty() && when.sources.is_empty() && when.events.is_empty());
        let asked = |action: &super::super::Action| !action.conditions.is_empty();
        if named
            || when.unmatched
            || !when.proof.is_any()
            || !when.conditions.is_empty()
            || rule.actions.iter().all(asked)
        {
            return;
        }
        let message = format!("every event matches `{}`", rule.name);
        let help = "name a provider, a source, an event or conditions inside `when:`; where every event \
                    is meant, write `when: {event: \"**\"}`";
        problems
            .push(Diagnostic::warning(code::EVERY_EVENT, rule.place.clone(), message).help(help));
    }
}
