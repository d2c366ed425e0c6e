//! Jobs as rows: states as numbers, ids as bytes, bodies as JSON text with a seal.

use rusqlite::Row;
use rusqlite::types::FromSql;
use serde_json::Value;

use crate::crypto::sha256;
use crate::event::{EventId, FiringId, JobId};
use crate::plan::{Job, JobBody, JobState, Lane};
use crate::runtime::Timestamp;

use super::fault::{Fault, Outcome};

/// What a job is read from, in the order of [`read_job`]; for `jobs JOIN job_bodies ON job = seq`.
pub(super) const JOB_COLUMNS: &str = "jobs.id, event, event_name, run, rule, action, kind, \
     destination, state, reason, attempts, leases_lost, due_at, ready_at, created_at, seal, body, \
     jobs.item, jobs.firing, lane, lane_hold";

/// How many those are.
pub(super) const JOB_COLUMN_COUNT: usize = 21;

/// The number of a state in the database. Never to be changed.
pub(super) const fn state_code(state: JobState) -> i64 {
    match state {
        JobState::Waiting => 0,
        JobState::Ready => 1,
        JobState::Leased => 2,
        JobState::Done => 3,
        JobState::Dead => 4,
        JobState::Skipped => 5,
        JobState::Cancelled => 6,
        JobState::Shadow => 7,
        JobState::Throttled => 8,
        JobState::Superseded => 9,
        JobState::Merged => 10,
    }
}

/// The state with that number.
pub(super) fn state_of(code: i64) -> Outcome<JobState> {
    let mut states = JobState::ALL.iter().map(|(state, _)| *state);
    states
        .find(|state| state_code(*state) == code)
        .ok_or_else(|| Fault::damaged(format!("there is no job state {code}")))
}

/// Sixteen bytes that differ if any of the parts does.
pub(super) fn seal(parts: &[&[u8]]) -> [u8; 16] {
    let mut text = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        text.extend_from_slice(&(part.len() as u64).to_le_bytes());
        text.extend_from_slice(part);
    }
    let digest = sha256(&text);
    std::array::from_fn(|at| digest.get(at).copied().unwrap_or_default())
}

/// What of a job never changes but by being prepared, sealed against bit rot.
pub(super) struct JobSeal<'a> {
    pub(super) id: JobId,
    pub(super) event: EventId,
    pub(super) event_name: &'a str,
    pub(super) run: u32,
    pub(super) rule: &'a str,
    pub(super) action: &'a str,
    pub(super) kind: &'a str,
    pub(super) destination: &'a str,
    pub(super) body: &'a str,
    pub(super) item: Option<u32>,
    pub(super) firing: Option<FiringId>,
    pub(super) lane: Option<&'a Lane>,
}

impl JobSeal<'_> {
    pub(super) fn bytes(&self) -> [u8; 16] {
        let run = self.run.to_le_bytes();
        let mut parts: Vec<&[u8]> = vec![
            self.id.as_bytes(),
            self.event.as_bytes(),
            self.event_name.as_bytes(),
            &run,
            self.rule.as_bytes(),
            self.action.as_bytes(),
            self.kind.as_bytes(),
            self.destination.as_bytes(),
            self.body.as_bytes(),
        ];
        // Jobs that were stored before there were these have none of them.
        let item = self.item.map(u32::to_le_bytes);
        if let Some(item) = &item {
            parts.extend([b"item".as_slice(), item]);
        }
        if let Some(firing) = &self.firing {
            parts.extend([b"firing".as_slice(), firing.as_bytes()]);
        }
        if let Some(lane) = self.lane {
            let hold: &[u8] = if lane.hold { b"hold" } else { b"go" };
            parts.extend([b"lane".as_slice(), lane.key.as_bytes(), hold]);
        }
        seal(&parts)
    }
}

/// A column, whatever the type the caller needs.
pub(super) fn get<T: FromSql>(row: &Row<'_>, at: usize) -> Outcome<T> {
    Ok(row.get(at)?)
}

