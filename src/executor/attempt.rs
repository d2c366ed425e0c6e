//! One job's attempt: looked at, prepared if need be, performed, recorded.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::actions::{Context, Outcome};
use crate::destinations::{Destination, InDoubt, Policy};
use crate::plan::{Attempt, JobBody};
use crate::runtime::Timestamp;
use crate::runtime::telemetry::Metric;
use crate::stores::{LeasedJob, Next, StoreError};

use super::RenderFailure;
use super::lane::policy_of;
use super::memory::StoredMemory;
use super::recording::{RECORD_WAIT_MAX, why_dead};
use super::state::{BreakOff, Shared, Slot};
use super::verdict::{Effect, age, verdict};

/// A kind may ask its destination several times in one attempt, each within the destination's timeout;
/// one that takes so many times as long hangs.
const HANGING_FACTOR: u32 = 4;
/// A job that comes this much too late through no fault of its own is still performed.
const AGE_GRACE: Duration = Duration::from_mins(5);
/// Begins a leased job in a slot of its destination.
pub(super) fn begin(shared: &Arc<Shared>, leased: LeasedJob, slot: Slot) {
    let shared = Arc::clone(shared);
    let (running, break_off) = shared.enter(leased.lease);
    tokio::spawn(async move {
        let leased = Arc::new(leased);
        let attempt = One {
            shared: &shared,
            leased: &leased,
            slot,
        };
        attempt.go(break_off).await;
        drop(running);
        // Its outcome may have made other jobs ready, or this one due later.
        shared.news.notify_one();
    });
}

/// One job in one slot.
pub(super) struct One<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) leased: &'a Arc<LeasedJob>,
    slot: Slot,
}

/// What is to be performed, and where.
struct Ready {
    data: serde_json::Value,
    destination: Option<Arc<Destination>>,
    policy: Policy,
}

