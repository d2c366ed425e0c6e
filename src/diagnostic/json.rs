//! Findings → JSON for programs.

use serde_json::{Value, json};

use super::lines::AllLines;
use super::{Diagnostic, Place, Summary};

/// Findings as programs read them: `{diagnostics: […], summary: {…}}`. Lines and columns count from 1,
/// columns in characters; the end is the position behind the last character. A finding about several
/// places has the others under `also`.
pub fn json(diagnostics: &[Diagnostic], files: usize) -> Value {
    let mut lines = AllLines::default();
    let list: Vec<_> = diagnostics
        .iter()
        .map(|found| one(found, &mut lines))
        .collect();
    let summary = Summary::of(diagnostics, files);
    json!({
        "diagnostics": list,
        "summary": {
            "errors": summary.errors,
            "warnings": summary.warnings,
            "files": summary.files,
        },
    })
}

fn one(found: &Diagnostic, lines: &mut AllLines) -> Value {
    let mut shown = json!({
        "severity": found.severity.name(),
        "code": found.code.id(),
        "message": found.message,
    });
    put(&mut shown, located(&found.place, lines));
    put(&mut shown, json!({"help": found.help}));
    if !found.also.is_empty() {
        let also = found.also.iter().map(|also| {
            let mut shown = json!({"message": also.note});
            put(&mut shown, located(&also.place, lines));
            shown
        });
        put(&mut shown, json!({"also": also.collect::<Vec<_>>()}));
    }
    shown
}

fn located(place: &Place, lines: &mut AllLines) -> Value {
    let (start, end) = lines.positions(place);
    json!({
        "file": place.file.path.to_string_lossy(),
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
    })
}

/// Adds the members of one object to another.
fn put(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::{SourceFile, code};

    fn found(text: &str, span: Range<usize>) -> Diagnostic {
        let file = SourceFile::new("rules/a.yaml", text);
        Diagnostic::error(code::UNKNOWN_OPERATOR, Place { file, span }, "no `equls`")
            .help("did you mean `equals`?")
    }

    #[test]
    fn programs_get_lines_and_columns() {
        let first = found("# ü\nöé: {equls: 1}\nb: 2\n", 12..17);
        let mut second = Diagnostic::warning(
            code::UNESCAPED,
            Place {
                file: Arc::clone(&first.place.file),
                span: 12..26,
            },
            "unescaped",
        );
        second.help = None;
        assert_eq!(
            json(&[first, second], 3),
            json!({
                "diagnostics": [
                    {
                        "severity": "error", "code": "HR0201", "message": "no `equls`",
                        "file": "rules/a.yaml", "line": 2, "column": 6, "end_line": 2,
                        "end_column": 11, "help": "did you mean `equals`?",
                    },
                    {
                        "severity": "warning", "code": "HR0305", "message": "unescaped",
                        "file": "rules/a.yaml", "line": 2, "column": 6, "end_line": 3,
                        "end_column": 5, "help": null,
                    },
                ],
                "summary": {"errors": 1, "warnings": 1, "files": 3},
            })
        );
    }

    #[test]
    fn other_places_are_listed() {
        let first = found("a: 1\na: 2\n", 5..6);
        let file = Arc::clone(&first.place.file);
        let first = first.also(Place { file, span: 0..1 }, "first here");
        let shown = &json(&[first], 1)["diagnostics"][0]["also"];
        assert_eq!(
            *shown,
            json!([{
                "message": "first here", "file": "rules/a.yaml", "line": 1, "column": 1,
                "end_line": 1, "end_column": 2,
            }])
        );
    }
}
