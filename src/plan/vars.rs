//! The vars of one rule for one event, each computed when it is first used, and what templates see.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::event::Event;
use crate::expression::Scope;
use crate::rule::{Read, Reads, Rule, Var};

/// What templates see of one event, and whether the rule at hand was entered.
#[derive(Debug)]
pub(super) struct LazyScope<'e> {
    event: &'e Event,
    scope: Option<Scope<'e>>,
    entered: bool,
}

impl<'e> LazyScope<'e> {
    pub(super) fn new(event: &'e Event) -> Self {
        Self {
            event,
            scope: None,
            entered: false,
        }
    }

    /// The next rule begins.
    pub(super) fn leave_rule(&mut self) {
        self.entered = false;
    }

    pub(super) fn of_rule(&mut self, rule: &str) -> &mut Scope<'e> {
        let event = self.event;
        let scope = self.scope.get_or_insert_with(|| Scope::of(event));
        if !self.entered {
            scope.enter_rule(rule);
            self.entered = true;
        }
        scope
    }
}

/// The vars of one rule that were computed so far.
#[derive(Debug, Default)]
pub(super) struct Vars {
    values: Map<String, Value>,
    errors: BTreeMap<String, String>,
}

impl Vars {
    /// Computes the vars that are read, and those that these read.
    pub(super) fn compute(&mut self, rule: &Rule, reads: &[Read], scope: &mut LazyScope<'_>) {
        if reads.is_empty() {
            return;
        }
        let mut wanted = vec![false; rule.vars.len()];
        want(&mut wanted, rule, reads);
        self.compute_wanted(&mut wanted, rule, scope);
    }

    /// A var reads only those before it, so one way back finds all that are needed, and one way
    /// forward computes them.
    fn compute_wanted(&mut self, wanted: &mut [bool], rule: &Rule, scope: &mut LazyScope<'_>) {
        for (at, var) in rule.vars.iter().enumerate().rev() {
            if !wanted.get(at).copied().unwrap_or_default() || self.is_done(&var.name) {
                continue;
            }
            if var.reads.all_vars {
                wanted.iter_mut().take(at).for_each(|wanted| *wanted = true);
            } else {
                want(wanted, rule, &var.reads.vars);
            }
        }
        for (var, _) in rule.vars.iter().zip(wanted).filter(|(_, wanted)| **wanted) {
            if !self.is_done(&var.name) {
                self.compute_one(rule, var, scope);
            }
        }
    }

    fn compute_one(&mut self, rule: &Rule, var: &Var, scope: &mut LazyScope<'_>) {
        let scope = scope.of_rule(&rule.name);
        let value = match self.first_error(&var.reads) {
            Some(error) => Err(error),
            None => var
                .formula
                .value(scope)
                .map_err(|error| format!("var `{}`: {error}", var.name)),
        };
        match value {
            Ok(value) => {
                scope.set_var(&var.name, value.clone());
                self.values.insert(var.name.clone(), value);
            }
            Err(error) => {
                self.errors.insert(var.name.clone(), error);
            }
        }
    }

    /// Forgets what was computed for the item before.
    pub(super) fn leave_item(&mut self, rule: &Rule) {
        for var in rule.vars.iter().filter(|var| var.per_item) {
            self.values.shift_remove(&var.name);
            self.errors.remove(&var.name);
        }
    }

    fn is_done(&self, name: &str) -> bool {
        self.values.contains_key(name) || self.errors.contains_key(name)
    }

    /// Computes what an action's templates read, or says which var failed.
    pub(super) fn for_action(
        &mut self,
        rule: &Rule,
        reads: &Reads,
        scope: &mut LazyScope<'_>,
    ) -> Result<(), String> {
        if reads.all_vars {
            let mut wanted = vec![true; rule.vars.len()];
            self.compute_wanted(&mut wanted, rule, scope);
        } else {
            self.compute(rule, &reads.vars, scope);
        }
        match self.first_error(reads) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn first_error(&self, reads: &Reads) -> Option<String> {
        if reads.all_vars {
            return self.errors.values().next().cloned();
        }
        self.error_of(&reads.vars)
    }

    /// Why one of these vars could not be computed.
    pub(super) fn error_of(&self, reads: &[Read]) -> Option<String> {
        reads
            .iter()
            .find_map(|read| self.errors.get(&read.name))
            .cloned()
    }

    /// Those that could be computed.
    pub(super) fn values(&self) -> &Map<String, Value> {
        &self.values
    }
}

/// Marks the vars that are read.
fn want(wanted: &mut [bool], rule: &Rule, reads: &[Read]) {
    for (var, wanted) in rule.vars.iter().zip(wanted) {
        *wanted |= reads.iter().any(|read| read.name == var.name);
    }
}
