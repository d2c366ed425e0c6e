//! An agent that takes tasks: an OpenClaw gateway, or a program that reads its task from standard
//! input.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::diagnostic::{Diagnostics, code};
use crate::event::ProofDemand;
use crate::secret::Secret;
use crate::yaml::{Demand, Fields, Node, Shape, key};

use super::address::url_key;
use super::{Address, InDoubt, Kind, Policy, Program, Retry, Settings, credential};

/// The kind.
#[derive(Debug)]
pub struct Agent;

/// An agent, and what it may be given.
#[derive(Debug, Clone)]
pub struct AgentSettings {
    /// Where it takes its tasks.
    pub door: AgentDoor,
    /// How much proof its operator asks of an event that a task is made of.
    pub proof: ProofDemand,
}

/// Where an agent takes its tasks.
#[derive(Debug, Clone)]
pub enum AgentDoor {
    /// `POST {url}/hooks/agent`.
    Openclaw {
        /// The gateway.
        address: Address,
        /// Its hook token.
        token: Secret,
    },
    /// A program; the task on its standard input.
    Command(Program),
}

impl Kind for Agent {
    fn name(&self) -> &'static str {
        "agent"
    }

    fn help(&self) -> &'static str {
        "An agent: an OpenClaw gateway or a program; for `agent_task` actions."
    }

    /// Agents answer slowly, one task at a time, and a task a day late is noise.
    fn policy(&self) -> Policy {
        Policy {
            concurrency: 1,
            timeout: Duration::from_mins(1),
            retry: Retry {
                max_age: Duration::from_hours(24),
                ..Retry::default()
            },
            ..Policy::default()
        }
    }

    /// A program cannot be told that it has seen a task before; a gateway can.
    fn policy_of(&self, node: &Node) -> Policy {
        let mut policy = self.policy();
        if node.get("command").is_some() {
            policy.in_doubt = InDoubt::Dead;
        }
        policy
    }

    fn shape(&self) -> Shape {
        let gateway = Shape::map([
            url_key("https://agent.example.com").required(),
            key(
                "token",
                Shape::text(),
                "The gateway's token for hooks.",
                "${env:OPENCLAW_TOKEN:-a-token-for-examples}",
            )
            .required(),
        ]);
        Shape::map([
            key("openclaw", gateway, "An OpenClaw gateway: tasks are posted to `/hooks/agent`.", json!({"url": "https://agent.example.com", "token": "${env:OPENCLAW_TOKEN:-a-token-for-examples}"})),
            key("command", Shape::map(Program::keys()), "A program that reads its task from standard input.", json!({"argv": ["/opt/agent.sh"]})),
            key("proof", ProofDemand::shape(), "How far an event must have been shown to be authentic for a task of it to be handed over, as in `when:` of a rule. Any, where it is left out.", "signed"),
        ])
        .demand(Demand::OneOf(vec!["openclaw", "command"]))
    }

    fn example(&self) -> Value {
        json!({"openclaw": {"url": "https://agent.example.com", "token": "${env:OPENCLAW_TOKEN:-a-token-for-examples}"}})
    }

    fn parse(&self, node: &Node, problems: &mut Diagnostics) -> Option<Settings> {
        let mut fields = Fields::of(node, problems)?;
        let openclaw = fields.optional("openclaw");
        let command = fields.optional("command");
        let proof = fields.optional("proof");
        let proof = proof.map(|node| ProofDemand::parse(node, problems));
        // A kind of agent that does not exist is reported as the key that it is.
        let misspelt = openclaw.is_none() && command.is_none() && fields.has_unknown();
        fields.finish(problems);
        let door = match (openclaw, command) {
            (Some(node), None) => self::openclaw(node, problems)?,
            (None, Some(node)) => {
                let mut fields = Fields::of(node, problems)?;
                let program = Program::parse(&mut fields, problems);
                fields.finish(problems);
                AgentDoor::Command(program?)
            }
            _ if misspelt => return None,
            _ => {
                let message = "an agent needs one of `openclaw` and `command`";
                let help = "write `openclaw: {url: …, token: …}` or `command: {argv: […]}`";
                problems.push(node.error(code::MISSING_KEY, message).help(help));
                return None;
            }
        };
        let proof = proof.unwrap_or_default();
        Some(Arc::new(AgentSettings { door, proof }))
    }

    fn address<'s>(&self, settings: &'s Settings) -> Option<&'s Address> {
        match &settings.downcast_ref::<AgentSettings>()?.door {
            AgentDoor::Openclaw { address, .. } => Some(address),
            AgentDoor::Command(_) => None,
        }
    }

    fn demand<'s>(&self, settings: &'s Settings) -> Option<&'s ProofDemand> {
        Some(&settings.downcast_ref::<AgentSettings>()?.proof)
    }
}

fn openclaw(node: &Node, problems: &mut Diagnostics) -> Option<AgentDoor> {
    let mut fields = Fields::of(node, problems)?;
    let address = fields
        .required("url", problems)
        .and_then(|url| Address::parse(url, problems));
    let token = fields
        .required("token", problems)
        .and_then(|token| credential(token, problems));
    fields.finish(problems);
    Some(AgentDoor::Openclaw {
        address: address?,
        token: token?,
    })
}
