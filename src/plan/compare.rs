//! What two rule sets make of one event differently.
//!
//! Comes in: the plans of both. Goes out: rule by rule, what only one of them would do, and where what
//! both would do differs. Gates are compared as they are planned; whether one would open is known only
//! to a store.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::event::{FiringId, JobId};

use super::{JobBody, JobState, NewFiring, NewJob, Plan, Signal};

/// The most places of one job that are told; the rest is counted.
const PATHS_MAX: usize = 40;

/// What differs for one event.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Difference {
    /// The rules that differ, in order; those that only ran before come last.
    pub rules: Vec<RuleDifference>,
    /// What differs in what the sender is answered.
    pub respond: Vec<PathDifference>,
}

/// What one rule does differently.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleDifference {
    /// Its name.
    pub rule: String,
    /// In which way.
    pub change: Change,
    /// Jobs that differ.
    pub jobs: Vec<JobDifference>,
    /// Whether the event is another thing to its firings: what they join, or what calls them off.
    pub signals: bool,
}

/// In which way a rule differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It did not match, and does now.
    NewlyMatches,
    /// It matched, and does not now.
    NoLongerMatches,
    /// Its jobs differ, or what it hears.
    Differs,
}

/// What differs in one job, or a job that only one of both has.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobDifference {
    /// Its action.
    pub action: String,
    /// The item of a `for_each`, counted from 0.
    pub item: Option<u32>,
    /// Its destination; empty where the kind needs none.
    pub destination: String,
    /// Whether it would be a dead letter, and was none.
    pub dies: bool,
    /// The places that differ; one with an empty path where only one of both has the job.
    pub paths: Vec<PathDifference>,
    /// How many more there are.
    pub more: usize,
}

/// One place that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PathDifference {
    /// Where: `rendered.body.text`, `gates.throttle.per`, `state`.
    pub path: String,
    /// What stood there; none where nothing did.
    pub before: Option<Value>,
    /// What stands there; none where nothing does.
    pub after: Option<Value>,
}

impl Difference {
    /// Whether both do the same.
    pub fn is_none(&self) -> bool {
        self.rules.is_empty() && self.respond.is_empty()
    }
}

/// Compares what two rule sets made of one event in the same run.
pub fn compare(before: &Plan, after: &Plan) -> Difference {
    if alike(before, after) {
        return Difference::default();
    }
    let (old, new) = (Side::of(before), Side::of(after));
    let mut known = HashSet::new();
    let rules = new.names.iter().chain(&old.names).copied();
    let rules = rules.filter(|rule| known.insert(*rule));
    let rules = rules.filter_map(|rule| of_rule(rule, &old, &new)).collect();
    let mut respond = Places::default();
    let answer = |plan: &Plan| plan.respond.as_ref().map(answer);
    respond.find("", answer(before).as_ref(), answer(after).as_ref());
    Difference {
        rules,
        respond: respond.found,
    }
}

/// Whether two plans are the same but for their rule sets.
fn alike(before: &Plan, after: &Plan) -> bool {
    let jobs = before.jobs.iter().zip(&after.jobs);
    before.matched == after.matched
        && before.jobs.len() == after.jobs.len()
        && before.firings == after.firings
        && before.signals == after.signals
        && before.respond == after.respond
        && jobs.into_iter().all(|(a, b)| same(a, b))
}

/// Whether two jobs are the same but for the rule set that will render them.
fn same(a: &NewJob, b: &NewJob) -> bool {
    let bodies = match (&a.body, &b.body) {
        (
            JobBody::Deferred {
                config, vars, item, ..
            },
            JobBody::Deferred {
                config: other_config,
                vars: other_vars,
                item: other_item,
                ..
            },
        ) => (config, vars, item) == (other_config, other_vars, other_item),
        (a, b) => a == b,
    };
    bodies
        && a.id == b.id
        && (&a.rule, &a.action, &a.kind) == (&b.rule, &b.action, &b.kind)
        && (&a.destination, a.state) == (&b.destination, b.state)
        && (&a.after, a.item, a.firing) == (&b.after, b.item, b.firing)
        && (&a.lane, &a.reason, a.delay) == (&b.lane, &b.reason, b.delay)
}

/// What tells the jobs of one rule apart: action, item, destination, and which of several with those.
type JobKey<'p> = (&'p str, Option<u32>, &'p str, usize);

/// One plan, rule by rule.
struct Side<'p> {
    names: Vec<&'p str>,
    matched: HashSet<&'p str>,
    jobs: HashMap<&'p str, BTreeMap<JobKey<'p>, &'p NewJob>>,
    actions: HashMap<JobId, &'p str>,
    firings: HashMap<FiringId, &'p NewFiring>,
    signals: HashMap<&'p str, Vec<&'p Signal>>,
}

impl<'p> Side<'p> {
    fn of(plan: &'p Plan) -> Self {
        let mut side = Self {
            names: plan.matched.iter().map(String::as_str).collect(),
            matched: plan.matched.iter().map(String::as_str).collect(),
            jobs: HashMap::new(),
            actions: HashMap::new(),
            firings: plan.firings.iter().map(|f| (f.id, f)).collect(),
            signals: HashMap::new(),
        };
        for job in &plan.jobs {
            side.names.push(&job.rule);
            side.actions.insert(job.id, &job.action);
            let jobs = side.jobs.entry(&job.rule).or_default();
            let mut key = (job.action.as_str(), job.item, job.destination.as_str(), 0);
            while jobs.contains_key(&key) {
                key.3 += 1;
            }
            jobs.insert(key, job);
        }
        for signal in &plan.signals {
            side.names.push(&signal.rule);
            side.signals.entry(&signal.rule).or_default().push(signal);
        }
        side
    }

