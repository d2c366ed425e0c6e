//! What an operator is given to compare with: a literal, another value of the payload, or a list by
//! its name.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::diagnostic::{code, did_you_mean};
use crate::event::SlotId;
use crate::yaml::{Node, Value};

use super::super::leaf::{Elsewhere, Named};
use super::super::operators::{self, Against, Around, Key, Operator, Options, Sense, Test};
use super::super::{As, List};
use super::Reader;

impl Reader<'_, '_> {
    /// An operator and its operand.
    pub(super) fn named(
        &mut self,
        operator: &'static dyn Operator,
        operand: &Node,
        options: Options,
    ) -> Option<Named> {
        let mut written = operand.to_json().to_string();
        let mut elsewhere = None;
        let test = match reference(operand) {
            Some(("path", path)) => {
                let (found, test) = self.in_payload(operator, path, options)?;
                path.as_str().unwrap_or_default().clone_into(&mut written);
                elsewhere = Some(Elsewhere::Payload(found));
                test
            }
            Some(("list", name)) => {
                if !operator.takes_list() {
                    return self.no_list(operator, name);
                }
                let list = self.list_named(name)?;
                let list = self.list_read(list, name, options)?;
                written = format!("list {}", name.as_str().unwrap_or_default());
                elsewhere = Some(Elsewhere::List(Arc::clone(&list)));
                operator.parse_list(&list, name, options, self.problems)?
            }
            Some((key, name)) => return self.no_operand(operator, key, name),
            None => {
                self.literal(operand);
                let operand = self.read(operator, operand, options)?;
                self.compiled(operator, &operand, options)?
            }
        };
        let absent = operator.name() == "exists" && operand.value == Value::Bool(false);
        Some(Named {
            operator,
            sense: if absent {
                Sense::Negative
            } else {
                operator.sense()
            },
            operand: written.into(),
            place: operand.place.clone(),
            elsewhere,
            test,
        })
    }

    /// A test, shared with equal ones where compiling is costly.
    fn compiled(
        &mut self,
        operator: &'static dyn Operator,
        operand: &Node,
        options: Options,
    ) -> Option<Box<dyn Test>> {
        operator.doubt(operand, self.problems);
        if !operator.is_costly() {
            return operator.parse(operand, options, self.problems);
        }
        let source = format!(
            "{}{} {}",
            operator.name(),
            options.written(),
            operand.to_json()
        );
        let problems = &mut *self.problems;
        let compile = || operator.parse(operand, options, problems);
        let test = self.reading.paths.compiled(&source, compile)?;
        Some(Box::new(Shared(test)))
    }

    /// Another value of the payload.
    fn in_payload(
        &mut self,
        operator: &'static dyn Operator,
        node: &Node,
        options: Options,
    ) -> Option<(SlotId, Box<dyn Test>)> {
        let text = node.text(self.problems)?;
        let Some(compare) = operator.compare() else {
            let message = format!(
                "the operand of `{}` is written in the rule, not found in the payload",
                operator.name()
            );
            let able = operators::LIST
                .iter()
                .filter(|other| other.compare().is_some());
            let able: Vec<_> = able.map(|other| other.name()).collect();
            let help = format!("a path can stand behind {}", able.join(", "));
            self.push(node.error(code::BAD_OPERAND, message).help(help));
            return None;
        };
        let path = self.path(node, text)?;
        let Some(steps) = path.singular() else {
            let message = "this path can select several values, and one is compared with";
            let help = if operator.takes_several() {
                "name the list itself: `in: {path: $.users}` looks through its items"
            } else {
                "name one: `{path: $.labels[0].name}`"
            };
            self.push(node.error(code::BAD_OPERAND, message).help(help));
            return None;
        };
        let slot = self.reading.paths.intern(steps);
        let against = Against {
            compare,
            slot,
            options,
        };
        Some((slot, Box::new(against)))
    }

    fn no_list<T>(&mut self, operator: &dyn Operator, name: &Node) -> Option<T> {
        let message = format!("`{}` cannot take a list by its name", operator.name());
        let able = names(|other| other.takes_list());
        let help = format!("a list can stand behind {able}");
        self.push(name.error(code::BAD_OPERAND, message).help(help));
        None
    }

    fn list_named(&mut self, name: &Node) -> Option<Arc<List>> {
        let wanted = name.text(self.problems)?;
        let lists = self.reading.lists;
        let known = lists.get(wanted).map(Arc::clone);
        if known.is_none() {
            let names: Vec<_> = lists.names().collect();
            let help = match did_you_mean(wanted, names.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if names.is_empty() => {
                    "name it under `lists:` in this file: `lists: {vips: lists/vips.txt}`"
                        .to_owned()
                }
                None => format!("there are {}", names.join(", ")),
            };
            let message = format!("there is no list `{wanted}`");
            self.push(name.error(code::BAD_OPERAND, message).help(help));
        }
        known
    }

