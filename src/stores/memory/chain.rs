//! Followers in the model: released, skipped, revived; and the ends of jobs and events.

use std::time::Duration;

use crate::event::{EventId, FiringId, JobId};
use crate::plan::{JobBody, JobState};
use crate::runtime::Timestamp;

use super::super::{Swept, before, reasons};
use super::kept::KeptJob;
use super::state::State;

impl State {
    /// The jobs that name this one in their `after` and stand in that state, as they were stored.
    fn followers(&self, id: JobId, state: JobState) -> Vec<JobId> {
        let follows = self.jobs.iter().filter(|kept| kept.after.contains(&id));
        follows
            .filter(|kept| kept.job.state == state)
            .map(|kept| kept.job.id)
            .collect()
    }

    /// Skips a waiting job if something it waits for will not be done.
    pub(super) fn settle(&mut self, id: JobId) {
        let Some(kept) = self.find(id) else { return };
        if kept.job.state != JobState::Waiting {
            return;
        }
        let blocked = kept
            .after
            .iter()
            .find_map(|before| match self.find(*before) {
                None => Some(reasons::waits_for_unknown(*before)),
                Some(other) if other.job.state == JobState::Skipped => other.job.reason.clone(),
                Some(other) if other.job.state == JobState::Done || !other.job.state.is_final() => {
                    None
                }
                Some(other) => Some(reasons::skipped(&other.job.action, other.job.state)),
            });
        if let Some(reason) = blocked {
            self.skip(id, &reason);
        }
    }

    fn skip(&mut self, id: JobId, reason: &str) {
        if let Some(kept) = self.find_mut(id) {
            kept.job.state = JobState::Skipped;
            kept.job.reason = Some(reason.to_owned());
        }
        self.skip_followers(id, reason);
    }

    /// Breadth first, so that the order is the same in every store.
    fn skip_followers(&mut self, id: JobId, reason: &str) {
        let mut ended = vec![id];
        while !ended.is_empty() {
            let mut next = Vec::new();
            for id in ended {
                for follower in self.followers(id, JobState::Waiting) {
                    if let Some(kept) = self.find_mut(follower) {
                        kept.job.state = JobState::Skipped;
                        kept.job.reason = Some(reason.to_owned());
                    }
                    next.push(follower);
                }
            }
            ended = next;
        }
    }

    pub(super) fn die(&mut self, id: JobId, reason: &str, now: Timestamp) {
        let Some(kept) = self.find_mut(id) else {
            return;
        };
        kept.job.state = JobState::Dead;
        kept.job.reason = Some(reason.to_owned());
        kept.lease = None;
        let holds = kept.job.lane.as_ref().is_some_and(|lane| lane.hold);
        let reason = reasons::skipped(&kept.job.action, JobState::Dead);
        self.skip_followers(id, &reason);
        if !holds {
            self.leave_lane(id, now);
        }
    }

    pub(super) fn release_followers(&mut self, id: JobId, now: Timestamp) {
        for follower in self.followers(id, JobState::Waiting) {
            self.ready_if_free(follower, now);
        }
    }

    pub(super) fn requeue(&mut self, jobs: &[JobId], now: Timestamp) -> Vec<Result<(), String>> {
        jobs.iter().map(|id| self.requeue_one(*id, now)).collect()
    }

    fn requeue_one(&mut self, id: JobId, now: Timestamp) -> Result<(), String> {
        let kept = self.find_mut(id).ok_or_else(|| reasons::unknown(id))?;
        if kept.job.state != JobState::Dead {
            return Err(reasons::not_dead(id, kept.job.state));
        }
        if kept.job.body == JobBody::Unprepared {
            return Err(reasons::never_prepared(kept.job.event));
        }
        kept.requeues += 1;
        kept.lost_in = None;
        kept.job.state = JobState::Ready;
        kept.job.reason = None;
        kept.job.attempts = 0;
        kept.job.leases_lost = 0;
        kept.job.due_at = now;
        kept.job.ready_at = Some(now);
        if kept.lane_nr.is_none() {
            self.ready(id, now);
        }
        self.revive_followers(id);
        Ok(())
    }

