//! Hands a task to an agent.
//!
//! `message` is the author's instruction and may read nothing that a stranger can write. What came
//! with the event goes into `data`, which reaches the agent inside a fence. Target, session and agent
//! are never chosen by an event; `session_by` goes out hashed.

mod clean;
mod fence;
mod message;
mod openclaw;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::crypto::{Encoding, sha256};
use crate::destinations::{AgentDoor, AgentSettings};
use crate::diagnostic::{Diagnostics, code};
use crate::event::Strength;
use crate::expression::shapes::{template, tree};
use crate::expression::tree::parse_template;
use crate::expression::{Escape, RenderError, Template, Tree};
use crate::runtime::BoxFuture;
use crate::yaml::{self, Fields, Node, Shape, key};

use fence::Origin;

use super::command::run::{self, Added};
use super::exchange::{Hops, reject, settings};
use super::{Configured, Context, Kind, Outcome, Preparation};

/// An event goes through no more hookrules than this by `agent_task`: agents answer in ways that make
/// events again.
const HOPS_MAX: u64 = 3;

/// The longest instruction, in bytes.
const MESSAGE_BYTES_MAX: usize = 32 * 1024;

/// Data that is longer than this, in bytes of JSON, is kept only as the task holds it: cut.
const DATA_SHOWN_BYTES_MAX: usize = 32 * 1024;

/// The kind.
#[derive(Debug)]
pub struct AgentTask;

#[derive(Debug)]
struct AgentTaskAction {
    message: Template,
    data: Vec<(String, Tree)>,
    session_by: Option<Template>,
    /// Fields that go to OpenClaw as they are written.
    fixed: serde_json::Map<String, Value>,
}

impl Kind for AgentTask {
    fn name(&self) -> &'static str {
        "agent_task"
    }

    fn help(&self) -> &'static str {
        "Hands a task to an agent: your instruction, and the event's data fenced off from it."
    }

    fn shape(&self) -> Shape {
        let literal = || Shape::matching("^.");
        let deliver = Shape::map([
            key(
                "channel",
                literal(),
                "The channel that the agent answers in.",
                "slack",
            )
            .required(),
            key("to", literal(), "Whom it answers there.", "C0123456789").required(),
        ]);
        Shape::map([
            key("message", template(), format!("What the agent is to do, in your words: 1 to {MESSAGE_BYTES_MAX} bytes. A value that a stranger can write belongs under `data`."), "Review the pull request that the data describes.").required(),
            key("data", tree(), "What the agent is given of the event, fenced off from your instruction: names with values.", json!({"title": "{{payload.pull_request.title}}"})),
            key("session_by", template(), "Tasks of the same value go to the same session; it is sent hashed.", "{{payload.repository.full_name}}"),
            key("inline", Shape::flag(), "Whether values of the event may stand in `message` all the same.", true).or(false),
            key("agent", literal(), "Which agent of an OpenClaw gateway it is for. Literal text.", "reviewer"),
            key("name", literal(), "What an OpenClaw gateway calls the task. Literal text.", "pull requests"),
            key("timeout", Shape::duration(), "How long an OpenClaw gateway lets the agent work; at least 1s.", "5m"),
            key("deliver", Shape::either([Shape::flag(), deliver]), "Whether, or where, an OpenClaw gateway delivers the agent's answer.", false).like(json!({"channel": "slack", "to": "C0123456789"})),
        ])
    }

    fn example(&self) -> Value {
        json!({"destination": "reviewer", "message": "Review the pull request.", "data": {"title": "{{payload.pull_request.title}}"}})
    }

    fn destination_kind(&self) -> Option<&'static str> {
        Some("agent")
    }

    fn parse(
        &self,
        fields: &mut Fields<'_>,
        problems: &mut Diagnostics,
    ) -> Option<Arc<dyn Configured>> {
        let inline = fields
            .optional("inline")
            .and_then(|node| node.bool(problems))
            .unwrap_or(false);
        let message = fields
            .required("message", problems)
            .and_then(|node| message::parse(node, inline, problems));
        let data = fields
            .optional("data")
            .map_or_else(Vec::new, |node| data(node, problems));
        let session_by = fields
            .optional("session_by")
            .map(|node| parse_template(node, Escape::None, problems));
        let mut fixed = serde_json::Map::new();
        for (key, field) in [("agent", "agentId"), ("name", "name")] {
            if let Some(text) = fields
                .optional(key)
                .and_then(|node| literal(node, problems))
            {
                fixed.insert(field.to_owned(), text.into());
            }
        }
        if let Some(node) = fields.optional("timeout")
            && let Some(timeout) = node.duration(problems)
        {
            let seconds = timeout.max(Duration::from_secs(1)).as_secs();
            fixed.insert("timeoutSeconds".to_owned(), seconds.into());
        }
        if let Some(node) = fields.optional("deliver") {
            deliver(node, &mut fixed, problems);
        }
        Some(Arc::new(AgentTaskAction {
            message: message?,
            data,
            session_by: match session_by {
                Some(template) => Some(template?),
                None => None,
            },
            fixed,
        }))
    }

    fn perform<'a>(&'a self, context: Context<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { perform(&context).await.unwrap_or_else(|outcome| outcome) })
    }
}

