//! Conditions that contradict each other: no event can meet both.

use std::cmp::Ordering;
use std::ops::Bound;

use serde_json::{Number, Value};

use crate::condition::{Compared, Condition, Key, Leaf, Sense, Subject};
use crate::diagnostic::{Diagnostic, Diagnostics, code};
use crate::expression::decimal;

use super::super::Rule;
use super::{Around, Check};

/// Longer lists of values are not compared with each other.
const VALUES_MAX: usize = 64;

pub(super) struct NeverMatches;

impl Check for NeverMatches {
    fn of_one(&self, rule: &Rule, _: &Around<'_>, problems: &mut Diagnostics) {
        for other in rule.flow.whens() {
            let found = conflict(other.conditions.list(), &[]);
            if let Some(found) = found {
                problems.push(found.tell("these never match"));
            }
        }
        let conditions = rule.when.conditions.list();
        if let Some(found) = conflict(conditions, &[]) {
            problems.push(found.tell("this rule never matches"));
            return;
        }
        let mut known = Vec::new();
        gather(conditions, &mut known);
        for action in &rule.actions {
            let found = conflict(action.conditions.list(), &known);
            if let Some(found) = found {
                problems.push(found.tell("this action never runs"));
            }
        }
    }
}

/// Something that must hold.
#[derive(Clone)]
struct Fact<'r> {
    leaf: &'r Leaf,
    one: Compared<'r>,
    key: Key<'r>,
    /// The subject, where it has one value at most, so that facts about it belong together.
    subject: Option<String>,
}

/// Two facts that cannot both hold.
struct Conflict<'r> {
    first: Fact<'r>,
    later: Fact<'r>,
}

impl Conflict<'_> {
    fn tell(&self, what: &str) -> Diagnostic {
        let text = |fact: &Fact<'_>| {
            let operand = fact.one.literal.unwrap_or("…");
            format!("`{}: {}`", fact.one.operator, shortened(operand))
        };
        let written = self.later.leaf.written();
        let (first, later) = (text(&self.first), text(&self.later));
        let message = format!("{what}: `{written}` cannot pass {first} and {later}");
        let both = |name: &str| {
            [&self.first, &self.later]
                .iter()
                .all(|f| f.one.operator == name)
        };
        let help = if both("equals") {
            "where one of them is enough, write `in: […]` with both values"
        } else {
            "where one of them is enough, put them under `any:`"
        };
        Diagnostic::warning(code::NEVER_MATCHES, self.later.one.place.clone(), message)
            .also(self.first.one.place.clone(), "this must hold too")
            .help(help)
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Adds what must hold where these conditions do.
fn gather<'r>(conditions: &'r [Condition], facts: &mut Vec<Fact<'r>>) {
    let mut leaves = Vec::new();
    for condition in conditions {
        condition.required(&mut leaves);
    }
    for leaf in leaves.into_iter().filter(|leaf| leaf.read_as().is_none()) {
        let single = matches!(leaf.subject(), Subject::Slot(_) | Subject::Var(_));
        let subject = single.then(|| leaf.subject_identity());
        for one in leaf.compared() {
            let Some(key) = one.key else { continue };
            let large = matches!(key, Key::Equals(values) if values.len() > VALUES_MAX);
            if !large {
                let subject = subject.clone();
                facts.push(Fact {
                    leaf,
                    one,
                    key,
                    subject,
                });
            }
        }
    }
}

