//! One condition: its subject, its operators, and whether they make sense together.

use crate::diagnostic::{Diagnostic, code};
use crate::yaml::{Key, Node, Value};

use super::super::leaf::{Leaf, Named};
use super::super::operators::{self, Operator, Sense};
use super::super::{Quantifier, Subject, foreign};
use super::Reader;
use super::subject::SUBJECTS;

const OPTIONS: [&str; 3] = ["quantifier", "ignore_case", "as"];

impl Reader<'_, '_> {
    pub(super) fn test(&mut self, node: &Node, entries: &[(Key, Node)]) -> Option<Leaf> {
        self.unknown_keys(node, entries);
        let subject = self.subject(node, entries);
        let options = self.options(node);
        let mut written = Written::default();
        for (key, operand) in entries {
            if let Some(operator) = operators::find(&key.text) {
                written.operators.push((key, *operator));
                written.absent |= key.text == "exists" && operand.value == Value::Bool(false);
                written
                    .tests
                    .extend(self.named(*operator, operand, options));
            }
        }
        let (text, subject) = subject?;
        let quantifier = self.quantifier(node, &written);
        self.judge(node, entries, &text, &subject, &written);
        self.judge_options(node, options, &written.operators);
        let mut leaf = Leaf {
            written: text.into(),
            subject,
            quantifier,
            options,
            tests: written.tests.into(),
            place: node.place.clone(),
            number: None,
        };
        if leaf.is_costly() && leaf.is_shared() {
            leaf.number = Some(self.reading.paths.intern_test(&leaf.identity()));
        }
        Some(leaf)
    }

    fn unknown_keys(&mut self, node: &Node, entries: &[(Key, Node)]) {
        for (key, _) in entries {
            let name = key.text.as_str();
            if !is_known(name) {
                let message = format!("`{name}` is not an operator");
                self.push(
                    Diagnostic::error(code::UNKNOWN_OPERATOR, node.key_place(key), message)
                        .help(foreign::advice(name)),
                );
            }
        }
    }

    fn quantifier(&mut self, node: &Node, written: &Written<'_>) -> Quantifier {
        let Some(value) = node.get("quantifier") else {
            return Quantifier::Any;
        };
        let negative = |named: &Named| named.sense == Sense::Negative;
        if !written.tests.is_empty() && written.tests.iter().all(negative) {
            let message =
                "`quantifier` changes nothing here: a negative operator looks at every value";
            self.push(
                value
                    .error(code::MIXED_NEGATION, message)
                    .help("leave it out"),
            );
        }
        match value.as_str() {
            Some("any") => Quantifier::Any,
            Some("all") => Quantifier::All,
            other => {
                let message = match other {
                    Some(other) => format!("there is no quantifier `{other}`"),
                    None => format!("expected `any` or `all`, found {}", value.type_name()),
                };
                let help = match other {
                    Some("none") => "write a group: `none: [{path: …}]`",
                    _ => "write `any` (one value passes) or `all` (every value passes)",
                };
                self.push(value.error(code::BAD_OPERAND, message).help(help));
                Quantifier::Any
            }
        }
    }

    /// Whether the tests make sense together.
    fn judge(
        &mut self,
        node: &Node,
        entries: &[(Key, Node)],
        text: &str,
        subject: &Subject,
        written: &Written<'_>,
    ) {
        if written.operators.is_empty() {
            let known = |(key, _): &(Key, Node)| {
                SUBJECTS.contains(&key.text.as_str()) || OPTIONS.contains(&key.text.as_str())
            };
            if entries.iter().all(known) {
                let message = format!("`{text}` is not compared with anything");
                let help = "add an operator: `equals: …`, or `exists: true`";
                self.push(node.error(code::NO_SUBJECT, message).help(help));
            }
            return;
        }
        let negative = |(key, operator): &&(&Key, &dyn Operator)| {
            operator.sense() == Sense::Negative || (written.absent && key.text == "exists")
        };
        let alone = written.operators.len() == 1;
        if let Some((key, _)) = written.operators.iter().find(negative)
            && !alone
            && (written.absent || subject.selects_several())
        {
            let message = if written.absent {
                "`exists: false` leaves nothing for the other operators".to_owned()
            } else {
                let name = &key.text;
                format!("`{name}` stands alone where a path can select several values")
            };
            let help = "write two conditions";
            let place = node.key_place(key);
            self.push(Diagnostic::error(code::MIXED_NEGATION, place, message).help(help));
        }
    }
}

pub(super) fn is_known(key: &str) -> bool {
    SUBJECTS.contains(&key) || OPTIONS.contains(&key) || operators::find(key).is_some()
}

/// The operators of one condition.
#[derive(Default)]
struct Written<'n> {
    operators: Vec<(&'n Key, &'static dyn Operator)>,
    tests: Vec<Named>,
    absent: bool,
}
