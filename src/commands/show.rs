//! How commands show jobs, which several of them have.

use crate::plan::Job;

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

/// A text, or a sign that there is none.
pub(super) fn or_dash(text: &str) -> String {
    if text.is_empty() { "-" } else { text }.to_owned()
}

/// An answer to another question than the one that was asked.
pub(super) fn mismatch() -> Failure {
    Failure::Other("the running hookrule answered another question; is it of this version?".into())
}
