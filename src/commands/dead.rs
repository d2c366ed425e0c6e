//! `hookrule dead list|requeue|discard`.

use clap::{Args, Subcommand};

use crate::event::JobId;
use crate::operator::{Answer, Question, Requeued, Selection};
use crate::plan::JobState;
use crate::stores::JobQuery;

use super::output::{Done, Exit, Failure, Format, Output};
use super::reach::{Needs, reach};
use super::show::{JOB_HEAD, job_row, mismatch};

/// What could not be done, and trying it again or giving it up
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule dead list
  hookrule dead requeue job_1f2e…
  hookrule dead requeue --destination team-chat
  hookrule dead requeue --all
  hookrule dead discard job_1f2e…")]
pub(super) struct Dead {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    List(List),
    Requeue(Requeue),
    Discard(Discard),
}

/// Dead letters, newest first
#[derive(Debug, Args)]
struct List {
    /// Only those for this destination
    #[arg(long, value_name = "NAME")]
    destination: Option<String>,
    /// Only those of this rule
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: usize,
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// Makes dead letters ready again: the same request as before, with fresh attempts
///
/// A job that could never be rendered is refused: mend its rule, then `hookrule events replay` the
/// event.
#[derive(Debug, Args)]
struct Requeue {
    #[command(flatten)]
    chosen: Chosen,
}

/// Gives dead letters up: they are cancelled, and those that wait behind them go on
///
/// The event stays: `hookrule events replay` takes it through the rules again.
#[derive(Debug, Args)]
struct Discard {
    #[command(flatten)]
    chosen: Chosen,
}

/// Which dead letters.
#[derive(Debug, Args)]
struct Chosen {
    /// These jobs, job_…
    #[arg(value_name = "JOB_ID", required_unless_present_any = ["all", "destination", "rule"])]
    #[arg(conflicts_with_all = ["all", "destination", "rule"])]
    jobs: Vec<JobId>,
    /// All of them
    #[arg(long, conflicts_with_all = ["destination", "rule"])]
    all: bool,
    /// All for this destination
    #[arg(long, value_name = "NAME")]
    destination: Option<String>,
    /// All of this rule
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

impl Dead {
    pub(super) async fn run(self, output: &mut Output<'_>) -> Done {
        match self.what {
            What::List(list) => list.run(output).await,
            What::Requeue(requeue) => requeue.chosen.requeue(output).await,
            What::Discard(discard) => discard.chosen.discard(output).await,
        }
    }
}

impl List {
    async fn run(self, output: &mut Output<'_>) -> Done {
        let question = Question::Jobs(JobQuery {
            event: None,
            states: vec![JobState::Dead],
            destination: self.destination,
            rule: self.rule,
            limit: self.limit,
        });
        let operator = reach(output, Needs::Store).await?;
        let Answer::Jobs(jobs) = operator.ask(question).await? else {
            return Err(mismatch());
        };
        if self.format == Format::Json {
            output.json(&jobs)?;
        } else if jobs.is_empty() {
            output.note("no dead letters")?;
        } else {
            output.table(&JOB_HEAD, &jobs.iter().map(job_row).collect::<Vec<_>>())?;
        }
        Ok(Exit::Fine)
    }
}

impl Chosen {
    async fn requeue(self, output: &mut Output<'_>) -> Done {
        let operator = reach(output, Needs::StoreAndWork).await?;
        let question = Question::Requeue(self.selection());
        let Answer::Requeued(results) = operator.ask(question).await? else {
            return Err(mismatch());
        };
        self.tell("requeued", &results, output)
    }

    async fn discard(self, output: &mut Output<'_>) -> Done {
        let operator = reach(output, Needs::StoreAndWork).await?;
        let question = Question::Discard(self.selection());
        let Answer::Discarded(results) = operator.ask(question).await? else {
            return Err(mismatch());
        };
        self.tell("discarded", &results, output)
    }

    fn selection(&self) -> Selection {
        Selection {
            jobs: self.jobs.clone(),
            destination: self.destination.clone(),
            rule: self.rule.clone(),
        }
    }

    fn tell(&self, done: &str, results: &[Requeued], output: &mut Output<'_>) -> Done {
        let refused = results.iter().filter(|result| result.refused.is_some());
        let refused = refused.count();
        if self.format == Format::Json {
            output.json(&results)?;
        } else {
            for result in results {
                if let Some(why) = &result.refused {
                    output.line(&format!("{}: not {done}: {why}", result.job))?;
                }
            }
            let count = results.len() - refused;
            output.line(&format!("{count} {done}, {refused} refused"))?;
        }
        match refused {
            0 => Ok(Exit::Fine),
            _ => Ok::<_, Failure>(Exit::Problems),
        }
    }
}
