//! Whether what came of an event is what its test expects.

use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, Place, code};
use crate::event::Event;
use crate::plan::{self, Job, JobBody, JobState, NewJob, PassedOver, RuleTrace};
use crate::yaml::{self, Node};

use super::case::Case;
use super::compare::{Difference, differences, lines, shown};

/// One thing that is not as a test expects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What, without the test's name.
    pub message: String,
    /// The expectation that was not met.
    pub place: Place,
    /// What came instead, or what to write.
    pub help: Option<String>,
    /// The action whose rendered values differ; none where they are those of the answer to the sender.
    pub action: Option<String>,
    /// Values that differ.
    pub differences: Vec<Difference>,
}

impl Failure {
    fn at(place: &Place, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            place: place.clone(),
            help: None,
            action: None,
            differences: Vec::new(),
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// As a finding of `check`.
    pub(super) fn diagnostic(&self, test: &str) -> Diagnostic {
        let message = format!("test `{test}` fails: {}", self.message);
        let found = Diagnostic::error(code::FAILED_TEST, self.place.clone(), message);
        let help = match self.differences.as_slice() {
            [] => self.help.clone(),
            differences => Some(lines(differences).join("\n")),
        };
        match help {
            Some(help) => found.help(help),
            None => found,
        }
    }
}

/// Everything that is not as the test expects it.
pub(super) fn check(
    case: &Case,
    event: &Event,
    trace: &RuleTrace,
    jobs: Vec<NewJob>,
) -> Vec<Failure> {
    let expect = &case.expect;
    let mut failures = Vec::new();
    if expect.matched != trace.matched {
        return vec![wrong_match(case, trace)];
    }
    if let Some((because, place)) = &expect.because
        && trace.because.as_deref() != Some(because)
    {
        failures.push(other_decided(because, place, trace));
    }
    for job in jobs.iter().filter(|job| job.state == JobState::Dead) {
        let reason = job.reason.as_deref().unwrap_or("it cannot be prepared");
        let message = format!("`{}` would be a dead letter", job.action);
        failures.push(Failure::at(&expect.place, message).help(reason));
    }
    let jobs = those_that_run(case, jobs);
    if let Some((wanted, place)) = &expect.actions {
        failures.extend(other_actions(wanted, place, &jobs, trace));
    }
    check_rendered(case, event, &jobs, &mut failures);
    if let Some(wanted) = &expect.respond {
        failures.extend(check_respond(case, trace, wanted));
    }
    failures
}

/// Without the jobs that wait for one which became a dead letter, or for one of those.
fn those_that_run(case: &Case, jobs: Vec<NewJob>) -> Vec<NewJob> {
    let dead = case
        .answers
        .as_ref()
        .map_or(&[][..], |answers| &answers.dead);
    let died = jobs.iter().filter(|job| dead.contains(&job.action));
    let mut gone: Vec<_> = died.map(|job| job.id).collect();
    let mut run = Vec::with_capacity(jobs.len());
    // An action stands behind those it uses.
    for job in jobs {
        if job.after.iter().any(|id| gone.contains(id)) {
            gone.push(job.id);
        } else {
            run.push(job);
        }
    }
    run
}

/// Something else decided than the test says, or nothing did.
fn other_decided(because: &str, place: &Place, trace: &RuleTrace) -> Failure {
    let decided = decision(trace);
    let message = format!("`{because}` was to decide against the rule, but {decided}");
    let failure = Failure::at(place, message);
    if trace.because.as_deref() == Some("event") {
        return failure.help(
            "the name of the event decided alone, so no condition was looked at: say what arrived, with `event: NAME` in the test",
        );
    }
    failure.help(format!(
        "change the payload so that `{because}` alone decides, or write what does behind `because:`"
    ))
}

fn other_actions(
    wanted: &[String],
    place: &Place,
    jobs: &[NewJob],
    trace: &RuleTrace,
) -> Option<Failure> {
    // Of several items and destinations each action is named once.
    let mut found: Vec<&str> = Vec::new();
    for job in jobs {
        if !found.contains(&job.action.as_str()) {
            found.push(&job.action);
        }
    }
    if found == wanted {
        return None;
    }
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
    Some(Failure::at(place, message).help(help))
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

fn check_respond(case: &Case, trace: &RuleTrace, wanted: &Node) -> Option<Failure> {
    let response = match &trace.respond {
        None => {
            let message = "the rule answers nothing of its own";
            let help = "give it `respond: {status, headers, body}`";
            return Some(Failure::at(&wanted.place, message).help(help));
        }
        Some(Err(error)) => {
            let message = "the answer cannot be rendered";
            return Some(Failure::at(&wanted.place, message).help(error.clone()));
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
    let differences = differences(wanted, &found, case.expect.extent);
    (!differences.is_empty()).then(|| Failure {
        differences,
        ..Failure::at(&wanted.place, "the sender is answered differently")
    })
}

fn wrong_match(case: &Case, trace: &RuleTrace) -> Failure {
    let place = &case.expect.place;
    if trace.matched {
        return Failure::at(place, "the rule matches, and was not to").help(
            "no condition tells this delivery from those that are wanted: add one to the rule, or write `matched: true`",
        );
    }
    let failure = Failure::at(
        place,
        format!("the rule does not match: {}", decision(trace)),
    );
    match (&trace.note, trace.because.as_deref()) {
        (Some(note), _) => failure.help(note.clone()),
        (None, Some("event")) if case.event.is_none() => {
            failure.help("say what arrived: `event: NAME` in the test")
        }
        (None, Some("provider")) if case.provider.is_none() => {
            failure.help("say who sent it: `provider: NAME` in the test")
        }
        _ => failure.help(
            "change the payload of the test or the condition of the rule, or write `matched: false`",
        ),
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

fn check_rendered(case: &Case, event: &Event, jobs: &[NewJob], failures: &mut Vec<Failure>) {
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
            let failure = Failure::at(&case.expect.place, message);
            failures.push(match case.answers {
                Some(_) => failure.help(error),
                None => failure.help("give what it uses: `answers: {ACTION: {…}}` in the test"),
            });
        }
    }
    for (name, wanted) in &case.expect.rendered {
        let jobs: Vec<_> = jobs.iter().filter(|job| job.action == *name).collect();
        if jobs.is_empty() {
            let message = format!("`{name}` does not run");
            failures.push(Failure::at(&wanted.place, message));
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
        let extent = case.expect.extent;
        // A list says it of each item, in order; anything else of all alike.
        let differences = if matches!(wanted.value, yaml::Value::List(_)) {
            differences(wanted, &Value::Array(data), extent)
        } else {
            let mut found = data.iter().map(|data| differences(wanted, data, extent));
            found.find(|found| !found.is_empty()).unwrap_or_default()
        };
        if !differences.is_empty() {
            let message = format!("`{name}` is rendered differently");
            failures.push(Failure {
                action: Some(name.clone()),
                differences,
                ..Failure::at(&wanted.place, message)
            });
        }
    }
}

/// A job's body, rendered with the test's answers if it waits for some.
fn body(case: &Case, event: &Event, job: &NewJob) -> Result<JobBody, String> {
    let answers = case.answers.as_ref().map(|answers| answers.given.clone());
    prepared(event, job, &Value::Object(answers.unwrap_or_default()))
}

/// A job's body, rendered with what others answered if it waits for them.
pub(super) fn prepared(event: &Event, job: &NewJob, answers: &Value) -> Result<JobBody, String> {
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