impl One<'_> {
    async fn go(mut self, break_off: oneshot::Receiver<BreakOff>) {
        if self.shared.lanes().closed {
            self.record(None, Next::Release).await;
            return;
        }
        let ready = match self.ready().await {
            Ok(ready) => ready,
            Err(next) => {
                self.finish(None, *next).await;
                return;
            }
        };
        if ready.policy.in_doubt == InDoubt::Dead && !self.record(None, Next::Started).await {
            return;
        }
        self.slot.use_up();
        let began = self.shared.now();
        let performed = self.perform(&ready, began, break_off).await;
        self.conclude(&ready, began, performed).await;
    }

    /// Looks at the job as it stands today.
    async fn ready(&self) -> Result<Ready, Box<Next>> {
        let job = &self.leased.job;
        let destination = self.destination()?;
        let policy = policy_of(destination.as_ref());
        let late = age(job, self.shared.now());
        if late > policy.retry.max_age.saturating_add(AGE_GRACE) {
            let reason = "it has waited for too long to be performed".to_owned();
            return Err(Box::new(Next::Dead { reason }));
        }
        let data = match &job.body {
            JobBody::Prepared { data, .. } => data.clone(),
            JobBody::Deferred { .. } => self.prepare().await?,
            JobBody::Unprepared => {
                let reason = "it was never prepared".to_owned();
                return Err(Box::new(Next::Dead { reason }));
            }
        };
        Ok(Ready {
            data,
            destination,
            policy,
        })
    }

    fn destination(&self) -> Result<Option<Arc<Destination>>, Box<Next>> {
        let job = &self.leased.job;
        let dead = |reason: String| Err(Box::new(Next::Dead { reason }));
        let Some(needed) = self.shared.performer.destination_kind(&job.kind) else {
            return dead(format!("there is no action kind `{}`", job.kind));
        };
        let Some(needed) = needed else {
            return Ok(None);
        };
        let destinations = self.shared.parts.destinations.borrow();
        match destinations.get(&job.destination) {
            Some(found) if found.kind == needed => Ok(Some(Arc::clone(found))),
            Some(found) => dead(format!(
                "destination `{}` is of kind `{}` now; `{}` needs `{needed}`",
                job.destination, found.kind, job.kind
            )),
            // Removed in this moment: it waits like any other of a missing destination.
            None => Err(Box::new(Next::Release)),
        }
    }

    /// Renders a deferred body and has it stored before anything is performed by it.
    async fn prepare(&self) -> Result<serde_json::Value, Box<Next>> {
        let job = &self.leased.job;
        let store = &self.shared.parts.store;
        let later = |error: &StoreError| {
            tracing::error!(job = %job.id, %error, "the store failed; the job is prepared later");
            let (after, counts) = (RECORD_WAIT_MAX, false);
            Box::new(Next::Retry { after, counts })
        };
        let outputs = store.outputs(job.id).await;
        let outputs = outputs.map_err(|error| later(&error))?;
        let body = match self.shared.parts.renderer.render(job, outputs).await {
            Ok(body) => body,
            Err(RenderFailure::Permanent(reason)) => return Err(Box::new(Next::Dead { reason })),
            Err(RenderFailure::Store(error)) => return Err(later(&error)),
        };
        let JobBody::Prepared {
            data,
            needs_delivery,
        } = &body
        else {
            let reason = "rendering did not prepare it: a fault in hookrule".to_owned();
            return Err(Box::new(Next::Dead { reason }));
        };
        let (data, needs_delivery) = (data.clone(), *needs_delivery);
        if !self.record(None, Next::Prepared(body)).await || needs_delivery {
            // The event's own bytes come with the next claim.
            return Err(Box::new(Next::Release));
        }
        Ok(data)
    }

    async fn perform(
        &self,
        ready: &Ready,
        began: Timestamp,
        break_off: oneshot::Receiver<BreakOff>,
    ) -> Result<Outcome, BreakOff> {
        let (shared, leased) = (Arc::clone(self.shared), Arc::clone(self.leased));
        let (data, destination) = (ready.data.clone(), ready.destination.clone());
        let attempt = self.number();
        // A task of its own, so that a panic in an action ends this attempt alone.
        let mut performing = tokio::spawn(async move {
            let job = &leased.job;
            let memory = StoredMemory {
                store: Arc::clone(&shared.parts.store),
                kind: job.kind.clone(),
            };
            let context = Context {
                data: &data,
                destination: destination.as_deref(),
                client: &shared.parts.client,
                memory: &memory,
                job: job.id,
                event: job.event,
                event_name: &job.event_name,
                rule: &job.rule,
                attempt,
                now: began,
                delivery: leased.delivery.as_ref(),
            };
            shared.performer.perform(&job.kind, context).await
        });
        let limit = ready.policy.timeout.saturating_mul(HANGING_FACTOR);
        tokio::select! {
            biased;
            done = &mut performing => Ok(done.unwrap_or_else(|error| {
                let note = format!("the action failed: a fault in hookrule ({error})");
                Outcome::Reject { note, gone: false }
            })),
            Ok(why) = break_off => {
                performing.abort();
                Err(why)
            }
            () = self.shared.parts.clock.sleep(limit) => {
                performing.abort();
                let note = format!("the action did not end within {limit:?}");
                Ok(Outcome::InDoubt { note })
            }
        }
    }

    async fn conclude(
        &self,
        ready: &Ready,
        began: Timestamp,
        performed: Result<Outcome, BreakOff>,
    ) {
        let job = &self.leased.job;
        let outcome = match performed {
            Ok(outcome) => outcome,
            Err(BreakOff::LeaseLost) => {
                self.lost();
                return;
            }
            Err(BreakOff::Drained) => {
                let note = "broken off: hookrule was stopped".to_owned();
                let attempt = self.attempt(began, "in_doubt", note.clone());
                let next = match ready.policy.in_doubt {
                    InDoubt::Retry => Next::Release,
                    InDoubt::Dead => Next::Dead {
                        reason: format!("it may have been performed: {note}"),
                    },
                };
                self.finish(Some(attempt), next).await;
                return;
            }
        };
        let throttled = match self.shared.lanes().get(&job.destination) {
            Some(lane) => lane.throttled_before(began),
            None => 0,
        };
        let now = self.shared.now();
        let verdict = verdict(outcome, &ready.policy, job, now, throttled);
        self.shared.learn(&job.destination, &verdict.effect, began);
        if let Effect::Gone(why) = &verdict.effect {
            self.pause(why).await;
        }
        let telemetry = &self.shared.parts.telemetry;
        telemetry.count(Metric::Attempts, &[&job.destination, verdict.word]);
        let attempt = self.attempt(began, verdict.word, verdict.note);
        let reason = why_dead(&verdict.next);
        let recorded = self.record(Some(attempt), verdict.next).await;
        // Whoever reads this finds the job so.
        tracing::info!(
            job = %job.id,
            rule = job.rule,
            action = job.action,
            destination = job.destination,
            outcome = verdict.word,
            "attempt ended"
        );
        if let Some(reason) = reason.filter(|_| recorded) {
            self.died(&reason);
        }
    }

    fn number(&self) -> u32 {
        u32::try_from(self.leased.lease.number).unwrap_or(u32::MAX)
    }

    fn attempt(&self, began: Timestamp, word: &str, note: String) -> Attempt {
        let took = self.shared.now().since(began).as_millis();
        Attempt {
            number: self.number(),
            started_at: began,
            took_ms: u64::try_from(took).unwrap_or(u64::MAX),
            outcome: word.to_owned(),
            note,
        }
    }
}
