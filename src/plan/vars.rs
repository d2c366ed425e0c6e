//! The vars of one rule for one event, each computed when it is first used, and what templates see.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::event::Event;
use crate::expression::Scope;
use crate::rule::{Read, Reads, Rule};

/// What templates see of one event. Making it copies the payload, so it waits for the first template.
#[derive(Debug)]
pub(super) struct LazyScope<'e> {
    event: &'e Event,
    scope: Option<Scope>,
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

    pub(super) fn of_rule(&mut self, rule: &str) -> &mut Scope {
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
    done: usize,
    values: Map<String, Value>,
    errors: BTreeMap<String, String>,
}

impl Vars {
    /// Computes the vars that are read, and those before them.
    pub(super) fn compute(&mut self, rule: &Rule, reads: &[Read], scope: &mut LazyScope<'_>) {
        let wanted = |name: &str| reads.iter().any(|read| read.name == name);
        let last = rule.vars.iter().rposition(|var| wanted(&var.name));
        self.compute_to(last.map_or(0, |last| last + 1), rule, scope);
    }

    fn compute_to(&mut self, end: usize, rule: &Rule, scope: &mut LazyScope<'_>) {
        for var in rule.vars.get(self.done..end).unwrap_or_default() {
            self.done += 1;
            let scope = scope.of_rule(&rule.name);
            let value = self.first_error(&var.reads).map_or_else(
                || {
                    let named = |error| format!("var `{}`: {error}", var.name);
                    var.tree.render(scope).map_err(named)
                },
                Err,
            );
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
    }

    /// Computes what an action's templates read, or says which var failed.
    pub(super) fn for_action(
        &mut self,
        rule: &Rule,
        reads: &Reads,
        scope: &mut LazyScope<'_>,
    ) -> Result<(), String> {
        if reads.all_vars {
            self.compute_to(rule.vars.len(), rule, scope);
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
