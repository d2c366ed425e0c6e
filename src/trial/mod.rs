//! Running the tests that stand in rule files.
//!
//! Comes in: a rule set and the names its rules may use. Goes out: a [`Report`], with a diagnostic at
//! the place of everything that is not as a test expects it. Events are imagined and planned; nothing
//! is performed, and nothing but payload files beside the rule files is read.

mod case;
mod compare;
mod expect;
mod imagine;
mod payload;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::{Diagnostics, SourceFile};
use crate::plan;
use crate::rule::{Loaded, Names, Rule, RuleSet, examine};
use crate::yaml::Node;

use case::Case;
use imagine::Imagination;

pub use imagine::{Said, imagine};

/// What became of the tests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Every test that was run, in the order of the files.
    pub results: Vec<TestResult>,
    /// What is wrong with those that failed or could not be read.
    pub diagnostics: Diagnostics,
}

/// What became of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestResult {
    /// The rule it belongs to.
    pub rule: String,
    /// Its name.
    pub name: String,
    /// The file it stands in.
    pub file: PathBuf,
    /// The line it begins on, counted from 1.
    pub line: usize,
    /// Whether it passed.
    pub passed: bool,
}

/// Builds a rule set, looks at what its rules mean and runs the tests of its files: a file with a failing
/// test keeps its last good version, as one with any other error does.
pub fn load(files: Vec<Arc<SourceFile>>, names: &Names, previous: Option<&RuleSet>) -> Loaded {
    RuleSet::load_judged(files, names, previous, &|set, present| {
        let mut found = examine(set, names, present);
        found.extend(run(set, names, Some(present)).diagnostics);
        found
    })
}

/// Runs the tests in the files of a set; only those in `only`, where it is given.
pub fn run(set: &RuleSet, names: &Names, only: Option<&BTreeSet<PathBuf>>) -> Report {
    let mut report = Report::default();
    let imagination = Imagination::new(names);
    for rule in &set.rules {
        if only.is_some_and(|only| !only.contains(&rule.place.file.path)) {
            continue;
        }
        for node in &rule.tests {
            run_one(set, rule, node, &imagination, &mut report);
        }
    }
    report
}

fn run_one(
    set: &RuleSet,
    rule: &Rule,
    node: &Node,
    imagination: &Imagination<'_>,
    report: &mut Report,
) {
    let mut problems = Diagnostics::new();
    let case = Case::parse(node, rule, &mut problems);
    let event = case
        .as_ref()
        .and_then(|case| imagination.event(case, rule, &mut problems));
    if let (Some(case), Some(event)) = (&case, &event) {
        // A rule that is switched off is tested as if it were not, so that it can be switched on again.
        let mut enabled = rule.clone();
        enabled.enabled = true;
        let (trace, jobs) = plan::try_rule(set, event, &enabled);
        expect::check(case, event, &trace, &jobs, &mut problems);
    }
    let before = node.place.file.text.get(..node.place.span.start);
    report.results.push(TestResult {
        rule: rule.name.clone(),
        name: case.map_or_else(|| "?".to_owned(), |case| case.name),
        file: rule.place.file.path.clone(),
        line: 1 + before.map_or(0, |text| text.matches('\n').count()),
        passed: !problems.has_errors(),
    });
    report.diagnostics.extend(problems);
}

#[cfg(test)]
mod tests;
