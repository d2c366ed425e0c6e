//! `hookrule check`.

mod report;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::app::{load, load_rules};
use crate::config::Document;
use crate::diagnostic::{Diagnostics, code};
use crate::rule::RuleSet;
use crate::trial::Tried;

use super::known::{Known, Wanted};
use super::output::{Done, Failure, Output};
use super::progress::Progress;
use report::ReportFormat;

/// Says what is wrong in hookrule.yaml, provider definitions and rules, and what to write instead
///
/// Also runs the tests in the rule files and in `*.test.yaml` beside them. Nothing is sent and nothing is stored. Without PATH it looks
/// at hookrule.yaml and all that it names. A PATH is a rule file, a folder of rules, or a folder with a
/// hookrule.yaml. Rules are checked against the sources and destinations of --config where that file
/// exists.
///
/// A comment silences the warnings of one line, at its end or above it:
/// `# hookrule: allow HR0305 and why`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule check
  hookrule check rules/team-a
  hookrule check examples/quickstart
  hookrule check --strict
  hookrule check --format sarif > findings.sarif
  hookrule explain HR0103        what a finding means, with an example

Exit codes: 0 no errors (with --strict: no warnings either), 1 problems, 2 could not look.")]
pub(super) struct Check {
    /// What to look at
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: ReportFormat,
    /// Take warnings for errors
    #[arg(long)]
    strict: bool,
}

/// What was looked at.
#[derive(Debug, Default)]
struct Looked {
    problems: Diagnostics,
    rules: usize,
    tests: usize,
    files: usize,
    /// Whether sources and destinations could not be checked.
    alone: bool,
}

impl Looked {
    fn add(&mut self, rules: &RuleSet, tests: usize) {
        self.rules += rules.rules.len();
        self.tests += tests;
        self.files += rules.files.len();
    }
}

impl Check {
    pub(super) fn run(mut self, output: &mut Output<'_>) -> Done {
        let mut looked = Looked::default();
        let wanted = Wanted::of(std::mem::take(&mut self.paths), output)?;
        for config in &wanted.configs {
            self.look_at_config(config, output, &mut looked)?;
        }
        if !wanted.roots.is_empty() {
            self.look_at_rules(&wanted.roots, output, &mut looked)?;
        }
        if !self.strict {
            // Where rules are looked at, the credentials of the place where they run are seldom known.
            looked.problems.soften(code::UNSET_VARIABLE);
        }
        report::report(looked, self.format, self.strict, output)
    }

    fn progress<'o, 'w>(&self, output: &'o mut Output<'w>) -> Progress<'o, 'w> {
        Progress::of(output, self.format == ReportFormat::Human)
    }

    fn look_at_config(
        &self,
        path: &Path,
        output: &mut Output<'_>,
        looked: &mut Looked,
    ) -> Result<(), Failure> {
        if !path.is_file() {
            // Says where it was looked for, and what to do.
            Document::read(path)?;
        }
        let environment = Arc::clone(output.environment());
        let progress = self.progress(output);
        let told = |step| progress.tell(step);
        let loaded = load(path, environment.as_ref(), None, &told);
        if let Some(rules) = &loaded.rules {
            looked.add(rules, loaded.tests);
        }
        looked.problems.extend(loaded.problems);
        // The command ends now: to free thousands of rules one by one would only hold up its answer.
        std::mem::forget(loaded.rules);
        Ok(())
    }

    fn look_at_rules(
        &self,
        roots: &[PathBuf],
        output: &mut Output<'_>,
        looked: &mut Looked,
    ) -> Result<(), Failure> {
        let known = Known::by(output.config(), output)?;
        looked.alone |= known.alone;
        let (roots, problems) = (known.with_shared(roots), &mut looked.problems);
        let progress = self.progress(output);
        let tried = load_rules(
            &roots,
            &known.names,
            &known.providers,
            &|step| progress.tell(step),
            problems,
        );
        if let Some(Tried { loaded, tests }) = tried {
            looked.add(&loaded.set, tests);
            std::mem::forget(loaded.set);
        }
        Ok(())
    }
}
