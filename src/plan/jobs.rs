//! The jobs of one rule's actions.

use std::collections::HashMap;
use std::time::Duration;

use crate::actions::Preparation;
use crate::event::JobId;
use crate::rule::{Action, Rule};

use super::judging::Judging;
use super::{JobBody, JobState, NewJob};

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

/// The jobs of one rule, as they are made.
pub(super) struct Planning<'r> {
    pub(super) rule: &'r Rule,
    pub(super) room: usize,
    pub(super) jobs: Vec<NewJob>,
    pub(super) left_out: usize,
    pub(super) fates: Fates<'r>,
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
    /// An action whose own conditions do not hold.
    pub(super) fn pass_over(&mut self, action: &'r Action) {
        self.fates.insert(&action.name, Fate::NotPlanned);
    }

    /// Adds an action's jobs, one for each destination.
    pub(super) fn add(&mut self, judging: &mut Judging<'_>, action: &'r Action) {
        let none = [String::new()];
        let destinations = match action.kind.destination_kind() {
            Some(_) => action.destinations.as_slice(),
            None => none.as_slice(),
        };
        let room = self.room - self.jobs.len();
        self.left_out += destinations.len().saturating_sub(room);
        if room == 0 {
            return self.pass_over(action);
        }
        let Some(shared) = self.shared(judging, action) else {
            return self.pass_over(action);
        };
        let (event, run) = (judging.event.id, judging.run);
        let fate = match shared.state {
            JobState::Dead | JobState::Skipped => Fate::Dead,
            _ => Fate::Planned(JobId::derive(event, run, &self.rule.name, &action.name, "")),
        };
        self.fates.insert(&action.name, fate);
        for destination in destinations.iter().take(room) {
            let part = if destinations.len() > 1 {
                destination
            } else {
                ""
            };
            self.jobs.push(NewJob {
                id: JobId::derive(event, run, &self.rule.name, &action.name, part),
                run,
                rule: self.rule.name.clone(),
                action: action.name.clone(),
                kind: action.kind.name().to_owned(),
                destination: destination.clone(),
                state: shared.state,
                delay: Duration::ZERO,
                after: shared.after.clone(),
                item: None,
                firing: None,
                lane: None,
                reason: shared.reason.clone(),
                body: shared.body.clone(),
            });
        }
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
        let dead = |error: String| {
            let (rule, action) = (&self.rule.name, &action.name);
            let reason = format!("rule `{rule}`, action `{action}`: {error}");
            Shared::unprepared(JobState::Dead, reason)
        };
        let (vars, scope) = (&mut judging.vars, &mut judging.scope);
        if let Err(error) = vars.for_action(self.rule, &action.reads, scope) {
            return Some(dead(error));
        }
        if let Some(config) = &action.config {
            return Some(Shared {
                state: JobState::Waiting,
                after,
                reason: None,
                body: JobBody::Deferred {
                    config: config.clone(),
                    vars: vars.values().clone().into(),
                    rule_set: judging.rules.hash.clone(),
                    item: None,
                },
            });
        }
        let prepared = action.configured.prepare(&Preparation {
            scope: scope.of_rule(&self.rule.name),
            event: judging.event,
            rule: &self.rule.name,
            action: &action.name,
        });
        Some(match prepared {
            Err(error) => dead(error.to_string()),
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
