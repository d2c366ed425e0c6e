//! Rules asked one after the other about one event.

use std::cell::{Cell, OnceCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::condition::{Conditions, Facts, Trace};
use crate::event::{Event, Slots};
use crate::rule::{Action, ForEach, ITEMS_MAX, Read, Respond, Response, Rule, RuleSet};

use super::gating::Passage;
use super::jobs::{Made, Planning};
use super::vars::{LazyScope, Vars};
use super::{Asked, NewFiring};

/// Vars as conditions were shown them; they must live as long as the slots.
#[derive(Debug)]
pub(super) struct Kept {
    none: Map<String, Value>,
    shown: Vec<OnceCell<Map<String, Value>>>,
    next: Cell<usize>,
}

impl Kept {
    /// With a place for every time that conditions of these rules may ask for vars.
    pub(super) fn for_rules<'r>(rules: impl Iterator<Item = &'r Arc<Rule>>) -> Self {
        Self::with_places(rules.map(|rule| asks(rule)).sum())
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
    let asking = |reads: &&Vec<Read>| !reads.is_empty();
    let own = rule.actions.iter().map(|action| &action.condition_vars);
    let own = own.filter(asking).count();
    let others = rule.flow.others().map(|other| &other.when.vars);
    let whole = others.chain([&rule.when.vars]).filter(asking).count();
    let rounds = rule.for_each.as_ref().map_or(1, |_| ITEMS_MAX);
    own * rounds + whole
}

/// One value of a `for_each`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item<'e> {
    /// Counted from 0.
    pub(super) number: u32,
    pub(super) value: &'e Value,
}

/// One event before the rules of one set.
pub(super) struct Judging<'e> {
    pub(super) rules: &'e RuleSet,
    pub(super) event: &'e Event,
    pub(super) run: u32,
    pub(super) scope: LazyScope<'e>,
    pub(super) vars: Vars,
    pub(super) passage: Passage,
    /// Those of the rule that was judged last.
    pub(super) firings: Vec<NewFiring>,
    /// The value that `for_each` is at.
    pub(super) item: Option<Item<'e>>,
    /// Whether no rule before has answered the sender.
    pub(super) unanswered: bool,
    /// Whether it is asked why an action runs or does not.
    pub(super) explains: bool,
    /// What was looked at of the conditions of actions, where that is asked.
    pub(super) asked: Vec<Asked>,
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
            passage: Passage::Gates,
            firings: Vec::new(),
            item: None,
            unanswered: true,
            explains: false,
            asked: Vec::new(),
            slots,
            kept,
        }
    }

    /// What a rule makes of the event, at most `room` jobs; none if it does not match.
    ///
    /// # Errors
    /// A condition could not be carried out, so nothing is known of the rule.
    pub(super) fn rule(&mut self, rule: &Rule, room: usize) -> Result<Option<Made>, String> {
        self.begin();
        if !self.holds(rule, &rule.when.conditions, &rule.when.vars)? {
            return Ok(None);
        }
        let respond = rule.respond.as_ref().filter(|_| self.unanswered);
        let respond = respond.map(|respond| self.respond(rule, respond));
        let mut planning = Planning::new(rule, room);
        match &rule.for_each {
            None => self.round(&mut planning),
            Some(each) => self.rounds(each, &mut planning),
        }
        let Planning { mut made, .. } = planning;
        made.respond = respond;
        Ok(Some(made))
    }

    /// Plans the actions once for each item.
    fn rounds(&mut self, each: &ForEach, planning: &mut Planning<'_>) {
        let rule = planning.rule;
        let items = match each.items(self.event) {
            Ok(items) => items,
            Err(error) => {
                let reason = format!("rule `{}`, `for_each`: {error}", rule.name);
                return planning.give_up(self, reason);
            }
        };
        for (number, value) in (0..).zip(items.iter().take(ITEMS_MAX)) {
            self.item = Some(Item { number, value });
            self.vars.leave_item(rule);
            let scope = self.scope.of_rule(&rule.name);
            scope.set_item(Some((*value).clone()));
            self.round(planning);
        }
        self.item = None;
        if let Some(more) = items.len().checked_sub(ITEMS_MAX).filter(|more| *more > 0) {
            let (name, path) = (&rule.name, each.text());
            let reason = format!(
                "rule `{name}`: `{path}` selects {} values, and at most {ITEMS_MAX} are taken; the last {more} were left out",
                items.len()
            );
            planning.give_up(self, reason);
        }
    }

    /// Plans the actions once.
    fn round(&mut self, planning: &mut Planning<'_>) {
        let rule = planning.rule;
        let item = self.item.map(|item| item.number);
        let first = planning.begin(item);
        for action in &rule.actions {
            let holds = self.holds(rule, &action.conditions, &action.condition_vars);
            let why = self.explains.then(|| self.why(rule, action));
            match holds {
                Ok(true) => planning.add(self, action),
                Ok(false) => planning.pass_over(action, why),
                Err(stopped) => planning.fail(self, action, &stopped),
            }
        }
        let jobs = planning.made.jobs.get_mut(first..).unwrap_or_default();
        self.gate(rule, item, jobs);
    }

    /// What was looked at of an action's own conditions, and what decided.
    fn why(&mut self, rule: &Rule, action: &Action) -> Trace {
        let facts = self.facts(rule, &action.condition_vars);
        let mut trace = action.conditions.trace(&facts);
        if let Some(error) = self.vars.error_of(&action.condition_vars) {
            trace.problem = Some(error);
        }
        if !trace.looked.is_empty() {
            self.asked.push(Asked {
                action: action.name.clone(),
                looked: trace.looked.clone(),
            });
        }
        trace
    }

    fn respond(&mut self, rule: &Rule, respond: &Respond) -> Result<Response, String> {
        let (vars, scope) = (&mut self.vars, &mut self.scope);
        let rendered = vars.for_action(rule, &respond.reads, scope);
        let rendered = rendered.and_then(|()| respond.render(scope.of_rule(&rule.name)));
        rendered.map_err(|error| format!("rule `{}`, `respond`: {error}", rule.name))
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

    pub(super) fn holds(
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
            item: self.item.map(|item| item.value),
        }
    }

    pub(super) fn begin(&mut self) {
        self.item = None;
        self.firings.clear();
        self.vars = Vars::default();
        self.scope.leave_rule();
    }

    /// Drops what a rule that panicked may have left half done.
    pub(super) fn forget(&mut self) {
        self.scope = LazyScope::new(self.event);
        self.item = None;
        self.vars = Vars::default();
        self.firings.clear();
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
