//! Followers in the model: released, skipped, revived; and the ends of jobs and events.

use std::time::Duration;

use crate::event::JobId;
use crate::plan::{JobBody, JobState};
use crate::runtime::Timestamp;

use super::super::{Swept, before, reasons};
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

    pub(super) fn die(&mut self, id: JobId, reason: &str) {
        let Some(kept) = self.find_mut(id) else {
            return;
        };
        kept.job.state = JobState::Dead;
        kept.job.reason = Some(reason.to_owned());
        kept.lease = None;
        let reason = reasons::skipped(&kept.job.action, JobState::Dead);
        self.skip_followers(id, &reason);
    }

    pub(super) fn release_followers(&mut self, id: JobId, now: Timestamp) {
        for follower in self.followers(id, JobState::Waiting) {
            let Some(kept) = self.find(follower) else {
                continue;
            };
            let done = |id: &JobId| {
                self.find(*id)
                    .is_some_and(|kept| kept.job.state == JobState::Done)
            };
            if !kept.after.iter().all(done) {
                continue;
            }
            let due_at = now.after(kept.delay);
            if let Some(kept) = self.find_mut(follower) {
                kept.job.state = JobState::Ready;
                kept.job.due_at = due_at;
                kept.job.ready_at = Some(due_at);
            }
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
        self.revive_followers(id);
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

    pub(super) fn expire(&mut self, known: &[String], oldest: Timestamp) -> u64 {
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
            self.die(*id, &reasons::no_destination(destination));
        }
        stranded.len() as u64
    }

    pub(super) fn sweep(&mut self, retention: Duration, now: Timestamp) -> Swept {
        let leases = self.lose_expired(now);
        let keys = self.dedupe.len();
        self.dedupe.retain(|_, seen| seen.until > now);
        let oldest = before(now, retention);
        let pending = |state: JobState| state == JobState::Dead || !state.is_final();
        let jobs = &mut self.jobs;
        let events = self.events.len();
        self.events.retain(|id, kept| {
            kept.summary.received_at >= oldest
                || jobs
                    .iter()
                    .any(|kept| kept.job.event == *id && pending(kept.job.state))
        });
        jobs.retain(|kept| self.events.contains_key(&kept.job.event));
        Swept {
            events: (events - self.events.len()) as u64,
            dedupe_keys: (keys - self.dedupe.len()) as u64,
            leases,
        }
    }
}