/// A moment.
pub(super) fn time(row: &Row<'_>, at: usize) -> Outcome<Timestamp> {
    get(row, at).map(Timestamp::from_millis)
}

/// A job's id.
pub(super) fn job_id(row: &Row<'_>, at: usize) -> Outcome<JobId> {
    get(row, at).map(JobId::from_bytes)
}

/// Reads [`JOB_COLUMNS`].
///
/// # Errors
/// Says which job is damaged.
pub(super) fn read_job(row: &Row<'_>) -> Outcome<Job> {
    let text: String = get(row, 16)?;
    let mut job = Job {
        id: job_id(row, 0)?,
        event: EventId::from_bytes(get(row, 1)?),
        event_name: get(row, 2)?,
        run: get(row, 3)?,
        rule: get(row, 4)?,
        action: get(row, 5)?,
        kind: get(row, 6)?,
        destination: get(row, 7)?,
        state: state_of(get(row, 8)?)?,
        reason: get(row, 9)?,
        attempts: get(row, 10)?,
        leases_lost: get(row, 11)?,
        due_at: time(row, 12)?,
        ready_at: get::<Option<i64>>(row, 13)?.map(Timestamp::from_millis),
        created_at: time(row, 14)?,
        item: get(row, 17)?,
        firing: get::<Option<[u8; 16]>>(row, 18)?.map(FiringId::from_bytes),
        lane: lane(row)?,
        body: JobBody::Unprepared,
    };
    let found: [u8; 16] = get(row, 15)?;
    if found != seal_of(&job, &text).bytes() {
        let why = format!("{} of {} is not as it was written", job.id, job.event);
        return Err(Fault::damaged(why));
    }
    job.body = serde_json::from_str(&text)?;
    Ok(job)
}

fn lane(row: &Row<'_>) -> Outcome<Option<Lane>> {
    let key: Option<String> = get(row, 19)?;
    let hold = get(row, 20)?;
    Ok(key.map(|key| Lane { key, hold }))
}

/// The seal of a job with that body.
pub(super) fn seal_of<'a>(job: &'a Job, body: &'a str) -> JobSeal<'a> {
    JobSeal {
        id: job.id,
        event: job.event,
        event_name: &job.event_name,
        run: job.run,
        rule: &job.rule,
        action: &job.action,
        kind: &job.kind,
        destination: &job.destination,
        body,
        item: job.item,
        firing: job.firing,
        lane: job.lane.as_ref(),
    }
}

/// The seal of a job's outputs.
pub(super) fn outputs_seal(job: JobId, outputs: &str) -> [u8; 16] {
    seal(&[job.as_bytes(), outputs.as_bytes()])
}

/// Reads outputs with their seal; null where none were kept.
pub(super) fn read_outputs(
    job: JobId,
    text: Option<String>,
    found: Option<[u8; 16]>,
) -> Outcome<Value> {
    let Some(text) = text else {
        return Ok(Value::Null);
    };
    if found != Some(outputs_seal(job, &text)) {
        let why = format!("the outputs of {job} are not as they were written");
        return Err(Fault::damaged(why));
    }
    Ok(serde_json::from_str(&text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_their_numbers_are_one_to_one() {
        for (state, _) in JobState::ALL {
            assert_eq!(state_of(state_code(state)).unwrap(), state);
        }
        assert!(state_of(11).is_err());
        // The partial indexes of the schema name these.
        let named = [JobState::Ready, JobState::Leased, JobState::Dead];
        assert_eq!(named.map(state_code), [1, 2, 4]);
    }

    #[test]
    fn a_seal_tells_where_one_part_ends() {
        assert_ne!(seal(&[b"ab", b"c"]), seal(&[b"a", b"bc"]));
        assert_ne!(seal(&[b"ab"]), seal(&[b"ab", b""]));
    }
}
