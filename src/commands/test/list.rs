//! What became of tests, as programs read it.

use serde_json::{Value, json};

use crate::diagnostic::{self, Diagnostic, Diagnostics, Severity, code};
use crate::trial::{FileCoverage, Outcome, TestResult};

use super::coverage;

/// What became of all that was looked at.
#[derive(Debug, Default)]
pub(super) struct Ran {
    pub(super) results: Vec<TestResult>,
    pub(super) covered: Vec<FileCoverage>,
    /// Errors that keep rules or tests from being read.
    problems: Diagnostics,
}

/// How many tests ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) unreadable: usize,
    pub(super) skipped: usize,
}

impl Ran {
    /// Takes in errors; what a failed test says is in its result, and warnings are left to `check`.
    pub(super) fn add_problems(&mut self, problems: &Diagnostics) {
        for problem in problems {
            if problem.severity == Severity::Error && problem.code != code::FAILED_TEST {
                self.problems.push(problem.clone());
            }
        }
    }

    pub(super) fn problems(&self) -> Vec<Diagnostic> {
        self.problems.clone().once_each().sorted()
    }

    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for result in &self.results {
            *match result.outcome {
                Outcome::Passed => &mut counts.passed,
                Outcome::Failed(_) => &mut counts.failed,
                Outcome::Unreadable => &mut counts.unreadable,
                Outcome::Skipped(_) => &mut counts.skipped,
            } += 1;
        }
        counts
    }

    /// Whether there was no test, and nothing that kept one from being read.
    pub(super) fn is_empty(&self) -> bool {
        self.results.is_empty() && self.problems.is_empty()
    }

    /// Whether everything could be read and nothing failed.
    pub(super) fn is_fine(&self) -> bool {
        let counts = self.counts();
        counts.failed + counts.unreadable == 0 && self.problems.is_empty()
    }
}

/// Everything, as one value.
pub(super) fn json(ran: &Ran, covered: Option<&[FileCoverage]>) -> Value {
    let counts = ran.counts();
    let problems = ran.problems();
    let mut shown = json!({
        "tests": ran.results.iter().map(result).collect::<Vec<_>>(),
        "diagnostics": diagnostic::json(&problems, 0).get("diagnostics"),
        "summary": {
            "tests": ran.results.len(),
            "passed": counts.passed,
            "failed": counts.failed,
            "unreadable": counts.unreadable,
            "skipped": counts.skipped,
            "errors": problems.len(),
        },
    });
    if let (Some(covered), Some(shown)) = (covered, shown.as_object_mut()) {
        shown.insert("coverage".to_owned(), coverage::json(covered));
    }
    shown
}

fn result(result: &TestResult) -> Value {
    let (outcome, why) = match &result.outcome {
        Outcome::Passed => ("passed", None),
        Outcome::Failed(_) => ("failed", None),
        Outcome::Unreadable => ("unreadable", None),
        Outcome::Skipped(why) => ("skipped", Some(why)),
    };
    let failures = match &result.outcome {
        Outcome::Failed(failures) => failures.as_slice(),
        _ => &[],
    };
    let failures = failures.iter().map(|failure| {
        let differences = failure.differences.iter().map(|difference| {
            json!({
                "path": difference.path,
                "expected": difference.expected,
                "found": difference.found,
            })
        });
        json!({
            "message": failure.message,
            "help": failure.help,
            "action": failure.action,
            "differences": differences.collect::<Vec<_>>(),
        })
    });
    json!({
        "rule": result.rule,
        "name": result.name,
        "file": result.file.display().to_string(),
        "line": result.line,
        "outcome": outcome,
        "why": why,
        "failures": failures.collect::<Vec<_>>(),
    })
}
