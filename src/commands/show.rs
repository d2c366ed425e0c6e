//! How commands show jobs, which several of them have.

use crate::plan::Job;
use crate::stores::{FiringState, FiringSummary};

use super::output::Failure;

/// The head of a table of jobs.
pub(super) const JOB_HEAD: [&str; 8] = [
    "JOB",
    "RUN",
    "STATE",
    "RULE",
    "ACTION",
    "DESTINATION",
    "ATTEMPTS",
    "WHY",
];

/// A job as a row under [`JOB_HEAD`].
pub(super) fn job_row(job: &Job) -> Vec<String> {
    vec![
        job.id.to_string(),
        job.run.to_string(),
        job.state.name().to_owned(),
        job.rule.clone(),
        job.action.clone(),
        or_dash(&job.destination),
        job.attempts.to_string(),
        or_dash(job.reason.as_deref().unwrap_or_default()),
    ]
}

/// The head of a table of what became of an event at the gates of its rules.
pub(super) const FIRING_HEAD: [&str; 5] = ["RULE", "RUN", "GATES", "AT", "WHY"];

/// What became of an event at the gates of a rule, as a row under [`FIRING_HEAD`].
pub(super) fn firing_row(firing: &FiringSummary) -> Vec<String> {
    let gate = firing.gate.name();
    let (at, why) = match firing.state {
        FiringState::Waiting => (gate, format!("looked at again at {}", firing.due_at)),
        FiringState::Gathering => {
            let (count, closes) = (firing.gathered, firing.due_at);
            (gate, format!("{count} gathered; closes at {closes}"))
        }
        FiringState::Opened => ("-", "-".to_owned()),
        FiringState::Ended => (gate, firing.reason.clone().unwrap_or_default()),
    };
    let rule = match firing.item {
        Some(item) => format!("{} (item {item})", firing.rule),
        None => firing.rule.clone(),
    };
    vec![
        rule,
        firing.run.to_string(),
        firing.state.name().to_owned(),
        at.to_owned(),
        why,
    ]
}

/// A text, or a sign that there is none.
pub(super) fn or_dash(text: &str) -> String {
    if text.is_empty() { "-" } else { text }.to_owned()
}

/// An answer to another question than the one that was asked.
pub(super) fn mismatch() -> Failure {
    Failure::Other("the running hookrule answered another question; is it of this version?".into())
}
