//! What `check` found, as its reader wants it.

use clap::ValueEnum;
use serde_json::Value;

use crate::diagnostic::{self, Diagnostic, Summary};

use super::Looked;
use crate::commands::output::{Done, Exit, Output};

/// Who reads what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// A person.
    Human,
    /// A program.
    Json,
    /// A code host or an editor: SARIF 2.1.0.
    Sarif,
    /// GitHub Actions, which marks the lines of a change.
    Github,
}

/// Writes everything that was found, and says how `check` ends.
pub(super) fn report(
    looked: Looked,
    format: ReportFormat,
    strict: bool,
    output: &mut Output<'_>,
) -> Done {
    let (alone, rules, files, tests) = (looked.alone, looked.rules, looked.files, looked.tests);
    let found = looked.problems.sorted();
    let summary = Summary::of(&found, files);
    match format {
        ReportFormat::Json => {
            let mut shown = diagnostic::json(&found, files);
            if let Some(summary) = shown.get_mut("summary").and_then(Value::as_object_mut) {
                summary.insert("rules".to_owned(), rules.into());
                summary.insert("tests".to_owned(), tests.into());
                summary.insert("destinations_checked".to_owned(), (!alone).into());
            }
            output.json(&shown)?;
        }
        ReportFormat::Sarif => output.json(&diagnostic::sarif(&found))?,
        ReportFormat::Github => {
            output.text(&diagnostic::github(&found))?;
            output.note(&summary.to_string())?;
        }
        ReportFormat::Human => {
            let shown = diagnostic::human(&found, output.colour());
            output.text(&shown)?;
            if alone {
                let path = output.config().display();
                let note =
                    format!("note: without {path}, sources and destinations are not checked");
                output.note(&note)?;
            }
            if let Some(first) = found.first() {
                output.line(&more(first))?;
            }
            output.line(&last_line(summary, rules, tests, strict))?;
        }
    }
    Ok(match summary {
        Summary {
            errors: 0,
            warnings,
            ..
        } if warnings == 0 || !strict => Exit::Fine,
        _ => Exit::Problems,
    })
}

/// Where more is said about a finding.
fn more(found: &Diagnostic) -> String {
    let code = found.code.id();
    format!("`hookrule explain {code}` says more about such a finding, with an example")
}

fn last_line(summary: Summary, rules: usize, tests: usize, strict: bool) -> String {
    let Summary {
        errors,
        warnings,
        files,
    } = summary;
    let warned = match warnings {
        0 => String::new(),
        warnings => format!(", {}", count(warnings, "warning")),
    };
    match errors {
        0 if strict && warnings > 0 => {
            format!("{}, and --strict takes none", count(warnings, "warning"))
        }
        0 => {
            let (rules, files) = (count(rules, "rule"), count(files, "file"));
            let tests = count(tests, "test");
            format!("ok: {rules} in {files}, {tests} passed{warned}")
        }
        errors => format!("{}{warned}", count(errors, "error")),
    }
}

fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}
