//! Why rules did, or did not, do something with an event.
//!
//! What happened is not looked up but worked out again, by the rules that judged the event; planning
//! is pure, so it comes out the same.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::condition::Looked;
use crate::diagnostic::did_you_mean;
use crate::event::{Event, EventId};
use crate::plan::{self, JobBody, JobState, NewJob, PassedOver, RuleTrace};
use crate::providers::Providers;
use crate::rule::{Flow, Rule, RuleSet};
use crate::runtime::Timestamp;
use crate::trial::{Said, imagine};

use super::OperatorError;
use super::redact::Masks;

/// What is to be explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// The event.
    pub event: Asked,
    /// By today's rules, not by those that judged it.
    pub now: bool,
    /// Only this rule.
    pub rule: Option<String>,
}

/// Which event is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// A stored one.
    Stored(EventId),
    /// One that never came in.
    Imagined(Said),
}

/// What rules make of an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The stored event.
    pub event: Option<EventId>,
    /// Its names, most general first.
    pub names: Vec<String>,
    /// Its provider.
    pub provider: String,
    /// The source it came in by.
    pub source: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// The rule set that judged it here.
    pub rule_set: String,
    /// Whether those are the rules of its time.
    pub of_its_time: bool,
    /// What keeps this from being the whole answer.
    pub note: Option<String>,
    /// In the order they run.
    pub rules: Vec<RuleWhy>,
}

/// What one rule makes of an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleWhy {
    /// The rule.
    pub rule: String,
    /// Its file.
    pub file: String,
    /// The line it begins on, counted from 1.
    pub line: usize,
    /// Whether it matched.
    pub matched: bool,
    /// Why not, as a sentence.
    pub why_not: Option<String>,
    /// What decided: `enabled`, `provider`, `source`, `event`, `unmatched`, `stop`, or a test.
    pub because: Option<String>,
    /// The value seen there.
    pub seen: Option<Value>,
    /// What went wrong on the way.
    pub note: Option<String>,
    /// The conditions in the order they were looked at.
    pub looked: Vec<Looked>,
    /// What stands between its match and its actions, in order.
    pub gates: Vec<String>,
    /// Actions that do not run although it matched.
    pub passed_over: Vec<PassedOver>,
    /// The status it answers the sender with.
    pub responds: Option<u16>,
    /// What its actions come to.
    pub actions: Vec<ActionWhy>,
}

/// What one action of a rule that matched comes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionWhy {
    /// Its name.
    pub action: String,
    /// Its kind.
    pub kind: String,
    /// The destination; empty where the kind needs none.
    pub destination: String,
    /// The item of a `for_each`, counted from 0.
    pub item: Option<u32>,
    /// `ready`, `waiting`, or with a reason `dead` or `skipped`.
    pub state: String,
    /// Why.
    pub reason: Option<String>,
    /// What would be sent, masked; none where it waits for other actions.
    pub rendered: Option<Value>,
}

/// Makes up an event.
pub(super) fn imagined(said: &Said, providers: &Providers) -> Result<Event, OperatorError> {
    let provider = providers.find(&said.provider);
    imagine(said, provider.as_deref()).map_err(OperatorError::Refused)
}

/// Works out what rules make of an event that never came in.
///
/// # Errors
/// The event cannot be made up, or there is no such rule.
pub fn explain_here(
    rules: &RuleSet,
    providers: &Providers,
    said: &Said,
    only: Option<&str>,
) -> Result<Explanation, OperatorError> {
    let event = imagined(said, providers)?;
    let masks = providers.find(&event.provider);
    let masks = masks.map_or_else(Masks::default, |provider| Masks::of(&provider));
    explain(rules, &event, &masks, only)
}

/// Works out what rules make of an event.
pub(super) fn explain(
    rules: &RuleSet,
    event: &Event,
    masks: &Masks,
    only: Option<&str>,
) -> Result<Explanation, OperatorError> {
    let explained = plan::explain(rules, event, only);
    if let (true, Some(name)) = (explained.is_empty(), only) {
        return Err(OperatorError::Refused(no_rule(rules, name)));
    }
    let rules_why = explained
        .into_iter()
        .map(|(rule, trace, jobs)| masked(why(rule, event, trace, jobs), masks));
    let unnamed = event.names == ["unknown"];
    Ok(Explanation {
        event: None,
        names: event.names.clone(),
        provider: event.provider.clone(),
        source: event.source.name.clone(),
        received_at: event.received_at,
        rule_set: rules.hash.clone(),
        of_its_time: false,
        note: unnamed.then(|| "neither its body nor its headers say what it is called".to_owned()),
        rules: rules_why.collect(),
    })
}

fn no_rule(rules: &RuleSet, name: &str) -> String {
    let names = rules.rules.iter().map(|rule| rule.name.as_str());
    match did_you_mean(name, names) {
        Some(meant) => format!("there is no rule `{name}` among them; did you mean `{meant}`?"),
        None => format!("there is no rule `{name}` among them"),
    }
}

