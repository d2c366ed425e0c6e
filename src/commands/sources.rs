//! `hookrule sources list|show`.

use clap::{Args, Subcommand};

use crate::intake::{SecretView, SourceView};
use crate::operator::{Answer, Question};
use crate::runtime::Timestamp;

use super::output::{Done, Exit, Failure, Format, Output, printable};
use super::reach::{Needs, reach};
use super::show::{mismatch, or_dash};

/// Who may send, and which of their secrets are in use
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule sources list
  hookrule sources show github")]
pub(super) struct SourcesCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    List(List),
    Show(Show),
}

/// The configured sources, and what came from them since hookrule was started
#[derive(Debug, Args)]
struct List {
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// One source: when each of its secrets proved a delivery last, and what was refused
#[derive(Debug, Args)]
struct Show {
    /// Its name in hookrule.yaml
    #[arg(value_name = "NAME")]
    source: String,
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

impl SourcesCommand {
    pub(super) async fn run(self, output: &mut Output<'_>) -> Done {
        match self.what {
            What::List(list) => list.run(output).await,
            What::Show(show) => show.run(output).await,
        }
    }
}

impl List {
    async fn run(self, output: &mut Output<'_>) -> Done {
        let sources = ask(output).await?;
        if self.format == Format::Json {
            output.json(&sources)?;
        } else if sources.is_empty() {
            output.note("no sources")?;
        } else {
            let rows: Vec<_> = sources.iter().map(row).collect();
            let head = ["SOURCE", "PROVIDER", "TAKEN", "LAST", "SECRET", "REFUSED"];
            output.table(&head, &rows)?;
        }
        Ok(Exit::Fine)
    }
}

impl Show {
    async fn run(self, output: &mut Output<'_>) -> Done {
        let sources = ask(output).await?;
        let Some(source) = sources.iter().find(|one| one.source == self.source) else {
            let names: Vec<_> = sources.iter().map(|one| one.source.as_str()).collect();
            return Err(Failure::Refused(format!(
                "there is no source `{}`; there are {}",
                self.source,
                names.join(", ")
            )));
        };
        match self.format {
            Format::Json => output.json(source)?,
            Format::Human => write_source(output, source)?,
        }
        Ok(Exit::Fine)
    }
}

async fn ask(output: &mut Output<'_>) -> Result<Vec<SourceView>, Failure> {
    let operator = reach(output, Needs::Store).await?;
    match operator.ask(Question::Sources).await? {
        Answer::Sources(sources) => Ok(sources),
        _ => Err(mismatch()),
    }
}

fn row(source: &SourceView) -> Vec<String> {
    let used = source.secrets.iter().filter(|one| one.proved.count > 0);
    let last = used.max_by_key(|one| one.proved.last_at);
    let of = source.secrets.len();
    vec![
        source.source.clone(),
        source.provider.clone(),
        source.taken.count.to_string(),
        time(source.taken.last_at),
        last.map_or_else(|| "-".to_owned(), |one| format!("{} of {of}", one.number)),
        refused(source),
    ]
}

fn write_source(output: &mut Output<'_>, source: &SourceView) -> std::io::Result<()> {
    let scheme = source.scheme.as_deref().unwrap_or("none (unsigned)");
    let facts = [
        ("source", source.source.clone()),
        ("provider", source.provider.clone()),
        ("scheme", scheme.to_owned()),
        ("since", source.since.to_string()),
        ("taken", source.taken.count.to_string()),
        ("last", time(source.taken.last_at)),
        ("refused", refused(source)),
    ];
    for (name, value) in facts {
        output.line(&format!("{name:12} {}", printable(&value)))?;
    }
    if source.secrets.is_empty() {
        return Ok(());
    }
    output.line("")?;
    let rows: Vec<_> = source.secrets.iter().map(secret_row).collect();
    output.table(&["SECRET", "FROM", "PROVED", "LAST", "UNTIL"], &rows)
}

fn secret_row(secret: &SecretView) -> Vec<String> {
    let until = time(secret.until);
    vec![
        secret.number.to_string(),
        or_dash(secret.from.as_deref().unwrap_or_default()),
        secret.proved.count.to_string(),
        time(secret.proved.last_at),
        if secret.ended {
            format!("{until} (ended)")
        } else {
            until
        },
    ]
}

/// What was refused last, and why.
fn refused(source: &SourceView) -> String {
    let said = source.refused.as_ref().map(|refused| {
        let reason = format!("{} {}: {}", refused.last_at, refused.kind, refused.reason);
        let advice = refused.advice.iter().flatten().cloned();
        let all: Vec<_> = std::iter::once(reason).chain(advice).collect();
        all.join("; ")
    });
    said.unwrap_or_else(|| "-".to_owned())
}

fn time(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| at.to_string())
}
