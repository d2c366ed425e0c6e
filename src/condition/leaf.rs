//! One test of one subject, and what an index can make of it.

use serde_json::Value;

use crate::expression::TooMuch;

use super::operators::{Around, Key, Operator, Options, Sense, Test};
use super::{Facts, Subject};

/// How many of the selected values must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// One of them.
    Any,
    /// All of them, and at least one.
    All,
}

/// What is tested, and how: one value must pass every positive test, and no value a negative one.
#[derive(Debug)]
pub struct Leaf {
    pub(super) written: String,
    pub(super) subject: Subject,
    pub(super) quantifier: Quantifier,
    pub(super) options: Options,
    pub(super) tests: Vec<Named>,
}

/// An operator with its operand.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) operator: &'static dyn Operator,
    /// Differs from the operator's own only for `exists: false`.
    pub(super) sense: Sense,
    /// The operand as JSON text.
    pub(super) operand: Box<str>,
    pub(super) test: Box<dyn Test>,
}

impl Leaf {
    /// Its subject as written: `$.a`, `header X`.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Where its values come from.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// How many of its values must pass.
    pub fn quantifier(&self) -> Quantifier {
        self.quantifier
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// It could not be carried out: it neither holds nor fails.
    pub fn holds(&self, facts: &Facts<'_>) -> Result<bool, TooMuch> {
        let around = Around {
            now: facts.event.received_at,
            slots: facts.slots,
        };
        let needs = |sense| self.tests.iter().any(|named| named.sense == sense);
        let (positive, negative) = (needs(Sense::Positive), needs(Sense::Negative));
        let (mut some, mut passed, mut all, mut barred) = (false, false, true, false);
        self.subject.each(facts, &mut |value| {
            some = true;
            barred |= negative && self.bars(value, &around);
            let fits = positive && self.passes(value, &around);
            passed |= fits;
            all &= fits;
            let may_change = match self.quantifier {
                Quantifier::Any => !passed || negative,
                Quantifier::All => all,
            };
            may_change && !barred
        })?;
        Ok(match self.quantifier {
            _ if barred => false,
            _ if !positive => true,
            Quantifier::Any => passed,
            Quantifier::All => some && all,
        })
    }

    /// Whether a value passes all positive tests.
    fn passes(&self, value: &Value, around: &Around<'_>) -> bool {
        self.of(Sense::Positive)
            .all(|named| named.test.passes(value, around))
    }

    /// Whether a value passes one of the negative tests, so that the leaf fails.
    fn bars(&self, value: &Value, around: &Around<'_>) -> bool {
        self.of(Sense::Negative)
            .any(|named| named.test.passes(value, around))
    }

    fn of(&self, sense: Sense) -> impl Iterator<Item = &Named> {
        self.tests.iter().filter(move |named| named.sense == sense)
    }

    /// What tells it from every other test: two leaves with one identity come out alike for an event,
    /// unless the subject is an item or a var, which belong to one rule.
    pub fn identity(&self) -> String {
        let quantifier = match self.quantifier {
            Quantifier::Any => "",
            Quantifier::All => " all",
        };
        let mut text = format!(
            "{}{quantifier}{}",
            self.subject_identity(),
            self.options.written()
        );
        for named in &self.tests {
            text.push('\n');
            text += named.operator.name();
            text.push(' ');
            text += &named.operand;
        }
        text
    }

    fn subject_identity(&self) -> String {
        match &self.subject {
            // `$.a` and `$['a']` are one path.
            Subject::Slot(slot) => format!("{slot:?}"),
            Subject::Header(name) => format!("header {name}"),
            _ => self.written.clone(),
        }
    }

    /// Whether it comes out alike for every rule: it reads neither the item nor a var.
    pub fn is_shared(&self) -> bool {
        !matches!(self.subject, Subject::Item(_) | Subject::Var(_))
    }

    /// What an index can look for, one for each positive test that can be found so: where the leaf
    /// holds, one value of its subject has all of them. Empty where nothing can be said.
    pub fn keys(&self) -> Vec<Key<'_>> {
        self.of(Sense::Positive)
            .filter_map(|named| named.test.key())
            .collect()
    }

    /// Whether [`Leaf::keys`] say all: the leaf holds exactly where some value has all of them.
    pub fn is_told_by_keys(&self) -> bool {
        let told = |named: &Named| named.sense == Sense::Positive && named.test.key().is_some();
        let single = matches!(self.subject, Subject::Slot(_) | Subject::Var(_));
        (self.quantifier == Quantifier::Any || single) && self.tests.iter().all(told)
    }
}
