//! What firings need on their way through their gates, kept in tables.

use rusqlite::{OptionalExtension, params};
use serde_json::Value;

use crate::event::{EventId, FiringId};
use crate::plan::JobState;
use crate::runtime::Timestamp;

use super::super::gates::{Desk, FiringState, Signalled, Standing};
use super::fault::{Fault, Outcome};
use super::firings::{COLUMNS, bytes, firing_code, gate_code};
use super::rows::{get, state_code, time};
use super::writer::Tx;

/// The first signal of a time. However many a key has, one is looked at.
pub(super) const NEXT_SIGNAL: &str = "SELECT event, received_at, seq FROM signals \
     WHERE rule = ?1 AND name = ?2 AND key = ?3 AND received_at BETWEEN ?4 AND ?5 \
     AND event <> ?6 ORDER BY received_at, seq LIMIT 1";

/// The last signal of a time; of those received together, the one that was stored first.
pub(super) const LAST_SIGNAL: &str = "SELECT event, received_at, seq FROM signals \
     WHERE rule = ?1 AND name = ?2 AND key = ?3 AND received_at BETWEEN ?4 AND ?5 \
     AND event <> ?6 ORDER BY received_at DESC, seq LIMIT 1";

impl Desk for &Tx<'_> {
    type Fault = Fault;

    fn due(&mut self, now: Timestamp) -> Outcome<Option<Standing>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM firings WHERE state < 2 AND due_at <= ?1 \
             ORDER BY due_at, seq LIMIT 1"
        );
        self.first_whole(&sql, [now.millis()])
    }

    fn leader(&mut self, rule: &str, key: &str) -> Outcome<Option<Standing>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM firings WHERE rule = ?1 AND key = ?2 AND step = 5 \
             AND state < 2 AND state = 1"
        );
        self.first_whole(&sql, [rule, key])
    }

    fn seen(&mut self, rule: &str, key: &str) -> Outcome<Option<Value>> {
        let mut select = self
            .db
            .prepare_cached("SELECT value FROM seen WHERE rule = ?1 AND key = ?2")?;
        let found = select.query_row([rule, key], |row| row.get::<_, String>(0));
        let found = found.optional()?;
        Ok(found.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    fn see(&mut self, rule: &str, key: &str, value: &Value, now: Timestamp) -> Outcome<()> {
        let mut insert = self.db.prepare_cached(
            "INSERT OR REPLACE INTO seen (rule, key, value, at) VALUES (?1, ?2, ?3, ?4)",
        )?;
        insert.execute(params![rule, key, value.to_string(), now.millis()])?;
        Ok(())
    }

    fn nearest(
        &mut self,
        firing: &Standing,
        name: &str,
        key: &str,
        (from, to): (Timestamp, Timestamp),
    ) -> Outcome<Option<Signalled>> {
        let own = firing.received_at;
        let just_before = own.millis().saturating_sub(1);
        let mut found = Vec::new();
        for (sql, from, to) in [
            (NEXT_SIGNAL, from.max(own).millis(), to.millis()),
            (LAST_SIGNAL, from.millis(), to.millis().min(just_before)),
        ] {
            let mut select = self.db.prepare_cached(sql)?;
            let mut rows = select.query(params![
                firing.rule,
                name,
                key,
                from,
                to,
                firing.event.as_bytes(),
            ])?;
            if let Some(row) = rows.next()? {
                let one = Signalled {
                    event: EventId::from_bytes(get(row, 0)?),
                    received_at: time(row, 1)?,
                };
                found.push((one.apart(own), get::<i64>(row, 2)?, one));
            }
        }
        let nearest = found
            .into_iter()
            .min_by_key(|(apart, seq, _)| (*apart, *seq));
        Ok(nearest.map(|(_, _, one)| one))
    }

    fn latest_pass(&mut self, rule: &str, key: &str, by: Timestamp) -> Outcome<Option<Timestamp>> {
        let mut select = self.db.prepare_cached(
            "SELECT max(at) FROM passes WHERE rule = ?1 AND key = ?2 AND at <= ?3",
        )?;
        let latest = select.query_row(params![rule, key, by.millis()], |row| row.get(0))?;
        let latest: Option<i64> = latest;
        Ok(latest.map(Timestamp::from_millis))
    }

    fn passes(
        &mut self,
        rule: &str,
        key: &str,
        (after, by): (Timestamp, Timestamp),
    ) -> Outcome<u64> {
        let mut select = self.db.prepare_cached(
            "SELECT count(*) FROM passes WHERE rule = ?1 AND key = ?2 AND at > ?3 AND at <= ?4",
        )?;
        let between = params![rule, key, after.millis(), by.millis()];
        let count: i64 = select.query_row(between, |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    fn pass(&mut self, rule: &str, key: &str, at: Timestamp, until: Timestamp) -> Outcome<()> {
        let mut insert = self
            .db
            .prepare_cached("INSERT INTO passes (rule, key, at, until) VALUES (?1, ?2, ?3, ?4)")?;
        insert.execute(params![rule, key, at.millis(), until.millis()])?;
        Ok(())
    }

    fn accompany(
        &mut self,
        firing: &Standing,
        name: &str,
        event: EventId,
        member: Option<FiringId>,
    ) -> Outcome<()> {
        let mut insert = self.db.prepare_cached(
            "INSERT INTO companions (firing, nth, name, event, member) VALUES \
             (?1, (SELECT coalesce(max(nth), 0) + 1 FROM companions WHERE firing = ?1), ?2, ?3, ?4)",
        )?;
        insert.execute(params![
            firing.seq,
            name,
            event.as_bytes(),
            member.as_ref().map(FiringId::as_bytes),
        ])?;
        Ok(())
    }

    fn keep(&mut self, firing: &Standing) -> Outcome<()> {
        let mut update = self.db.prepare_cached(
            "UPDATE firings SET state = ?2, step = ?3, key = ?4, due_at = ?5, at = ?6, \
             gathered = ?7, gathered_bytes = ?8, last_at = ?9 WHERE seq = ?1",
        )?;
        update.execute(params![
            firing.seq,
            firing_code(firing.state),
            gate_code(firing.gate),
            firing.key,
            firing.due_at.millis(),
            firing.at.millis(),
            firing.gathered,
            bytes(firing.gathered_bytes),
            firing.last_at.millis(),
        ])?;
        Ok(())
    }

    fn open(&mut self, firing: &Standing, due: Timestamp) -> Outcome<()> {
        self.keep(&Standing {
            state: FiringState::Opened,
            ..firing.clone()
        })?;
        for (seq, _, _) in self.waiting_jobs(firing.id)? {
            self.ready_if_free(seq, due)?;
        }
        Ok(())
    }

    fn end(&mut self, firing: &Standing, state: JobState, reason: &str) -> Outcome<()> {
        self.keep(firing)?;
        self.set_firing(firing.seq, FiringState::Ended, Some(reason))?;
        let mut update = self.db.prepare_cached(
            "UPDATE jobs SET state = ?2, reason = ?3 WHERE firing = ?1 AND state = 0",
        )?;
        update.execute(params![firing.id.as_bytes(), state_code(state), reason])?;
        Ok(())
    }
}
