//! How `hookrule plan` shows what differs.

use std::io;

use serde::Serialize;
use serde_json::Value;

use crate::plan::{Change, JobDifference, PathDifference};

use super::super::output::{Format, Output, printable};
use super::sets::Sets;
use super::tally::{Example, RuleTally, Tally};

/// A value is shown up to so many characters.
const VALUE_CHARS_MAX: usize = 300;
/// Names of rules that matched nothing are shown up to so many.
const NAMES_MAX: usize = 10;

/// What programs read.
#[derive(Serialize)]
struct Report<'r> {
    running_rules: usize,
    new_rules: usize,
    added: Vec<&'r str>,
    removed: Vec<&'r str>,
    #[serde(flatten)]
    tally: &'r Tally,
}

/// Writes it.
pub(super) fn report(
    tally: &Tally,
    sets: &Sets,
    details: bool,
    format: Format,
    output: &mut Output<'_>,
) -> io::Result<()> {
    match format {
        Format::Json => {
            let report = Report {
                running_rules: sets.running.rules.len(),
                new_rules: sets.new.rules.len(),
                added: sets.added(),
                removed: sets.removed(),
                tally,
            };
            let mut value = serde_json::to_value(report)?;
            if !details {
                without_examples(&mut value);
            }
            output.json(&value)
        }
        Format::Human => human(tally, sets, details, output),
    }
}

fn without_examples(report: &mut Value) {
    let rules = report.get_mut("rules").and_then(Value::as_object_mut);
    for (_, rule) in rules.into_iter().flatten() {
        if let Some(rule) = rule.as_object_mut() {
            rule.remove("examples");
        }
    }
}

fn human(tally: &Tally, sets: &Sets, details: bool, output: &mut Output<'_>) -> io::Result<()> {
    head(tally, sets, output)?;
    if tally.is_none() {
        output.line("\nno difference")?;
    } else {
        table(tally, sets, output)?;
    }
    if tally.answers_differ > 0 {
        let events = counted(tally.answers_differ, "event");
        output.line(&format!(
            "\nthe sender of {events} is answered something else"
        ))?;
    }
    quiet(tally, &sets.added(), "new", output)?;
    quiet(tally, &sets.removed(), "gone", output)?;
    if !tally.gates.is_empty() {
        let gates = tally.gates.iter();
        let gates: Vec<_> = gates
            .map(|(gate, count)| format!("{gate} {count}"))
            .collect();
        output.line(&format!(
            "\ngates are not played through; before what the new rules would do stand: {}",
            gates.join(", ")
        ))?;
    }
    if details {
        for (rule, tally) in &tally.rules {
            output.line(&format!("\n{}", printable(rule)))?;
            examples(tally, output)?;
        }
    } else if !tally.rules.is_empty() {
        output.line("\n--details shows events and what differs, --rule NAME those of one rule")?;
    }
    Ok(())
}

fn head(tally: &Tally, sets: &Sets, output: &mut Output<'_>) -> io::Result<()> {
    let span = match (tally.oldest, tally.newest) {
        (Some(oldest), Some(newest)) => format!(", received {oldest} to {newest}"),
        _ => String::new(),
    };
    let events = counted(tally.events, "event");
    output.line(&format!("{events} judged{span}"))?;
    let rules = |count: usize| counted(count as u64, "rule");
    let (running, new) = (sets.running.rules.len(), sets.new.rules.len());
    let line = format!(
        "{} running, {} in {}",
        rules(running),
        rules(new),
        sets.named
    );
    output.line(&printable(&line))?;
    if tally.damaged > 0 {
        let events = counted(tally.damaged, "event");
        output.line(&format!(
            "{events} could not be read: they are not as they were written"
        ))?;
    }
    Ok(())
}

