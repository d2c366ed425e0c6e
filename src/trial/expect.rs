//! Whether what came of an event is what its test expects.

use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};
use crate::event::Event;
use crate::plan::{self, Job, JobBody, JobState, NewJob, PassedOver, RuleTrace};
use crate::yaml::{self, Node};

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
        // Of several items and destinations each action is named once.
        let mut found: Vec<&str> = Vec::new();
        for job in jobs {
            if !found.contains(&job.action.as_str()) {
                found.push(&job.action);
            }
        }
        if found != *wanted {
            let found = if found.is_empty() {
                "none".to_owned()
            } else {
                found.join(", ")
            };
            let message = format!("other actions run than [{}]", wanted.join(", "));
            let mut help = format!("those that run: {found}");
            for passed in &trace.passed_over {
                help.push('\n');
                help.push_str(&reason(passed));
            }
            problems.push(failed(case, place, &message).help(help));
        }
    }
    check_rendered(case, event, jobs, problems);
    if let Some(wanted) = &expect.respond {
        check_respond(case, trace, wanted, problems);
    }
}

/// Why an action does not run.
fn reason(passed: &PassedOver) -> String {
    let action = &passed.action;
    let item = passed.item.map(|item| format!(" for item {item}"));
    let item = item.unwrap_or_default();
    let because = passed.because.as_deref().unwrap_or("its conditions");
    match &passed.seen {
        Some(seen) => {
            let seen = shown(Some(seen));
            format!("`{action}` does not run{item}: `{because}` decided, where {seen} stands")
        }
        None => format!("`{action}` does not run{item}: {because}"),
    }
}

fn check_respond(case: &Case, trace: &RuleTrace, wanted: &Node, problems: &mut Diagnostics) {
    let response = match &trace.respond {
        None => {
            let message = "the rule answers nothing of its own";
            let help = "give it `respond: {status, headers, body}`";
            problems.push(failed(case, &wanted.place, message).help(help));
            return;
        }
        Some(Err(error)) => {
            let message = "the answer cannot be rendered";
            problems.push(failed(case, &wanted.place, message).help(error.clone()));
            return;
        }
        Some(Ok(response)) => response,
    };
    let body = serde_json::from_str(&response.body);
    let body = body.unwrap_or_else(|_| Value::from(response.body.as_str()));
    let headers: serde_json::Map<_, _> = response
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect();
    let found = json!({"status": response.status, "headers": headers, "body": body});
    let found = differences(&wanted.to_json(), &found);
    if !found.is_empty() {
        let problem = failed(case, &wanted.place, "the sender is answered differently");
        problems.push(problem.help(found.join("\n")));
    }
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
        let jobs: Vec<_> = jobs.iter().filter(|job| job.action == *name).collect();
        if jobs.is_empty() {
            let message = format!("`{name}` does not run");
            problems.push(failed(case, &wanted.place, &message));
            continue;
        }
        // What cannot be rendered has been reported already.
        let data = jobs.iter().filter_map(|job| match body(case, event, job) {
            Ok(JobBody::Prepared { data, .. }) => Some(data),
            _ => None,
        });
        let data: Vec<_> = data.collect();
        if data.len() < jobs.len() {
            continue;
        }
        // A list says it of each item, in order; anything else of all alike.
        let found = if matches!(wanted.value, yaml::Value::List(_)) {
            differences(&wanted.to_json(), &Value::Array(data))
        } else {
            let wanted = wanted.to_json();
            let mut found = data.iter().map(|data| differences(&wanted, data));
            found.find(|found| !found.is_empty()).unwrap_or_default()
        };
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
    // As a digest of this event alone.
    let alone = plan::Beside {
        name: String::new(),
        event,
        vars: match &job.body {
            JobBody::Deferred { vars, .. } => Some(vars.clone()),
            JobBody::Prepared { .. } | JobBody::Unprepared => None,
        },
    };
    plan::prepare(&job, event, answers, &[alone])
}
