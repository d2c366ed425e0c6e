//! Which tests of a rule's conditions must hold, and which must not.

use super::{Condition, Conditions, Leaf};

impl Conditions {
    /// Every test with whether it stands under a `not` or `none`, so that its rule matches where it
    /// fails; in the order they were written.
    pub fn with_negation(&self) -> Vec<(&Leaf, bool)> {
        let mut found = Vec::new();
        for condition in self.list() {
            walk(condition, false, &mut found);
        }
        found
    }

    /// The tests that must all hold: those of no group and of `all`.
    pub fn required(&self) -> Vec<&Leaf> {
        let mut found = Vec::new();
        for condition in self.list() {
            condition.required(&mut found);
        }
        found
    }
}

impl Condition {
    /// Adds the tests that must hold where it holds.
    pub fn required<'c>(&'c self, found: &mut Vec<&'c Leaf>) {
        match self {
            Self::All(inner) => inner.iter().for_each(|one| one.required(found)),
            Self::Test(leaf) => found.push(leaf),
            Self::Any(_) | Self::None(_) | Self::Not(_) => {}
        }
    }
}

fn walk<'c>(condition: &'c Condition, negated: bool, found: &mut Vec<(&'c Leaf, bool)>) {
    match condition {
        Condition::All(inner) | Condition::Any(inner) => {
            for condition in inner {
                walk(condition, negated, found);
            }
        }
        Condition::None(inner) => {
            for condition in inner {
                walk(condition, !negated, found);
            }
        }
        Condition::Not(inner) => walk(inner, !negated, found),
        Condition::Test(leaf) => found.push((leaf, negated)),
    }
}
