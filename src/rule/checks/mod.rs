//! FAMILY: what can be wrong with the meaning of rules, though each part of them can be read.
//!
//! Comes in: compiled rules without errors, and the [`Names`] around them. Goes out: diagnostics. Nothing
//! here reads a file or an event.

mod different_items;
mod every_event;
mod more_events;
mod never_matches;
mod other_type;
mod samples;
mod spread;
mod steps;
mod twins;
mod unknown_event;
mod unknown_path;
mod unproven;
mod unreachable;
mod unused_vars;
pub(super) mod written_secret;

use std::collections::BTreeSet;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::providers::Providers;
use crate::runtime::Told;

use super::names::Names;
use super::{Rule, RuleSet, When, pattern};
use samples::Samples;
use spread::examine_all;

/// One thing that can be wrong.
trait Check: Sync {
    /// Looks at one rule by itself.
    fn of_one(&self, _rule: &Rule, _around: &Around<'_>, _problems: &mut Diagnostics) {}

    /// Looks at all rules together, in the order they run.
    fn of_all(&self, _rules: &[Arc<Rule>], _around: &Around<'_>, _problems: &mut Diagnostics) {}
}

/// Every check.
const LIST: &[&dyn Check] = &[
    &every_event::EveryEvent,
    &unknown_event::UnknownEvent,
    &unknown_path::UnknownPath,
    &other_type::OtherType,
    &more_events::MoreEvents,
    &never_matches::NeverMatches,
    &different_items::DifferentItems,
    &unproven::Unproven,
    &unused_vars::UnusedVars,
    &written_secret::WrittenSecret,
    &unreachable::Unreachable,
    &twins::Twins,
];

/// What checks know besides the rules.
struct Around<'n> {
    names: &'n Names,
    samples: Samples<'n>,
    /// The files that are looked at.
    only: &'n BTreeSet<PathBuf>,
}

/// Finds what is wrong with the meaning of the rules in some files of a set, on so many threads at most.
pub fn examine(
    set: &RuleSet,
    names: &Names,
    providers: &Providers,
    only: &BTreeSet<PathBuf>,
    threads_max: NonZero<usize>,
    told: Told<'_>,
) -> Diagnostics {
    let around = Around {
        names,
        samples: Samples::new(providers),
        only,
    };
    let mut problems = examine_all(&set.rules, &around, threads_max, told);
    problems.retract_if(|found| !only.contains(&found.place.file.path));
    problems
}

impl Around<'_> {
    /// The providers whose events a `when` is about; none where that cannot be told.
    fn providers(&self, when: &When) -> Vec<&str> {
        let known = self.names.providers.iter().map(String::as_str);
        if let ([only], []) = (&when.providers[..], &when.sources[..])
            && pattern::is_literal(only)
        {
            return known.filter(|name| name == only).collect();
        }
        let named = |name: &str| when.providers.iter().any(|p| pattern::glob(p, name));
        let Some(sources) = self
            .names
            .sources
            .as_ref()
            .filter(|_| !when.sources.is_empty())
        else {
            return known.filter(|name| named(name)).collect();
        };
        let fits = |name: &str| when.sources.iter().any(|p| pattern::glob(p, name));
        let of_sources = sources.iter().filter(|(name, _)| fits(name));
        let mut of_sources: Vec<_> = of_sources.map(|(_, provider)| provider.as_str()).collect();
        of_sources.retain(|name| when.providers.is_empty() || named(name));
        of_sources.sort_unstable();
        of_sources.dedup();
        of_sources
    }
}
