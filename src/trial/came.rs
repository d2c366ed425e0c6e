//! What comes of an event that a test describes, for whoever writes the test.

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostics, Place, code};
use crate::event::Event;
use crate::plan::{self, JobBody, JobState, NewJob, RuleTrace};
use crate::rule::TestFile;

use super::case::Case;
use super::expect::prepared;
use super::files::ReadFile;
use super::imagine::Imagination;
use super::{Report, Trial};

/// What came of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Came {
    /// Whether the rule matched.
    pub matched: bool,
    /// What decided that it did not.
    pub because: Option<String>,
    /// The actions that run, in order.
    pub actions: Vec<String>,
    /// What those are rendered to that wait for no answer of others.
    pub rendered: Map<String, Value>,
}

impl Trial<'_> {
    /// What comes of the one test of a file.
    ///
    /// # Errors
    /// What is wrong with the test, or what would be a dead letter.
    pub fn comes_to(&self, file: &TestFile) -> Result<Came, Diagnostics> {
        let read = [ReadFile::read(file)];
        let mut report = Report::default();
        let written = self.written(&read, &mut report);
        let mut problems = report.diagnostics;
        let apart = written.into_iter().rev().find(|written| written.apart);
        let imagination = Imagination {
            names: self.names,
            providers: self.providers,
        };
        let event = apart.and_then(|written| {
            let case = Case::parse(written.node, written.rule, true, &mut problems)?;
            let event = imagination.event(&case, None, written.rule, &mut problems)?;
            Some((event, case.place, written.rule))
        });
        let Some((event, place, rule)) = event.filter(|_| !problems.has_errors()) else {
            return Err(problems);
        };
        let mut enabled = rule.clone();
        enabled.enabled = true;
        let (trace, jobs) = plan::try_rule(self.set, &event, &enabled);
        came(&event, trace, &jobs, &place)
    }
}

fn came(
    event: &Event,
    trace: RuleTrace,
    jobs: &[NewJob],
    place: &Place,
) -> Result<Came, Diagnostics> {
    let mut problems = Diagnostics::new();
    let mut actions: Vec<String> = Vec::new();
    let mut rendered: Map<String, Value> = Map::new();
    for job in jobs {
        if job.state == JobState::Dead {
            let reason = job.reason.clone().unwrap_or_default();
            let message = format!("`{}` would be a dead letter", job.action);
            let found =
                crate::diagnostic::Diagnostic::error(code::FAILED_TEST, place.clone(), message);
            problems.push(found.help(reason));
        }
        if !actions.contains(&job.action) {
            actions.push(job.action.clone());
        }
    }
    for action in &actions {
        let all = || jobs.iter().filter(|job| job.action == *action);
        let data = all().filter_map(
            |job| match prepared(event, job, &Value::Object(Map::new())) {
                Ok(JobBody::Prepared { data, .. }) => Some(data),
                _ => None,
            },
        );
        let mut data: Vec<_> = data.collect();
        if data.len() < all().count() {
            continue;
        }
        let value = match data.pop() {
            Some(only) if data.is_empty() => only,
            Some(last) => {
                data.push(last);
                Value::Array(data)
            }
            None => continue,
        };
        rendered.insert(action.clone(), value);
    }
    if problems.has_errors() {
        return Err(problems);
    }
    Ok(Came {
        matched: trace.matched,
        because: trace.because,
        actions,
        rendered,
    })
}
