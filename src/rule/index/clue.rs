//! What must be found in an event for a rule to match, and which of it to look for.

use std::collections::HashMap;
use std::ops::Bound;

use serde_json::{Number, Value};

use crate::condition::{Condition, Key, Leaf, Subject};
use crate::event::{QueryId, SlotId};
use crate::expression::Path;
use crate::expression::decimal;

use super::super::{When, pattern};

/// One thing to be found at one place.
#[derive(Debug, Clone)]
pub(super) struct Clue<'w> {
    pub(super) place: Place<'w>,
    pub(super) sign: Sign<'w>,
    /// How to get to a place with several values.
    pub(super) path: Option<&'w Path>,
}

/// Where to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place<'w> {
    Source,
    Slot(SlotId),
    Several(QueryId),
    Header(&'w str),
    Query(&'w str),
}

/// What to look for: all values that pass a test have it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Sign<'w> {
    /// This text.
    Text(&'w str),
    /// A value of this spelling, by [`spelling`].
    Spelled(String),
    /// A text that begins so.
    Begins(&'w str),
    /// A number greater than this, or equal where it is included.
    Above(Bound<&'w Number>),
    /// A number less than this.
    Below(Bound<&'w Number>),
    /// A text in which this regular expression finds something.
    Finds(&'w str),
    /// Anything.
    There,
}

/// So many values of one test are looked for one by one; of longer lists only that something is there.
const VALUES_MAX: usize = 64;

/// How many entries could be found by each clue: what many ask for tells little.
#[derive(Debug, Default)]
pub(super) struct Usage<'w>(HashMap<(Place<'w>, Sign<'w>), u64>);

/// Clues of which one must be found, and about how many rules are tried for nothing if a rule is
/// found by them.
type Choice<'w> = (u64, Vec<Clue<'w>>);

impl<'w> Usage<'w> {
    /// Counts the clues of one more `when`.
    pub(super) fn count(&mut self, when: &'w When) {
        for clue in of_sources(when).into_iter().flatten() {
            self.count_clue(&clue);
        }
        for condition in when.conditions.list() {
            self.count_condition(condition);
        }
    }

    fn count_condition(&mut self, condition: &'w Condition) {
        match condition {
            Condition::All(inner) | Condition::Any(inner) => {
                for condition in inner {
                    self.count_condition(condition);
                }
            }
            Condition::None(_) | Condition::Not(_) => {}
            Condition::Test(leaf) => {
                for clue in of_leaf(leaf).iter().flatten() {
                    self.count_clue(clue);
                }
            }
        }
    }

    fn count_clue(&mut self, clue: &Clue<'w>) {
        *self.0.entry((clue.place, counted(&clue.sign))).or_default() += 1;
    }

    /// The clues of which one must be found for a `when` to hold; none where nothing is known to be
    /// needed.
    pub(super) fn best(&self, when: &'w When) -> Option<Vec<Clue<'w>>> {
        let sources = of_sources(when).map(|clues| self.priced(clues));
        let conditions = when.conditions.list().iter();
        let choices = sources
            .into_iter()
            .chain(conditions.filter_map(|c| self.choice(c)));
        cheapest(choices).map(|(_, clues)| clues)
    }

    fn choice(&self, condition: &'w Condition) -> Option<Choice<'w>> {
        match condition {
            Condition::All(inner) => cheapest(inner.iter().filter_map(|c| self.choice(c))),
            Condition::Any(inner) => {
                let mut all = (0, Vec::new());
                for branch in inner {
                    let (cost, clues) = self.choice(branch)?;
                    all.0 += cost;
                    all.1.extend(clues);
                }
                Some(all)
            }
            Condition::None(_) | Condition::Not(_) => None,
            Condition::Test(leaf) => {
                cheapest(of_leaf(leaf).into_iter().map(|clues| self.priced(clues)))
            }
        }
    }

    fn priced(&self, clues: Vec<Clue<'w>>) -> Choice<'w> {
        let cost = |clue: &Clue<'w>| {
            let used = (clue.place, counted(&clue.sign));
            clue.cost(self.0.get(&used).copied().unwrap_or_default())
        };
        (clues.iter().map(cost).sum(), clues)
    }
}

impl Clue<'_> {
    fn cost(&self, used: u64) -> u64 {
        let cost = match self.sign {
            Sign::Text(_) | Sign::Spelled(_) => used,
            Sign::Begins(_) => 4 + 2 * used,
            Sign::Finds(_) => 16 + 4 * used,
            Sign::Above(_) | Sign::Below(_) => 8 + used / 2,
            Sign::There => 1_000 + used,
        };
        match self.place {
            // The whole tree is built for it.
            Place::Several(_) => 300 + cost,
            _ => cost,
        }
    }
}

/// What is counted as one: ranges overlap, whatever their ends.
fn counted<'w>(sign: &Sign<'w>) -> Sign<'w> {
    match sign {
        Sign::Above(_) | Sign::Below(_) => Sign::Above(Bound::Unbounded),
        other => other.clone(),
    }
}

fn cheapest<'w>(choices: impl Iterator<Item = Choice<'w>>) -> Option<Choice<'w>> {
    choices.min_by_key(|(cost, _)| *cost)
}

fn of_sources(when: &When) -> Option<Vec<Clue<'_>>> {
    let sources = &when.sources;
    let clue = |source| Clue {
        place: Place::Source,
        sign: Sign::Text(source),
        path: None,
    };
    let known = !sources.is_empty() && sources.iter().all(|source| pattern::is_literal(source));
    known.then(|| sources.iter().map(|source| clue(source.as_str())).collect())
}

