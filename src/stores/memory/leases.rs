//! Leases in the model: given, extended, lost, ended by an outcome.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::JobId;
use crate::plan::{Attempt, JobState};
use crate::runtime::Timestamp;

use super::super::gates::open_due;
use super::super::{
    Claim, Claimed, FIRINGS_PER_CLAIM, LEASES_LOST_MAX, Lease, LeasedJob, Next, OUTPUTS_BYTES_MAX,
    Record, reasons,
};
use super::kept::{Held, KeptJob};
use super::state::State;

impl State {
    /// All leases are of earlier epochs now, so all are lost.
    pub(super) fn begin_epoch(&mut self, now: Timestamp) {
        self.epoch += 1;
        self.lose_where(|_| true, now);
    }

    pub(super) fn lose_expired(&mut self, now: Timestamp) -> u64 {
        self.lose_where(|held| held.until <= now, now)
    }

    fn lose_where(&mut self, lost: impl Fn(&Held) -> bool, now: Timestamp) -> u64 {
        let lost = |kept: &&KeptJob| kept.lease.as_ref().is_some_and(&lost);
        let jobs: Vec<JobId> = self
            .jobs
            .iter()
            .filter(lost)
            .map(|kept| kept.job.id)
            .collect();
        for id in &jobs {
            self.lose(*id, now);
        }
        jobs.len() as u64
    }

    fn lose(&mut self, id: JobId, now: Timestamp) {
        let Some(kept) = self.find_mut(id) else {
            return;
        };
        let Some(held) = kept.lease.take() else {
            return;
        };
        kept.attempts.push(Attempt {
            number: u32::try_from(kept.number).unwrap_or(u32::MAX),
            started_at: held.since,
            took_ms: 0,
            outcome: "lost".to_owned(),
            note: reasons::LOST.to_owned(),
        });
        if kept.lost_in != Some(held.epoch) {
            kept.lost_in = Some(held.epoch);
            kept.job.leases_lost += 1;
        }
        if held.started {
            self.die(id, reasons::IN_DOUBT, now);
        } else if kept.job.leases_lost >= LEASES_LOST_MAX {
            self.die(id, reasons::POISON, now);
        } else {
            kept.job.state = JobState::Ready;
            kept.job.due_at = kept.job.due_at.min(now);
        }
    }

    /// Leases one job, whatever its state.
    pub(super) fn lease(
        &mut self,
        id: JobId,
        now: Timestamp,
        length: Duration,
    ) -> Option<LeasedJob> {
        let epoch = self.epoch;
        let kept = self.find_mut(id)?;
        kept.number += 1;
        kept.job.state = JobState::Leased;
        kept.lease = Some(Held {
            epoch,
            since: now,
            until: now.after(length),
            started: false,
        });
        let lease = Lease {
            job: id,
            epoch,
            number: kept.number,
        };
        let kept = self.find(id)?;
        let event = self.events.get(&kept.job.event);
        let delivery = event
            .filter(|_| kept.needs_delivery())
            .map(|event| event.delivery.clone());
        Some(LeasedJob {
            lease,
            job: kept.job.clone(),
            delivery,
        })
    }

    pub(super) fn claim(&mut self, claim: &Claim, now: Timestamp) -> Claimed {
        self.lose_expired(now);
        let Ok(()) = open_due(self, now, FIRINGS_PER_CLAIM);
        let mut open: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, slots) in &claim.free {
            if *slots > 0 && !self.paused.contains_key(name) {
                *open.entry(name).or_default() += slots;
            }
        }
        let mut due = Vec::new();
        for (name, slots) in &open {
            let mut here: Vec<_> = self
                .jobs
                .iter()
                .enumerate()
                .filter(|(_, kept)| {
                    kept.job.state == JobState::Ready && kept.job.destination == *name
                })
                .filter(|(_, kept)| kept.job.due_at <= now)
                .map(|(place, kept)| (kept.job.due_at, kept.requeues, place, kept.job.id))
                .collect();
            here.sort();
            due.extend(here.into_iter().take(*slots));
        }
        due.sort();
        let jobs = due
            .into_iter()
            .filter_map(|(_, _, _, id)| self.lease(id, now, claim.lease))
            .collect();
        let named = |kept: &&KeptJob| open.contains_key(kept.job.destination.as_str());
        let next = self
            .jobs
            .iter()
            .filter(named)
            .filter_map(|kept| match kept.job.state {
                JobState::Ready => Some(kept.job.due_at),
                _ => kept.lease.as_ref().map(|held| held.until),
            });
        let next = next.chain(self.next_firing());
        let next_due = next.min().map(|at| at.since(now));
        Claimed { jobs, next_due }
    }

    fn held(&mut self, lease: Lease) -> Option<&mut KeptJob> {
        let kept = self.find_mut(lease.job)?;
        let same = kept.lease.as_ref()?.epoch == lease.epoch && kept.number == lease.number;
        same.then_some(kept)
    }

    pub(super) fn renew(&mut self, leases: &[Lease], until: Timestamp) -> Vec<bool> {
        let mut renew = |lease: &Lease| {
            let held = self.held(*lease).and_then(|kept| kept.lease.as_mut());
            held.map(|held| held.until = until).is_some()
        };
        leases.iter().map(&mut renew).collect()
    }

    pub(super) fn record(&mut self, batch: Vec<Record>, now: Timestamp) -> Vec<bool> {
        batch
            .into_iter()
            .map(|one| self.record_one(one, now))
            .collect()
    }

    fn record_one(&mut self, record: Record, now: Timestamp) -> bool {
        let id = record.lease.job;
        let followed = self.jobs.iter().any(|kept| kept.after.contains(&id));
        let Some(kept) = self.held(record.lease) else {
            return false;
        };
        let tried = u32::from(record.attempt.is_some());
        kept.attempts.extend(record.attempt);
        match record.next {
            Next::Started => {
                if let Some(held) = &mut kept.lease {
                    held.started = true;
                }
            }
            Next::Prepared(body) => kept.job.body = body,
            Next::Done { outputs } => {
                kept.lease = None;
                kept.job.state = JobState::Done;
                kept.job.attempts += tried;
                if followed && outputs.to_string().len() <= OUTPUTS_BYTES_MAX {
                    kept.outputs = outputs;
                }
                self.leave_lane(id, now);
                self.release_followers(id, now);
            }
            Next::Retry { after, counts } => {
                kept.lease = None;
                kept.lost_in = None;
                kept.job.leases_lost = 0;
                kept.job.state = JobState::Ready;
                kept.job.attempts += u32::from(counts);
                kept.job.due_at = now.after(after);
            }
            Next::Dead { reason } => {
                kept.job.attempts += tried;
                self.die(id, &reason, now);
            }
            Next::Release => {
                kept.lease = None;
                kept.job.state = JobState::Ready;
                kept.job.due_at = kept.job.due_at.min(now);
            }
        }
        true
    }
}
