//! How `hookrule explain` shows what rules make of an event.

use std::io;

use serde_json::Value;

use crate::condition::Looked;
use crate::operator::{ActionWhy, Explanation, RuleWhy};

use super::output::{Output, printable};

/// A rendered action is shown up to so many characters a line.
const LINE_CHARS_MAX: usize = 160;

/// Writes an explanation for people: the rules that matched and those that came near first, then in a
/// line each those that are not about the event.
pub(super) fn write(output: &mut Output<'_>, explanation: &Explanation) -> io::Result<()> {
    head(output, explanation)?;
    let is_near = |why: &&RuleWhy| why.matched || !is_far(why);
    let (near, far): (Vec<_>, Vec<_>) = explanation.rules.iter().partition(is_near);
    for why in near {
        output.line("")?;
        rule(output, why)?;
    }
    if !far.is_empty() {
        output.line("\nnot about this event")?;
        for why in far {
            let reason = why.why_not.as_deref().unwrap_or_default();
            let line = format!("  {}: {reason}", why.rule);
            output.line(&printable(&line))?;
        }
    }
    if explanation.rules.is_empty() {
        output.line("\nthere are no rules")?;
    }
    Ok(())
}

/// Whether a rule's conditions were not even looked at.
fn is_far(why: &RuleWhy) -> bool {
    matches!(
        why.because.as_deref(),
        Some("enabled" | "provider" | "source" | "event")
    )
}

fn head(output: &mut Output<'_>, explanation: &Explanation) -> io::Result<()> {
    let name = explanation.names.last().map_or("", String::as_str);
    let id = explanation.event.map_or_else(
        || "an event that never came in".to_owned(),
        |id| id.to_string(),
    );
    let (source, provider) = (&explanation.source, &explanation.provider);
    let line = format!(
        "{id}: {name} from {source} ({provider}), {}",
        explanation.received_at
    );
    output.line(&printable(&line))?;
    let of = if explanation.of_its_time {
        "the rules of its time"
    } else {
        "today's rules"
    };
    let set = explanation.rule_set.get(..12).unwrap_or("none");
    output.line(&format!("judged by {of} ({set})"))?;
    match &explanation.note {
        Some(note) => output.line(&printable(note)),
        None => Ok(()),
    }
}

fn rule(output: &mut Output<'_>, why: &RuleWhy) -> io::Result<()> {
    let answer = if why.matched { "matched" } else { "no" };
    let at = format!("{}:{}", why.file, why.line);
    output.line(&printable(&format!("{answer:8} {} ({at})", why.rule)))?;
    if let Some(reason) = &why.why_not {
        output.line(&printable(&format!("  because {reason}")))?;
    }
    for one in &why.looked {
        looked(output, one, 1)?;
    }
    if why.matched
        && let Some(note) = &why.note
    {
        output.line(&printable(&format!("  {note}")))?;
    }
    if !why.gates.is_empty() {
        let gates = why.gates.join(", ");
        output.line(&format!(
            "  then it passes {gates}: `events show` tells what became of it"
        ))?;
    }
    if let Some(status) = why.responds {
        output.line(&format!("  answers the sender with {status}"))?;
    }
    for passed in &why.passed_over {
        let because = passed.because.as_deref().unwrap_or("its conditions");
        let seen = passed.seen.as_ref().map(found).unwrap_or_default();
        let item = of_item(passed.item);
        let line = format!(
            "  not {}{item}: `{because}` does not hold{seen}",
            passed.action
        );
        output.line(&printable(&line))?;
    }
    why.actions.iter().try_for_each(|one| action(output, one))
}

fn looked(output: &mut Output<'_>, one: &Looked, depth: usize) -> io::Result<()> {
    let sign = match one.held {
        Some(true) => "holds",
        Some(false) => "fails",
        None => "stops",
    };
    let indent = "  ".repeat(depth);
    let mut line = vec![format!("{indent}{sign}  {}", one.written)];
    if one.inside.is_empty() && one.seen.is_empty() {
        line.push(", nothing is there".to_owned());
    } else if one.inside.is_empty() {
        let seen: Vec<String> = one.seen.iter().map(Value::to_string).collect();
        line.push(format!(", there is {}", seen.join(" ")));
    }
    if one.more > 0 {
        line.push(format!(" and {} more", one.more));
    }
    for operand in &one.operands {
        let there = operand.value.as_ref();
        let there = there.map_or_else(|| "nothing".to_owned(), Value::to_string);
        line.push(format!("; at {} there is {there}", operand.path));
    }
    if let Some(problem) = &one.problem {
        line.push(format!(": {problem}"));
    }
    let line = line.concat();
    output.line(&printable(&line))?;
    one.inside
        .iter()
        .try_for_each(|inside| looked(output, inside, depth + 1))
}

fn action(output: &mut Output<'_>, one: &ActionWhy) -> io::Result<()> {
    let to = match one.destination.as_str() {
        "" => String::new(),
        destination => format!(" → {destination}"),
    };
    let item = of_item(one.item);
    let reason = one.reason.as_ref().map(|reason| format!(": {reason}"));
    let reason = reason.unwrap_or_default();
    let line = format!("  {} {}{item}{to}{reason}", one.state, one.action);
    output.line(&printable(&line))?;
    let Some(rendered) = &one.rendered else {
        return Ok(());
    };
    for line in format!("{rendered:#}").lines() {
        let short: String = line.chars().take(LINE_CHARS_MAX).collect();
        let cut = if short.len() < line.len() { "…" } else { "" };
        output.line(&printable(&format!("      {short}{cut}")))?;
    }
    Ok(())
}

fn of_item(item: Option<u32>) -> String {
    item.map_or_else(String::new, |item| format!(" of item {item}"))
}

fn found(value: &Value) -> String {
    format!(", there is {value}")
}
