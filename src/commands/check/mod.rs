//! `hookrule check`.

mod report;

use std::path::{Path, PathBuf};

use clap::Args;

use crate::app::{load, load_rules};
use crate::config::{Config, Definitions, Document};
use crate::diagnostic::Diagnostics;
use crate::providers::Providers;
use crate::rule::{Names, RuleSet, with_shared_above};

use super::CONFIG;
use super::output::{Done, Failure, Output};
use report::ReportFormat;

/// Says what is wrong in hookrule.yaml, provider definitions and rules, and what to write instead
///
/// Also runs the tests in the rule files. Nothing is sent and nothing is stored. Without PATH it looks
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
    fn add(&mut self, rules: &RuleSet) {
        self.rules += rules.rules.len();
        self.tests += rules
            .rules
            .iter()
            .map(|rule| rule.tests.len())
            .sum::<usize>();
        self.files += rules.files.len();
    }
}

impl Check {
    pub(super) fn run(self, output: &mut Output<'_>) -> Done {
        let mut looked = Looked::default();
        if self.paths.is_empty() {
            look_at_config(output.config(), output, &mut looked)?;
        }
        let mut roots = Vec::new();
        for path in self.paths {
            if !path.exists() {
                let why = format!("there is nothing at {}", path.display());
                return Err(Failure::Other(why));
            }
            let inside = path.join(CONFIG);
            if path.file_name().is_some_and(|name| name == CONFIG) {
                look_at_config(&path, output, &mut looked)?;
            } else if inside.is_file() {
                look_at_config(&inside, output, &mut looked)?;
            } else {
                roots.push(path);
            }
        }
        if !roots.is_empty() {
            look_at_rules(&roots, output, &mut looked)?;
        }
        report::report(looked, self.format, self.strict, output)
    }
}

fn look_at_config(path: &Path, output: &Output<'_>, looked: &mut Looked) -> Result<(), Failure> {
    if !path.is_file() {
        // Says where it was looked for, and what to do.
        Document::read(path)?;
    }
    let loaded = load(path, output.environment().as_ref(), None);
    if let Some(rules) = &loaded.rules {
        looked.add(rules);
    }
    looked.problems.extend(loaded.problems);
    Ok(())
}

fn look_at_rules(
    roots: &[PathBuf],
    output: &Output<'_>,
    looked: &mut Looked,
) -> Result<(), Failure> {
    let mut roots = roots.to_vec();
    let names = if output.config().is_file() {
        let (names, configured) = names(output)?;
        let above = roots
            .iter()
            .flat_map(|path| with_shared_above(path, &configured));
        roots = above.collect();
        names
    } else {
        looked.alone = true;
        let providers = Providers::builtin();
        let providers = providers.names().into_iter().map(str::to_owned).collect();
        Names {
            providers,
            ..Names::default()
        }
    };
    if let Some(rules) = load_rules(&roots, &names, &mut looked.problems) {
        looked.add(&rules);
    }
    Ok(())
}

/// The names that rules may use, and where rules are looked for; what else is wrong in hookrule.yaml
/// is not asked here.
fn names(output: &Output<'_>) -> Result<(Names, Vec<PathBuf>), Failure> {
    let document = Document::read(output.config())?;
    let environment = output.environment().as_ref();
    let definitions = Definitions::read(&document.providers(environment)?, None);
    let providers = &definitions.providers;
    let config = Config::read(&document, environment, providers, &mut Diagnostics::new());
    let roots = document.rules(environment).unwrap_or_default();
    let names = match config {
        Some(config) => config.names(providers),
        None => document.names_as_written(environment, providers),
    };
    Ok((names, roots))
}
