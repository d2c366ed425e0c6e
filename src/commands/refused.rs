//! `hookrule events list --refused`.

use crate::intake::TurnedAway;
use crate::operator::{Answer, Question};

use super::output::{Done, Exit, Format, Output};
use super::reach::{Needs, reach};
use super::show::{mismatch, or_dash};

/// Shows what was turned away lately.
pub(super) async fn list(
    output: &mut Output<'_>,
    source: Option<String>,
    limit: usize,
    format: Format,
) -> Done {
    let question = Question::Refusals { source, limit };
    let operator = reach(output, Needs::Store).await?;
    let Answer::Refusals(refused) = operator.ask(question).await? else {
        return Err(mismatch());
    };
    if format == Format::Json {
        output.json(&refused)?;
    } else if refused.is_empty() {
        output.note("nothing was refused since hookrule was started")?;
    } else {
        let rows: Vec<_> = refused.iter().map(row).collect();
        output.table(&["LAST", "COUNT", "SOURCE", "FROM", "BYTES", "WHY"], &rows)?;
    }
    Ok(Exit::Fine)
}

fn row(refused: &TurnedAway) -> Vec<String> {
    let remote = refused.remote.map(|address| address.to_string());
    vec![
        refused.last_at.to_string(),
        refused.count.to_string(),
        meant(refused),
        or_dash(&remote.unwrap_or_default()),
        refused.body_bytes.to_string(),
        why(refused),
    ]
}

/// The source that was meant: known, named without being one, or neither.
fn meant(refused: &TurnedAway) -> String {
    match (&refused.source, &refused.named) {
        (Some(source), _) => source.clone(),
        (None, Some(named)) => format!("{named} (unknown)"),
        (None, None) => "-".to_owned(),
    }
}

/// What was wrong and what would have made it right.
fn why(refused: &TurnedAway) -> String {
    let reason = format!("{}: {}", refused.kind, refused.reason);
    let advice = refused.advice.iter().flatten().cloned();
    std::iter::once(reason)
        .chain(advice)
        .collect::<Vec<_>>()
        .join("; ")
}
