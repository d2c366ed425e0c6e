//! Finding the rules that may be about an event without asking every rule.
//!
//! A rule is entered under its provider and event names, and there under what must be found in an event
//! for its conditions to hold: the value of one path, say. So an event touches the rules that could
//! match and no others. What is found is only a suspicion: the rule's own conditions decide.

mod bucket;
mod clue;
mod finder;
mod keyed;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::event::{Event, Slots};

use super::{Rule, RuleSet};
use finder::Finder;

/// Rules by name, and by what they are about. Positions are those in [`RuleSet::rules`].
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Sorted by name.
    names: Box<[u32]>,
    enabled: Finder,
    stopping: Box<[u32]>,
    /// Of those that ask for other events, by what those are.
    asking: Finder,
}

impl Index {
    /// Of the rules in the order they run. Those that are not enabled are found by name only.
    pub(super) fn of(rules: &[Arc<Rule>]) -> Self {
        let all = || (0_u32..).zip(rules);
        let mut names: Vec<(u32, &str)> = all().map(|(at, rule)| (at, &*rule.name)).collect();
        names.sort_by_key(|(_, name)| *name);
        let enabled = || all().filter(|(_, rule)| rule.enabled);
        let stopping = enabled().filter(|(_, rule)| rule.stop && !rule.flow.shadow);
        let asking = enabled().filter(|(_, rule)| !rule.flow.shadow);
        let others = asking.flat_map(|(at, rule)| {
            let others = rule.flow.others();
            others.map(move |other| (at, &other.when))
        });
        Self {
            names: names.into_iter().map(|(at, _)| at).collect(),
            stopping: stopping.map(|(at, _)| at).collect(),
            asking: Finder::of(others),
            enabled: Finder::of(enabled().map(|(at, rule)| (at, &rule.when))),
        }
    }

    pub(super) fn position(&self, rules: &[Arc<Rule>], name: &str) -> Option<usize> {
        let named = |at: &u32| rules.get(*at as usize).map_or("", |rule| &rule.name);
        let found = self.names.binary_search_by(|at| named(at).cmp(name));
        self.names.get(found.ok()?).map(|at| *at as usize)
    }
}

impl RuleSet {
    /// The enabled rules that may be about an event, in the order they run: all that match are among
    /// them. Their conditions are still to be looked at.
    pub fn candidates(&self, event: &Event, slots: &Slots<'_>) -> Vec<&Arc<Rule>> {
        let found = self.index.enabled.find(event, slots).into_iter();
        let rules = found.filter_map(|at| self.rules.get(at as usize));
        rules
            .filter(|rule| rule.when.objection(event).is_none())
            .collect()
    }

    /// The enabled rules that may have asked for an event beside those they match (`join`, `unless`).
    pub fn asking(&self, event: &Event, slots: &Slots<'_>) -> Vec<&Arc<Rule>> {
        let found = self.index.asking.find(event, slots).into_iter();
        found.filter_map(|at| self.rules.get(at as usize)).collect()
    }

    /// The enabled rules that stop the later ones of their file.
    pub fn stopping(&self) -> impl Iterator<Item = &Arc<Rule>> {
        let at = self.index.stopping.iter();
        at.filter_map(|at| self.rules.get(*at as usize))
    }
}