    /// A list whose values are read as `as` says.
    fn list_read(&mut self, list: Arc<List>, name: &Node, options: Options) -> Option<Arc<List>> {
        let Some(read_as) = options.read_as else {
            return Some(list);
        };
        let mut values = Vec::with_capacity(list.values().len());
        for value in list.values() {
            let Some(read) = read_as.operand(value) else {
                let (wanted, help) = wanted(read_as);
                let message = format!("{value} in this list is not {wanted}");
                self.push(name.error(code::BAD_OPERAND, message).help(help));
                return None;
            };
            values.push(read.into_owned());
        }
        Some(Arc::new(List::new(values)))
    }

    /// A literal, read as `as` says.
    fn read(&mut self, operator: &dyn Operator, operand: &Node, options: Options) -> Option<Node> {
        let Some(read_as) = options
            .read_as
            .filter(|read_as| operator.reads_as().contains(read_as))
        else {
            return Some(operand.clone());
        };
        if let (true, Value::List(items)) = (operator.takes_several(), &operand.value) {
            let read = items.iter().map(|item| self.read_one(read_as, item));
            let items = read.collect::<Option<Vec<_>>>()?;
            return Some(Node {
                value: Value::List(items),
                ..operand.clone()
            });
        }
        if operator.takes_several() {
            return Some(operand.clone());
        }
        self.read_one(read_as, operand)
    }

    fn read_one(&mut self, read_as: As, operand: &Node) -> Option<Node> {
        let literal = operand.to_json();
        let value = match read_as.operand(&literal).as_deref() {
            Some(serde_json::Value::Number(number)) => Value::Number(number.clone()),
            Some(serde_json::Value::String(text)) => Value::String(text.clone()),
            _ => {
                let (wanted, help) = wanted(read_as);
                let message = format!("{literal} is not {wanted}");
                self.push(operand.error(code::BAD_OPERAND, message).help(help));
                return None;
            }
        };
        Some(Node {
            value,
            ..operand.clone()
        })
    }

    /// What cannot be an operand, though it looks like one.
    fn no_operand<T>(&mut self, operator: &dyn Operator, key: &str, node: &Node) -> Option<T> {
        let name = operator.name();
        let message = format!("`{name}` cannot be compared with a `{key}`");
        let help = match key {
            "var" => "turn it around: {var: limit, lt: {path: $.amount}}",
            _ => "an operand is written in the rule, or it is `{path: $.…}` or `{list: NAME}`",
        };
        self.push(node.error(code::BAD_OPERAND, message).help(help));
        None
    }

    /// Operands are compared as they stand; braces in them are almost surely meant otherwise.
    fn literal(&mut self, operand: &Node) {
        for item in operand.one_or_list() {
            if item.as_str().is_some_and(|text| text.contains("{{")) {
                let message = "what a condition compares with is no template";
                let help = "compute what is tested under `vars`, and test it with `var:`";
                self.push(item.warning(code::BAD_OPERAND, message).help(help));
            }
        }
    }
}

/// The names of the operators that are able to do something.
fn names(able: fn(&dyn Operator) -> bool) -> String {
    let able = operators::LIST.iter().filter(|operator| able(**operator));
    let names: Vec<_> = able.map(|operator| operator.name()).collect();
    names.join(", ")
}

/// What `as` wants of an operand, and how that is written.
fn wanted(read_as: As) -> (&'static str, &'static str) {
    match read_as {
        As::Number => ("a number", "write digits: 12.50"),
        As::Time => ("a moment", "write it as RFC 3339: \"2026-05-01T12:00:00Z\""),
        As::Version => (
            "a version",
            "write numbers with dots between them: \"1.10.0\"",
        ),
        As::Text => ("text", "write text, a number, or true or false"),
        As::Length => ("a length", "write how many characters, items or members: 3"),
    }
}

/// The one entry of an operand that stands for a value found elsewhere: `{path: $.other}`.
fn reference(operand: &Node) -> Option<(&str, &Node)> {
    const WORDS: [&str; 6] = ["path", "list", "var", "item", "header", "query"];
    match operand.as_map()? {
        [(key, node)] if WORDS.contains(&key.text.as_str()) && node.as_str().is_some() => {
            Some((&key.text, node))
        }
        _ => None,
    }
}

/// A test that several rules have.
#[derive(Debug)]
struct Shared(Arc<Box<dyn Test>>);

impl Test for Shared {
    fn passes(&self, value: &Json, around: &Around<'_>) -> bool {
        self.0.passes(value, around)
    }

    fn key(&self) -> Option<Key<'_>> {
        self.0.key()
    }
}
