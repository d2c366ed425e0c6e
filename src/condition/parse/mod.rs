//! `conditions:` as written, read: lists and groups here, single tests in `test`.

mod operand;
mod options;
pub(in crate::condition) mod shape;
mod subject;
mod test;

use crate::diagnostic::{Diagnostic, Diagnostics, code};
use crate::yaml::{Key, Node, Value};

use super::{Condition, Conditions, GROUPS_DEPTH_MAX, Reading};

const GROUPS: [&str; 4] = ["all", "any", "none", "not"];
/// Every key of a condition that is not an operator.
pub(in crate::condition) const KEYS: [&str; 12] = [
    "path",
    "item",
    "header",
    "query",
    "var",
    "all",
    "any",
    "none",
    "not",
    "quantifier",
    "ignore_case",
    "as",
];

pub(in crate::condition) fn conditions(
    node: &Node,
    reading: &mut Reading<'_>,
    problems: &mut Diagnostics,
) -> Conditions {
    let conditions = Reader { reading, problems }.list(node, 0);
    Conditions(conditions.into())
}

struct Reader<'r, 'p> {
    reading: &'r mut Reading<'p>,
    problems: &'r mut Diagnostics,
}

const EXAMPLE: &str = "a condition is a map such as {path: $.action, equals: opened}";

impl Reader<'_, '_> {
    fn push(&mut self, finding: Diagnostic) {
        self.problems.push(finding);
    }

    fn list(&mut self, node: &Node, depth: usize) -> Vec<Condition> {
        match &node.value {
            Value::List(items) => items
                .iter()
                .filter_map(|item| self.condition(item, depth))
                .collect(),
            Value::Null => Vec::new(),
            _ => {
                let message = format!("expected a list of conditions, found {}", node.type_name());
                let help =
                    "write each condition behind a dash: `- {path: $.action, equals: opened}`";
                self.push(node.error(code::WRONG_TYPE, message).help(help));
                Vec::new()
            }
        }
    }

    fn condition(&mut self, node: &Node, depth: usize) -> Option<Condition> {
        let Some(entries) = node.as_map() else {
            let message = format!("expected a condition, found {}", node.type_name());
            self.push(node.error(code::WRONG_TYPE, message).help(EXAMPLE));
            return None;
        };
        let group = entries
            .iter()
            .find(|(key, _)| GROUPS.contains(&key.text.as_str()));
        match group {
            Some((key, inner)) => self.group(node, key, inner, depth),
            None => self.test(node, entries).map(Condition::Test),
        }
    }

    fn group(&mut self, node: &Node, key: &Key, inner: &Node, depth: usize) -> Option<Condition> {
        if depth >= GROUPS_DEPTH_MAX {
            let message = format!("groups are nested more than {GROUPS_DEPTH_MAX} deep");
            self.push(Diagnostic::error(
                code::TOO_LARGE,
                node.key_place(key),
                message,
            ));
            return None;
        }
        for (other, _) in node.as_map().unwrap_or_default() {
            if other != key {
                let message = format!("`{}` cannot stand beside `{}`", other.text, key.text);
                let help = "a group is a condition by itself; list the other one beside it";
                self.push(
                    Diagnostic::error(code::UNKNOWN_OPERATOR, node.key_place(other), message)
                        .help(help),
                );
            }
        }
        if key.text == "not" {
            if matches!(inner.value, Value::List(_)) {
                let help = "write `none:` for a list of which none may hold";
                self.push(
                    inner
                        .error(code::WRONG_TYPE, "`not` takes one condition, found a list")
                        .help(help),
                );
                return None;
            }
            let inner = self.condition(inner, depth + 1)?;
            return Some(Condition::Not(Box::new(inner)));
        }
        let conditions = self.list(inner, depth + 1);
        let is_empty = match &inner.value {
            Value::List(items) => items.is_empty(),
            other => matches!(other, Value::Null),
        };
        if is_empty {
            let message = format!("`{}` is empty and decides nothing", key.text);
            self.push(inner.error(code::NO_SUBJECT, message).help(EXAMPLE));
        }
        Some(match key.text.as_str() {
            "all" => Condition::All(conditions),
            "any" => Condition::Any(conditions),
            _ => Condition::None(conditions),
        })
    }
}