    pub(super) fn discard(&mut self, jobs: &[JobId], now: Timestamp) -> Vec<Result<(), String>> {
        jobs.iter().map(|id| self.discard_one(*id, now)).collect()
    }

    fn discard_one(&mut self, id: JobId, now: Timestamp) -> Result<(), String> {
        let kept = self.find_mut(id).ok_or_else(|| reasons::unknown(id))?;
        if kept.job.state != JobState::Dead {
            return Err(reasons::not_dead(id, kept.job.state));
        }
        kept.job.state = JobState::Cancelled;
        kept.job.reason = Some(reasons::DISCARDED.to_owned());
        self.leave_lane(id, now);
        Ok(())
    }

    fn revive_followers(&mut self, id: JobId) {
        let mut revived: Vec<JobId> = Vec::new();
        let mut level = vec![id];
        while !level.is_empty() {
            let mut next = Vec::new();
            for id in level {
                for follower in self.followers(id, JobState::Skipped) {
                    if let Some(kept) = self.find_mut(follower) {
                        kept.job.state = JobState::Waiting;
                        kept.job.reason = None;
                    }
                    next.push(follower);
                }
            }
            revived.extend(&next);
            level = next;
        }
        for id in revived {
            self.settle(id);
        }
    }

    pub(super) fn expire(&mut self, known: &[String], oldest: Timestamp, now: Timestamp) -> u64 {
        let stranded: Vec<(JobId, String)> = self
            .jobs
            .iter()
            .map(|kept| &kept.job)
            .filter(|job| {
                job.state == JobState::Ready && job.ready_at.is_some_and(|at| at < oldest)
            })
            .filter(|job| !job.destination.is_empty() && !known.contains(&job.destination))
            .map(|job| (job.id, job.destination.clone()))
            .collect();
        for (id, destination) in &stranded {
            self.die(*id, &reasons::no_destination(destination), now);
        }
        stranded.len() as u64
    }

    /// Nobody needs what a firing that is yet to be looked at may ask for.
    fn forget_flow(&mut self, oldest: Timestamp, now: Timestamp) {
        if self.next_firing().is_some_and(|due| due <= now) {
            return;
        }
        self.signals.retain(|kept| kept.until > now);
        self.passes.retain(|kept| kept.until > now);
        self.seen.retain(|_, (_, at)| *at >= oldest);
    }

    /// Whether nobody needs an event any more: none of its jobs is pending or dead, nor any of a firing
    /// that it stands beside, and no firing may yet wait for it.
    fn is_settled(&self, id: EventId) -> bool {
        let pending = |state: JobState| state == JobState::Dead || !state.is_final();
        let beside = |firing: FiringId| {
            let mut firings = self
                .firings
                .iter()
                .filter(|kept| kept.standing.id == firing);
            firings.any(|kept| kept.companions.iter().any(|(_, event, _)| *event == id))
        };
        let needs = |kept: &KeptJob| {
            pending(kept.job.state) && (kept.job.event == id || kept.job.firing.is_some_and(beside))
        };
        !self.jobs.iter().any(needs) && !self.signals.iter().any(|kept| kept.event == id)
    }

    pub(super) fn sweep(&mut self, retention: Duration, now: Timestamp) -> Swept {
        let leases = self.lose_expired(now);
        let keys = self.dedupe.len();
        self.dedupe.retain(|_, seen| seen.until > now);
        let oldest = before(now, retention);
        self.forget_flow(oldest, now);
        let events = self.events.len();
        let old: Vec<EventId> = self
            .events
            .iter()
            .filter(|(_, kept)| kept.summary.received_at < oldest)
            .map(|(id, _)| *id)
            .filter(|id| self.is_settled(*id))
            .collect();
        self.events.retain(|id, _| !old.contains(id));
        self.jobs.retain(|kept| !old.contains(&kept.job.event));
        let firings = &mut self.firings;
        firings.retain(|kept| !old.contains(&kept.standing.event));
        Swept {
            events: (events - self.events.len()) as u64,
            dedupe_keys: (keys - self.dedupe.len()) as u64,
            leases,
        }
    }
}
