//! What an attempt leaves behind: its record, a log line, a paused destination.

use std::time::Duration;

use crate::plan::Attempt;
use crate::runtime::telemetry::Metric;
use crate::stores::{Next, Record};

use super::attempt::One;

/// The first wait before an outcome is offered to a failing store again; doubles.
const RECORD_WAIT: Duration = Duration::from_secs(1);
/// The longest such wait.
pub(super) const RECORD_WAIT_MAX: Duration = Duration::from_secs(30);

impl One<'_> {
    /// Records what follows, and says so where that is a dead letter.
    pub(super) async fn finish(&self, attempt: Option<Attempt>, next: Next) {
        let reason = why_dead(&next);
        if self.record(attempt, next).await
            && let Some(reason) = reason
        {
            self.died(&reason);
        }
    }

    /// A dead letter is never silent.
    pub(super) fn died(&self, reason: &str) {
        let job = &self.leased.job;
        let telemetry = &self.shared.parts.telemetry;
        telemetry.count(Metric::DeadLetters, &[&job.destination]);
        tracing::error!(
            job = %job.id,
            event = %job.event,
            rule = job.rule,
            action = job.action,
            destination = job.destination,
            ?reason,
            "dead letter; when its cause is mended, run: hookrule dead requeue {}",
            job.id
        );
    }

    /// Pauses the destination.
    pub(super) async fn pause(&self, why: &str) {
        let destination = &self.leased.job.destination;
        let why = format!("it is gone: {why}");
        let reason = why.clone();
        self.shared.lanes().paused.insert(destination.clone(), why);
        let paused = self.shared.parts.store.pause(destination, Some(&reason));
        if let Err(error) = paused.await {
            tracing::error!(destination, %error, "a destination could not be paused");
        }
        tracing::error!(
            destination,
            ?reason,
            "destination paused: its jobs wait; when it is back, run: hookrule destinations resume {destination}"
        );
    }

    /// Has it recorded, however long the store takes to work again. False where the lease was lost, or
    /// the process stops at once: then the job is still in the store as it was.
    pub(super) async fn record(&self, attempt: Option<Attempt>, next: Next) -> bool {
        let record = Record {
            lease: self.leased.lease,
            attempt,
            next,
        };
        let mut wait = RECORD_WAIT;
        loop {
            let recorded = self.shared.parts.store.record(vec![record.clone()]).await;
            match recorded {
                Ok(held) if held.first() == Some(&true) => return true,
                Ok(_) => {
                    self.lost();
                    return false;
                }
                Err(error) => {
                    let telemetry = &self.shared.parts.telemetry;
                    telemetry.count(Metric::StoreFailures, &["record"]);
                    let job = self.leased.job.id;
                    tracing::error!(%job, %error, "an outcome could not be recorded; it is tried again");
                }
            }
            tokio::select! {
                () = self.shared.parts.clock.sleep(wait) => {}
                () = self.shared.parts.shutdown.stopping() => return false,
            }
            wait = wait.saturating_mul(2).min(RECORD_WAIT_MAX);
        }
    }

    /// Says that the lease was lost.
    pub(super) fn lost(&self) {
        let telemetry = &self.shared.parts.telemetry;
        telemetry.count(Metric::LeasesLost, &[]);
        let job = self.leased.job.id;
        tracing::warn!(%job, "its lease was lost: whoever has it now decides what becomes of it");
    }
}

/// Why a job is dead by what follows, if it is.
pub(super) fn why_dead(next: &Next) -> Option<String> {
    match next {
        Next::Dead { reason } => Some(reason.clone()),
        _ => None,
    }
}
