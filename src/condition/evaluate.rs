//! Conditions against one event.

use crate::expression::TooMuch;

use super::{Condition, Facts, Leaf, Trace};

/// One evaluation of one rule's conditions.
pub(super) struct Run<'r, 'e> {
    pub(super) facts: &'r Facts<'e>,
}

impl Run<'_, '_> {
    pub(super) fn holds(&self, conditions: &[Condition]) -> bool {
        conditions.iter().all(|condition| self.condition(condition))
    }

    pub(super) fn trace(&self, conditions: &[Condition]) -> Trace {
        let failed = |condition: &&Condition| !self.condition(condition);
        let Some(failed) = conditions.iter().find(failed) else {
            return Trace {
                holds: true,
                ..Trace::default()
            };
        };
        let Some(leaf) = self.decisive(failed, true) else {
            return Trace::default();
        };
        let mut seen = None;
        let looked = leaf.subject.each(self.facts, &mut |value| {
            seen = Some(value.clone());
            false
        });
        Trace {
            holds: false,
            because: Some(leaf.written.clone()),
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
            Condition::Test(leaf) => leaf.holds(self.facts),
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
    fn decisive<'c>(&self, condition: &'c Condition, failed: bool) -> Option<&'c Leaf> {
        let (inner, inside_failed): (&[Condition], bool) = match condition {
            Condition::Test(leaf) => return Some(leaf),
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
}
