//! Renders deferred jobs for the executor, which knows nothing of rules.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use serde_json::Value;

use crate::executor::{RenderFailure, Renderer};
use crate::plan::{Job, JobBody, prepare};
use crate::runtime::BoxFuture;
use crate::stores::Store;

/// Renders from the event that the store kept.
pub(super) struct FromStore(pub(super) Arc<dyn Store>);

impl Renderer for FromStore {
    fn render<'a>(
        &'a self,
        job: &'a Job,
        outputs: Value,
    ) -> BoxFuture<'a, Result<JobBody, RenderFailure>> {
        Box::pin(async move {
            let Some(event) = self.0.event(job.event).await? else {
                let why = format!("its event {} is not in the store any more", job.event);
                return Err(RenderFailure::Permanent(why));
            };
            let prepared = AssertUnwindSafe(|| prepare(job, &event, &outputs));
            match std::panic::catch_unwind(prepared) {
                Ok(prepared) => prepared.map_err(RenderFailure::Permanent),
                Err(_) => Err(RenderFailure::Permanent("rendering it panicked".to_owned())),
            }
        })
    }
}