fn why(rule: &Rule, event: &Event, trace: RuleTrace, jobs: Vec<NewJob>) -> RuleWhy {
    let because = trace.because.as_deref();
    let why_not = (!trace.matched).then(|| sentence(rule, event, because, &trace));
    RuleWhy {
        why_not,
        rule: trace.rule,
        file: rule.place.file.path.display().to_string(),
        line: rule.line(),
        matched: trace.matched,
        because: trace.because,
        seen: trace.seen,
        note: trace.note,
        looked: trace.looked,
        gates: if trace.matched {
            gates(&rule.flow)
        } else {
            Vec::new()
        },
        passed_over: trace.passed_over,
        responds: trace
            .respond
            .and_then(Result::ok)
            .map(|response| response.status),
        actions: jobs
            .into_iter()
            .map(|job| action(job, rule.flow.shadow))
            .collect(),
    }
}

fn sentence(rule: &Rule, event: &Event, because: Option<&str>, trace: &RuleTrace) -> String {
    let when = &rule.when;
    let other = || match &trace.seen {
        Some(Value::String(name)) => name.clone(),
        _ => String::new(),
    };
    match because {
        Some("enabled") => "it is not enabled".to_owned(),
        Some("provider") => format!(
            "the event is from {}, the rule is about {}",
            event.provider,
            when.providers.join(", ")
        ),
        Some("source") if !when.hears(&event.source.name) => {
            let (name, sources) = rule
                .namespace
                .as_deref()
                .map_or(("", &[][..]), |namespace| {
                    (namespace.name.as_str(), namespace.sources.as_slice())
                });
            format!(
                "the event came in by {}, the namespace {name} sees {}",
                event.source.name,
                or_nothing(sources)
            )
        }
        Some("source") => format!(
            "the event came in by {}, the rule is about {}",
            event.source.name,
            when.sources.join(", ")
        ),
        Some("event") => format!(
            "the event is {}, the rule is about {}",
            event.names.join(", "),
            when.events.join(", ")
        ),
        Some("proof") => format!(
            "the event is {}, the rule asks for {}",
            event.proof.strength().word(),
            when.proof.words()
        ),
        Some("unmatched") => format!(
            "it takes what no other rule matched, and `{}` matched",
            other()
        ),
        Some("stop") => format!(
            "`{}` stands before it in its file, matched, and says `stop`",
            other()
        ),
        Some(test) => match (&trace.note, &trace.seen) {
            (Some(note), _) => note.clone(),
            (None, Some(_)) => format!("`{test}` does not hold"),
            (None, None) => format!("`{test}` does not hold: nothing is there"),
        },
        None => trace
            .note
            .clone()
            .unwrap_or_else(|| "its conditions do not hold".to_owned()),
    }
}

fn or_nothing(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    names.join(", ")
}

fn gates(flow: &Flow) -> Vec<String> {
    let delay = !flow.delay.is_zero();
    let known = [
        ("mode: shadow", flow.shadow),
        ("during", flow.during.is_some()),
        ("changed", flow.changed.is_some()),
        ("join", flow.join.is_some()),
        ("unless", flow.unless.is_some()),
        ("throttle", flow.throttle.is_some()),
        ("digest", flow.digest.is_some()),
        ("delay", delay),
        ("order_by", flow.order_by.is_some()),
    ];
    let there = known.into_iter().filter(|(_, there)| *there);
    there.map(|(name, _)| name.to_owned()).collect()
}

fn action(job: NewJob, shadow: bool) -> ActionWhy {
    let state = match job.state {
        JobState::Ready | JobState::Waiting if shadow => JobState::Shadow,
        state => state,
    };
    ActionWhy {
        action: job.action,
        kind: job.kind,
        destination: job.destination,
        item: job.item,
        state: state.name().to_owned(),
        reason: job.reason,
        rendered: match job.body {
            JobBody::Prepared { data, .. } => Some(data),
            JobBody::Deferred { .. } | JobBody::Unprepared => None,
        },
    }
}

fn masked(mut why: RuleWhy, masks: &Masks) -> RuleWhy {
    let hide = |written: Option<&str>, value: &mut Value| {
        *value = if written.is_some_and(|written| masks.conceals(written)) {
            Value::from(super::MASK)
        } else {
            masks.json(value.take())
        };
    };
    if let Some(seen) = &mut why.seen {
        hide(why.because.as_deref(), seen);
    }
    for passed in &mut why.passed_over {
        let because = passed.because.clone();
        if let Some(seen) = &mut passed.seen {
            hide(because.as_deref(), seen);
        }
    }
    let mut open: Vec<&mut Looked> = why.looked.iter_mut().collect();
    while let Some(looked) = open.pop() {
        let written = looked.written.clone();
        for seen in &mut looked.seen {
            hide(Some(&written), seen);
        }
        for operand in &mut looked.operands {
            let path = operand.path.clone();
            if let Some(value) = &mut operand.value {
                hide(Some(&path), value);
            }
        }
        open.extend(looked.inside.iter_mut());
    }
    for action in &mut why.actions {
        action.rendered = action.rendered.take().map(|data| masks.json(data));
    }
    why
}
