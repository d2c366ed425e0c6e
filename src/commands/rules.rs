//! `hookrule rules list`.

use clap::{Args, Subcommand};

use crate::config::Document;
use crate::operator::{Answer, Operator as _, Question, Remote, RuleView, describe};

use super::output::{Done, Exit, Format, Output};
use super::reach;
use super::show::mismatch;

/// What is running
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule rules list
  hookrule rules list --format json")]
pub(super) struct Rules {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    List(List),
}

/// The rules in the order they run: those of the running hookrule, or else those on disk
#[derive(Debug, Args)]
struct List {
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

impl Rules {
    pub(super) async fn run(self, output: &mut Output<'_>) -> Done {
        let What::List(list) = self.what;
        let rules = rules(output).await?;
        if list.format == Format::Json {
            output.json(&rules)?;
        } else if rules.is_empty() {
            output.note("no rules")?;
        } else {
            let head = ["RULE", "WHEN", "DOES", "FILE"];
            output.table(&head, &rules.iter().map(row).collect::<Vec<_>>())?;
        }
        Ok(Exit::Fine)
    }
}

async fn rules(output: &Output<'_>) -> Result<Vec<RuleView>, super::Failure> {
    let document = Document::read(output.config())?;
    let folder = document.store(output.environment().as_ref())?;
    match Remote::connect(&folder).await? {
        Some(remote) => match remote.ask(Question::Rules).await? {
            Answer::Rules(rules) => Ok(rules),
            _ => Err(mismatch()),
        },
        None => Ok(describe(&reach::rules(&document, output)?)),
    }
}

fn row(rule: &RuleView) -> Vec<String> {
    let note = if rule.enabled { "" } else { " (disabled)" };
    let name = format!("{}{note}", rule.name);
    vec![
        name,
        rule.when.clone(),
        rule.actions.join(", "),
        rule.file.clone(),
    ]
}
