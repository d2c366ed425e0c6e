//! `hookrule jobs list|show`.

use clap::{Args, Subcommand};

use crate::event::{EventId, JobId};
use crate::operator::{Answer, JobView, Question};
use crate::plan::{JobBody, JobState};
use crate::stores::JobQuery;

use super::output::{Done, Exit, Failure, Format, Output, printable};
use super::reach::{Needs, reach};
use super::show::{JOB_HEAD, job_row, mismatch, or_dash};

/// What was done, attempt by attempt
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule jobs list --event evt_0190…
  hookrule jobs list --state ready --destination team-chat
  hookrule jobs show job_1f2e…")]
pub(super) struct Jobs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    List(List),
    Show(Show),
}

/// Jobs, newest first
#[derive(Debug, Args)]
struct List {
    /// Only those of this event
    #[arg(long, value_name = "EVENT_ID")]
    event: Option<EventId>,
    /// Only those in this state; may be given several times
    #[arg(long = "state", value_name = "STATE", value_parser = state)]
    states: Vec<JobState>,
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

/// One job: what it does, and every attempt
#[derive(Debug, Args)]
struct Show {
    /// The job's id, job_…
    id: JobId,
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

fn state(name: &str) -> Result<JobState, String> {
    JobState::parse(name).ok_or_else(|| {
        let known: Vec<_> = JobState::ALL.iter().map(|(_, name)| *name).collect();
        format!("write one of: {}", known.join(", "))
    })
}

impl Jobs {
    pub(super) async fn run(self, output: &mut Output<'_>) -> Done {
        match self.what {
            What::List(list) => list.run(output).await,
            What::Show(show) => show.run(output).await,
        }
    }
}

impl List {
    async fn run(self, output: &mut Output<'_>) -> Done {
        let question = Question::Jobs(JobQuery {
            event: self.event,
            states: self.states,
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
            output.note("no jobs")?;
        } else {
            output.table(&JOB_HEAD, &jobs.iter().map(job_row).collect::<Vec<_>>())?;
        }
        Ok(Exit::Fine)
    }
}

impl Show {
    async fn run(self, output: &mut Output<'_>) -> Done {
        let operator = reach(output, Needs::Store).await?;
        let question = Question::Job { id: self.id };
        let Answer::Job(found) = operator.ask(question).await? else {
            return Err(mismatch());
        };
        let Some(view) = found else {
            return Err(Failure::Refused(format!("there is no job {}", self.id)));
        };
        match self.format {
            Format::Json => output.json(&view)?,
            Format::Human => write_job(output, &view)?,
        }
        Ok(Exit::Fine)
    }
}

fn write_job(output: &mut Output<'_>, view: &JobView) -> std::io::Result<()> {
    let job = &view.job;
    let state = match &job.reason {
        Some(reason) => format!("{}: {reason}", job.state.name()),
        None => job.state.name().to_owned(),
    };
    let facts = [
        ("job", job.id.to_string()),
        ("event", format!("{} ({})", job.event, job.event_name)),
        ("rule", job.rule.clone()),
        ("action", format!("{} ({})", job.action, job.kind)),
        ("destination", or_dash(&job.destination)),
        ("state", state),
        ("planned", job.created_at.to_string()),
        ("due", job.due_at.to_string()),
        ("run", job.run.to_string()),
    ];
    for (name, value) in facts {
        output.line(&format!("{name:12} {}", printable(&value)))?;
    }
    match &job.body {
        JobBody::Prepared { data, .. } => {
            output.line("\ndata")?;
            for line in serde_json::to_string_pretty(data)?.lines() {
                output.line(&format!("  {}", printable(line)))?;
            }
        }
        JobBody::Deferred { .. } => output.line("\nrendered when what it waits for is done")?,
        JobBody::Unprepared => {
            output.line("\ncould not be rendered; mend the rule, then replay")?;
        }
    }
    output.line("")?;
    if view.attempts.is_empty() {
        return output.line("no attempts yet");
    }
    let rows: Vec<_> = view
        .attempts
        .iter()
        .map(|attempt| {
            vec![
                attempt.number.to_string(),
                attempt.started_at.to_string(),
                format!("{} ms", attempt.took_ms),
                attempt.outcome.clone(),
                attempt.note.clone(),
            ]
        })
        .collect();
    output.table(&["ATTEMPT", "BEGAN", "TOOK", "OUTCOME", "ANSWER"], &rows)
}
