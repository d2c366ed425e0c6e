//! `hookrule plan`.

mod git;
mod judging;
mod report;
mod sets;
mod tally;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use crate::config::Document;
use crate::yaml::parse_duration;

use super::output::{Done, Exit, Format, Output};
use super::reach::{Needs, reach};
use judging::{Asked, judge};
use sets::Sets;

/// Events that are judged if nothing is said.
const EVENTS_DEFAULT: usize = 100_000;

/// Says what changed rules would do differently with the events that were received
///
/// Stored events go through the rules that run and through the new ones; nothing is performed and
/// nothing is stored. NEW stands in place of all that hookrule.yaml names under `rules:`. A folder or
/// file of the same name as one of those is in the same namespace. A NEW folder with a hookrule.yaml
/// brings the rules, sources and destinations that it names.
///
/// Gates (throttle, digest, …) are compared as written, and are not played through.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule plan ../changed/rules
  hookrule plan --git my-branch --since 24h
  hookrule plan ../changed/rules --rule big-payment --limit 1000
  hookrule plan ../changed --exit-code --format json

Exit codes: 0 done (with --exit-code: and there is no difference), 1 with --exit-code: there is one,
2 could not run: for example, the new rules have errors.")]
pub(super) struct PlanCommand {
    /// The changed rules: folders and files, or one folder with a hookrule.yaml
    #[arg(value_name = "NEW", required_unless_present = "git")]
    new: Vec<PathBuf>,
    /// Take the rules of this revision of the git repository that hookrule.yaml stands in
    #[arg(long, value_name = "REVISION", conflicts_with = "new")]
    git: Option<String>,
    /// Only events received since then, for example 24h or 7d
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    since: Option<Duration>,
    /// At most so many events, the newest
    #[arg(long, value_name = "NUMBER", default_value_t = EVENTS_DEFAULT)]
    limit: usize,
    /// Only events of this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Also show events, and what differs
    #[arg(long)]
    details: bool,
    /// Only this rule, with details
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// Exit with 1 where there is a difference
    #[arg(long)]
    exit_code: bool,
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

impl PlanCommand {
    pub(super) async fn run(self, output: &mut Output<'_>) -> Done {
        // Says where it was looked for, and what to do.
        Document::read(output.config())?;
        let new = match &self.git {
            Some(revision) => sets::of_revision(revision, output)?,
            None => sets::of_paths(&self.new, output)?,
        };
        let operator = reach(output, Needs::Rules).await?;
        let running = sets::running(operator.as_ref()).await?;
        let sets = Sets::new(running, new);
        if let Some(rule) = &self.rule {
            sets.expect_rule(rule)?;
        }
        let asked = Asked {
            since: self.since.map(|since| output.clock().now().before(since)),
            limit: self.limit,
            source: self.source,
            rule: self.rule.clone(),
            for_people: self.format == Format::Human,
        };
        let sets = Arc::new(sets);
        let tally = judge(operator.as_ref(), asked, &sets, output).await?;
        let details = self.details || self.rule.is_some();
        report::report(&tally, &sets, details, self.format, output)?;
        if self.exit_code && !tally.is_none() {
            return Ok(Exit::Problems);
        }
        Ok(Exit::Fine)
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let help = || format!("`{text}` is no duration; write 15m, 24h or 7d");
    parse_duration(text).ok_or_else(help)
}