fn data(node: &Node, problems: &mut Diagnostics) -> Vec<(String, Tree)> {
    let tree = |node: &Node, problems: &mut Diagnostics| Tree::parse(node, Escape::None, problems);
    match &node.value {
        yaml::Value::Map(entries) => entries
            .iter()
            .map(|(key, value)| (key.text.clone(), tree(value, problems)))
            .collect(),
        _ => vec![("data".to_owned(), tree(node, problems))],
    }
}

/// Text without templates: where a task goes is not for an event to say.
fn literal(node: &Node, problems: &mut Diagnostics) -> Option<String> {
    let text = node.text(problems)?;
    if text.contains("{{") || text.trim().is_empty() {
        let message = "this is literal text: an event has no say in it";
        problems.push(
            node.error(code::BAD_VALUE, message)
                .help("write it out, without {{…}}"),
        );
        return None;
    }
    Some(text.to_owned())
}

/// `deliver: false`, or `{channel, to}`.
fn deliver(node: &Node, fixed: &mut serde_json::Map<String, Value>, problems: &mut Diagnostics) {
    if let yaml::Value::Bool(deliver) = node.value {
        fixed.insert("deliver".to_owned(), deliver.into());
        return;
    }
    let Some(mut fields) = Fields::of(node, problems) else {
        return;
    };
    for key in ["channel", "to"] {
        if let Some(node) = fields.required(key, problems)
            && let Some(text) = literal(node, problems)
        {
            fixed.insert(key.to_owned(), text.into());
        }
    }
    fields.finish(problems);
}

impl Configured for AgentTaskAction {
    fn templates(&self) -> Vec<&Template> {
        let data = self.data.iter().flat_map(|(_, tree)| tree.templates());
        let session = self.session_by.iter();
        std::iter::once(&self.message)
            .chain(session)
            .chain(data)
            .collect()
    }

    fn prepare(&self, event: &Preparation<'_>) -> Result<Value, RenderError> {
        let message = self.message.render(event.scope)?;
        if message.len() > MESSAGE_BYTES_MAX || message.trim().is_empty() {
            return Err(RenderError {
                template: self.message.text().to_owned(),
                message: format!("an instruction has 1 to {MESSAGE_BYTES_MAX} bytes"),
            });
        }
        let data = self
            .data
            .iter()
            .map(|(name, tree)| Ok((name.clone(), tree.render(event.scope)?)));
        let data: Vec<_> = data.collect::<Result<_, RenderError>>()?;
        let session = match &self.session_by {
            Some(template) => Some(session(event.rule, &template.render(event.scope)?)),
            None => None,
        };
        let task = fence::task(
            &message,
            &data,
            &Origin {
                event: event.event,
                proof: event.proof,
                rule: event.rule,
                action: event.action,
            },
        );
        Ok(json!({
            "message": message,
            "data": shown(data),
            "task": task,
            "proof": event.proof,
            "session": session,
            "fixed": self.fixed,
            "hops": Hops::of(event.event).value(),
        }))
    }
}

/// The data by itself, for tests of rules; the agent reads it in the task alone.
fn shown(data: Vec<(String, Value)>) -> Value {
    let data = Value::Object(data.into_iter().collect());
    let short = data.to_string().len() <= DATA_SHOWN_BYTES_MAX;
    if short { data } else { Value::Null }
}

/// The same for the same subject of a rule, and nothing that an event's author could choose.
fn session(rule: &str, subject: &str) -> String {
    let name = json!(["session", rule, subject]).to_string();
    let digest = sha256(name.as_bytes());
    let hex = Encoding::Hex.encode(digest.get(..16).unwrap_or(&digest));
    format!("hook:hookrule:{hex}")
}

/// Whether enough is proven of what the task is made of. A job that does not say how much, from before
/// hookrule kept that, has nothing proven.
fn demanded(agent: &AgentSettings, context: &Context<'_>) -> Result<(), Outcome> {
    let strength = context.data.get("proof").cloned().unwrap_or_default();
    let strength = serde_json::from_value(strength).unwrap_or(Strength::Unsigned);
    if agent.proof.takes(strength) {
        return Ok(());
    }
    Err(reject(format!(
        "the agent takes only what is {}, and this is {}: see `proof` of the destination in hookrule.yaml",
        agent.proof.words(),
        strength.word()
    )))
}

async fn perform(context: &Context<'_>) -> Result<Outcome, Outcome> {
    let (destination, agent) = settings::<AgentSettings>(context)?;
    demanded(agent, context)?;
    match &agent.door {
        AgentDoor::Openclaw { address, token } => {
            openclaw::perform(context, destination, address, token).await
        }
        AgentDoor::Command(program) => {
            let task = context.data.get("task").and_then(Value::as_str);
            let task = task
                .ok_or_else(|| reject("the job holds no task"))?
                .to_owned();
            let timeout = destination.policy.timeout;
            Ok(run::run(program, &Added::default(), task.into(), timeout, context).await)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_hashed_and_the_rules_own() {
        let one = session("r", "octo/repo#1");
        assert!(
            one.starts_with("hook:hookrule:") && one.len() == 46,
            "{one}"
        );
        assert_eq!(one, session("r", "octo/repo#1"));
        assert_ne!(one, session("r", "octo/repo#2"));
        assert_ne!(one, session("q", "octo/repo#1"));
    }
}
