//! Vars that nothing reads.

use crate::diagnostic::{Diagnostic, Diagnostics, code};

use super::super::{Reads, Rule};
use super::{Around, Check};

pub(super) struct UnusedVars;

impl Check for UnusedVars {
    fn of_one(&self, rule: &Rule, _: &Around<'_>, problems: &mut Diagnostics) {
        if rule.vars.is_empty() || reads_all(rule) {
            return;
        }
        let whens = rule.when.vars.iter().chain(rule.flow.reads().flatten());
        let tests = rule
            .actions
            .iter()
            .flat_map(|action| &action.condition_vars);
        let templates = templates(rule).flat_map(|reads| &reads.vars);
        let read: Vec<_> = whens.chain(tests).chain(templates).collect();
        for var in &rule.vars {
            if !read.iter().any(|read| read.name == var.name) {
                let message = format!("nothing in this rule reads `vars.{}`", var.name);
                problems.push(
                    Diagnostic::warning(code::UNUSED, var.place.clone(), message)
                        .help("delete it, or use it"),
                );
            }
        }
    }
}

/// Whether something reads `vars` as a whole, or those of gathered events.
fn reads_all(rule: &Rule) -> bool {
    templates(rule).any(|reads| reads.all_vars || reads.events.is_some())
}

fn templates(rule: &Rule) -> impl Iterator<Item = &Reads> {
    let vars = rule.vars.iter().map(|var| &var.reads);
    let keys = rule.flow.keys().into_iter().map(|(_, key)| &key.reads);
    let answers = rule.respond.iter().map(|respond| &respond.reads);
    let actions = rule.actions.iter().map(|action| &*action.reads);
    vars.chain(keys).chain(answers).chain(actions)
}
