//! Whether a handshake or an event name is meant for a delivery.

use crate::diagnostic::{Diagnostics, code};
use crate::yaml::{Fields, Node, Value};

use super::parts::Place;
use super::reading::Reading;
use super::signature::place;

/// What a delivery must be like. All of it must hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct When {
    tests: Vec<(Place, Test)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    OneOf(Vec<String>),
    Present,
    Absent,
}

impl When {
    /// Reads a `when:` block: `method`, `header`, `query`, `json` and `form` with the values that are
    /// wanted, and `present` and `absent` with places.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let mut when = Self::default();
        if let Some(node) = fields.optional("method") {
            let test = one_of(node, problems)?;
            when.tests.push((Place::Method, test));
        }
        for key in ["header", "query", "json", "form"] {
            let Some(node) = fields.optional(key) else {
                continue;
            };
            for (name, node) in node.map(problems)? {
                match Place::parse(&format!("{key}:{}", name.text)) {
                    Ok(place) => when.tests.push((place, one_of(node, problems)?)),
                    Err(message) => problems.push(node.error(code::BAD_VALUE, message)),
                }
            }
        }
        for (key, test) in [("present", Test::Present), ("absent", Test::Absent)] {
            for node in fields.optional(key).map_or(&[][..], Node::one_or_list) {
                when.tests.push((place(node, problems)?, test.clone()));
            }
        }
        fields.finish(problems);
        if when.tests.is_empty() {
            let message = "`when` says nothing, so it would always hold";
            problems.push(node.error(code::BAD_DEFINITION, message));
            return None;
        }
        Some(when)
    }

    /// Whether the delivery is like that.
    pub fn holds(&self, reading: &Reading<'_>) -> bool {
        self.tests.iter().all(|(place, test)| {
            let found = reading.text(place);
            match test {
                Test::OneOf(wanted) => found.is_ok_and(|text| wanted.iter().any(|w| **w == *text)),
                Test::Present => found.is_ok(),
                Test::Absent => found.is_err() && !reading.has(place),
            }
        })
    }
}

/// The values that are wanted, as text.
fn one_of(node: &Node, problems: &mut Diagnostics) -> Option<Test> {
    let text = |node: &Node| match &node.value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::List(_) | Value::Map(_) => {
            let message = "text, a number, true or false is wanted here";
            problems.push(node.error(code::WRONG_TYPE, message));
            None
        }
    };
    node.one_or_list()
        .iter()
        .map(text)
        .collect::<Option<_>>()
        .map(Test::OneOf)
}
