//! Rules that an earlier one with `stop` leaves nothing for.

use std::collections::HashSet;
use std::sync::Arc;

use crate::condition::Condition;
use crate::diagnostic::{Diagnostic, Diagnostics, code};

use super::super::{Rule, When, pattern};
use super::{Around, Check};

pub(super) struct Unreachable;

impl Check for Unreachable {
    fn of_all(&self, rules: &[Arc<Rule>], _: &Around<'_>, problems: &mut Diagnostics) {
        let mut stopping: Vec<&Rule> = Vec::new();
        for rule in rules {
            if stopping
                .first()
                .is_some_and(|first| first.place.file.path != rule.place.file.path)
            {
                stopping.clear();
            }
            if rule.enabled
                && let Some(first) = stopping
                    .iter()
                    .find(|first| covers(&first.when, &rule.when))
            {
                problems.push(tell(first, rule));
            }
            // Outside its hours a rule may stop nothing.
            if rule.stop && rule.enabled && !rule.flow.shadow && rule.flow.during.is_none() {
                stopping.push(rule);
            }
        }
    }
}

fn tell(first: &Rule, rule: &Rule) -> Diagnostic {
    let message = format!(
        "`{}` is never reached: `{}` takes all its events and stops there",
        rule.name, first.name
    );
    Diagnostic::warning(code::NEVER_MATCHES, rule.place.clone(), message)
        .also(first.place.clone(), "this one has `stop: true`")
        .help("put it before that rule, or leave `stop` out there")
}

/// Whether every event that a later `when` fits is one that an earlier `when` fits.
fn covers(earlier: &When, later: &When) -> bool {
    let all = |earlier: &[String], later: &[String], fits: fn(&str, &str) -> bool| {
        let covered = |one: &String| earlier.iter().any(|p| p == one || fits(p, one));
        earlier.is_empty() || (!later.is_empty() && later.iter().all(covered))
    };
    let glob = |p: &str, one: &str| pattern::is_literal(one) && pattern::glob(p, one);
    let event =
        |p: &str, one: &str| p == "**" || (pattern::is_literal(one) && pattern::event(p, one));
    !earlier.unmatched
        && !later.unmatched
        && all(&earlier.providers, &later.providers, glob)
        && all(&earlier.sources, &later.sources, glob)
        && all(&earlier.events, &later.events, event)
        && earlier.proof.covers(&later.proof)
        && asks_no_more(earlier, later)
}

/// Whether all that the earlier one asks is asked by the later one too.
fn asks_no_more(earlier: &When, later: &When) -> bool {
    let asked: HashSet<_> = later
        .conditions
        .required()
        .iter()
        .map(|leaf| leaf.identity())
        .collect();
    earlier
        .conditions
        .list()
        .iter()
        .all(|condition| match condition {
            Condition::Test(leaf) => leaf.is_shared() && asked.contains(&leaf.identity()),
            _ => false,
        })
}
