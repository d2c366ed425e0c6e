//! One test of one subject, and what an index can make of it.

use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::Place;
use crate::event::{SlotId, TestId};
use crate::expression::TooMuch;

use super::operators::{Around, Key, Operator, Options, Sense, Test};
use super::{As, Facts, List, Subject};

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
    pub(super) written: Box<str>,
    pub(super) subject: Subject,
    pub(super) quantifier: Quantifier,
    pub(super) options: Options,
    pub(super) tests: Box<[Named]>,
    /// Where it was written.
    pub(super) place: Place,
    /// Its number, if it is costly and comes out alike for every rule: it is carried out once.
    pub(super) number: Option<TestId>,
}

/// An operator with its operand.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) operator: &'static dyn Operator,
    /// Differs from the operator's own only for `exists: false`.
    pub(super) sense: Sense,
    /// The operand as people read it: JSON, a path, `list NAME`.
    pub(super) operand: Box<str>,
    /// Where the operand was written.
    pub(super) place: Place,
    /// Where it was found, if it is not written here.
    pub(super) elsewhere: Option<Elsewhere>,
    pub(super) test: Box<dyn Test>,
}

/// Where an operand was found that is not written in the condition.
#[derive(Debug)]
pub(super) enum Elsewhere {
    Payload(SlotId),
    List(Arc<List>),
}

/// An operator with its operand, as `check` looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'l> {
    /// The operator, as rules write it.
    pub operator: &'static str,
    /// Whether passing is wanted.
    pub sense: Sense,
    /// The operand as JSON; none where it stands elsewhere.
    pub literal: Option<&'l str>,
    /// Where the operand was written.
    pub place: &'l Place,
    /// Which values pass, if that can be told.
    pub key: Option<Key<'l>>,
}

/// A test is shown with at most so many characters of an operand.
const OPERAND_CHARS_MAX: usize = 200;

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

    /// Where it was written.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What its values are read as first.
    pub fn read_as(&self) -> Option<As> {
        self.options.read_as
    }

    /// Each operator with its operand.
    pub fn compared(&self) -> impl Iterator<Item = Compared<'_>> {
        self.tests.iter().map(|named| Compared {
            operator: named.operator.name(),
            sense: named.sense,
            literal: named.elsewhere.is_none().then_some(&*named.operand),
            place: &named.place,
            key: named.test.key(),
        })
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// It could not be carried out: it neither holds nor fails.
    pub fn holds(&self, facts: &Facts<'_>) -> Result<bool, TooMuch> {
        let Some(number) = self.number else {
            return self.carry_out(facts);
        };
        let told = facts.slots.told(number, || self.carry_out(facts).ok());
        told.ok_or(TooMuch)
    }

    fn carry_out(&self, facts: &Facts<'_>) -> Result<bool, TooMuch> {
        let around = Around::of(facts);
        let needs = |sense| self.tests.iter().any(|named| named.sense == sense);
        let (positive, negative) = (needs(Sense::Positive), needs(Sense::Negative));
        let (mut some, mut passed, mut all, mut barred) = (false, false, true, false);
        self.subject.each(facts, &mut |value| {
            some = true;
            let value = self.options.value(value);
            let value = value.as_deref();
            barred |= negative && value.is_some_and(|value| self.bars(value, &around));
            let fits = positive && value.is_some_and(|value| self.passes(value, &around));
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
        // Quoted: a query parameter may be named `q as number`.
        let subject = self.subject_identity();
        let mut text = format!("{subject:?}{quantifier}{}", self.options.written());
        for named in &*self.tests {
            let list = match &named.elsewhere {
                Some(Elsewhere::List(list)) => list.fingerprint(),
                _ => "",
            };
            let operand = format!("{:?}", named.operand);
            text.extend(["\n", named.operator.name(), " ", &operand, list]);
        }
        text
    }

    /// The whole test as people read it: `$.data.amount gte 10000`.
    pub fn text(&self) -> String {
        let short = |operand: &str| match operand.char_indices().nth(OPERAND_CHARS_MAX) {
            Some((end, _)) => format!("{}…", operand.get(..end).unwrap_or_default()),
            None => operand.to_owned(),
        };
        let tests = self.tests.iter();
        let tests =
            tests.map(|named| format!("{} {}", named.operator.name(), short(&named.operand)));
        let tests = tests.collect::<Vec<_>>().join(", ");
        let quantifier = match self.quantifier {
            Quantifier::Any => "",
            Quantifier::All => "all of ",
        };
        format!(
            "{quantifier}{}{} {tests}",
            self.written,
            self.options.written()
        )
    }

    /// The paths of operands that stand in the payload.
    pub(super) fn elsewhere(&self) -> impl Iterator<Item = (String, SlotId)> {
        self.tests.iter().filter_map(|named| match named.elsewhere {
            Some(Elsewhere::Payload(slot)) => Some((named.operand.to_string(), slot)),
            _ => None,
        })
    }

    /// Whether a value passes all positive tests, if there are any, and whether it passes a negative one.
    pub(super) fn verdict(&self, value: &Value, facts: &Facts<'_>) -> (bool, bool) {
        let around = Around::of(facts);
        let value = self.options.value(value);
        let positive = self.of(Sense::Positive).next().is_some();
        value.map_or((false, false), |value| {
            let passes = positive && self.passes(&value, &around);
            (passes, self.bars(&value, &around))
        })
    }

    /// What tells its subject from every other.
    pub fn subject_identity(&self) -> String {
        match &self.subject {
            // `$.a` and `$['a']` are one path.
            Subject::Slot(slot) => format!("{slot:?}"),
            Subject::Header(name) => format!("header {name}"),
            _ => self.written.to_string(),
        }
    }

    /// Whether it is costly to carry out.
    pub(super) fn is_costly(&self) -> bool {
        self.tests.iter().any(|named| named.operator.is_costly())
    }

    /// Whether it comes out alike for every rule: it reads neither the item nor a var.
    pub fn is_shared(&self) -> bool {
        !matches!(self.subject, Subject::Item(_) | Subject::Var(_))
    }

    /// What an index can look for, one for each positive test that can be found so: where the leaf
    /// holds, one value of its subject has all of them. Empty where nothing can be said.
    pub fn keys(&self) -> Vec<Key<'_>> {
        let plain = self.options.read_as.is_none();
        let positive = self.of(Sense::Positive).filter(|_| plain);
        positive.filter_map(|named| named.test.key()).collect()
    }

    /// Whether [`Leaf::keys`] say all: the leaf holds exactly where some value has all of them.
    pub fn is_told_by_keys(&self) -> bool {
        let told = |named: &Named| named.sense == Sense::Positive && named.test.key().is_some();
        let single = matches!(self.subject, Subject::Slot(_) | Subject::Var(_));
        let plain = self.options.read_as.is_none();
        plain && (self.quantifier == Quantifier::Any || single) && self.tests.iter().all(told)
    }
}
