//! FAMILY: what a rule does. One member for each action kind.
//!
//! Each kind parses its own configuration, prepares a job from an event (pure), and performs it
//! (touches the world). Performing returns an [`Outcome`]; waiting, retrying and recording are left to
//! the executor.

pub mod agent_task;
pub mod command;
pub mod discord;
mod exchange;
pub mod file;
pub mod forward;
pub mod http;
pub mod log;
pub mod notion_page;
pub mod outcome;
mod request;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::destinations::Destination;
use crate::diagnostic::Diagnostics;
use crate::event::{Event, EventId, Headers, JobId, Strength};
use crate::expression::{RenderError, Scope, Template};
use crate::net::Client;
use crate::runtime::{BoxFuture, Timestamp};
use crate::yaml::{Fields, Shape};

pub use outcome::{Outcome, Wait};

/// One kind of action.
pub trait Kind: Send + Sync {
    /// The key that names it in a rule.
    fn name(&self) -> &'static str;

    /// One sentence for people.
    fn help(&self) -> &'static str;

    /// The kind of destination it needs; none where it needs none.
    fn destination_kind(&self) -> Option<&'static str>;

    /// What stands under the kind's key, besides `destination`, for editors.
    fn shape(&self) -> Shape;

    /// What may stand there: a whole action that does something.
    fn example(&self) -> Value;

    /// Reads the value under the kind's key. `destination` is already taken from the fields; the
    /// caller finishes them.
    fn parse(
        &self,
        fields: &mut Fields<'_>,
        problems: &mut Diagnostics,
    ) -> Option<Arc<dyn Configured>>;

    /// Carries out one prepared job, once.
    ///
    /// # Cancellation
    /// Dropping it leaves the job in doubt.
    fn perform<'a>(&'a self, context: Context<'a>) -> BoxFuture<'a, Outcome>;
}

/// An action as a rule's author configured it, its templates compiled.
pub trait Configured: fmt::Debug + Send + Sync {
    /// Every template in it, for `check`.
    fn templates(&self) -> Vec<&Template>;

    /// Renders it for one event. Pure: the same event gives the same data.
    ///
    /// # Errors
    /// A template that cannot be rendered.
    fn prepare(&self, event: &Preparation<'_>) -> Result<Value, RenderError>;

    /// Whether performing it needs the event's headers and raw body.
    fn needs_delivery(&self) -> bool {
        false
    }
}

/// What preparing may look at.
#[derive(Debug)]
pub struct Preparation<'a> {
    /// What templates see.
    pub scope: &'a Scope<'a>,
    /// The event.
    pub event: &'a Event,
    /// How far all events that templates see were shown to be authentic: the least of them.
    pub proof: Strength,
    /// The rule's name.
    pub rule: &'a str,
    /// The action's name.
    pub action: &'a str,
}

/// The event's own bytes, for actions that pass them on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDelivery {
    /// The headers that were kept.
    pub headers: Headers,
    /// The body exactly as sent.
    pub body: bytes::Bytes,
}

/// What performing may use.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What [`Configured::prepare`] made.
    pub data: &'a Value,
    /// The destination, looked up just now; of the kind that the action asked for.
    pub destination: Option<&'a Destination>,
    /// The outgoing HTTP client.
    pub client: &'a Client,
    /// What earlier jobs remembered.
    pub memory: &'a dyn Memory,
    /// The job's id: the idempotency key, the same for every attempt.
    pub job: JobId,
    /// The event's id.
    pub event: EventId,
    /// The event's most specific name.
    pub event_name: &'a str,
    /// The rule that planned it.
    pub rule: &'a str,
    /// This attempt, counted from 1.
    pub attempt: u32,
    /// When this attempt began.
    pub now: Timestamp,
    /// The event's own bytes, where the action needs them.
    pub delivery: Option<&'a KeptDelivery>,
}

/// Small facts that survive restarts (the page made for a key, a schema), by kind and key.
pub trait Memory: Send + Sync {
    /// What was remembered, if anything.
    fn recall<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Option<String>>;

    /// Remembers it; on disk when this returns.
    fn remember<'a>(&'a self, key: &'a str, value: &'a str) -> BoxFuture<'a, ()>;
}

/// Every kind.
pub const LIST: &[&dyn Kind] = &[
    &forward::Forward,
    &http::Http,
    &discord::Discord,
    &notion_page::NotionPage,
    &agent_task::AgentTask,
    &log::Log,
    &file::File,
    &command::Command,
];

/// The kind of that name.
pub fn find(name: &str) -> Option<&'static dyn Kind> {
    LIST.iter().copied().find(|kind| kind.name() == name)
}
