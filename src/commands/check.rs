//! `hookrule check`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use crate::app::{load, load_rules};
use crate::config::{Config, Definitions, Document};
use crate::diagnostic::{self, Diagnostics, Summary};
use crate::providers::Providers;
use crate::rule::{Names, RuleSet, with_shared_above};

use super::output::{Done, Exit, Failure, Format, Output};

/// The name that makes a file a configuration, in whatever folder.
const CONFIG: &str = "hookrule.yaml";

/// Says what is wrong in hookrule.yaml, provider definitions and rules, and what to write instead
///
/// Also runs the tests in the rule files. Nothing is sent and nothing is stored. Without PATH it looks
/// at hookrule.yaml and all that it names. A PATH is a rule file, a folder of rules, or a folder with a
/// hookrule.yaml. Rules are checked against the sources and destinations of --config where that file
/// exists.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule check
  hookrule check rules/team-a
  hookrule check examples/quickstart
  hookrule check --format json")]
pub(super) struct Check {
    /// What to look at
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
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
        report(&looked, self.format, output)
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
    if let Some((rules, _)) = load_rules(&roots, &names, None, &mut looked.problems) {
        looked.add(&rules);
    }
    Ok(())
}

/// The names that rules may use, and where rules are looked for; what else is wrong in hookrule.yaml is not asked here.
fn names(output: &Output<'_>) -> Result<(Names, Vec<PathBuf>), Failure> {
    let document = Document::read(output.config())?;
    let environment = output.environment().as_ref();
    let definitions = Definitions::read(&document.providers(environment)?, None);
    let providers = &definitions.providers;
    let config = Config::read(&document, environment, providers, &mut Diagnostics::new());
    let roots = document.rules(environment).unwrap_or_default();
    let names = match config {
        Some(config) => config.names(providers),
        None => document.names_as_written(providers),
    };
    Ok((names, roots))
}

fn report(looked: &Looked, format: Format, output: &mut Output<'_>) -> Done {
    let (rules, files, tests) = (looked.rules, looked.files, looked.tests);
    let found = looked.problems.clone().sorted();
    let Summary {
        errors, warnings, ..
    } = Summary::of(&found, files);
    if format == Format::Json {
        let mut shown = diagnostic::json(&found, files);
        if let Some(summary) = shown.get_mut("summary").and_then(Value::as_object_mut) {
            summary.insert("rules".to_owned(), rules.into());
            summary.insert("tests".to_owned(), tests.into());
            summary.insert("destinations_checked".to_owned(), (!looked.alone).into());
        }
        output.json(&shown)?;
    } else {
        let shown = diagnostic::human(&found, output.colour());
        output.text(&shown)?;
        if looked.alone {
            let path = output.config().display();
            let note = format!("note: without {path}, sources and destinations are not checked");
            output.note(&note)?;
        }
        let warned = match warnings {
            0 => String::new(),
            warnings => format!(", {}", count(warnings, "warning")),
        };
        let (rules, files) = (count(rules, "rule"), count(files, "file"));
        output.line(&match errors {
            0 => format!(
                "ok: {rules} in {files}, {} passed{warned}",
                count(tests, "test")
            ),
            errors => format!("{}{warned}", count(errors, "error")),
        })?;
    }
    Ok(match errors {
        0 => Exit::Fine,
        _ => Exit::Problems,
    })
}

fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}
