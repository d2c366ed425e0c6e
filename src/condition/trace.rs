//! What was looked at, and what decided.

use std::io;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::expression::TooMuch;

use super::evaluate::Run;
use super::{Condition, Leaf, Quantifier};

/// So many values of one test are shown.
const SEEN_MAX: usize = 3;
/// A value longer than so many bytes of JSON is cut.
const SHOWN_BYTES_MAX: usize = 200;

/// Which test decided, on what value, and all that was looked at before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    /// Whether all held.
    pub holds: bool,
    /// The test that decided against it: its subject as written (`$.a`, `header X`).
    pub because: Option<String>,
    /// The value seen there, if any.
    pub seen: Option<Value>,
    /// Why the test could not be carried out, if it could not: it counts as failed.
    pub problem: Option<String>,
    /// The conditions in the order they were looked at, up to the first that failed.
    pub looked: Vec<Looked>,
}

/// A test or a group that was looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Looked {
    /// As written: `$.data.amount gte 10000`; of a group its name.
    pub written: String,
    /// Whether it held; nothing where it could not be carried out.
    pub held: Option<bool>,
    /// The first values seen there, those that decided before others; long ones are cut.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<Value>,
    /// How many more values there were.
    #[serde(default, skip_serializing_if = "is_none")]
    pub more: usize,
    /// The values it was compared with, where those stand in the payload.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operands: Vec<Operand>,
    /// Why it could not be carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Of a group: what was looked at inside, up to what decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inside: Vec<Looked>,
}

/// A value of the payload that others were compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operand {
    /// Its path.
    pub path: String,
    /// What stands there, if anything does; a long one is cut.
    pub value: Option<Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_none(count: &usize) -> bool {
    *count == 0
}

impl Run<'_, '_> {
    pub(super) fn trace(&self, conditions: &[Condition]) -> Trace {
        let (holds, looked) = self.look_at(conditions, false);
        if holds == Ok(false) {
            return Trace {
                holds: true,
                looked,
                ..Trace::default()
            };
        }
        let decided = self.decisive_of(conditions, true);
        let Some(leaf) = decided.and_then(|condition| self.decisive(condition, true)) else {
            return Trace {
                looked,
                ..Trace::default()
            };
        };
        let mut seen = None;
        let reached = leaf.subject.each(self.facts, &mut |value| {
            seen = Some(value.clone());
            false
        });
        Trace {
            holds: false,
            because: Some(leaf.written.clone()),
            seen,
            problem: reached.err().map(|stopped| stopped.to_string()),
            looked,
        }
    }

    /// Looks at conditions until one comes out as wanted: whether one did, and what was looked at.
    fn look_at(
        &self,
        conditions: &[Condition],
        wanted: bool,
    ) -> (Result<bool, TooMuch>, Vec<Looked>) {
        let mut found = Ok(false);
        let mut all = Vec::new();
        for condition in conditions {
            let (outcome, looked) = self.look(condition);
            all.push(looked);
            match outcome {
                Ok(holds) if holds == wanted => return (Ok(true), all),
                Ok(_) => {}
                Err(stopped) => found = Err(stopped),
            }
        }
        (found, all)
    }

    fn look(&self, condition: &Condition) -> (Result<bool, TooMuch>, Looked) {
        let (name, (outcome, inside)) = match condition {
            Condition::Test(leaf) => return self.look_at_leaf(leaf),
            Condition::All(inner) => ("all", turned(self.look_at(inner, false))),
            Condition::Any(inner) => ("any", self.look_at(inner, true)),
            Condition::None(inner) => ("none", turned(self.look_at(inner, true))),
            Condition::Not(inner) => {
                let inner = std::slice::from_ref(inner.as_ref());
                ("not", turned(self.look_at(inner, true)))
            }
        };
        let looked = Looked {
            written: name.to_owned(),
            held: outcome.ok(),
            inside,
            ..Looked::default()
        };
        (outcome, looked)
    }

    fn look_at_leaf(&self, leaf: &Leaf) -> (Result<bool, TooMuch>, Looked) {
        let outcome = leaf.holds(self.facts);
        let (mut deciding, mut others, mut count) = (Vec::new(), Vec::new(), 0);
        // What keeps it from being looked at is in the outcome already.
        let _ = leaf.subject.each(self.facts, &mut |value| {
            count += 1;
            let (passes, bars) = leaf.verdict(value, self.facts);
            let decides = match leaf.quantifier {
                _ if bars => true,
                Quantifier::All => !passes,
                Quantifier::Any => passes,
            };
            let kept = if decides { &mut deciding } else { &mut others };
            if kept.len() < SEEN_MAX {
                kept.push(shown(value));
            }
            true
        });
        deciding.append(&mut others);
        deciding.truncate(SEEN_MAX);
        let operand = |(path, slot)| Operand {
            path,
            value: self.facts.slots.get(slot).map(shown),
        };
        let looked = Looked {
            written: leaf.text(),
            held: outcome.ok(),
            more: count - deciding.len(),
            seen: deciding,
            operands: leaf.elsewhere().map(operand).collect(),
            problem: outcome.err().map(|stopped| stopped.to_string()),
            inside: Vec::new(),
        };
        (outcome, looked)
    }
}

fn turned<T>((found, looked): (Result<bool, TooMuch>, T)) -> (Result<bool, TooMuch>, T) {
    (found.map(|found| !found), looked)
}

/// The value, or the beginning of its text where it is long.
fn shown(value: &Value) -> Value {
    if let Value::String(text) = value {
        return match text.char_indices().nth(SHOWN_BYTES_MAX) {
            Some((end, _)) => Value::String(format!("{}…", text.get(..end).unwrap_or_default())),
            None => value.clone(),
        };
    }
    let mut text = Short(Vec::new());
    if serde_json::to_writer(&mut text, value).is_ok() {
        return value.clone();
    }
    Value::String(format!("{}…", String::from_utf8_lossy(&text.0)))
}

/// The beginning of a text; writing more of it fails.
struct Short(Vec<u8>);

impl io::Write for Short {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = SHOWN_BYTES_MAX - self.0.len();
        if bytes.len() > room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
