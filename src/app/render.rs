//! Renders deferred jobs for the executor, which knows nothing of rules.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use serde_json::Value;

use crate::event::Event;
use crate::executor::{RenderFailure, Renderer};
use crate::plan::{Beside, Job, JobBody, prepare};
use crate::runtime::BoxFuture;
use crate::stores::{Companion, Store};

/// Renders from the event that the store kept.
pub(super) struct FromStore(pub(super) Arc<dyn Store>);

impl FromStore {
    /// The events that the gates of a job's rule brought.
    async fn others(&self, job: &Job) -> Result<Vec<(Companion, Event)>, RenderFailure> {
        let Some(firing) = job.firing else {
            return Ok(Vec::new());
        };
        let mut others = Vec::new();
        for companion in self.0.companions(firing).await? {
            let Some(event) = self.0.event(companion.event).await? else {
                let why = format!("the event {} is not in the store any more", companion.event);
                return Err(RenderFailure::Permanent(why));
            };
            others.push((companion, event));
        }
        Ok(others)
    }
}

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
            let others = self.others(job).await?;
            let beside = others.iter().map(|(companion, event)| Beside {
                name: companion.name.clone(),
                event,
                vars: companion.vars.clone(),
            });
            let beside: Vec<_> = beside.collect();
            let prepared = AssertUnwindSafe(|| prepare(job, &event, &outputs, &beside));
            match std::panic::catch_unwind(prepared) {
                Ok(prepared) => prepared.map_err(RenderFailure::Permanent),
                Err(_) => Err(RenderFailure::Permanent("rendering it panicked".to_owned())),
            }
        })
    }
}
