//! Running the tests that stand in rule files.
//!
//! Comes in: a rule set and the names its rules may use. Goes out: a [`Report`], with a diagnostic at
//! the place of every test that fails. Events are imagined and planned; nothing is performed.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::{Diagnostics, SourceFile};
use crate::rule::{Loaded, Names, RuleSet};

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

/// Builds a rule set and runs the tests of its files: a file with a failing test keeps its last good
/// version, as one with any other error does.
pub fn load(files: Vec<Arc<SourceFile>>, names: &Names, previous: Option<&RuleSet>) -> Loaded {
    RuleSet::load_judged(files, names, previous, &|set, present| {
        run(set, names, Some(present)).diagnostics
    })
}

/// Runs the tests in the files of a set; only those in `only`, where it is given.
pub fn run(_set: &RuleSet, _names: &Names, _only: Option<&HashSet<PathBuf>>) -> Report {
    unimplemented!()
}
