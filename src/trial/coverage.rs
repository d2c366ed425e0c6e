//! What the tests have seen: which rules matched and did not, which conditions held and did not.
//!
//! A condition that was not looked at, because one before it had decided, was not seen.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::condition::{Condition, Conditions, Leaf, Looked};
use crate::plan::RuleTrace;
use crate::rule::{Rule, RuleSet};

/// Whether something came out true, and whether it came out false.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sides {
    /// It held.
    pub held: bool,
    /// It did not.
    pub failed: bool,
}

impl Sides {
    fn see(&mut self, held: Option<bool>) {
        self.held |= held == Some(true);
        self.failed |= held == Some(false);
    }

    fn count(self) -> usize {
        usize::from(self.held) + usize::from(self.failed)
    }
}

/// What tests saw of one rule, as they ran.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Seen {
    matched: bool,
    conditions: Vec<Sides>,
    /// Of the conditions of actions, by the action's name.
    actions: BTreeMap<String, Vec<Sides>>,
}

/// What the tests saw, by rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage(BTreeMap<String, Seen>);

/// What the tests saw of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCoverage {
    /// The file.
    pub file: PathBuf,
    /// Its rules.
    pub rules: Vec<RuleCoverage>,
}

/// What the tests saw of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCoverage {
    /// Its name.
    pub rule: String,
    /// The line it begins on, counted from 1.
    pub line: usize,
    /// Whether it matched in a test.
    pub matched: bool,
    /// Its conditions, and those of its actions, as written.
    pub conditions: Vec<ConditionCoverage>,
}

/// What the tests saw of one condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionCoverage {
    /// The action it belongs to; none for the rule's own.
    pub action: Option<String>,
    /// As written: `$.ref equals "main"`.
    pub written: String,
    /// How it came out.
    pub sides: Sides,
}

impl Coverage {
    /// Takes in what one test saw of a rule.
    pub(super) fn see(&mut self, rule: &Rule, trace: &RuleTrace) {
        let seen = self.0.entry(rule.name.clone()).or_default();
        seen.matched |= trace.matched;
        let conditions = &rule.when.conditions;
        look(
            conditions.list(),
            &trace.looked,
            &mut Places::of(&mut seen.conditions),
        );
        for asked in &trace.asked {
            let Some(action) = rule
                .actions
                .iter()
                .find(|action| action.name == asked.action)
            else {
                continue;
            };
            let sides = seen.actions.entry(asked.action.clone()).or_default();
            look(
                action.conditions.list(),
                &asked.looked,
                &mut Places::of(sides),
            );
        }
    }

    /// What was seen of every rule in these files of a set.
    pub fn report(&self, set: &RuleSet, wanted: impl Fn(&Rule) -> bool) -> Vec<FileCoverage> {
        let mut files: Vec<FileCoverage> = Vec::new();
        let none = Seen::default();
        for rule in set.rules.iter().filter(|rule| wanted(rule)) {
            let seen = self.0.get(&rule.name).unwrap_or(&none);
            let covered = cover(rule, seen);
            let path = &rule.place.file.path;
            match files.last_mut().filter(|last| last.file == *path) {
                Some(last) => last.rules.push(covered),
                None => files.push(FileCoverage {
                    file: path.clone(),
                    rules: vec![covered],
                }),
            }
        }
        files
    }
}

/// The sides of conditions in the order they were written, as many as are asked for.
struct Places<'s> {
    sides: &'s mut Vec<Sides>,
    at: usize,
}

impl<'s> Places<'s> {
    fn of(sides: &'s mut Vec<Sides>) -> Self {
        Self { sides, at: 0 }
    }
}

impl Places<'_> {
    fn see(&mut self, held: Option<bool>) {
        if self.sides.len() <= self.at {
            self.sides.resize(self.at + 1, Sides::default());
        }
        if let Some(sides) = self.sides.get_mut(self.at) {
            sides.see(held);
        }
        self.at += 1;
    }
}

/// Goes through conditions beside what was looked at, which is a beginning of the same.
fn look(conditions: &[Condition], looked: &[Looked], places: &mut Places<'_>) {
    let mut looked = looked.iter();
    for condition in conditions {
        let looked = looked.next();
        let inside = looked.map_or(&[][..], |looked| &looked.inside);
        match condition {
            Condition::Test(_) => places.see(looked.and_then(|looked| looked.held)),
            Condition::All(inner) | Condition::Any(inner) | Condition::None(inner) => {
                look(inner, inside, places);
            }
            Condition::Not(inner) => look(std::slice::from_ref(inner), inside, places),
        }
    }
}

fn cover(rule: &Rule, seen: &Seen) -> RuleCoverage {
    let mut conditions = covered(None, &rule.when.conditions, &seen.conditions);
    for action in &rule.actions {
        let sides = seen
            .actions
            .get(&action.name)
            .map_or(&[][..], Vec::as_slice);
        conditions.extend(covered(Some(&action.name), &action.conditions, sides));
    }
    RuleCoverage {
        rule: rule.name.clone(),
        line: rule.line(),
        matched: seen.matched,
        conditions,
    }
}

fn covered(
    action: Option<&str>,
    conditions: &Conditions,
    sides: &[Sides],
) -> Vec<ConditionCoverage> {
    let sides = sides
        .iter()
        .copied()
        .chain(std::iter::repeat(Sides::default()));
    let covered = |(leaf, sides): (&Leaf, Sides)| ConditionCoverage {
        action: action.map(str::to_owned),
        written: leaf.text(),
        sides,
    };
    conditions
        .leaves()
        .into_iter()
        .zip(sides)
        .map(covered)
        .collect()
}

/// How much was seen of how much there is: each rule's match, and both sides of each condition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Seen.
    pub seen: usize,
    /// To be seen.
    pub all: usize,
}

impl Share {
    /// In whole percents, rounded down: 100 means everything. Of nothing, all was seen.
    pub fn percent(self) -> usize {
        (self.seen * 100).checked_div(self.all).unwrap_or(100)
    }
}

impl std::iter::Sum for Share {
    fn sum<I: Iterator<Item = Self>>(shares: I) -> Self {
        shares.fold(Self::default(), |sum, share| Self {
            seen: sum.seen + share.seen,
            all: sum.all + share.all,
        })
    }
}

impl RuleCoverage {
    /// How much of the rule was seen.
    pub fn share(&self) -> Share {
        let sides = self
            .conditions
            .iter()
            .map(|condition| condition.sides.count());
        Share {
            seen: usize::from(self.matched) + sides.sum::<usize>(),
            all: 1 + 2 * self.conditions.len(),
        }
    }
}

impl FileCoverage {
    /// How much of the file was seen.
    pub fn share(&self) -> Share {
        self.rules.iter().map(RuleCoverage::share).sum()
    }
}
