//! Rules asked one after the other about one event.

use std::cell::{Cell, OnceCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::condition::{Conditions, Facts, Trace};
use crate::event::{Event, Slots};
use crate::rule::{Read, Rule, RuleSet};

use super::NewJob;
use super::jobs::{Fates, Planning};
use super::vars::{LazyScope, Vars};

/// Vars as conditions were shown them; they must live as long as the slots.
#[derive(Debug)]
pub(super) struct Kept {
    none: Map<String, Value>,
    shown: Vec<OnceCell<Map<String, Value>>>,
    next: Cell<usize>,
}

impl Kept {
    /// With a place for every time that conditions of these rules may ask for vars.
    pub(super) fn for_rules(rules: &[&Arc<Rule>]) -> Self {
        Self::with_places(rules.iter().map(|rule| asks(rule)).sum())
    }

    pub(super) fn with_places(count: usize) -> Self {
        Self {
            none: Map::new(),
            shown: vec![OnceCell::new(); count],
            next: Cell::new(0),
        }
    }

    fn show(&self, vars: &Vars, reads: &[Read]) -> &Map<String, Value> {
        if reads.is_empty() {
            return &self.none;
        }
        let at = self.next.replace(self.next.get() + 1);
        let place = self.shown.get(at);
        place.map_or(&self.none, |place| {
            place.get_or_init(|| vars.values().clone())
        })
    }
}

/// How often the conditions of a rule may ask for vars.
pub(super) fn asks(rule: &Rule) -> usize {
    let own = rule.actions.iter().map(|action| &action.condition_vars);
    let all = own.chain([&rule.when.vars]);
    all.filter(|reads| !reads.is_empty()).count()
}

/// One event before the rules of one set.
pub(super) struct Judging<'e> {
    pub(super) rules: &'e RuleSet,
    pub(super) event: &'e Event,
    pub(super) run: u32,
    pub(super) scope: LazyScope<'e>,
    pub(super) vars: Vars,
    slots: &'e Slots<'e>,
    kept: &'e Kept,
}

impl<'e> Judging<'e> {
    pub(super) fn new(
        rules: &'e RuleSet,
        event: &'e Event,
        slots: &'e Slots<'e>,
        kept: &'e Kept,
        run: u32,
    ) -> Self {
        Self {
            rules,
            event,
            run,
            scope: LazyScope::new(event),
            vars: Vars::default(),
            slots,
            kept,
        }
    }

    /// The jobs of a rule, at most `room`, and how many more there would be; none if it does not
    /// match.
    ///
    /// # Errors
    /// A condition could not be carried out, so nothing is known of the rule.
    pub(super) fn rule(
        &mut self,
        rule: &Rule,
        room: usize,
    ) -> Result<Option<(Vec<NewJob>, usize)>, String> {
        self.begin();
        if !self.holds(rule, &rule.when.conditions, &rule.when.vars)? {
            return Ok(None);
        }
        let mut planning = Planning {
            rule,
            room,
            jobs: Vec::new(),
            left_out: 0,
            fates: Fates::new(),
        };
        for action in &rule.actions {
            let holds = self.holds(rule, &action.conditions, &action.condition_vars);
            if holds.map_err(|stopped| format!("action `{}`: {stopped}", action.name))? {
                planning.add(self, action);
            } else {
                planning.pass_over(action);
            }
        }
        Ok(Some((planning.jobs, planning.left_out)))
    }

    /// Whether a rule's conditions hold.
    ///
    /// # Errors
    /// A condition could not be carried out.
    pub(super) fn matches(&mut self, rule: &Rule) -> Result<bool, String> {
        self.begin();
        self.holds(rule, &rule.when.conditions, &rule.when.vars)
    }

    /// Whether a rule's conditions hold, and what decided.
    pub(super) fn trace(&mut self, rule: &Rule) -> (Trace, Option<String>) {
        self.begin();
        let reads = &rule.when.vars;
        let mut trace = rule.when.conditions.trace(&self.facts(rule, reads));
        let error = self.vars.error_of(reads).or(trace.problem.clone());
        trace.holds &= error.is_none();
        if let (Some(error), None) = (&error, &trace.because) {
            trace.because = Some(error.clone());
        }
        (trace, error)
    }

    fn holds(
        &mut self,
        rule: &Rule,
        conditions: &Conditions,
        reads: &[Read],
    ) -> Result<bool, String> {
        let facts = self.facts(rule, reads);
        // A negative test would hold for a var that could not be computed.
        if self.vars.error_of(reads).is_some() {
            return Ok(false);
        }
        conditions
            .judge(&facts)
            .map_err(|stopped| stopped.to_string())
    }

    fn facts(&mut self, rule: &Rule, reads: &[Read]) -> Facts<'e> {
        self.vars.compute(rule, reads, &mut self.scope);
        Facts {
            event: self.event,
            slots: self.slots,
            vars: self.kept.show(&self.vars, reads),
            item: None,
        }
    }

    fn begin(&mut self) {
        self.vars = Vars::default();
        self.scope.leave_rule();
    }

    /// Drops what a rule that panicked may have left half done.
    pub(super) fn forget(&mut self) {
        self.scope = LazyScope::new(self.event);
        self.vars = Vars::default();
    }
}

/// Runs a piece of planning; a panic in it becomes its message.
pub(super) fn caught<T>(plan: impl FnOnce() -> T) -> Result<T, String> {
    // What the closure may have left half done is either dropped with it or forgotten by the caller.
    catch_unwind(AssertUnwindSafe(plan)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        format!("hookrule has a defect here ({})", text.unwrap_or_default())
    })
}
