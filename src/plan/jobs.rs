//! The jobs of one rule's actions.

use std::collections::HashMap;
use std::time::Duration;

use crate::actions::Preparation;
use crate::condition::Trace;
use crate::event::JobId;
use crate::rule::{Action, Read, Response, Rule, To};

use super::judging::Judging;
use super::{JobBody, JobState, NewJob, PassedOver, dead_letter};

/// What became of the actions of a rule so far, by name.
pub(super) type Fates<'r> = HashMap<&'r str, Fate>;

/// What became of an action, for those that use its outputs.
pub(super) enum Fate {
    /// It will run; its outputs come with this job.
    Planned(JobId),
    /// It could not be rendered, or waits for one that could not.
    Dead,
    /// Its own conditions did not hold, or there was no room for it.
    NotPlanned,
}

/// What one rule makes of an event.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) jobs: Vec<NewJob>,
    /// How many more there would be.
    pub(super) left_out: usize,
    /// What the sender is answered, where the rule says it and none before it did.
    pub(super) respond: Option<Result<Response, String>>,
    /// Actions that do not run, where it is asked why.
    pub(super) passed_over: Vec<PassedOver>,
}

/// The jobs of one rule, as they are made.
pub(super) struct Planning<'r> {
    pub(super) rule: &'r Rule,
    room: usize,
    pub(super) made: Made,
    item: Option<u32>,
    fates: Fates<'r>,
}

/// State, waits and body that the jobs of one action share.
struct Shared {
    state: JobState,
    after: Vec<JobId>,
    reason: Option<String>,
    body: JobBody,
}

impl Shared {
    fn unprepared(state: JobState, reason: String) -> Self {
        Self {
            state,
            after: Vec::new(),
            reason: Some(reason),
            body: JobBody::Unprepared,
        }
    }
}

impl<'r> Planning<'r> {
    pub(super) fn new(rule: &'r Rule, room: usize) -> Self {
        Self {
            rule,
            room,
            made: Made::default(),
            item: None,
            fates: Fates::new(),
        }
    }

    /// The next item begins: its actions see each other's outputs only. Gives the number of its first
    /// job.
    pub(super) fn begin(&mut self, item: Option<u32>) -> usize {
        self.item = item;
        self.fates.clear();
        self.made.jobs.len()
    }

    /// An action whose own conditions do not hold; `why`, where it is asked.
    pub(super) fn pass_over(&mut self, action: &'r Action, why: Option<Trace>) {
        self.fates.insert(&action.name, Fate::NotPlanned);
        self.made.passed_over.extend(why.map(|trace| PassedOver {
            action: action.name.clone(),
            item: self.item,
            because: trace.because.or(trace.problem),
            seen: trace.seen,
        }));
    }

    /// An action that uses the outputs of one that does not run.
    fn fall_away(&mut self, judging: &Judging<'_>, action: &'r Action) {
        let missing =
            |read: &&Read| !matches!(self.fates.get(read.name.as_str()), Some(Fate::Planned(_)));
        let used = action.reads.actions.iter().find(missing);
        let used = used.map_or("", |read| read.name.as_str());
        let why = judging.explains.then(|| Trace {
            because: Some(format!("`{used}`, whose outputs it uses, does not run")),
            ..Trace::default()
        });
        self.pass_over(action, why);
    }

    /// Leaves a dead letter in place of what cannot be planned.
    pub(super) fn give_up(&mut self, judging: &Judging<'_>, reason: String) {
        if self.made.jobs.len() >= self.room {
            self.made.left_out += 1;
            return;
        }
        let (event, run) = (judging.event, judging.run);
        let letter = dead_letter(event, run, &self.rule.name, "items", reason);
        self.made.jobs.push(letter);
    }

    /// Adds an action's jobs, one for each destination.
    pub(super) fn add(&mut self, judging: &mut Judging<'_>, action: &'r Action) {
        let destinations = match destinations(judging, action) {
            Ok(destinations) => destinations,
            Err(error) => return self.fail(judging, action, &error),
        };
        let room = self.room.saturating_sub(self.made.jobs.len());
        self.made.left_out += destinations.len().saturating_sub(room);
        if room == 0 {
            return self.pass_over(action, None);
        }
        let Some(shared) = self.shared(judging, action) else {
            return self.fall_away(judging, action);
        };
        self.push(judging, action, &destinations, &shared);
    }

