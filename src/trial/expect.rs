//! Whether what came of an event is what its test expects.

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};
use crate::event::Event;
use crate::plan::{self, Job, JobBody, JobState, NewJob, RuleTrace};

use super::case::Case;
use super::compare::{differences, shown};

/// Reports everything that is not as the test expects it.
pub(super) fn check(
    case: &Case,
    event: &Event,
    trace: &RuleTrace,
    jobs: &[NewJob],
    problems: &mut Diagnostics,
) {
    let expect = &case.expect;
    if expect.matched != trace.matched {
        problems.push(wrong_match(case, trace));
        return;
    }
    if let Some((because, place)) = &expect.because
        && trace.because.as_deref() != Some(because)
    {
        let decided = decision(trace);
        let message = format!("`{because}` was to decide against the rule, but {decided}");
        problems.push(failed(case, place, &message));
    }
    for job in jobs.iter().filter(|job| job.state == JobState::Dead) {
        let reason = job.reason.as_deref().unwrap_or("it cannot be prepared");
        let message = format!("`{}` would be a dead letter", job.action);
        problems.push(failed(case, &expect.place, &message).help(reason));
    }
    if let Some((wanted, place)) = &expect.actions {
        let mut found: Vec<&str> = jobs.iter().map(|job| job.action.as_str()).collect();
        found.dedup();
        if found != *wanted {
            let found = if found.is_empty() {
                "none".to_owned()
            } else {
                found.join(", ")
            };
            let message = format!("other actions run than [{}]", wanted.join(", "));
            problems.push(failed(case, place, &message).help(format!("those that run: {found}")));
        }
    }
    check_rendered(case, event, jobs, problems);
}

fn failed(case: &Case, place: &Place, message: &str) -> Diagnostic {
    let message = format!("test `{}` fails: {message}", case.name);
    Diagnostic::error(code::FAILED_TEST, place.clone(), message)
}

fn wrong_match(case: &Case, trace: &RuleTrace) -> Diagnostic {
    let place = &case.expect.place;
    if trace.matched {
        return failed(case, place, "the rule matches, and was not to");
    }
    let message = format!("the rule does not match: {}", decision(trace));
    let problem = failed(case, place, &message);
    match (&trace.note, trace.because.as_deref()) {
        (Some(note), _) => problem.help(note.clone()),
        (None, Some("event")) if case.event.is_none() => {
            problem.help("say what arrived: `event: NAME` in the test")
        }
        (None, Some("provider")) if case.provider.is_none() => {
            problem.help("say who sent it: `provider: NAME` in the test")
        }
        _ => problem,
    }
}

/// What decided against a rule, in words.
fn decision(trace: &RuleTrace) -> String {
    match (&trace.because, &trace.seen) {
        (None, _) => "nothing did".to_owned(),
        (Some(because), None) => format!("`{because}` decided, where nothing stands"),
        (Some(because), Some(seen)) => {
            format!("`{because}` decided, where {} stands", shown(Some(seen)))
        }
    }
}

fn check_rendered(case: &Case, event: &Event, jobs: &[NewJob], problems: &mut Diagnostics) {
    for job in jobs.iter().filter(|job| job.state == JobState::Waiting) {
        let wanted = case
            .expect
            .rendered
            .iter()
            .any(|(name, _)| *name == job.action);
        if !wanted && case.answers.is_none() {
            continue;
        }
        if let Err(error) = body(case, event, job) {
            let message = format!("`{}` cannot be rendered", job.action);
            let problem = failed(case, &case.expect.place, &message);
            problems.push(match case.answers {
                Some(_) => problem.help(error),
                None => problem.help("give what it uses: `answers: {ACTION: {…}}` in the test"),
            });
        }
    }
    for (name, wanted) in &case.expect.rendered {
        let Some(job) = jobs.iter().find(|job| job.action == *name) else {
            let message = format!("`{name}` does not run");
            problems.push(failed(case, &wanted.place, &message));
            continue;
        };
        // What cannot be rendered has been reported already.
        let Ok(JobBody::Prepared { data, .. }) = body(case, event, job) else {
            continue;
        };
        let found = differences(&wanted.to_json(), &data);
        if !found.is_empty() {
            let message = format!("`{name}` is rendered differently");
            let problem = failed(case, &wanted.place, &message);
            problems.push(problem.help(found.join("\n")));
        }
    }
}

/// A job's body, rendered with the test's answers if it waits for some.
fn body(case: &Case, event: &Event, job: &NewJob) -> Result<JobBody, String> {
    let none = Value::Object(serde_json::Map::new());
    let answers = case.answers.as_ref().unwrap_or(&none);
    let job = Job {
        id: job.id,
        event: event.id,
        event_name: event.name().to_owned(),
        run: job.run,
        rule: job.rule.clone(),
        action: job.action.clone(),
        kind: job.kind.clone(),
        destination: job.destination.clone(),
        state: job.state,
        reason: job.reason.clone(),
        attempts: 0,
        leases_lost: 0,
        due_at: event.received_at,
        ready_at: None,
        created_at: event.received_at,
        item: job.item,
        firing: job.firing,
        lane: job.lane.clone(),
        body: job.body.clone(),
    };
    plan::prepare(&job, event, answers)
}
