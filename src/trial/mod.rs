//! Running the tests that stand in rule files, and in files beside them.
//!
//! Comes in: a rule set, the files of tests, and the names its rules may use. Goes out: a [`Report`],
//! with a diagnostic at the place of everything that is not as a test expects it. Events are imagined
//! and planned; nothing is performed, and nothing but payload files beside the tests is read.

mod came;
mod case;
mod compare;
mod coverage;
mod expect;
mod files;
mod imagine;
mod payload;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use crate::diagnostic::{Diagnostic, Diagnostics, Severity, SourceFile, code};
use crate::event::EventId;
use crate::plan;
use crate::providers::Providers;
use crate::rule::{Found, Loaded, Names, Rule, RuleSet, TestFile, Verdict, examine};
use crate::runtime::{Step, Told};
use crate::yaml::Node;

pub use came::Came;
pub use case::shape;
pub use compare::Difference;
pub use coverage::{ConditionCoverage, Coverage, FileCoverage, RuleCoverage, Share, Sides};
pub use expect::Failure;
pub use files::file_shape;
pub use imagine::StoredEvent;

use case::Case;
use files::{ReadFile, Tested};
use imagine::Imagination;
use payload::{Body, stored_event};

pub use imagine::{Said, imagine};

/// What became of the tests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Every test that was looked at, in the order of the files.
    pub results: Vec<TestResult>,
    /// What is wrong with those that failed or could not be read.
    pub diagnostics: Diagnostics,
    /// Rule files that have a test which failed or could not be read.
    pub faulty: BTreeSet<PathBuf>,
    /// What the tests saw of their rules.
    pub coverage: Coverage,
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
    /// How it ended.
    pub outcome: Outcome,
}

/// How a test ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is as it expects.
    Passed,
    /// Something is not.
    Failed(Vec<Failure>),
    /// It is no test: the report's diagnostics say what is wrong with it.
    Unreadable,
    /// It was not run, and why.
    Skipped(String),
}

/// Everything that tests are run with.
#[derive(Clone, Copy)]
pub struct Trial<'t> {
    /// The rules.
    pub set: &'t RuleSet,
    /// The names they may use.
    pub names: &'t Names,
    /// Who may have sent what the tests describe.
    pub providers: &'t Providers,
    /// The files of tests beside the rule files.
    pub tests: &'t [TestFile],
    /// Rule files that are not in the set as they stand, because they have errors.
    pub missing: &'t [Arc<SourceFile>],
    /// The only rule files whose tests are run, where not all are.
    pub only: Option<&'t BTreeSet<PathBuf>>,
    /// Events of the store that tests name; none where no store is asked.
    pub stored: Option<&'t BTreeMap<EventId, StoredEvent>>,
    /// Is told of every test that was run.
    pub told: Told<'t>,
}

/// What a rule set came to that was built with its tests.
#[derive(Debug, Default)]
pub struct Tried {
    /// The set and everything that was found.
    pub loaded: Loaded,
    /// Tests that were run.
    pub tests: usize,
}

/// Builds a rule set, looks at what its rules mean and runs the tests of its files: a file with a failing
/// test keeps its last good version, as one with any other error does.
pub fn load(
    found: Found,
    names: &Names,
    providers: &Providers,
    previous: Option<&RuleSet>,
    told: Told<'_>,
) -> Tried {
    let Found {
        files,
        tests,
        problems,
    } = found;
    let written = files.clone();
    let ran = Cell::new(0);
    // Where rules run already, the other cores are needed for events.
    let cores = thread::available_parallelism().ok();
    let cores = cores.filter(|_| previous.is_none());
    let threads_max = cores.unwrap_or(NonZero::<usize>::MIN);
    let mut loaded = RuleSet::load_judged(files, names, previous, told, &|set, present| {
        let missing = written.iter().filter(|file| !present.contains(&file.path));
        let missing: Vec<_> = missing.cloned().collect();
        let report = Trial {
            set,
            names,
            providers,
            tests: &tests,
            missing: &missing,
            only: Some(present),
            stored: None,
            told,
        }
        .run(&|_| true);
        ran.set(report.results.len());
        let mut diagnostics = examine(set, names, providers, present, threads_max, told);
        let errors = diagnostics
            .iter()
            .filter(|found| found.severity == Severity::Error);
        let mut faulty: BTreeSet<_> = errors.map(|found| found.place.file.path.clone()).collect();
        faulty.extend(report.faulty);
        diagnostics.extend(report.diagnostics);
        Verdict {
            diagnostics,
            faulty,
        }
    });
    let mut diagnostics = problems;
    // Of a file that could not be read there is nothing more to say.
    let unread: BTreeSet<_> = diagnostics
        .iter()
        .map(|found| found.place.file.path.clone())
        .collect();
    loaded
        .diagnostics
        .retract_if(|found| unread.contains(&found.place.file.path));
    diagnostics.extend(loaded.diagnostics);
    loaded.diagnostics = diagnostics;
    Tried {
        loaded,
        tests: ran.get(),
    }
}

/// One test as it was found.
struct Written<'w> {
    node: &'w Node,
    rule: &'w Rule,
    /// Whether it stands in a file of tests, and says itself which rule it is about.
    apart: bool,
}

/// A test's name and where it stands, for whoever wants only some of them.
#[derive(Debug, Clone, Copy)]
pub struct Title<'t> {
    /// The rule it is about.
    pub rule: &'t str,
    /// Its name.
    pub name: &'t str,
    /// The file it stands in.
    pub file: &'t Path,
}

