//! Lanes in the model: jobs of one destination and key, one at a time.

use crate::event::JobId;
use crate::plan::{Job, JobState};
use crate::runtime::Timestamp;

use super::kept::KeptJob;
use super::state::State;

/// Whether two jobs take turns.
fn beside(one: &Job, other: &Job) -> bool {
    let key = |job: &Job| job.lane.as_ref().map(|lane| lane.key.clone());
    one.lane.is_some() && key(one) == key(other) && one.destination == other.destination
}

impl State {
    /// Lets a waiting job go if it waits for nothing: due so long after its own delay.
    pub(super) fn ready_if_free(&mut self, id: JobId, from: Timestamp) {
        let Some(kept) = self.find(id) else { return };
        let done = |id: &JobId| {
            self.find(*id)
                .is_some_and(|kept| kept.job.state == JobState::Done)
        };
        let opened = kept.job.firing.is_none_or(|firing| self.has_opened(firing));
        if opened && kept.lane_nr.is_none() && kept.after.iter().all(done) {
            let due = from.after(kept.delay);
            self.ready(id, due);
        }
    }

    /// A job waits for nothing any more: it is ready, or takes its place in its lane.
    pub(super) fn ready(&mut self, id: JobId, due: Timestamp) {
        let Some(job) = self.find(id).map(|kept| kept.job.clone()) else {
            return;
        };
        let in_lane = self.in_lane(&job);
        let last = in_lane.iter().map(|(nr, _)| *nr).max();
        let Some(kept) = self.find_mut(id) else {
            return;
        };
        kept.lane_nr = job.lane.is_some().then(|| last.map_or(1, |nr| nr + 1));
        let first = in_lane.is_empty();
        kept.job.state = if first {
            JobState::Ready
        } else {
            JobState::Waiting
        };
        kept.job.due_at = due;
        kept.job.ready_at = first.then_some(due);
    }

    fn in_lane(&self, job: &Job) -> Vec<(u64, JobId)> {
        let jobs = self.jobs.iter();
        let numbered = |kept: &KeptJob| Some((kept.lane_nr?, kept.job.id));
        jobs.filter(|kept| beside(&kept.job, job))
            .filter_map(numbered)
            .collect()
    }

    /// A job has had its turn; the next one has it.
    pub(super) fn leave_lane(&mut self, id: JobId, now: Timestamp) {
        let Some(kept) = self.find_mut(id) else {
            return;
        };
        if kept.lane_nr.take().is_none() {
            return;
        }
        let job = kept.job.clone();
        let Some((_, next)) = self.in_lane(&job).into_iter().min() else {
            return;
        };
        if let Some(next) = self.find_mut(next)
            && next.job.state == JobState::Waiting
        {
            next.job.state = JobState::Ready;
            next.job.ready_at = Some(next.job.due_at.max(now));
        }
    }
}
