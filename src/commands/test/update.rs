//! Writes what is rendered now into `rendered:` of tests that fail by it, and leaves the rest of the
//! file as it is.
//!
//! A value is replaced only where it stands in the file as itself; after replacing, the file must read
//! as before but for `rendered`. Else the file is left alone, and it is said why.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::{Diagnostics, SourceFile};
use crate::trial::{Difference, Outcome};
use crate::yaml;

use super::block_text::anew;
use super::list::Ran;
use crate::commands::scalar::flow;

/// What was written.
#[derive(Debug, Default)]
pub(super) struct Updated {
    pub(super) written: usize,
    /// What was done, and what could not be.
    pub(super) said: Vec<String>,
}

/// Rewrites the files of the tests that failed.
pub(super) fn update(ran: &Ran) -> Updated {
    let mut updated = Updated::default();
    let mut edits: BTreeMap<PathBuf, (Arc<SourceFile>, Vec<Edit>)> = BTreeMap::new();
    for result in &ran.results {
        let Outcome::Failed(failures) = &result.outcome else {
            continue;
        };
        let place = format!("{}:{}", result.file.display(), result.line);
        let rendered = failures.iter().filter(|failure| failure.action.is_some());
        for difference in rendered.flat_map(|failure| &failure.differences) {
            match edit(difference) {
                Ok(edit) => {
                    let file = &difference.place.file;
                    let entry = || (Arc::clone(file), Vec::new());
                    edits
                        .entry(file.path.clone())
                        .or_insert_with(entry)
                        .1
                        .push(edit);
                }
                Err(why) => {
                    let path = &difference.path;
                    updated
                        .said
                        .push(format!("{place}: `{path}` is not updated: {why}"));
                }
            }
        }
    }
    for (path, (file, edits)) in edits {
        let count = edits.len();
        match rewritten(&file, edits).and_then(|text| replace(&path, &file.text, &text)) {
            Ok(()) => {
                updated.written += count;
                let values = if count == 1 { "value" } else { "values" };
                updated
                    .said
                    .push(format!("{}: {count} {values} updated", path.display()));
            }
            Err(why) => updated
                .said
                .push(format!("{}: not updated: {why}", path.display())),
        }
    }
    updated
}

#[derive(Debug, PartialEq, Eq)]
struct Edit {
    span: Range<usize>,
    text: String,
}

fn edit(difference: &Difference) -> Result<Edit, String> {
    let Some(expected) = &difference.expected else {
        return Err("the test does not name it: write it there, or leave `exact` out".to_owned());
    };
    let Some(found) = &difference.found else {
        return Err("nothing is rendered there: take it out".to_owned());
    };
    let place = &difference.place;
    let text = place.file.text.get(place.span.clone()).unwrap_or_default();
    if !text.contains('\n') && reads_as(text, expected) {
        return Ok(Edit {
            span: place.span.clone(),
            text: flow(found),
        });
    }
    let (span, text) = anew(place, expected, found)
        .ok_or_else(|| "it does not stand there as itself: change it there".to_owned())?;
    Ok(Edit { span, text })
}

/// Whether a text is a value, written in YAML.
fn reads_as(text: &str, value: &Value) -> bool {
    let file = SourceFile::new("", text);
    let read = yaml::read(&file, &mut Diagnostics::new());
    read.is_some_and(|node| node.to_json() == *value)
}

/// The text with all edits.
fn rewritten(file: &Arc<SourceFile>, mut edits: Vec<Edit>) -> Result<String, String> {
    edits.sort_by_key(|edit| edit.span.start);
    edits.dedup();
    let overlap = |pair: &[Edit]| matches!(pair, [a, b] if a.span.end > b.span.start);
    if edits.windows(2).any(overlap) {
        return Err(
            "several tests share a value, and it is rendered differently for them".to_owned(),
        );
    }
    let mut text = file.text.clone();
    for edit in edits.iter().rev() {
        text.replace_range(edit.span.clone(), &edit.text);
    }
    let read = |text: &str| {
        let mut problems = Diagnostics::new();
        let node = yaml::read(&SourceFile::new(&file.path, text), &mut problems);
        let node = node.filter(|_| !problems.has_errors());
        node.map(|node| without_rendered(node.to_json(), false))
    };
    if read(&text).is_none() || read(&text) != read(&file.text) {
        return Err("it would change more than what is rendered".to_owned());
    }
    Ok(text)
}

/// The value without `rendered` under `expect`.
fn without_rendered(value: Value, expect: bool) -> Value {
    match value {
        Value::Object(entries) => {
            let kept = entries
                .into_iter()
                .filter(|(key, _)| !expect || key != "rendered");
            kept.map(|(key, value)| {
                let value = without_rendered(value, key == "expect");
                (key, value)
            })
            .collect()
        }
        Value::Array(items) => {
            let items = items.into_iter();
            items.map(|item| without_rendered(item, false)).collect()
        }
        other => other,
    }
}

/// Replaces a file whole, unless somebody has changed it since.
pub(super) fn replace(path: &Path, before: &str, text: &str) -> Result<(), String> {
    let written = || -> io::Result<bool> {
        let path = fs::canonicalize(path)?;
        if fs::read_to_string(&path)? != before {
            return Ok(false);
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        // Hidden, so that nobody takes it for a rule file.
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        let new = path.with_file_name(hidden);
        fs::write(&new, text)?;
        fs::set_permissions(&new, fs::metadata(&path)?.permissions())?;
        fs::rename(&new, &path)?;
        Ok(true)
    };
    match written() {
        Ok(true) => Ok(()),
        Ok(false) => Err("somebody has changed it in the meantime".to_owned()),
        Err(error) => Err(format!("it cannot be written: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::diagnostic::Place;

    const FILE: &str =
        "a: # note\n  expect: {rendered: {x: 'old', y: &y 1}}\n  z: *y\n  w: |\n    old\n";

    fn difference(at: &str, expected: Value, found: Value) -> Difference {
        let start = FILE.find(at).unwrap();
        Difference {
            path: "x".to_owned(),
            expected: Some(expected),
            found: Some(found),
            place: Place {
                file: SourceFile::new("a.yaml", FILE),
                span: start..start + at.len(),
            },
        }
    }

    #[test]
    fn a_value_is_replaced_where_it_stands() {
        let edit = edit(&difference("'old'", json!("old"), json!("n: #w"))).unwrap();
        let file = SourceFile::new("a.yaml", FILE);
        let text = rewritten(&file, vec![edit]).unwrap();
        assert_eq!(text, FILE.replace("'old'", "\"n: #w\""));
    }

    #[test]
    fn what_would_change_more_is_refused() {
        let shared = edit(&difference("1", json!(1), json!(2))).unwrap();
        let file = SourceFile::new("a.yaml", FILE);
        let why = rewritten(&file, vec![shared]).unwrap_err();
        assert!(why.contains("change more"), "{why}");
        let block = difference("|\n    old\n", json!("older\n"), json!("new\n"));
        assert!(edit(&block).unwrap_err().contains("as itself"));
        let alias = difference("*y", json!(1), json!(2));
        assert!(edit(&alias).is_err());
        let gone = Difference {
            found: None,
            ..difference("'old'", json!("old"), json!(null))
        };
        assert!(edit(&gone).unwrap_err().contains("take it out"));
    }
}