/// Every set of clues of which one must be found for a test to hold.
fn of_leaf(leaf: &Leaf) -> Vec<Vec<Clue<'_>>> {
    let (place, path) = match leaf.subject() {
        Subject::Slot(slot) => (Place::Slot(*slot), None),
        Subject::Several(query, path) => (Place::Several(*query), Some(&**path)),
        Subject::Header(name) => (Place::Header(name), None),
        Subject::Query(name) => (Place::Query(name), None),
        Subject::Item(_) | Subject::Var(_) => return Vec::new(),
    };
    let clue = |sign| Clue { place, sign, path };
    let keys = leaf.keys().into_iter();
    keys.map(|key| of_key(key).into_iter().map(clue).collect())
        .collect()
}

fn of_key(key: Key<'_>) -> Vec<Sign<'_>> {
    match key {
        Key::Equals(values) if values.len() <= VALUES_MAX => values.iter().map(of_value).collect(),
        Key::Equals(_) | Key::Exists => vec![Sign::There],
        Key::Prefix(text) => vec![Sign::Begins(text)],
        Key::Range(low, high) => vec![of_range(low, high)],
        Key::Regex(pattern) => vec![match beginning(pattern) {
            "" => Sign::Finds(pattern),
            text => Sign::Begins(text),
        }],
    }
}

fn of_value(value: &Value) -> Sign<'_> {
    match value {
        Value::String(text) => Sign::Text(text),
        other => Sign::Spelled(spelling(other)),
    }
}

/// One end of a range, if it can be ordered.
fn of_range<'w>(low: Bound<&'w Number>, high: Bound<&'w Number>) -> Sign<'w> {
    let orders = |bound: Bound<&Number>| match bound {
        Bound::Included(number) | Bound::Excluded(number) => decimal::canonical(number).is_some(),
        Bound::Unbounded => false,
    };
    if orders(low) {
        Sign::Above(low)
    } else if orders(high) {
        Sign::Below(high)
    } else {
        Sign::There
    }
}

/// One text for all values that are equal. Lists share one, and so do objects: they are compared in
/// full when the rule is tried.
pub(super) fn spelling(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => of_number(number),
        Value::String(text) => format!("\"{text}"),
        Value::Array(_) => "[".to_owned(),
        Value::Object(_) => "{".to_owned(),
    }
}

/// One text for all numbers that are equal.
pub(super) fn of_number(number: &Number) -> String {
    decimal::canonical(number).unwrap_or_else(|| number.as_str().to_owned())
}

/// What every text begins with in which a regular expression finds something; empty where nothing is
/// known. Only the plainest form is looked at: `^` and then letters that mean themselves.
pub(super) fn beginning(pattern: &str) -> &str {
    let Some(rest) = pattern.strip_prefix('^') else {
        return "";
    };
    // Alternatives and flags could say otherwise.
    if rest.contains('|') || rest.contains("(?") {
        return "";
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "/_-:@ ".contains(c);
    let end = rest.find(|c| !plain(c)).unwrap_or(rest.len());
    let repeated = rest
        .get(end..)
        .is_some_and(|next| next.starts_with(['*', '?', '{', '+']));
    let end = if repeated { end.saturating_sub(1) } else { end };
    rest.get(..end).unwrap_or_default()
}
