//! `lists:` — values that conditions name: `{in: {list: vips}}`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use crate::condition::{List, Lists};
use crate::diagnostic::{Diagnostic, Diagnostics, Place, SourceFile, code};
use crate::yaml::shape::Key as ShapeKey;
use crate::yaml::{self, Node, Shape, Value, key};

use super::super::beside::{Library, below};
use super::{Unused, checked_name};

/// The most lists that one file gives.
const LISTS_MAX: usize = 1_000;

/// The file of a list.
#[derive(Debug, Clone)]
pub(in crate::rule) struct Listed {
    /// Its path.
    pub(in crate::rule) path: PathBuf,
    /// The folder that it must be below.
    pub(in crate::rule) folder: PathBuf,
    /// What stood in it; none where it could not be read.
    pub(in crate::rule) file: Option<Arc<SourceFile>>,
}

/// The lists that one file may use.
#[derive(Debug, Default)]
pub(super) struct NamedLists {
    known: Lists,
    own: Vec<(String, Place)>,
    used: BTreeSet<String>,
    files: Vec<Listed>,
}

impl NamedLists {
    /// The key that they stand under.
    pub(super) fn key() -> ShapeKey {
        let plain = Shape::either([
            Shape::text(),
            Shape::number(),
            Shape::flag(),
            Shape::only(()),
        ]);
        let file = Shape::text()
            .says("The path of a file beside this one: one value a line, or a YAML or JSON list.");
        let values = Shape::list(plain).says("The values themselves.");
        let help = "Values that conditions name: `{in: {list: vips}}`. Each is a list, or the path of a file below this one's folder; files are watched.";
        let list = Shape::named_by_author("vips", Shape::either([file, values]));
        key("lists", list, help, json!({"vips": ["ada", "grace"]}))
            .like(json!({"vips": "lists/vips.txt"}))
    }