    fn view(&self, job: &NewJob) -> Value {
        let mut view = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                view.insert(name.to_owned(), value);
            }
        };
        put("kind", job.kind.as_str().into());
        put("state", job.state.name().into());
        put("reason", job.reason.as_deref().into());
        let after = job.after.iter().filter_map(|id| self.actions.get(id));
        let after: Vec<_> = after.copied().collect();
        if !after.is_empty() {
            put("after", json!(after));
        }
        put("order_by", job.lane.as_ref().map(|lane| &*lane.key).into());
        if let Some(firing) = job.firing.and_then(|id| self.firings.get(&id)) {
            let gates = serde_json::to_value(&firing.gates);
            put("gates", legible(gates.unwrap_or_default()));
            put("gathered", firing.vars.clone());
        }
        match &job.body {
            JobBody::Prepared { data, .. } => put("rendered", data.clone()),
            JobBody::Deferred {
                config, vars, item, ..
            } => {
                put("template", config.clone());
                put("vars", vars.clone());
                put("item", item.clone().unwrap_or_default());
            }
            JobBody::Unprepared => {}
        }
        Value::Object(view)
    }
}

fn of_rule(rule: &str, old: &Side<'_>, new: &Side<'_>) -> Option<RuleDifference> {
    let change = match (old.matched.contains(rule), new.matched.contains(rule)) {
        (false, true) => Change::NewlyMatches,
        (true, false) => Change::NoLongerMatches,
        _ => Change::Differs,
    };
    let none = BTreeMap::new();
    let before = old.jobs.get(rule).unwrap_or(&none);
    let after = new.jobs.get(rule).unwrap_or(&none);
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    let jobs: Vec<_> = after
        .keys()
        .chain(gone)
        .filter_map(|key| {
            let before = before.get(key).map(|job| (*job, old));
            of_job(before, after.get(key).map(|job| (*job, new)))
        })
        .collect();
    let signals = old.signals.get(rule) != new.signals.get(rule);
    (change != Change::Differs || !jobs.is_empty() || signals).then(|| RuleDifference {
        rule: rule.to_owned(),
        change,
        jobs,
        signals,
    })
}

type Sided<'s, 'p> = (&'p NewJob, &'s Side<'p>);

fn of_job(before: Option<Sided<'_, '_>>, after: Option<Sided<'_, '_>>) -> Option<JobDifference> {
    let view = |sided: Option<Sided<'_, '_>>| sided.map(|(job, side)| side.view(job));
    let mut places = Places::default();
    places.find("", view(before).as_ref(), view(after).as_ref());
    let (job, _) = after.or(before)?;
    let is_dead =
        |sided: Option<Sided<'_, '_>>| sided.is_some_and(|(job, _)| job.state == JobState::Dead);
    (!places.found.is_empty()).then(|| JobDifference {
        action: job.action.clone(),
        item: job.item,
        destination: job.destination.clone(),
        dies: is_dead(after) && !is_dead(before),
        paths: places.found,
        more: places.more,
    })
}

/// Gates with their durations as text; those that are nothing are left out.
fn legible(gates: Value) -> Value {
    let number = |value: &Value, key| value.get(key).and_then(Value::as_u64);
    match (number(&gates, "secs"), number(&gates, "nanos")) {
        (Some(0), Some(0)) => Value::Null,
        (Some(secs), Some(nanos)) => {
            let nanos = Duration::from_nanos(nanos);
            format!("{:?}", Duration::from_secs(secs).saturating_add(nanos)).into()
        }
        _ => match gates {
            Value::Object(entries) => entries
                .into_iter()
                .map(|(key, value)| (key, legible(value)))
                .filter(|(_, value)| !value.is_null())
                .collect(),
            other => other,
        },
    }
}

/// What the sender is answered, as it is compared.
fn answer(respond: &Result<crate::rule::Response, String>) -> Value {
    match respond {
        Ok(response) => serde_json::to_value(response).unwrap_or_default(),
        Err(why) => json!({ "error": why }),
    }
}

/// Places that differ, as they are found.
#[derive(Default)]
struct Places {
    found: Vec<PathDifference>,
    more: usize,
}

impl Places {
    fn find(&mut self, path: &str, before: Option<&Value>, after: Option<&Value>) {
        match (before, after) {
            (before, after) if before == after => {}
            (Some(Value::Object(before)), Some(Value::Object(after))) => {
                let gone = before.keys().filter(|key| !after.contains_key(*key));
                for key in after.keys().chain(gone) {
                    let path = format!("{path}{}", step(key, path.is_empty()));
                    self.find(&path, before.get(key), after.get(key));
                }
            }
            (Some(Value::Array(before)), Some(Value::Array(after))) => {
                for at in 0..before.len().max(after.len()) {
                    self.find(&format!("{path}[{at}]"), before.get(at), after.get(at));
                }
            }
            _ if self.found.len() >= PATHS_MAX => self.more += 1,
            (before, after) => self.found.push(PathDifference {
                path: path.to_owned(),
                before: before.cloned(),
                after: after.cloned(),
            }),
        }
    }
}

/// A key as it is written behind a path.
fn step(key: &str, is_first: bool) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    match (key.chars().all(is_plain) && !key.is_empty(), is_first) {
        (true, true) => key.to_owned(),
        (true, false) => format!(".{key}"),
        (false, _) => format!("[{}]", Value::from(key)),
    }
}
