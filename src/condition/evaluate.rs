//! Conditions against one event.

use std::cell::OnceCell;

use serde_json::Value;

use crate::expression::TooMuch;
use crate::runtime::Timestamp;

use super::{Condition, Conditions, Facts, Quantifier, SubjectTest, Trace};

/// One evaluation of one rule's conditions.
pub(super) struct Run<'r, 'e> {
    pub(super) facts: &'r Facts<'e>,
    conditions: &'r Conditions,
    selected: Vec<OnceCell<Result<Vec<&'e Value>, TooMuch>>>,
}

impl<'r, 'e> Run<'r, 'e> {
    pub(super) fn new(conditions: &'r Conditions, facts: &'r Facts<'e>) -> Self {
        Self {
            facts,
            conditions,
            selected: vec![OnceCell::new(); conditions.paths.len()],
        }
    }

    /// What a path selects, evaluated at the first call.
    pub(super) fn selected(&self, number: usize) -> Result<&[&'e Value], TooMuch> {
        let (Some(cell), Some(path)) =
            (self.selected.get(number), self.conditions.paths.get(number))
        else {
            return Ok(&[]);
        };
        cell.get_or_init(|| path.try_select(self.facts.slots.payload().value()))
            .as_deref()
            .map_err(|stopped| *stopped)
    }

    pub(super) fn holds(&self) -> bool {
        let mut conditions = self.conditions.conditions.iter();
        conditions.all(|condition| self.condition(condition))
    }

    pub(super) fn trace(&self) -> Trace {
        let failed = |condition: &&Condition| !self.condition(condition);
        let Some(failed) = self.conditions.conditions.iter().find(failed) else {
            return Trace {
                holds: true,
                ..Trace::default()
            };
        };
        let Some(test) = self.decisive(failed, true) else {
            return Trace::default();
        };
        let mut seen = None;
        let looked = test.subject.each(self, &mut |value| {
            seen = Some(value.clone());
            false
        });
        Trace {
            holds: false,
            because: Some(test.written.clone()),
            seen,
            problem: looked.err().map(|stopped| stopped.to_string()),
        }
    }

    fn condition(&self, condition: &Condition) -> bool {
        self.attempt(condition).unwrap_or(false)
    }

    /// What cannot be carried out is neither true nor false, so that `not` of it does not hold
    /// either; a group is decided without it where the others suffice.
    fn attempt(&self, condition: &Condition) -> Result<bool, TooMuch> {
        match condition {
            Condition::All(inner) => self.find(inner, false).map(|found| !found),
            Condition::Any(inner) => self.find(inner, true),
            Condition::None(inner) => self.find(inner, true).map(|found| !found),
            Condition::Not(inner) => self.attempt(inner).map(|holds| !holds),
            Condition::Test(test) => self.test(test),
        }
    }

    /// Whether one of the conditions comes out as wanted.
    fn find(&self, inner: &[Condition], wanted: bool) -> Result<bool, TooMuch> {
        let mut found = Ok(false);
        for condition in inner {
            match self.attempt(condition) {
                Ok(holds) if holds == wanted => return Ok(true),
                Ok(_) => {}
                Err(stopped) => found = Err(stopped),
            }
        }
        found
    }

    /// The test that made a condition fail (or hold, under `not`): the first such in order.
    fn decisive<'c>(&self, condition: &'c Condition, failed: bool) -> Option<&'c SubjectTest> {
        let (inner, inside_failed): (&[Condition], bool) = match condition {
            Condition::Test(test) => return Some(test),
            Condition::All(inner) | Condition::Any(inner) => (inner, failed),
            Condition::None(inner) => (inner, !failed),
            Condition::Not(inner) => (std::slice::from_ref(inner), !failed),
        };
        let fits = |condition: &&Condition| match self.attempt(condition) {
            Ok(holds) => holds != inside_failed,
            Err(_) => true,
        };
        let decided = inner.iter().find(fits).or_else(|| inner.first())?;
        self.decisive(decided, inside_failed)
    }

    fn test(&self, test: &SubjectTest) -> Result<bool, TooMuch> {
        let now = self.facts.event.received_at;
        let mut some = false;
        let mut passed = false;
        let mut all = true;
        let mut barred = false;
        test.subject.each(self, &mut |value| {
            some = true;
            barred |= test.negative.iter().any(|test| test.passes(value, now));
            let fits = test.passes(value, now);
            passed |= fits;
            all &= fits;
            let may_change = match test.quantifier {
                Quantifier::Any => !passed || !test.negative.is_empty(),
                Quantifier::All => all,
            };
            may_change && !barred
        })?;
        if barred || (test.absent && some) {
            return Ok(false);
        }
        if test.positive.is_empty() {
            return Ok(true);
        }
        Ok(match test.quantifier {
            Quantifier::Any => passed,
            Quantifier::All => some && all,
        })
    }
}

impl SubjectTest {
    fn passes(&self, value: &Value, now: Timestamp) -> bool {
        self.positive.iter().all(|test| test.passes(value, now))
    }
}
