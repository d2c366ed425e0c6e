//! What an operator is given to compare with: a literal, or a list by its name.

use crate::diagnostic::{code, did_you_mean};
use crate::yaml::{Key, Node, Value};

use super::super::leaf::Named;
use super::super::operators::{Operator, Options, Sense, Test};
use super::Reader;

impl Reader<'_, '_> {
    /// An operator and its operand.
    pub(super) fn named(
        &mut self,
        operator: &'static dyn Operator,
        operand: &Node,
        options: Options,
    ) -> Option<Named> {
        self.literal(operand);
        let (spelled, test) = match reference(operand) {
            Some((key, name)) if key.text == "list" => self.listed(operator, name, options)?,
            _ => (
                operand.to_json().to_string(),
                operator.parse(operand, options, self.problems)?,
            ),
        };
        let absent = operator.name() == "exists" && operand.value == Value::Bool(false);
        Some(Named {
            operator,
            sense: if absent {
                Sense::Negative
            } else {
                operator.sense()
            },
            operand: spelled.into(),
            test,
        })
    }

    fn listed(
        &mut self,
        operator: &'static dyn Operator,
        name: &Node,
        options: Options,
    ) -> Option<(String, Box<dyn Test>)> {
        let wanted = name.text(self.problems)?;
        let lists = self.reading.lists;
        let Some(list) = lists.get(wanted) else {
            let help = match did_you_mean(wanted, lists.names()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if lists.names().next().is_none() => {
                    "name it under `lists:` in this file: `lists: {vips: lists/vips.txt}`"
                        .to_owned()
                }
                None => format!("there are {}", lists.names().collect::<Vec<_>>().join(", ")),
            };
            let message = format!("there is no list `{wanted}`");
            self.push(name.error(code::BAD_OPERAND, message).help(help));
            return None;
        };
        let test = operator.parse_list(list, name, options, self.problems)?;
        let written = serde_json::json!({"list": wanted, "of": list.fingerprint()});
        Some((written.to_string(), test))
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

/// The one entry of an operand that stands for a value found elsewhere: `{list: NAME}`.
fn reference(operand: &Node) -> Option<(&Key, &Node)> {
    match operand.as_map()? {
        [(key, node)] if ["list"].contains(&key.text.as_str()) => Some((key, node)),
        _ => None,
    }
}
