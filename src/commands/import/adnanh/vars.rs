//! Values inside JSON that came as text (`parse-parameters-as-json`): each becomes a var of the rule.

use std::collections::BTreeMap;

use serde_json::Value;

use super::parameter::{Origin, Parameter, is_number};

/// The vars that a rule needs.
#[derive(Debug)]
pub(super) struct Vars<'h> {
    /// The names of payload values that hold JSON as text.
    as_json: Vec<&'h str>,
    /// Each var and its program.
    pub(super) found: BTreeMap<String, String>,
}

impl<'h> Vars<'h> {
    pub(super) fn new(as_json: &'h [Parameter]) -> Self {
        let payload = as_json.iter().filter(|of| of.origin == Origin::Payload);
        Self {
            as_json: payload.map(|of| of.name.as_str()).collect(),
            found: BTreeMap::new(),
        }
    }

    /// The subject of a condition over a value.
    pub(super) fn subject(&mut self, of: &Parameter) -> Option<String> {
        match self.var(of) {
            Some(name) => Some(format!("var: {name}")),
            None => of.subject(),
        }
    }

    /// A template that gives a value.
    pub(super) fn template(&mut self, of: &Parameter) -> Option<String> {
        match self.var(of) {
            Some(name) => Some(format!("\"{{{{default vars.{name} ''}}}}\"")),
            None => of.template(),
        }
    }

    /// The var for a value inside such a text.
    fn var(&mut self, of: &Parameter) -> Option<String> {
        if of.origin != Origin::Payload {
            return None;
        }
        let inside = |outer: &&str| of.name.strip_prefix(outer)?.strip_prefix('.').map(str::len);
        let outer = *self.as_json.iter().find(|outer| inside(outer).is_some())?;
        let inner = of.name.get(outer.len() + 1..)?;
        let fits = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let name: String = of.name.chars().map(fits).collect();
        let program = format!(
            "getpath({}) | fromjson | getpath({})",
            keys(outer),
            keys(inner)
        );
        self.found.insert(name.clone(), program);
        Some(name)
    }
}

/// The parts of a dotted name as jq writes a path.
fn keys(name: &str) -> Value {
    let part = |part: &str| match part.parse::<u64>() {
        Ok(index) if is_number(part) => Value::from(index),
        _ => Value::from(part),
    };
    name.split('.').map(part).collect()
}