    /// Those that are given from elsewhere, then those of the file itself, which hide others of their
    /// names.
    pub(super) fn parse<'n>(
        given: impl Iterator<Item = (&'n str, &'n Arc<List>)>,
        own: Option<&Node>,
        library: &mut Library,
        problems: &mut Diagnostics,
    ) -> Self {
        let mut lists = Self::default();
        for (name, list) in given {
            lists.known.insert(name, Arc::clone(list));
        }
        let Some(node) = own else {
            return lists;
        };
        for (key, value) in node.map(problems).unwrap_or_default() {
            if lists.own.len() == LISTS_MAX {
                let message = format!("more than {LISTS_MAX} lists stand here");
                problems.push(Diagnostic::error(
                    code::TOO_LARGE,
                    node.key_place(key),
                    message,
                ));
                break;
            }
            if !checked_name(node, key, problems) {
                continue;
            }
            // A list that cannot be read is there all the same, so that nothing is said of its users.
            let values = lists.values(value, library, problems).unwrap_or_default();
            lists
                .known
                .insert(key.text.as_str(), Arc::new(List::new(values)));
            lists.own.push((key.text.clone(), node.key_place(key)));
        }
        lists
    }

    pub(super) fn known(&self) -> &Lists {
        &self.known
    }

    /// Those of the file itself.
    pub(super) fn own(&self) -> impl Iterator<Item = (&str, &Arc<List>)> {
        let own = self.own.iter();
        own.filter_map(|(name, _)| Some((name.as_str(), self.known.get(name)?)))
    }

    pub(super) fn files(&self) -> &[Listed] {
        &self.files
    }

    fn values(
        &mut self,
        node: &Node,
        library: &mut Library,
        problems: &mut Diagnostics,
    ) -> Option<Vec<serde_json::Value>> {
        match &node.value {
            Value::List(items) => Some(plain_values(items, problems)),
            Value::String(path) => self.read_file(node, path, library, problems),
            _ => {
                let message = format!(
                    "expected a list or the path of a file, found {}",
                    node.type_name()
                );
                let help =
                    "write `[one, two]`, or the path of a file beside this one: lists/vips.txt";
                problems.push(node.error(code::WRONG_TYPE, message).help(help));
                None
            }
        }
    }

    fn read_file(
        &mut self,
        node: &Node,
        path: &str,
        library: &mut Library,
        problems: &mut Diagnostics,
    ) -> Option<Vec<serde_json::Value>> {
        let folder = node.place.file.path.parent().unwrap_or(Path::new(""));
        let unusable = |code, why: &str| {
            let message = format!("the list `{path}` {why}");
            node.error(code, message)
                .help("a list is `[one, two]`, or the path of a file beside this one")
        };
        let Some(found) = below(folder, path) else {
            let why = "is not below the folder of this file";
            problems.push(unusable(code::UNREADABLE, why));
            return None;
        };
        let read = library.read(folder, &found);
        self.files.push(Listed {
            path: found,
            folder: folder.to_owned(),
            file: read.as_ref().ok().map(Arc::clone),
        });
        match read {
            Ok(file) => values_of(&file, problems),
            Err((code, why)) => {
                problems.push(unusable(code, &why));
                None
            }
        }
    }

    /// Notes the lists that a rule names.
    pub(super) fn note_use(&mut self, rule: &Node) {
        if self.own.is_empty() {
            return;
        }
        let mut open = vec![rule];
        while let Some(node) = open.pop() {
            match &node.value {
                Value::List(items) => open.extend(items),
                Value::Map(entries) => {
                    for (key, value) in entries {
                        match value.as_str() {
                            Some(name) if key.text == "list" => {
                                self.used.insert(name.to_owned());
                            }
                            _ => open.push(value),
                        }
                    }
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
    }

    pub(super) fn unused(&self) -> impl Iterator<Item = Unused> {
        let unused = self
            .own
            .iter()
            .filter(|(name, _)| !self.used.contains(name));
        unused.map(|(name, place)| ("list", name.clone(), place.clone()))
    }
}

/// The values in a list's file: YAML and JSON by its ending, else one text a line.
fn values_of(file: &Arc<SourceFile>, problems: &mut Diagnostics) -> Option<Vec<serde_json::Value>> {
    let ending = file.path.extension().and_then(|ending| ending.to_str());
    if !matches!(ending, Some("yaml" | "yml" | "json")) {
        let values = file.text.lines().map(value_of_line);
        let values = values.filter(|value| !value.is_empty());
        return Some(values.map(serde_json::Value::from).collect());
    }
    let node = yaml::read(file, problems)?;
    let items = node.list(problems)?;
    Some(plain_values(items, problems))
}

/// What stands in a line before its comment.
fn value_of_line(line: &str) -> &str {
    let mut end = line.len();
    let mut blank = true;
    for (at, c) in line.char_indices() {
        if c == '#' && blank {
            end = at;
            break;
        }
        blank = c.is_whitespace();
    }
    let text = line.get(..end).unwrap_or_default();
    // Editors on Windows may put a mark before the first line.
    text.trim_start_matches('\u{feff}').trim()
}

/// The values of a list; those that are lists or maps themselves are reported.
fn plain_values(items: &[Node], problems: &mut Diagnostics) -> Vec<serde_json::Value> {
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        if matches!(item.value, Value::List(_) | Value::Map(_)) {
            let message = format!("expected text or a number, found {}", item.type_name());
            problems.push(
                item.error(code::WRONG_TYPE, message)
                    .help("write each entry as one value: `- main`"),
            );
        } else {
            values.push(item.to_json());
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::value_of_line;

    #[test]
    fn a_line_is_a_value_and_may_have_a_comment() {
        for (line, value) in [
            ("ann@example.com", "ann@example.com"),
            ("  two words \r", "two words"),
            ("# all of it", ""),
            ("ann # the boss", "ann"),
            ("C#", "C#"),
            ("\t#x", ""),
            ("", ""),
            ("\u{feff}first", "first"),
        ] {
            assert_eq!(value_of_line(line), value, "{line:?}");
        }
    }
}
