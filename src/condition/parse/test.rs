//! One condition: its subject, its operators, and whether they make sense together.

use crate::diagnostic::{Diagnostic, code};
use crate::expression::Path;
use crate::yaml::{Key, Node, Value};

use super::super::operators::{self, Operator, Options, Sense};
use super::super::subject::Subject;
use super::super::{Quantifier, SubjectTest, foreign};
use super::Reader;

const SUBJECTS: [&str; 4] = ["path", "header", "query", "var"];
const OPTIONS: [&str; 2] = ["quantifier", "ignore_case"];

impl Reader<'_> {
    pub(super) fn test(&mut self, node: &Node, entries: &[(Key, Node)]) -> Option<SubjectTest> {
        self.unknown_keys(node, entries);
        let subject = self.subject(node, entries);
        let options = self.options(node);
        let mut tests = Tests::default();
        for (key, operand) in entries {
            if let Some(operator) = operators::find(&key.text) {
                self.literal(operand);
                tests.named.push((key, *operator));
                if key.text == "exists" && operand.value == Value::Bool(false) {
                    tests.absent = true;
                } else if let Some(test) = operator.parse(operand, options, self.problems) {
                    match operator.sense() {
                        Sense::Positive => tests.positive.push(test),
                        Sense::Negative => tests.negative.push(test),
                    }
                }
            }
        }
        let (written, subject) = subject?;
        let quantifier = self.quantifier(node, &tests);
        self.judge(node, entries, &written, &subject, &tests);
        Some(SubjectTest {
            written,
            subject,
            quantifier,
            positive: tests.positive,
            negative: tests.negative,
            absent: tests.absent,
        })
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

    fn subject(&mut self, node: &Node, entries: &[(Key, Node)]) -> Option<(String, Subject)> {
        let mut subjects = entries
            .iter()
            .filter(|(key, _)| SUBJECTS.contains(&key.text.as_str()));
        let Some((key, value)) = subjects.next() else {
            // An unknown key has been complained of already, and may well be the subject.
            let known = |(key, _): &(Key, Node)| is_known(&key.text);
            if entries.iter().all(known) {
                let message = "this condition does not say what it tests";
                let help = "add `path: $.…`, or `header:`, `query:` or `var:`";
                self.push(node.error(code::NO_SUBJECT, message).help(help));
            }
            return None;
        };
        if let Some((second, _)) = subjects.next() {
            let message = format!(
                "a condition tests one thing: `{}` or `{}`",
                key.text, second.text
            );
            let help = "write two conditions";
            let place = node.key_place(second);
            self.push(Diagnostic::error(code::NO_SUBJECT, place, message).help(help));
            return None;
        }
        let name = value.text(self.problems)?;
        if name.is_empty() {
            self.push(value.error(code::NO_SUBJECT, format!("`{}` is empty", key.text)));
            return None;
        }
        Some(match key.text.as_str() {
            "path" => (name.to_owned(), self.path(value, name)?),
            "header" => (
                format!("header {name}"),
                Subject::Header(name.to_ascii_lowercase()),
            ),
            "query" => (format!("query {name}"), Subject::Query(name.to_owned())),
            _ => (format!("var {name}"), Subject::Var(name.to_owned())),
        })
    }

    fn path(&mut self, node: &Node, text: &str) -> Option<Subject> {
        match Path::parse(text) {
            Ok(path) => {
                if let Some(steps) = path.singular() {
                    return Some(Subject::Slot(self.interned.intern(steps)));
                }
                let same = |known: &Path| known.text() == path.text();
                let number = self.several.iter().position(same);
                Some(Subject::Path(number.unwrap_or_else(|| {
                    self.several.push(path);
                    self.several.len() - 1
                })))
            }
            Err(error) => {
                let mut finding = Diagnostic::error(
                    code::BAD_PATH,
                    node.place_at(error.offset, error.len),
                    error.message.clone(),
                );
                finding.help = error.help;
                self.push(finding);
                None
            }
        }
    }

    fn options(&mut self, node: &Node) -> Options {
        let ignore_case = node
            .get("ignore_case")
            .and_then(|value| value.bool(self.problems))
            .unwrap_or(false);
        Options { ignore_case }
    }

    fn quantifier(&mut self, node: &Node, tests: &Tests<'_>) -> Quantifier {
        let Some(value) = node.get("quantifier") else {
            return Quantifier::Any;
        };
        if tests.positive.is_empty() && (tests.absent || !tests.negative.is_empty()) {
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
        written: &str,
        subject: &Subject,
        tests: &Tests<'_>,
    ) {
        if tests.named.is_empty() {
            let known = |(key, _): &(Key, Node)| {
                SUBJECTS.contains(&key.text.as_str()) || OPTIONS.contains(&key.text.as_str())
            };
            if entries.iter().all(known) {
                let message = format!("`{written}` is not compared with anything");
                let help = "add an operator: `equals: …`, or `exists: true`";
                self.push(node.error(code::NO_SUBJECT, message).help(help));
            }
            return;
        }
        let negative = |(key, operator): &&(&Key, &dyn Operator)| {
            operator.sense() == Sense::Negative || (tests.absent && key.text == "exists")
        };
        let alone = tests.named.len() == 1;
        if let Some((key, _)) = tests.named.iter().find(negative)
            && !alone
            && (tests.absent || matches!(subject, Subject::Path(_)))
        {
            let message = if tests.absent {
                "`exists: false` leaves nothing for the other operators".to_owned()
            } else {
                let name = &key.text;
                format!("`{name}` stands alone where a path can select several values")
            };
            let help = "write two conditions";
            let place = node.key_place(key);
            self.push(Diagnostic::error(code::MIXED_NEGATION, place, message).help(help));
        }
        let ignores = node
            .get("ignore_case")
            .is_some_and(|value| value.value == Value::Bool(true));
        if ignores
            && !tests
                .named
                .iter()
                .any(|(_, operator)| operator.reads_text())
        {
            let message = "`ignore_case` means nothing to these operators";
            self.push(node.error(code::BAD_OPERAND, message).help("leave it out"));
        }
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

fn is_known(key: &str) -> bool {
    SUBJECTS.contains(&key) || OPTIONS.contains(&key) || operators::find(key).is_some()
}

/// The operators of one condition.
#[derive(Default)]
struct Tests<'n> {
    named: Vec<(&'n Key, &'static dyn Operator)>,
    positive: Vec<Box<dyn operators::Test>>,
    negative: Vec<Box<dyn operators::Test>>,
    absent: bool,
}
