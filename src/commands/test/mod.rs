//! `hookrule test`.

mod add;
mod block_text;
mod choice;
mod coverage;
mod disguise;
mod human;
mod junit;
mod list;
mod update;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::output::{Done, Exit, Failure, Output};
use choice::Choice;
use list::Ran;

/// Runs the tests of rules, those in rule files and those in `*.test.yaml` beside them
///
/// Events are imagined and planned; nothing is sent and nothing is stored. Gates (throttle, digest, …)
/// are not played through: a rule that matches counts as having passed them. Without PATH it looks at
/// hookrule.yaml and all that it names. A PATH is a rule file, a file of tests, a folder of rules, or a
/// folder with a hookrule.yaml.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  hookrule test
  hookrule test rules/billing.yaml
  hookrule test --filter refund
  hookrule test --update                     takes what is rendered now for what is expected
  hookrule test --coverage --coverage-min 80
  hookrule test --format junit > tests.xml
  hookrule test add --from evt_0190… --rule big-payment-to-notion

Exit codes: 0 all passed, 1 some did not (or --coverage-min is not met), 2 could not run: for example,
no test fits --filter.")]
pub(super) struct Test {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    run: Run,
}

#[derive(Debug, Subcommand)]
enum What {
    Add(add::Add),
}

#[derive(Debug, Args)]
struct Run {
    /// What to look at
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only tests with this in their name or in their rule's; may be given several times
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// Write what is rendered now into `rendered:` of the tests that fail by it
    #[arg(long)]
    update: bool,
    /// Say which rules and conditions no test saw come out true, or false
    #[arg(long)]
    coverage: bool,
    /// Fail if the tests see less than so many percent; says what is missing, as --coverage
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    coverage_min: Option<u8>,
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: ReportFormat,
}

/// Who reads what the tests came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// A person.
    Human,
    /// A program.
    Json,
    /// A build server: `JUnit` XML.
    Junit,
}

impl Test {
    pub(super) async fn run(self, output: &mut Output<'_>) -> Done {
        match self.what {
            Some(What::Add(add)) => add.run(output).await,
            None => self.run.run(output).await,
        }
    }
}

impl Run {
    async fn run(self, output: &mut Output<'_>) -> Done {
        let choices = Choice::of(&self.paths, output)?;
        let mut ran = self.all(&choices, output).await?;
        if !self.filter.is_empty() && ran.is_empty() {
            let filters: Vec<_> = self.filter.iter().map(|text| format!("`{text}`")).collect();
            let why = format!("no test and no rule is named like {}", filters.join(" or "));
            return Err(Failure::Other(why));
        }
        if self.update {
            let updated = update::update(&ran);
            for line in &updated.said {
                output.note(line)?;
            }
            if updated.written > 0 {
                ran = self.all(&choices, output).await?;
            }
        }
        self.show(&ran, output)
    }

    async fn all(&self, choices: &[Choice], output: &mut Output<'_>) -> Result<Ran, Failure> {
        let mut ran = Ran::default();
        let for_people = self.format == ReportFormat::Human;
        for choice in choices {
            choice
                .run(&self.filter, &mut ran, for_people, output)
                .await?;
        }
        Ok(ran)
    }

    fn show(&self, ran: &Ran, output: &mut Output<'_>) -> Done {
        let covers = self.coverage || self.coverage_min.is_some();
        let covered = covers.then_some(ran.covered.as_slice());
        match self.format {
            ReportFormat::Json => output.json(&list::json(ran, covered))?,
            ReportFormat::Junit => output.text(&junit::junit(ran))?,
            ReportFormat::Human => human::show(ran, covered, output)?,
        }
        let share = coverage::all(&ran.covered).percent();
        let enough = self
            .coverage_min
            .is_none_or(|least| share >= usize::from(least));
        if let (false, Some(least)) = (enough, self.coverage_min) {
            output.note(&format!(
                "error: the tests see {share} %, and --coverage-min is {least} %"
            ))?;
        }
        Ok(if ran.is_fine() && enough {
            Exit::Fine
        } else {
            Exit::Problems
        })
    }
}
