//! Rendering a job that had to wait for the outputs of others.

use serde_json::Value;

use crate::actions::{self, Preparation};
use crate::diagnostic::{Diagnostics, Place, SourceFile};
use crate::event::{Event, Strength};
use crate::expression::Scope;
use crate::yaml::{self, Fields, Key, Node};

use super::judging::caught;
use super::{Job, JobBody};

/// An event beside the one that a job is about.
#[derive(Debug)]
pub struct Beside<'e> {
    /// Its name under `join`; empty in a digest.
    pub name: String,
    /// The event.
    pub event: &'e Event,
    /// The rule's vars for it, in a digest.
    pub vars: Option<Value>,
}

/// Renders a deferred job, now that what it waited for is there. `outputs` holds what the jobs it waited
/// for gave, by action name; `beside` are the events that its gates brought. Any other body is returned
/// as it is.
///
/// # Errors
/// Why it can never be rendered, in words for people.
pub fn prepare(
    job: &Job,
    event: &Event,
    outputs: &Value,
    beside: &[Beside<'_>],
) -> Result<JobBody, String> {
    let JobBody::Deferred {
        config, vars, item, ..
    } = &job.body
    else {
        return Ok(job.body.clone());
    };
    let place = format!("rule `{}`, action `{}`", job.rule, job.action);
    let kind = actions::find(&job.kind)
        .ok_or_else(|| format!("{place}: there is no action `{}` any more", job.kind))?;
    let rendered = caught(|| {
        let node = node(config, &nowhere());
        let mut problems = Diagnostics::new();
        let fields = Fields::of(&node, &mut problems);
        let configured = fields.and_then(|mut fields| kind.parse(&mut fields, &mut problems));
        let Some(configured) = configured.filter(|_| !problems.has_errors()) else {
            let first = problems
                .iter()
                .next()
                .map(|problem| problem.message.clone());
            return Err(first.unwrap_or_else(|| "it cannot be read any more".to_owned()));
        };
        let mut scope = Scope::of(event);
        scope.enter_rule(&job.rule);
        for (name, value) in vars.as_object().into_iter().flatten() {
            scope.set_var(name, value.clone());
        }
        scope.set_item(item.clone());
        scope.set_actions(outputs.clone());
        show(&mut scope, beside);
        let data = configured.prepare(&Preparation {
            scope: &scope,
            event,
            proof: least(event, beside),
            rule: &job.rule,
            action: &job.action,
        });
        let needs_delivery = configured.needs_delivery();
        data.map(|data| JobBody::Prepared {
            data,
            needs_delivery,
        })
        .map_err(|error| error.to_string())
    });
    rendered
        .and_then(|body| body)
        .map_err(|error| format!("{place}: {error}"))
}

/// The least that is proven of any of the events.
fn least(event: &Event, beside: &[Beside<'_>]) -> Strength {
    let others = beside.iter().map(|one| one.event.proof.strength());
    others.fold(event.proof.strength(), Strength::max)
}

/// Shows the other events: those of a digest have no names.
fn show(scope: &mut Scope<'_>, beside: &[Beside<'_>]) {
    let (gathered, joined): (Vec<_>, Vec<_>) = beside.iter().partition(|one| one.name.is_empty());
    if !joined.is_empty() {
        scope.set_join(joined.iter().map(|one| (one.name.as_str(), one.event)));
    }
    if !gathered.is_empty() {
        let vars = |one: &Beside<'_>| one.vars.clone().unwrap_or_default();
        scope.set_events(gathered.iter().map(|one| (one.event, vars(one))));
    }
}

fn nowhere() -> Place {
    Place {
        file: SourceFile::new("-", ""),
        span: 0..0,
    }
}

/// A configuration kept as JSON, as its kind reads it.
fn node(value: &Value, place: &Place) -> Node {
    let value = match value {
        Value::Null => yaml::Value::Null,
        Value::Bool(value) => yaml::Value::Bool(*value),
        Value::Number(number) => yaml::Value::Number(number.clone()),
        Value::String(text) => yaml::Value::String(text.clone()),
        Value::Array(items) => {
            yaml::Value::List(items.iter().map(|item| node(item, place)).collect())
        }
        Value::Object(entries) => yaml::Value::Map(
            entries
                .iter()
                .map(|(name, value)| {
                    let key = Key {
                        text: name.clone(),
                        span: 0..0,
                    };
                    (key, node(value, place))
                })
                .collect(),
        ),
    };
    Node {
        value,
        place: place.clone(),
        filled: false,
    }
}