    /// An action of which it cannot be said whether it runs.
    pub(super) fn fail(&mut self, judging: &Judging<'_>, action: &'r Action, error: &str) {
        if self.made.jobs.len() >= self.room {
            self.made.left_out += 1;
            return self.pass_over(action, None);
        }
        let shared = self.dead(action, error);
        let first = action.destinations.first().and_then(|to| match to {
            To::Name(name) => Some(name.clone()),
            To::Labels(_) => None,
        });
        self.push(judging, action, &[first.unwrap_or_default()], &shared);
    }

    fn push(
        &mut self,
        judging: &Judging<'_>,
        action: &'r Action,
        destinations: &[String],
        shared: &Shared,
    ) {
        let room = self.room.saturating_sub(self.made.jobs.len());
        let fate = match shared.state {
            JobState::Dead | JobState::Skipped => Fate::Dead,
            _ => Fate::Planned(self.id(judging, action, "")),
        };
        self.fates.insert(&action.name, fate);
        for destination in destinations.iter().take(room) {
            let part = if destinations.len() > 1 {
                destination
            } else {
                ""
            };
            self.made.jobs.push(NewJob {
                id: self.id(judging, action, part),
                run: judging.run,
                rule: self.rule.name.clone(),
                action: action.name.clone(),
                kind: action.kind.name().to_owned(),
                destination: destination.clone(),
                state: shared.state,
                delay: Duration::ZERO,
                after: shared.after.clone(),
                item: self.item,
                firing: None,
                lane: None,
                reason: shared.reason.clone(),
                body: shared.body.clone(),
            });
        }
    }

    /// The id of an action's job: one of several destinations, one of several items.
    fn id(&self, judging: &Judging<'_>, action: &Action, destination: &str) -> JobId {
        let (event, run) = (judging.event.id, judging.run);
        let (rule, action) = (&self.rule.name, &action.name);
        match self.item {
            None => JobId::derive(event, run, rule, action, destination),
            Some(item) => {
                let part = format!("{item}/{destination}");
                JobId::derive(event, run, rule, action, &part)
            }
        }
    }

    fn dead(&self, action: &Action, error: &str) -> Shared {
        let (rule, action) = (&self.rule.name, &action.name);
        let item = self.item.map(|item| format!(", item {item}"));
        let item = item.unwrap_or_default();
        let reason = format!("rule `{rule}`, action `{action}`{item}: {error}");
        Shared::unprepared(JobState::Dead, reason)
    }

    /// What the jobs of an action share; none if it does not run at all.
    fn shared(&self, judging: &mut Judging<'_>, action: &Action) -> Option<Shared> {
        let mut after = Vec::new();
        for read in &action.reads.actions {
            match self.fates.get(read.name.as_str()) {
                Some(Fate::Planned(job)) => after.push(*job),
                Some(Fate::Dead) => {
                    let reason = format!("`{}`, whose outputs it uses, cannot run", read.name);
                    return Some(Shared::unprepared(JobState::Skipped, reason));
                }
                Some(Fate::NotPlanned) | None => return None,
            }
        }
        let (vars, scope) = (&mut judging.vars, &mut judging.scope);
        if let Err(error) = vars.for_action(self.rule, &action.reads, scope) {
            return Some(self.dead(action, &error));
        }
        if let Some(config) = &action.config {
            return Some(Shared {
                state: JobState::Waiting,
                after,
                reason: None,
                body: JobBody::Deferred {
                    config: (**config).clone(),
                    vars: vars.values().clone().into(),
                    rule_set: judging.rules.hash.clone(),
                    item: judging.item.map(|item| item.value.clone()),
                },
            });
        }
        let prepared = action.configured.prepare(&Preparation {
            scope: scope.of_rule(&self.rule.name),
            event: judging.event,
            proof: judging.event.proof.strength(),
            rule: &self.rule.name,
            action: &action.name,
        });
        Some(match prepared {
            Err(error) => self.dead(action, &error.to_string()),
            Ok(data) => Shared {
                state: JobState::Ready,
                after,
                reason: None,
                body: JobBody::Prepared {
                    data,
                    needs_delivery: action.configured.needs_delivery(),
                },
            },
        })
    }
}

/// The names of an action's destinations for the event, each once; one without a name where the kind
/// needs none.
fn destinations(judging: &Judging<'_>, action: &Action) -> Result<Vec<String>, String> {
    if action.kind.destination_kind().is_none() {
        return Ok(vec![String::new()]);
    }
    let mut names = Vec::with_capacity(action.destinations.len());
    for to in &action.destinations {
        let name = to.name(&judging.event.source);
        let name = name.map_err(|error| format!("destination {error}"))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}
