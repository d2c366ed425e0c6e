//! `hookrule destinations list|pause|resume`.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::config::Document;
use crate::operator::{Answer, Question};
use crate::providers::Providers;

use super::output::{Done, Exit, Failure, Format, Output};
use super::reach::{Needs, reach};
use super::show::{mismatch, or_dash};

/// What rules can reach
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule destinations list
  hookrule destinations pause team-chat --reason \"the channel moves today\"
  hookrule destinations resume team-chat")]
pub(super) struct DestinationsCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    List(List),
    Pause(Pause),
    Resume(Resume),
}

/// The configured destinations, and those that are paused
#[derive(Debug, Args)]
struct List {
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// Holds a destination's jobs until it is resumed; nothing is discarded
#[derive(Debug, Args)]
struct Pause {
    /// Its name in hookrule.yaml
    #[arg(value_name = "NAME")]
    destination: String,
    /// Why, for whoever asks later
    #[arg(long, value_name = "TEXT", default_value = "by hand")]
    reason: String,
}

/// Lets a destination's jobs go on
#[derive(Debug, Args)]
struct Resume {
    /// Its name in hookrule.yaml
    #[arg(value_name = "NAME")]
    destination: String,
}

/// One destination as it is listed.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    /// Empty where hookrule.yaml no longer has it.
    kind: String,
    /// Why it is paused, if it is.
    paused: Option<String>,
}

impl DestinationsCommand {
    pub(super) async fn run(self, output: &mut Output<'_>) -> Done {
        match self.what {
            What::List(list) => list.run(output).await,
            What::Pause(Pause {
                destination,
                reason,
            }) => {
                known(output, &destination)?;
                ask(
                    output,
                    Question::Pause {
                        destination: destination.clone(),
                        reason,
                    },
                )
                .await?;
                output.line(&format!("{destination} is paused: its jobs wait"))?;
                Ok(Exit::Fine)
            }
            What::Resume(Resume { destination }) => {
                let paused = ask(output, Question::Paused).await?;
                if !paused.contains_key(&destination) {
                    known(output, &destination)?;
                    output.line(&format!("{destination} is not paused"))?;
                    return Ok(Exit::Fine);
                }
                ask(
                    output,
                    Question::Resume {
                        destination: destination.clone(),
                    },
                )
                .await?;
                output.line(&format!("{destination} goes on"))?;
                Ok(Exit::Fine)
            }
        }
    }
}

impl List {
    async fn run(self, output: &mut Output<'_>) -> Done {
        let mut paused = ask(output, Question::Paused).await?;
        let mut kinds = configured(output)?;
        let names: BTreeSet<_> = kinds.keys().chain(paused.keys()).cloned().collect();
        let row = |name: String| Row {
            kind: kinds.remove(&name).unwrap_or_default(),
            paused: paused.remove(&name),
            name,
        };
        let rows: Vec<Row> = names.into_iter().map(row).collect();
        if self.format == Format::Json {
            output.json(&rows)?;
        } else if rows.is_empty() {
            output.note("no destinations")?;
        } else {
            let cells = |row: &Row| {
                let paused = or_dash(row.paused.as_deref().unwrap_or_default());
                vec![row.name.clone(), or_dash(&row.kind), paused]
            };
            let rows: Vec<_> = rows.iter().map(cells).collect();
            output.table(&["DESTINATION", "KIND", "PAUSED"], &rows)?;
        }
        Ok(Exit::Fine)
    }
}

async fn ask(
    output: &mut Output<'_>,
    question: Question,
) -> Result<BTreeMap<String, String>, Failure> {
    match reach(output, Needs::Store).await?.ask(question).await? {
        Answer::Paused(paused) => Ok(paused),
        _ => Err(mismatch()),
    }
}

/// The destinations of hookrule.yaml with their kinds; empty where it leaves them to its includes.
fn configured(output: &Output<'_>) -> Result<BTreeMap<String, String>, Failure> {
    let document = Document::read(output.config())?;
    let names = document.names_as_written(output.environment().as_ref(), &Providers::builtin());
    Ok(names.destinations.unwrap_or_default())
}

fn known(output: &Output<'_>, destination: &str) -> Result<(), Failure> {
    let configured = configured(output)?;
    if configured.is_empty() || configured.contains_key(destination) {
        return Ok(());
    }
    let names: Vec<_> = configured.into_keys().collect();
    Err(Failure::Refused(format!(
        "there is no destination `{destination}`; there are {}",
        names.join(", ")
    )))
}
