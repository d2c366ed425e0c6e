//! Finding the rules that may be about an event without asking every rule.

use std::collections::HashMap;
use std::sync::Arc;

use crate::event::Event;

use super::{Rule, RuleSet, pattern};

/// Rules by name, and by provider and event name. Positions are those in [`RuleSet::rules`].
#[derive(Debug, Default)]
pub(super) struct Index {
    names: HashMap<Box<str>, u32>,
    providers: HashMap<Box<str>, Bucket>,
    any_provider: Bucket,
    stopping: Vec<u32>,
    asking: Vec<u32>,
}

/// The rules of one provider.
#[derive(Debug, Default)]
struct Bucket {
    named: HashMap<Box<str>, Vec<u32>>,
    patterned: Vec<u32>,
}

impl Bucket {
    fn add(&mut self, at: u32, rule: &Rule) {
        let events = &rule.when.events;
        if events.is_empty() || !events.iter().all(|event| pattern::is_literal(event)) {
            self.patterned.push(at);
            return;
        }
        for event in events {
            let rules = self.named.entry(event.as_str().into()).or_default();
            rules.push(at);
        }
    }

    fn collect(&self, event: &Event, found: &mut Vec<u32>) {
        found.extend(&self.patterned);
        for name in &event.names {
            found.extend(self.named.get(name.as_str()).into_iter().flatten());
        }
    }
}

impl Index {
    /// Of the rules in the order they run. Those that are not enabled are found by name only.
    pub(super) fn of(rules: &[Arc<Rule>]) -> Self {
        let mut index = Self::default();
        for (at, rule) in rules.iter().enumerate() {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            index.names.insert(rule.name.as_str().into(), at);
            if !rule.enabled {
                continue;
            }
            if rule.flow.others().next().is_some() && !rule.flow.shadow {
                index.asking.push(at);
            }
            if rule.stop && !rule.flow.shadow {
                index.stopping.push(at);
            }
            let providers = &rule.when.providers;
            if providers.is_empty() || !providers.iter().all(|p| pattern::is_literal(p)) {
                index.any_provider.add(at, rule);
                continue;
            }
            for provider in providers {
                let bucket = index.providers.entry(provider.as_str().into());
                bucket.or_default().add(at, rule);
            }
        }
        index
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.names.get(name).map(|at| *at as usize)
    }
}

impl RuleSet {
    /// The enabled rules that are about an event, in the order they run. Their conditions are still to
    /// be looked at.
    pub fn candidates(&self, event: &Event) -> Vec<&Arc<Rule>> {
        let mut found = Vec::new();
        self.index.any_provider.collect(event, &mut found);
        if let Some(bucket) = self.index.providers.get(event.provider.as_str()) {
            bucket.collect(event, &mut found);
        }
        found.sort_unstable();
        found.dedup();
        let rules = found
            .into_iter()
            .filter_map(|at| self.rules.get(at as usize));
        rules
            .filter(|rule| rule.when.objection(event).is_none())
            .collect()
    }

    /// The enabled rules that ask for other events than those they match.
    pub fn asking(&self) -> impl Iterator<Item = &Arc<Rule>> {
        let at = self.index.asking.iter();
        at.filter_map(|at| self.rules.get(*at as usize))
    }

    /// The enabled rules that stop the later ones of their file.
    pub fn stopping(&self) -> impl Iterator<Item = &Arc<Rule>> {
        let at = self.index.stopping.iter();
        at.filter_map(|at| self.rules.get(*at as usize))
    }
}
