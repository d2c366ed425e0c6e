//! The entries with a clue at one place, by what is to be found there.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use serde_json::Number;

use crate::condition::PatternSet;
use crate::event::Shape;
use crate::expression::decimal;

use super::clue::{Sign, of_number};

type Entries = Vec<u32>;

/// Entries by sign.
#[derive(Debug, Default)]
pub(super) struct Keyed {
    texts: HashMap<Box<str>, Entries>,
    spelled: HashMap<Box<str>, Entries>,
    /// By the length of the beginning, in bytes.
    begins: BTreeMap<usize, HashMap<Box<str>, Entries>>,
    above: Ends,
    below: Ends,
    finds: Patterns,
    there: Entries,
}

/// One end of many ranges, in ascending order of the numbers. Whether an end belongs to its range is
/// left to the rule.
#[derive(Debug, Default)]
struct Ends(Vec<(Number, u32)>);

/// Entries by regular expression.
#[derive(Debug, Default)]
struct Patterns {
    set: PatternSet,
    entries: Vec<Entries>,
    numbers: HashMap<Box<str>, usize>,
}

impl Keyed {
    pub(super) fn add(&mut self, entry: u32, sign: &Sign<'_>) {
        match sign {
            Sign::Text(text) => enter(&mut self.texts, text, entry),
            Sign::Spelled(spelling) => enter(&mut self.spelled, spelling, entry),
            Sign::Begins(text) => enter(self.begins.entry(text.len()).or_default(), text, entry),
            Sign::Above(bound) => self.above.add(*bound, entry),
            Sign::Below(bound) => self.below.add(*bound, entry),
            Sign::Finds(pattern) => self.finds.add(pattern, entry),
            Sign::There => self.there.push(entry),
        }
    }

    /// To be called when all are entered.
    pub(super) fn finish(&mut self) {
        self.above.sort();
        self.below.sort();
    }

    /// Adds the entries whose sign a value has.
    pub(super) fn find(&self, value: &Shape<'_>, found: &mut Entries) {
        found.extend(&self.there);
        match value {
            Shape::Text(text) => self.find_text(text, found),
            Shape::Number(text) => self.find_number(text, found),
            Shape::Null => self.find_spelled("null", found),
            Shape::Bool(true) => self.find_spelled("true", found),
            Shape::Bool(false) => self.find_spelled("false", found),
            Shape::List => self.find_spelled("[", found),
            Shape::Object => self.find_spelled("{", found),
        }
    }

    fn find_text(&self, text: &str, found: &mut Entries) {
        found.extend(self.texts.get(text).into_iter().flatten());
        for (length, begins) in self.begins.range(..=text.len()) {
            let beginning = text.get(..*length);
            let entries = beginning.and_then(|beginning| begins.get(beginning));
            found.extend(entries.into_iter().flatten());
        }
        for number in self.finds.set.find(text) {
            found.extend(self.finds.entries.get(number).into_iter().flatten());
        }
    }

    fn find_number(&self, text: &str, found: &mut Entries) {
        let is_asked = [&self.above, &self.below]
            .iter()
            .any(|ends| !ends.0.is_empty());
        if self.spelled.is_empty() && !is_asked {
            return;
        }
        let Ok(number) = text.parse::<Number>() else {
            return;
        };
        if !self.spelled.is_empty() {
            self.find_spelled(&of_number(&number), found);
        }
        found.extend(self.above.passed_upwards(&number));
        found.extend(self.below.passed_downwards(&number));
    }

    fn find_spelled(&self, spelling: &str, found: &mut Entries) {
        found.extend(self.spelled.get(spelling).into_iter().flatten());
    }

    /// Adds every entry.
    pub(super) fn all(&self, found: &mut Entries) {
        let begins = self.begins.values().flat_map(HashMap::values);
        let entries = self.texts.values().chain(self.spelled.values());
        let entries = entries.chain(begins).chain(&self.finds.entries);
        found.extend(entries.flatten());
        let ends = self.above.0.iter().chain(&self.below.0);
        found.extend(ends.map(|(_, entry)| entry));
        found.extend(&self.there);
    }
}

fn enter(entries: &mut HashMap<Box<str>, Entries>, key: &str, entry: u32) {
    match entries.get_mut(key) {
        Some(entries) => entries.push(entry),
        None => {
            entries.insert(key.into(), vec![entry]);
        }
    }
}

impl Ends {
    /// Only bounds that can be ordered come here.
    fn add(&mut self, bound: Bound<&Number>, entry: u32) {
        if let Bound::Included(number) | Bound::Excluded(number) = bound {
            self.0.push((number.clone(), entry));
        }
    }

    fn sort(&mut self) {
        let order = |a: &Number, b: &Number| decimal::compare(a, b).unwrap_or(Ordering::Equal);
        self.0.sort_by(|(a, ..), (b, ..)| order(a, b));
    }

    /// How many stand below a number.
    fn below(&self, number: &Number) -> usize {
        let less =
            |(end, ..): &(Number, u32)| decimal::compare(end, number) == Some(Ordering::Less);
        self.0.partition_point(less)
    }

    /// How many stand below a number or at it.
    fn up_to(&self, number: &Number) -> usize {
        let more =
            |(end, ..): &(Number, u32)| decimal::compare(end, number) == Some(Ordering::Greater);
        self.0.partition_point(|end| !more(end))
    }

    /// The entries of the ends that a number is above, or at.
    fn passed_upwards(&self, number: &Number) -> impl Iterator<Item = &u32> {
        let orders = decimal::canonical(number).is_some();
        let end = if orders { self.up_to(number) } else { 0 };
        self.0.iter().take(end).map(|(_, entry)| entry)
    }

    /// The entries of the ends that a number is below, or at.
    fn passed_downwards(&self, number: &Number) -> impl Iterator<Item = &u32> {
        let orders = decimal::canonical(number).is_some();
        let start = if orders {
            self.below(number)
        } else {
            self.0.len()
        };
        self.0.iter().skip(start).map(|(_, entry)| entry)
    }
}

impl Patterns {
    fn add(&mut self, pattern: &str, entry: u32) {
        let number = *self.numbers.entry(pattern.into()).or_insert_with(|| {
            self.set.add(pattern);
            self.entries.push(Entries::new());
            self.entries.len() - 1
        });
        if let Some(entries) = self.entries.get_mut(number) {
            entries.push(entry);
        }
    }
}
