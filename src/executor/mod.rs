//! Performs jobs: lease → perform → record.
//!
//! Comes in: jobs that a store leases. Goes out: their outcomes, recorded. When to try again, how much
//! a destination is asked at once, and when it is left alone are decided here; what a job does is left
//! to `actions`, and how a deferred body is rendered to a [`Renderer`].

mod attempt;
mod backoff;
mod circuit;
mod claim;
mod lane;
mod memory;
mod rate;
mod recording;
mod run;
mod settings;
mod start;
mod state;
#[cfg(test)]
mod tests;
mod upkeep;
mod verdict;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::actions::{Context, Kind, Outcome, find};
use crate::destinations::Destination;
use crate::plan::{Job, JobBody};
use crate::runtime::BoxFuture;
use crate::stores::StoreError;

pub use settings::Settings;
pub use start::{Executor, Parts};

/// The configured destinations by name.
pub type Destinations = BTreeMap<String, Arc<Destination>>;

/// Why a deferred body was not rendered.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RenderFailure {
    /// It never will be: the job is a dead letter that says so.
    #[error("{0}")]
    Permanent(String),
    /// What it needs could not be read now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Renders deferred bodies; rules are not the executor's business.
pub trait Renderer: Send + Sync {
    /// The job's body, prepared. `outputs` is what the jobs it waited for gave, by action name.
    fn render<'a>(
        &'a self,
        job: &'a Job,
        outputs: Value,
    ) -> BoxFuture<'a, Result<JobBody, RenderFailure>>;
}

/// Who performs one attempt; tests script their own.
pub trait Perform: Send + Sync {
    /// The kind of destination that an action kind needs: the outer none for an unknown kind, the
    /// inner one where it needs none.
    fn destination_kind(&self, kind: &str) -> Option<Option<&'static str>>;

    /// Carries out one attempt.
    ///
    /// # Cancellation
    /// Dropping it leaves the job in doubt.
    fn perform<'a>(&'a self, kind: &'a str, context: Context<'a>) -> BoxFuture<'a, Outcome>;
}

/// The action kinds that there are.
struct Kinds;

impl Perform for Kinds {
    fn destination_kind(&self, kind: &str) -> Option<Option<&'static str>> {
        find(kind).map(Kind::destination_kind)
    }

    fn perform<'a>(&'a self, kind: &'a str, context: Context<'a>) -> BoxFuture<'a, Outcome> {
        match find(kind) {
            Some(kind) => kind.perform(context),
            None => Box::pin(async move {
                Outcome::Reject {
                    note: format!("there is no action kind `{kind}`"),
                    gone: false,
                }
            }),
        }
    }
}
