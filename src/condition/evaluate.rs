//! Conditions against one event.

use crate::expression::TooMuch;

use super::{Condition, Facts, Leaf, Stopped};

/// One evaluation of one rule's conditions.
pub(super) struct Run<'r, 'e> {
    pub(super) facts: &'r Facts<'e>,
}

impl Run<'_, '_> {
    /// Whether all hold. What cannot be carried out matters only where no other one fails.
    pub(super) fn judge(&self, conditions: &[Condition]) -> Result<bool, Stopped> {
        self.find(conditions, false)
            .map(|failed| !failed)
            .map_err(|problem| {
                let decided = self.decisive_of(conditions, true);
                let leaf = decided.and_then(|condition| self.decisive(condition, true));
                Stopped {
                    written: leaf.map_or_else(String::new, |leaf| leaf.written.to_string()),
                    problem,
                }
            })
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

    /// The test that made a condition fail (or hold, under `not`).
    pub(super) fn decisive<'c>(&self, condition: &'c Condition, failed: bool) -> Option<&'c Leaf> {
        let (inner, inside_failed): (&[Condition], bool) = match condition {
            Condition::Test(leaf) => return Some(leaf),
            Condition::All(inner) | Condition::Any(inner) => (inner, failed),
            Condition::None(inner) => (inner, !failed),
            Condition::Not(inner) => (std::slice::from_ref(inner), !failed),
        };
        self.decisive(self.decisive_of(inner, inside_failed)?, inside_failed)
    }

    /// The first of several that came out so, or else the first that could not be carried out.
    pub(super) fn decisive_of<'c>(
        &self,
        conditions: &'c [Condition],
        failed: bool,
    ) -> Option<&'c Condition> {
        let stopped = |condition: &&Condition| self.attempt(condition).is_err();
        conditions
            .iter()
            .find(|condition| self.attempt(condition) == Ok(!failed))
            .or_else(|| conditions.iter().find(stopped))
            .or_else(|| conditions.first())
    }
}
