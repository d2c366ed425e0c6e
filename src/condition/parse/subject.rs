//! What a condition says that it looks at.

use crate::diagnostic::{Diagnostic, code};
use crate::expression::Path;
use crate::yaml::{Key, Node};

use super::super::subject::Subject;
use super::Reader;
use super::test::is_known;

pub(super) const SUBJECTS: [&str; 5] = ["path", "item", "header", "query", "var"];

impl Reader<'_, '_> {
    /// The subject, and how it was written.
    pub(super) fn subject(
        &mut self,
        node: &Node,
        entries: &[(Key, Node)],
    ) -> Option<(String, Subject)> {
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
        if key.text == "item" && !self.reading.item {
            let message = "there is no item here";
            let help = "`item:` stands in the conditions of an action under `for_each`; \
                        the payload is looked at with `path:`";
            let place = node.key_place(key);
            self.push(Diagnostic::error(code::NO_SUBJECT, place, message).help(help));
            return None;
        }
        let name = value.text(self.problems)?;
        if name.is_empty() {
            self.push(
                value
                    .error(code::NO_SUBJECT, format!("`{}` is empty", key.text))
                    .help(format!(
                        "write what is to be looked at, such as `path: $.action` or `{}: NAME`",
                        key.text
                    )),
            );
            return None;
        }
        Some(match key.text.as_str() {
            "path" => (name.to_owned(), self.payload_path(value, name)?),
            "item" => (
                format!("item {name}"),
                Subject::Item(Box::new(self.path(value, name)?)),
            ),
            "header" => (
                format!("header {name}"),
                Subject::Header(name.to_ascii_lowercase().into()),
            ),
            "query" => (format!("query {name}"), Subject::Query(name.into())),
            _ => (format!("var {name}"), Subject::Var(name.into())),
        })
    }

    fn payload_path(&mut self, node: &Node, text: &str) -> Option<Subject> {
        let path = self.path(node, text)?;
        let paths = &mut *self.reading.paths;
        Some(match path.singular() {
            Some(steps) => Subject::Slot(paths.intern(steps)),
            None => Subject::Several(paths.intern_query(text), Box::new(path)),
        })
    }

    /// A path, or a finding that points into it.
    pub(super) fn path(&mut self, node: &Node, text: &str) -> Option<Path> {
        match Path::parse(text) {
            Ok(path) => Some(path),
            Err(error) => {
                let place = node.place_at(error.offset, error.len);
                let mut finding = Diagnostic::error(code::BAD_PATH, place, error.message);
                finding.help = error.help;
                self.push(finding);
                None
            }
        }
    }
}