/// Two tests that cannot both hold, among conditions that must and what is known to hold beside them.
fn conflict<'r>(conditions: &'r [Condition], known: &[Fact<'r>]) -> Option<Conflict<'r>> {
    let mut facts = known.to_vec();
    gather(conditions, &mut facts);
    for (at, later) in facts.iter().enumerate().skip(known.len()) {
        let clash = |first: &&Fact<'r>| first.belongs_to(later) && !agree(first, later);
        if let Some(first) = facts.iter().take(at).find(clash) {
            return Some(Conflict {
                first: first.clone(),
                later: later.clone(),
            });
        }
    }
    conditions
        .iter()
        .find_map(|condition| choices(condition, &facts))
}

/// Whether each choice of a group contradicts what is known.
fn choices<'r>(condition: &'r Condition, facts: &[Fact<'r>]) -> Option<Conflict<'r>> {
    match condition {
        Condition::All(inner) => inner.iter().find_map(|one| choices(one, facts)),
        Condition::Any(inner) => {
            let each = inner
                .iter()
                .map(|one| conflict(std::slice::from_ref(one), facts));
            each.collect::<Option<Vec<_>>>()?.into_iter().next()
        }
        Condition::None(_) | Condition::Not(_) | Condition::Test(_) => None,
    }
}

impl Fact<'_> {
    /// Whether both are about one value.
    fn belongs_to(&self, other: &Fact<'_>) -> bool {
        let positive = |fact: &Fact<'_>| fact.one.sense == Sense::Positive;
        let one_leaf = std::ptr::eq(self.leaf, other.leaf) && positive(self) && positive(other);
        one_leaf || (self.subject.is_some() && self.subject == other.subject)
    }
}

/// Whether some value meets both.
fn agree(first: &Fact<'_>, later: &Fact<'_>) -> bool {
    match (first.one.sense, later.one.sense) {
        (Sense::Positive, Sense::Positive) => overlap(first.key, later.key),
        (Sense::Positive, Sense::Negative) => leaves_some(first.key, later.key),
        (Sense::Negative, Sense::Positive) => leaves_some(later.key, first.key),
        (Sense::Negative, Sense::Negative) => true,
    }
}

/// Whether some value that passes the one does not pass the other, which bars it.
fn leaves_some(passes: Key<'_>, bars: Key<'_>) -> bool {
    match (passes, bars) {
        (_, Key::Exists) => false,
        (Key::Equals(values), Key::Equals(barred)) => values
            .iter()
            .any(|value| !barred.iter().any(|other| decimal::equal(value, other))),
        _ => true,
    }
}

/// Whether some value passes both.
fn overlap(one: Key<'_>, other: Key<'_>) -> bool {
    match (one, other) {
        (Key::Equals(values), other) | (other, Key::Equals(values)) => {
            values.iter().any(|value| may_pass(value, other))
        }
        (Key::Prefix(a), Key::Prefix(b)) => a.starts_with(b) || b.starts_with(a),
        (Key::Range(low, high), Key::Range(other_low, other_high)) => {
            ordered(low, other_high) && ordered(other_low, high)
        }
        (Key::Range(..), Key::Prefix(_) | Key::Regex(_))
        | (Key::Prefix(_) | Key::Regex(_), Key::Range(..)) => false,
        _ => true,
    }
}

/// Whether a value passes; what a regular expression finds is not looked at.
fn may_pass(value: &Value, key: Key<'_>) -> bool {
    match key {
        Key::Equals(values) => values.iter().any(|other| decimal::equal(value, other)),
        Key::Prefix(prefix) => value.as_str().is_some_and(|text| text.starts_with(prefix)),
        Key::Range(low, high) => match value {
            Value::Number(number) => {
                ordered(low, Bound::Included(number)) && ordered(Bound::Included(number), high)
            }
            _ => false,
        },
        Key::Regex(_) => value.is_string(),
        Key::Exists => true,
    }
}

/// Whether something lies between a lower and an upper end.
fn ordered(low: Bound<&Number>, high: Bound<&Number>) -> bool {
    let (Bound::Included(a) | Bound::Excluded(a), Bound::Included(b) | Bound::Excluded(b)) =
        (low, high)
    else {
        return true;
    };
    let open = matches!(low, Bound::Excluded(_)) || matches!(high, Bound::Excluded(_));
    match decimal::compare(a, b) {
        Some(Ordering::Greater) => false,
        Some(Ordering::Equal) => !open,
        Some(Ordering::Less) | None => true,
    }
}
