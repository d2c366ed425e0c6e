//! `hookrule events list|show|replay`.

use clap::{Args, Subcommand};

use crate::event::EventId;
use crate::operator::{Answer, EventView, Question};
use crate::stores::{EventQuery, EventSummary};

use super::output::{Done, Exit, Failure, Format, Output, printable};
use super::reach::{Needs, reach};
use super::refused;
use super::show::{FIRING_HEAD, JOB_HEAD, firing_row, job_row, mismatch};

/// What came in, and what became of it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule events list --source github --limit 50
  hookrule events list --refused
  hookrule events show evt_0190… --body
  hookrule events replay evt_0190…")]
pub(super) struct Events {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    List(List),
    Show(Show),
    Replay(Replay),
}

/// Events, newest first
#[derive(Debug, Args)]
struct List {
    /// Only those of this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// What was turned away instead, with what would have made it right; equal ones are one line.
    /// The running hookrule keeps the last 1,000, and 100 of a source, until it ends
    #[arg(long, conflicts_with_all = ["name", "before"])]
    refused: bool,
    /// Only those with this name, for example `pull_request.opened`
    #[arg(long, value_name = "EVENT")]
    name: Option<String>,
    /// Only those older than this event, to page on
    #[arg(long, value_name = "EVENT_ID")]
    before: Option<EventId>,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: usize,
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// One event with its headers and jobs; signatures and credentials are masked
#[derive(Debug, Args)]
struct Show {
    /// The event's id, evt_…
    id: EventId,
    /// With its body; passwords and tokens in it are masked
    #[arg(long)]
    body: bool,
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// Takes a stored event through today's rules, and performs their actions again
#[derive(Debug, Args)]
struct Replay {
    /// The event's id, evt_…
    id: EventId,
    /// Pass the gates of the rules as a new event does (throttle, digest, …), and not by them
    #[arg(long)]
    through_gates: bool,
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

impl Events {
    pub(super) async fn run(self, output: &mut Output<'_>) -> Done {
        match self.what {
            What::List(list) => list.run(output).await,
            What::Show(show) => show.run(output).await,
            What::Replay(replay) => replay.run(output).await,
        }
    }
}

impl List {
    async fn run(self, output: &mut Output<'_>) -> Done {
        if self.refused {
            return refused::list(output, self.source, self.limit, self.format).await;
        }
        let question = Question::Events(EventQuery {
            source: self.source,
            name: self.name,
            before: self.before,
            limit: self.limit,
        });
        let operator = reach(output, Needs::Store).await?;
        let Answer::Events(events) = operator.ask(question).await? else {
            return Err(mismatch());
        };
        if self.format == Format::Json {
            output.json(&events)?;
        } else if events.is_empty() {
            output.note("no events; `hookrule send PROVIDER EVENT` sends a sample")?;
        } else {
            let head = ["EVENT", "RECEIVED", "SOURCE", "NAME", "RULES"];
            output.table(&head, &events.iter().map(row).collect::<Vec<_>>())?;
        }
        Ok(Exit::Fine)
    }
}

fn row(event: &EventSummary) -> Vec<String> {
    let matched = match event.matched.as_slice() {
        [] => "-".to_owned(),
        matched => matched.join(", "),
    };
    vec![
        event.id.to_string(),
        event.received_at.to_string(),
        event.source.clone(),
        event.names.last().cloned().unwrap_or_default(),
        matched,
    ]
}

impl Show {
    async fn run(self, output: &mut Output<'_>) -> Done {
        let question = Question::Event {
            id: self.id,
            body: self.body,
        };
        let operator = reach(output, Needs::Store).await?;
        let Answer::Event(found) = operator.ask(question).await? else {
            return Err(mismatch());
        };
        let Some(event) = found else {
            return Err(Failure::Refused(format!("there is no event {}", self.id)));
        };
        match self.format {
            Format::Json => output.json(&event)?,
            Format::Human => write_event(output, &event)?,
        }
        Ok(Exit::Fine)
    }
}

fn write_event(output: &mut Output<'_>, event: &EventView) -> std::io::Result<()> {
    let summary = &event.summary;
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let facts = [
        ("event", summary.id.to_string()),
        ("names", summary.names.join(", ")),
        (
            "source",
            format!("{} ({})", summary.source, summary.provider),
        ),
        ("received", summary.received_at.to_string()),
        ("proof", summary.strength.word().to_owned()),
        ("delivery id", text(&summary.delivery_id)),
        ("matched", summary.matched.join(", ")),
        ("replays", summary.runs.to_string()),
        ("body", format!("{} bytes", summary.body_bytes)),
    ];
    for (name, value) in facts {
        output.line(&format!("{name:12} {}", printable(&value)))?;
    }
    output.line("\nheaders")?;
    for header in &event.headers {
        let line = format!("  {}: {}", header.name, header.value);
        output.line(&printable(&line))?;
    }
    if let Some(body) = &event.body {
        output.line("\nbody")?;
        // A body keeps its lines, but nothing else that would steer a terminal.
        for line in body.lines() {
            output.line(&format!("  {}", printable(line)))?;
        }
    }
    output.line("")?;
    if !event.firings.is_empty() {
        output.table(
            &FIRING_HEAD,
            &event.firings.iter().map(firing_row).collect::<Vec<_>>(),
        )?;
        output.line("")?;
    }
    if event.jobs.is_empty() {
        return output.line("no jobs: no rule matched");
    }
    let rows: Vec<_> = event.jobs.iter().map(job_row).collect();
    output.table(&JOB_HEAD, &rows)
}

impl Replay {
    async fn run(self, output: &mut Output<'_>) -> Done {
        let operator = reach(output, Needs::StoreAndRules).await?;
        let question = Question::Replay {
            id: self.id,
            through_gates: self.through_gates,
        };
        let Answer::Replayed(replayed) = operator.ask(question).await? else {
            return Err(mismatch());
        };
        match self.format {
            Format::Json => output.json(&replayed)?,
            Format::Human if replayed.matched.is_empty() => {
                output.line("no rule matches it today: nothing to do")?;
            }
            Format::Human => {
                let (run, jobs) = (replayed.run, replayed.jobs);
                let matched = replayed.matched.join(", ");
                let counted = if jobs == 1 { "job" } else { "jobs" };
                output.line(&format!("run {run}: {jobs} {counted}, by {matched}"))?;
            }
        }
        Ok(Exit::Fine)
    }
}