fn table(tally: &Tally, sets: &Sets, output: &mut Output<'_>) -> io::Result<()> {
    let rules = counted(tally.rules.len() as u64, "rule");
    let events = counted(tally.differing, "event");
    output.line(&format!(
        "\n{events} would be treated differently, by {rules}\n"
    ))?;
    if tally.rules.is_empty() {
        return Ok(());
    }
    let row = |(rule, tally): (&String, &RuleTally)| {
        let mark = match (sets.running.lookup(rule), sets.new.lookup(rule)) {
            (None, _) => " (new)",
            (_, None) => " (gone)",
            _ => "",
        };
        vec![
            format!("{rule}{mark}"),
            tally.newly_matches.to_string(),
            tally.no_longer_matches.to_string(),
            tally.actions_differ.to_string(),
            tally.new_dead_letters.to_string(),
        ]
    };
    let head = [
        "RULE",
        "NEWLY MATCHES",
        "NO LONGER MATCHES",
        "ACTIONS DIFFER",
        "NEW DEAD LETTERS",
    ];
    let rows: Vec<_> = tally.rules.iter().map(row).collect();
    output.table(&head, &rows)
}

/// Rules that only one side has, and about which no event was different.
fn quiet(tally: &Tally, rules: &[&str], how: &str, output: &mut Output<'_>) -> io::Result<()> {
    let quiet = rules
        .iter()
        .filter(|rule| !tally.rules.contains_key(**rule));
    let quiet: Vec<_> = quiet.copied().collect();
    if quiet.is_empty() {
        return Ok(());
    }
    let shown: Vec<_> = quiet.iter().take(NAMES_MAX).copied().collect();
    let more = match quiet.len().saturating_sub(NAMES_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let names = shown.join(", ");
    let line = format!("\n{how}, and matching none of these events: {names}{more}");
    output.line(line.trim_end())
}

fn examples(tally: &RuleTally, output: &mut Output<'_>) -> io::Result<()> {
    for one in &tally.examples {
        example(one, output)?;
    }
    match tally.events().saturating_sub(tally.examples.len() as u64) {
        0 => Ok(()),
        more => output.line(&format!("  and {} more", counted(more, "event"))),
    }
}

fn example(one: &Example, output: &mut Output<'_>) -> io::Result<()> {
    let change = match one.change {
        Change::NewlyMatches => "newly matches",
        Change::NoLongerMatches => "no longer matches",
        Change::Differs => "differs for",
    };
    let line = format!(
        "  {change} {}: {} from {}, {}",
        one.event, one.name, one.source, one.received_at
    );
    output.line(&printable(&line))?;
    if one.signals {
        output.line("    is another thing to what waits for it (`join`, `unless`)")?;
    }
    one.jobs.iter().try_for_each(|job| self::job(job, output))
}

fn job(job: &JobDifference, output: &mut Output<'_>) -> io::Result<()> {
    let item = job.item.map(|item| format!(", item {item}"));
    let to = match job.destination.as_str() {
        "" => String::new(),
        destination => format!(" → {destination}"),
    };
    let name = format!("{}{}{to}", job.action, item.unwrap_or_default());
    output.line(&printable(&format!("    {name}")))?;
    for one in &job.paths {
        place(one, output)?;
    }
    if job.more > 0 {
        output.line(&format!("      and {} more places", job.more))?;
    }
    Ok(())
}

fn place(one: &PathDifference, output: &mut Output<'_>) -> io::Result<()> {
    if !one.path.is_empty() {
        output.line(&printable(&format!("      {}", one.path)))?;
    }
    for (sign, value) in [("-", &one.before), ("+", &one.after)] {
        if let Some(value) = value {
            let text = value.to_string();
            let mut shown: String = text.chars().take(VALUE_CHARS_MAX).collect();
            if shown.len() < text.len() {
                shown.push('…');
            }
            output.line(&printable(&format!("        {sign} {shown}")))?;
        }
    }
    Ok(())
}

/// `1 event`, `2 events`.
fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
