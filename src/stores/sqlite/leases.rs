//! Leases: given, extended, lost.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use crate::event::JobId;
use crate::plan::{Attempt, Job, JobBody, JobState};
use crate::runtime::Timestamp;

use super::super::gates::open_due;
use super::super::{Claim, Claimed, FIRINGS_PER_CLAIM, LEASES_LOST_MAX, Lease, LeasedJob, reasons};
use super::chain::JobKey;
use super::events;
use super::fault::Outcome;
use super::rows::{JOB_COLUMN_COUNT, JOB_COLUMNS, read_job, seal_of, state_code};
use super::writer::Tx;

/// A job that a claim found due.
struct Due {
    place: (i64, i64, i64),
    key: JobKey,
    action: String,
    number: u64,
    job: Outcome<Job>,
}

/// A lease that is over, and what its job has lost before.
struct Lost {
    key: JobKey,
    action: String,
    number: u32,
    epoch: i64,
    leased_at: i64,
    started: bool,
    last_epoch: Option<i64>,
    count: u32,
}

impl Tx<'_> {
    fn epoch_column(&self) -> i64 {
        i64::try_from(self.epoch).unwrap_or(i64::MAX)
    }

    pub(super) fn is_paused(&self, destination: &str) -> Outcome<bool> {
        let mut select = self
            .db
            .prepare_cached("SELECT 1 FROM destinations WHERE name = ?1")?;
        Ok(select.exists([destination])?)
    }

    /// Loses every lease that ends by then; answers how many.
    pub(super) fn lose_until(&self, end: Timestamp) -> Outcome<u64> {
        // The plus keeps the planner from walking the whole table to spare the sorting of a few.
        let mut select = self.db.prepare_cached(
            "SELECT seq, id, action, number, epoch, leased_at, started, lost_in, leases_lost \
             FROM jobs WHERE state = 2 AND lease_until <= ?1 ORDER BY +seq",
        )?;
        let found = select.query_map([end.millis()], |row| {
            Ok(Lost {
                key: (row.get(0)?, JobId::from_bytes(row.get(1)?)),
                action: row.get(2)?,
                number: row.get::<_, i64>(3)?.try_into().unwrap_or(u32::MAX),
                epoch: row.get(4)?,
                leased_at: row.get(5)?,
                started: row.get(6)?,
                last_epoch: row.get(7)?,
                count: row.get(8)?,
            })
        })?;
        let lost = found.collect::<rusqlite::Result<Vec<_>>>()?;
        for one in &lost {
            self.lose(one)?;
        }
        Ok(lost.len() as u64)
    }

    fn lose(&self, lost: &Lost) -> Outcome<()> {
        let attempt = Attempt {
            number: lost.number,
            started_at: Timestamp::from_millis(lost.leased_at),
            took_ms: 0,
            outcome: "lost".to_owned(),
            note: reasons::LOST.to_owned(),
        };
        self.add_attempt(lost.key.0, &attempt)?;
        let again = u32::from(lost.last_epoch != Some(lost.epoch));
        let leases_lost = lost.count.saturating_add(again);
        let mut update = self.db.prepare_cached(
            "UPDATE jobs SET state = ?2, leases_lost = ?3, lost_in = ?4, due_at = min(due_at, ?5), \
             epoch = NULL, leased_at = NULL, lease_until = NULL, started = 0 WHERE seq = ?1",
        )?;
        let dead = lost.started || leases_lost >= LEASES_LOST_MAX;
        // A dead one keeps the time it was due at.
        let due_by = if dead { i64::MAX } else { self.now.millis() };
        let state = state_code(JobState::Ready);
        update.execute(params![lost.key.0, state, leases_lost, lost.epoch, due_by])?;
        if lost.started {
            self.die(lost.key, &lost.action, reasons::IN_DOUBT)?;
        } else if dead {
            self.die(lost.key, &lost.action, reasons::POISON)?;
        }
        Ok(())
    }

    pub(super) fn add_attempt(&self, seq: i64, attempt: &Attempt) -> Outcome<()> {
        let mut insert = self.db.prepare_cached(
            "INSERT INTO attempts (job, nth, number, started_at, took_ms, outcome, note) VALUES \
             (?1, (SELECT coalesce(max(nth), 0) + 1 FROM attempts WHERE job = ?1), ?2, ?3, ?4, ?5, \
             ?6)",
        )?;
        insert.execute(params![
            seq,
            attempt.number,
            attempt.started_at.millis(),
            i64::try_from(attempt.took_ms).unwrap_or(i64::MAX),
            attempt.outcome,
            attempt.note,
        ])?;
        Ok(())
    }

    pub(super) fn claim(&self, claim: &Claim) -> Outcome<Claimed> {
        self.lose_until(self.now)?;
        open_due(&mut &*self, self.now, FIRINGS_PER_CLAIM)?;
        let mut open: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, slots) in &claim.free {
            if *slots > 0 && !self.is_paused(name)? {
                *open.entry(name).or_default() += slots;
            }
        }
        let mut due = Vec::new();
        for (name, slots) in &open {
            due.extend(self.due(name, *slots)?);
        }
        due.sort_by_key(|one| one.place);
        let mut jobs = Vec::with_capacity(due.len());
        for one in due {
            jobs.extend(self.lease(one, claim.lease)?);
        }
        let next = self.next_due(&open)?.into_iter();
        let next = next.chain(self.next_firing()?).min();
        let next_due = next.map(|at| Timestamp::from_millis(at).since(self.now));
        Ok(Claimed { jobs, next_due })
    }

    fn due(&self, destination: &str, slots: usize) -> Outcome<Vec<Due>> {
        let mut select = self.db.prepare_cached(&format!(
            "SELECT {JOB_COLUMNS}, seq, number, requeues \
             FROM jobs JOIN job_bodies ON job = seq \
             WHERE state = 1 AND destination = ?1 AND due_at <= ?2 \
             ORDER BY due_at, requeues, seq LIMIT ?3"
        ))?;
        let slots = i64::try_from(slots).unwrap_or(i64::MAX);
        let mut rows = select.query(params![destination, self.now.millis(), slots])?;
        let mut due = Vec::new();
        while let Some(row) = rows.next()? {
            let seq = row.get(JOB_COLUMN_COUNT)?;
            due.push(Due {
                place: (row.get(12)?, row.get(JOB_COLUMN_COUNT + 2)?, seq),
                key: (seq, JobId::from_bytes(row.get(0)?)),
                action: row.get(5)?,
                number: row
                    .get::<_, i64>(JOB_COLUMN_COUNT + 1)?
                    .try_into()
                    .unwrap_or_default(),
                job: read_job(row),
            });
        }
        Ok(due)
    }

    /// Leases one job. What is damaged is made a dead letter, so that it does not stop the others.
    fn lease(&self, due: Due, length: Duration) -> Outcome<Option<LeasedJob>> {
        let whole = due.job.and_then(|mut job| {
            let needed =
                matches!(&job.body, JobBody::Prepared { needs_delivery, .. } if *needs_delivery);
            let delivery = needed.then(|| events::load_delivery(self.db, job.event));
            job.state = JobState::Leased;
            Ok((job, delivery.transpose()?))
        });
        let (job, delivery) = match whole {
            Ok(whole) => whole,
            Err(fault) if fault.is_damage() => {
                tracing::error!(job = %due.key.1, ?fault, "a damaged job is made a dead letter");
                self.die(due.key, &due.action, reasons::DAMAGED)?;
                return Ok(None);
            }
            Err(fault) => return Err(fault),
        };
        let number = due.number.saturating_add(1);
        let mut update = self.db.prepare_cached(
            "UPDATE jobs SET state = 2, number = ?2, epoch = ?3, leased_at = ?4, lease_until = ?5, \
             started = 0 WHERE seq = ?1",
        )?;
        update.execute(params![
            due.key.0,
            i64::try_from(number).unwrap_or(i64::MAX),
            self.epoch_column(),
            self.now.millis(),
            self.now.after(length).millis(),
        ])?;
        let lease = Lease {
            job: job.id,
            epoch: self.epoch,
            number,
        };
        Ok(Some(LeasedJob {
            lease,
            job,
            delivery,
        }))
    }

    fn next_due(&self, open: &BTreeMap<&str, usize>) -> Outcome<Option<i64>> {
        let mut next: Option<i64> = None;
        let mut sooner = |at: i64| next = Some(next.map_or(at, |next| next.min(at)));
        for name in open.keys() {
            let mut ready = self.db.prepare_cached(
                "SELECT due_at FROM jobs WHERE state = 1 AND destination = ?1 \
                 ORDER BY due_at LIMIT 1",
            )?;
            let ready = ready.query_row([name], |row| row.get(0)).optional()?;
            ready.into_iter().for_each(&mut sooner);
        }
        let mut leased = self.db.prepare_cached(
            "SELECT destination, min(lease_until) FROM jobs INDEXED BY jobs_leased \
             WHERE state = 2 GROUP BY destination",
        )?;
        let mut rows = leased.query([])?;
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            if open.contains_key(name.as_str()) {
                sooner(row.get(1)?);
            }
        }
        Ok(next)
    }

    /// The job of a lease that is still held.
    pub(super) fn held(&self, lease: Lease) -> Outcome<Option<i64>> {
        let mut select = self.db.prepare_cached(
            "SELECT seq FROM jobs WHERE id = ?1 AND state = 2 AND epoch = ?2 AND number = ?3",
        )?;
        let epoch = i64::try_from(lease.epoch).unwrap_or(i64::MAX);
        let number = i64::try_from(lease.number).unwrap_or(i64::MAX);
        let found = select.query_row(params![lease.job.as_bytes(), epoch, number], |row| {
            row.get(0)
        });
        Ok(found.optional()?)
    }

    pub(super) fn renew(&self, lease: Lease, length: Duration) -> Outcome<bool> {
        let Some(seq) = self.held(lease)? else {
            return Ok(false);
        };
        let mut update = self
            .db
            .prepare_cached("UPDATE jobs SET lease_until = ?2 WHERE seq = ?1")?;
        update.execute(params![seq, self.now.after(length).millis()])?;
        Ok(true)
    }

    /// The seal of a job with another body.
    pub(super) fn reseal(&self, seq: i64, body: &str) -> Outcome<[u8; 16]> {
        let mut select = self.db.prepare_cached(&format!(
            "SELECT {JOB_COLUMNS} FROM jobs JOIN job_bodies ON job = seq WHERE seq = ?1"
        ))?;
        let mut rows = select.query([seq])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Ok(seal_of(&read_job(row)?, body).bytes())
    }
}
