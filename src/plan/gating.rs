//! What a rule's gates come to for one event: keys and values rendered, hours looked up.

use std::time::Duration;

use crate::event::FiringId;
use crate::rule::{Closing, Flow, Key, Other, Otherwise, Reads, Rule, To};

use super::flow::{
    Changed, Closes, Digest, Gates, Join, Lane, NewFiring, Signal, Throttle, Unless,
};
use super::judging::Judging;
use super::{JobBody, JobState, NewJob, dead_letter};

/// How much longer than it can be needed a signal is kept.
const SIGNAL_SLACK: Duration = Duration::from_hours(1);
/// The longest that `during` may hold a firing before it asks for signals: ten days.
const HOLD_MAX: Duration = Duration::from_hours(10 * 24);

/// Which gates there are to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// All.
    Gates,
    /// None but `join`, without waiting: what a replay does unless it is told otherwise.
    PassedBy,
    /// None at all, not even `mode: shadow`: what would be done is all that is asked.
    Ignored,
}

/// What gates say before anything is stored.
enum Verdict {
    /// There is nothing to pass.
    Free,
    /// This is to be passed.
    Gated(Box<Gates>),
    /// Nothing is done, and why.
    Skip(String),
}

impl Judging<'_> {
    /// Puts the jobs of one firing behind the gates of their rule.
    pub(super) fn gate(&mut self, rule: &Rule, item: Option<u32>, jobs: &mut [NewJob]) {
        if self.passage == Passage::Ignored {
            return;
        }
        if rule.flow.shadow {
            for job in jobs {
                job.state = JobState::Shadow;
            }
            return;
        }
        if !jobs.iter().any(is_alive) {
            return;
        }
        let gated = self.lane(rule).and_then(|lane| {
            let verdict = self.verdict(rule, item)?;
            Ok((lane, verdict))
        });
        match gated {
            Ok((lane, verdict)) => {
                let firing = self.firing(rule, item, &verdict);
                for job in jobs.iter_mut().filter(|job| is_alive(job)) {
                    job.lane.clone_from(&lane);
                    match &verdict {
                        Verdict::Free => {}
                        Verdict::Gated(_) => {
                            job.state = JobState::Waiting;
                            job.firing = firing.as_ref().map(|firing| firing.id);
                        }
                        Verdict::Skip(reason) => {
                            job.state = JobState::Skipped;
                            job.reason = Some(reason.clone());
                        }
                    }
                }
                self.firings.extend(firing);
            }
            Err(error) => {
                let reason = format!("rule `{}`, {error}", rule.name);
                for job in jobs.iter_mut().filter(|job| is_alive(job)) {
                    job.state = JobState::Dead;
                    job.reason = Some(reason.clone());
                    job.body = JobBody::Unprepared;
                }
            }
        }
    }

    fn firing(&mut self, rule: &Rule, item: Option<u32>, verdict: &Verdict) -> Option<NewFiring> {
        let Verdict::Gated(gates) = verdict else {
            return None;
        };
        let vars = match &gates.digest {
            // One that cannot be computed is missing where the digest shows it.
            Some(_) => self.all_vars(rule),
            None => serde_json::Value::Null,
        };
        let event = self.event;
        Some(NewFiring {
            id: FiringId::derive(event.id, self.run, &rule.name, item),
            run: self.run,
            rule: rule.name.clone(),
            item,
            received_at: event.received_at,
            gates: (**gates).clone(),
            vars,
            body_bytes: event.payload.raw().len() as u64,
        })
    }

    fn all_vars(&mut self, rule: &Rule) -> serde_json::Value {
        let all = Reads {
            all_vars: true,
            ..Reads::default()
        };
        let (vars, scope) = (&mut self.vars, &mut self.scope);
        let _ = vars.for_action(rule, &all, scope);
        vars.values().clone().into()
    }

    fn lane(&mut self, rule: &Rule) -> Result<Option<Lane>, String> {
        let Some(order) = &rule.flow.order_by else {
            return Ok(None);
        };
        let key = self.key(rule, "order_by", &order.key)?;
        // Two namespaces may share a destination; one's dead letter must not hold the other's jobs.
        let key = match &rule.namespace {
            Some(namespace) => format!("{}/{key}", namespace.name),
            None => key,
        };
        let hold = order.hold;
        Ok(Some(Lane { key, hold }))
    }

    fn key(&mut self, rule: &Rule, gate: &str, key: &Key) -> Result<String, String> {
        self.ready_for(rule, gate, key)?;
        let scope = self.scope.of_rule(&rule.name);
        let text = key.render(scope);
        text.map_err(|error| format!("gate `{gate}`: {error}"))
    }

    fn value(&mut self, rule: &Rule, gate: &str, key: &Key) -> Result<serde_json::Value, String> {
        self.ready_for(rule, gate, key)?;
        let scope = self.scope.of_rule(&rule.name);
        let value = key.value(scope);
        value.map_err(|error| format!("gate `{gate}`: {error}"))
    }

    fn ready_for(&mut self, rule: &Rule, gate: &str, key: &Key) -> Result<(), String> {
        let (vars, scope) = (&mut self.vars, &mut self.scope);
        let computed = vars.for_action(rule, &key.reads, scope);
        computed.map_err(|error| format!("gate `{gate}`: {error}"))
    }

    fn verdict(&mut self, rule: &Rule, item: Option<u32>) -> Result<Verdict, String> {
        let flow = &rule.flow;
        let gates = if self.passage == Passage::PassedBy {
            self.passed_by(rule, item)?
        } else {
            let mut gates = Gates {
                delay: flow.delay,
                ..Gates::default()
            };
            if let Some(reason) = self.during(flow, &mut gates) {
                return Ok(Verdict::Skip(reason));
            }
            self.own(rule, &mut gates)?;
            gates.join = self.join(rule)?;
            gates
        };
        Ok(if gates == Gates::default() {
            Verdict::Free
        } else {
            Verdict::Gated(Box::new(gates))
        })
    }

    /// What is left where gates are passed by: other events are looked for once, and a digest is one of
    /// this event alone.
    fn passed_by(&mut self, rule: &Rule, item: Option<u32>) -> Result<Gates, String> {
        let join = self.join(rule)?.map(|join| Join {
            at_once: true,
            ..join
        });
        let (event, run) = (self.event.id, self.run);
        let digest = rule.flow.digest.as_ref().map(|_| Digest {
            key: format!("{event} {run} {}", item.unwrap_or_default()),
            closes: Closes::Window(Duration::ZERO),
            max: 1,
            min: 1,
        });
        Ok(Gates {
            join,
            digest,
            ..Gates::default()
        })
    }

    /// Why nothing is done at this hour; or how long it is held.
    fn during(&self, flow: &Flow, gates: &mut Gates) -> Option<String> {
        let during = flow.during.as_ref()?;
        let received_at = self.event.received_at;
        match (during.opening(received_at), during.otherwise) {
            (Some(opening), _) if opening == received_at => None,
            (Some(opening), Otherwise::Hold) => {
                gates.held_until = Some(opening);
                None
            }
            (Some(_), Otherwise::Skip) => Some(format!(
                "during: it was received at {received_at}, outside of the rule's hours"
            )),
            (None, _) => Some("during: the rule's hours never come".to_owned()),
        }
    }

    fn own(&mut self, rule: &Rule, gates: &mut Gates) -> Result<(), String> {
        let flow = &rule.flow;
        if let Some(gate) = &flow.changed {
            gates.changed = Some(Changed {
                key: self.key(rule, "changed", &gate.key)?,
                value: self.value(rule, "changed", &gate.value)?,
                from: gate.from.clone(),
                to: gate.to.clone(),
            });
        }
        if let Some(gate) = &flow.unless {
            let key = self.key(rule, "unless", &gate.other.key)?;
            let within = gate.within;
            gates.unless = Some(Unless { key, within });
        }
        if let Some(gate) = &flow.throttle {
            gates.throttle = Some(Throttle {
                key: self.key(rule, "throttle", &gate.key)?,
                at_most: gate.at_most,
                per: gate.per,
            });
        }
        if let Some(gate) = &flow.digest {
            let key = self.key(rule, "digest", &gate.key)?;
            gates.digest = Some(Digest {
                key: self.by_destination(rule, key),
                closes: closes(&gate.closes),
                max: gate.max,
                min: gate.min,
            });
        }
        Ok(())
    }

    /// A digest goes where its first event does, so events that the labels of their sources send
    /// elsewhere are not in it.
    fn by_destination(&self, rule: &Rule, key: String) -> String {
        let all = rule.actions.iter().flat_map(|action| &action.destinations);
        let by_labels = all.filter(|to| matches!(to, To::Labels(_)));
        // A source without the labels for one has a dead letter there.
        let names = by_labels.map(|to| to.name(&self.event.source).ok());
        let names: Vec<_> = names.collect();
        if names.is_empty() {
            return key;
        }
        serde_json::json!([key, names]).to_string()
    }

    fn join(&mut self, rule: &Rule) -> Result<Option<Join>, String> {
        let Some(gate) = &rule.flow.join else {
            return Ok(None);
        };
        let names = gate.with.iter().map(|other| other.name.clone());
        Ok(Some(Join {
            key: self.key(rule, "join", &gate.key)?,
            within: gate.within,
            names: names.collect(),
            at_once: false,
        }))
    }

    /// What an event is to a rule that asks for others: signals, and a dead letter for each key that
    /// cannot be rendered.
    pub(super) fn signals(&mut self, rule: &Rule) -> (Vec<Signal>, Vec<NewJob>) {
        let (mut signals, mut dead) = (Vec::new(), Vec::new());
        self.begin();
        for other in rule.flow.others() {
            if other.when.objection(self.event).is_some() {
                continue;
            }
            let gate = match other.name.as_str() {
                "" => "unless".to_owned(),
                name => format!("join, event `{name}`"),
            };
            match self.signal(rule, &gate, other) {
                Ok(signal) => signals.extend(signal),
                Err(error) => {
                    let reason = format!("rule `{}`, {error}", rule.name);
                    let (event, run) = (self.event, self.run);
                    dead.push(dead_letter(event, run, &rule.name, &gate, reason));
                }
            }
        }
        (signals, dead)
    }

    fn signal(&mut self, rule: &Rule, gate: &str, other: &Other) -> Result<Option<Signal>, String> {
        let when = &other.when;
        let holds = self.holds(rule, &when.conditions, &when.vars);
        if !holds.map_err(|error| format!("gate `{gate}`: {error}"))? {
            return Ok(None);
        }
        Ok(Some(Signal {
            rule: rule.name.clone(),
            name: other.name.clone(),
            key: self.key(rule, gate, &other.key)?,
            received_at: self.event.received_at,
            keep: keep(&rule.flow),
        }))
    }
}

/// Whether something would be done but for the gates.
fn is_alive(job: &NewJob) -> bool {
    matches!(job.state, JobState::Ready | JobState::Waiting)
}

/// How long a firing may want a signal: one that comes at the end of the window waits for as long again.
fn keep(flow: &Flow) -> Duration {
    let join = flow.join.as_ref().map(|join| join.within);
    let unless = flow.unless.as_ref().map(|unless| unless.within);
    let longest = join.max(unless).unwrap_or_default().saturating_mul(2);
    let held = flow.during.as_ref().map_or(Duration::ZERO, |_| HOLD_MAX);
    longest.saturating_add(held).saturating_add(SIGNAL_SLACK)
}

fn closes(closing: &Closing) -> Closes {
    match closing {
        Closing::Window(window) => Closes::Window(*window),
        Closing::Quiet(quiet) => Closes::Quiet(*quiet),
        Closing::At { cron, tz } => Closes::At {
            cron: cron.clone(),
            tz: tz.clone(),
        },
    }
}
