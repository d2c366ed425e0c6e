//! Two rules that do the same for the same events: everything is done twice.

use std::collections::HashMap;
use std::collections::hash_map::{DefaultHasher, Entry};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::condition::{Condition, Conditions};
use crate::diagnostic::{Diagnostic, Diagnostics, code};

use super::super::{ForEach, Rule, When};
use super::{Around, Check};

pub(super) struct Twins;

impl Check for Twins {
    fn of_all(&self, rules: &[Arc<Rule>], _: &Around<'_>, problems: &mut Diagnostics) {
        let mut first_of: HashMap<u64, Vec<&Rule>> = HashMap::new();
        for rule in rules.iter().filter(|rule| rule.enabled && is_plain(rule)) {
            match first_of.entry(number(rule)) {
                Entry::Vacant(place) => {
                    place.insert(vec![rule]);
                }
                Entry::Occupied(mut alike) => {
                    match alike.get().iter().find(|first| does(first) == does(rule)) {
                        Some(first) => problems.push(tell(first, rule)),
                        None => alike.get_mut().push(rule),
                    }
                }
            }
        }
    }
}

fn tell(first: &Rule, rule: &Rule) -> Diagnostic {
    let message = format!(
        "`{}` does the same as `{}`, for the same events",
        rule.name, first.name
    );
    Diagnostic::warning(code::TWIN_RULES, rule.place.clone(), message)
        .also(first.place.clone(), "this rule does it already")
        .help("delete one of them")
}

/// Whether nothing but its `when` decides when it does what it does.
fn is_plain(rule: &Rule) -> bool {
    let flow = &rule.flow;
    let gated = flow.during.is_some()
        || flow.changed.is_some()
        || flow.join.is_some()
        || flow.unless.is_some()
        || flow.throttle.is_some()
        || flow.digest.is_some()
        || flow.order_by.is_some();
    !gated && !flow.shadow && rule.vars.is_empty() && rule.respond.is_none()
}

/// A number that rules about the same events share, and few others.
fn number(rule: &Rule) -> u64 {
    let When {
        providers,
        sources,
        events,
        proof,
        unmatched,
        conditions,
        ..
    } = &rule.when;
    let mut hasher = DefaultHasher::new();
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort_unstable();
        names
    };
    (
        sorted(providers),
        sorted(sources),
        sorted(events),
        proof,
        unmatched,
    )
        .hash(&mut hasher);
    texts(conditions).hash(&mut hasher);
    rule.namespace
        .as_ref()
        .map(|namespace| &namespace.name)
        .hash(&mut hasher);
    for action in &rule.actions {
        action.kind.name().hash(&mut hasher);
        for template in action.configured.templates() {
            template.text().hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// What a rule asks and does, in full.
fn does(rule: &Rule) -> String {
    let each = rule.for_each.as_deref().map(ForEach::text);
    let whole = format!(
        "{each:?} {:?} {:?}",
        rule.flow.delay,
        texts(&rule.when.conditions)
    );
    let actions = rule.actions.iter().map(|action| {
        let conditions = texts(&action.conditions);
        let destinations = &action.destinations;
        format!("{destinations:?} {conditions:?} {:?}", action.configured)
    });
    let lines: Vec<_> = std::iter::once(whole).chain(actions).collect();
    lines.join("\n")
}

/// Conditions as texts, in an order of their own.
fn texts(conditions: &Conditions) -> Vec<String> {
    let mut texts: Vec<_> = conditions.list().iter().map(text).collect();
    texts.sort_unstable();
    texts
}

fn text(condition: &Condition) -> String {
    let group = |name: &str, inner: &[Condition]| {
        let mut inner: Vec<_> = inner.iter().map(text).collect();
        inner.sort_unstable();
        format!("{name}({})", inner.join(", "))
    };
    match condition {
        Condition::All(inner) => group("all", inner),
        Condition::Any(inner) => group("any", inner),
        Condition::None(inner) => group("none", inner),
        Condition::Not(inner) => format!("not({})", text(inner)),
        Condition::Test(leaf) => leaf.identity(),
    }
}