impl Trial<'_> {
    /// Runs the tests that are wanted.
    pub fn run(&self, wanted: &dyn Fn(Title<'_>) -> bool) -> Report {
        let mut report = Report::default();
        let read: Vec<_> = self.tests.iter().map(ReadFile::read).collect();
        let all = self.written(&read, &mut report);
        for (number, written) in all.iter().enumerate() {
            let name = written.node.get("name").and_then(Node::as_str);
            let title = Title {
                rule: &written.rule.name,
                name: name.unwrap_or_default(),
                file: &written.node.place.file.path,
            };
            if wanted(title) {
                self.run_one(written, &mut report);
            }
            (self.told)(Step {
                what: "tests run",
                done: number + 1,
                all: Some(all.len()),
            });
        }
        report
    }

    /// The stored events that tests name.
    pub fn stored_events(&self) -> BTreeSet<EventId> {
        let read: Vec<_> = self.tests.iter().map(ReadFile::read).collect();
        let written = self.written(&read, &mut Report::default());
        let payloads = written
            .iter()
            .filter_map(|written| written.node.get("payload"));
        payloads.filter_map(stored_event).collect()
    }

    /// Every test with its rule. What is wrong with a file of tests as a whole is an error of the rule
    /// file that is named like it.
    fn written<'w>(&'w self, read: &'w [ReadFile], report: &mut Report) -> Vec<Written<'w>> {
        let fits = |rule: &Rule| {
            self.only
                .is_none_or(|only| only.contains(&rule.place.file.path))
        };
        let mut all = Vec::new();
        for rule in self.set.rules.iter().filter(|rule| fits(rule)) {
            all.extend(rule.tests.iter().map(|node| Written {
                node,
                rule,
                apart: false,
            }));
        }
        if read.is_empty() {
            return all;
        }
        let tested = Tested::of(self.set, self.missing);
        for file in read {
            let mut problems = file.problems.clone();
            for node in &file.tests {
                let rule = tested.rule(file, node, &mut problems);
                all.extend(rule.filter(|rule| fits(rule)).map(|rule| Written {
                    node,
                    rule,
                    apart: true,
                }));
            }
            if problems.has_errors() {
                report.faulty.extend(file.dependants());
            }
            report.diagnostics.extend(problems);
        }
        all
    }

    fn run_one(&self, written: &Written<'_>, report: &mut Report) {
        let Written { node, rule, apart } = *written;
        let mut problems = Diagnostics::new();
        let case = Case::parse(node, rule, apart, &mut problems);
        let outcome = match &case {
            Some(case) => self.outcome(case, rule, &mut problems, &mut report.coverage),
            None => Outcome::Unreadable,
        };
        let name = case.map_or_else(|| "?".to_owned(), |case| case.name);
        let outcome = if problems.has_errors() {
            Outcome::Unreadable
        } else {
            outcome
        };
        if let Outcome::Failed(failures) = &outcome {
            for failure in failures {
                problems.push(failure.diagnostic(&name));
            }
        }
        if problems.has_errors() {
            report.faulty.insert(rule.place.file.path.clone());
        }
        report.results.push(TestResult {
            rule: rule.name.clone(),
            name,
            file: node.place.file.path.clone(),
            line: line(&node.place.file, node.place.span.start),
            outcome,
        });
        report.diagnostics.extend(problems);
    }

    fn outcome(
        &self,
        case: &Case,
        rule: &Rule,
        problems: &mut Diagnostics,
        coverage: &mut Coverage,
    ) -> Outcome {
        let stored = match (&case.body, self.stored) {
            (Body::Sent { .. }, _) => None,
            (Body::Stored(_), None) => {
                let why = "its event is in a store, and none is asked here";
                return Outcome::Skipped(why.to_owned());
            }
            (Body::Stored(id), Some(stored)) => match stored.get(id) {
                Some(event) => Some(event),
                None => return Outcome::Skipped(format!("there is no event {id} in the store")),
            },
        };
        if let (Some(event), Some(namespace)) = (stored, &rule.namespace)
            && !namespace.hears(&event.source)
        {
            let message = format!(
                "the namespace `{}` does not see the source of this event",
                namespace.name
            );
            let help = "a test there is about an event that its rules could receive";
            problems
                .push(Diagnostic::error(code::NOT_GIVEN, case.place.clone(), message).help(help));
            return Outcome::Unreadable;
        }
        let imagination = Imagination {
            names: self.names,
            providers: self.providers,
        };
        let Some(event) = imagination.event(case, stored, rule, problems) else {
            return Outcome::Unreadable;
        };
        // A rule that is switched off is tested as if it were not, so that it can be switched on again.
        let mut enabled = rule.clone();
        enabled.enabled = true;
        let (trace, jobs) = plan::try_rule(self.set, &event, &enabled);
        coverage.see(rule, &trace);
        match expect::check(case, &event, &trace, jobs) {
            failures if failures.is_empty() => Outcome::Passed,
            failures => Outcome::Failed(failures),
        }
    }
}

/// The line of a byte, counted from 1.
fn line(file: &SourceFile, at: usize) -> usize {
    let before = file.text.get(..at);
    1 + before.map_or(0, |text| text.matches('\n').count())
}

#[cfg(test)]
mod tests;
