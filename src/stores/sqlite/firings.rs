//! Firings as rows, and what their gates need.

use rusqlite::{OptionalExtension, Row, params};
use serde_json::Value;

use crate::event::{EventId, FiringId, JobId};
use crate::plan::{NewFiring, Signal};

use super::super::gates::{FiringState, Gate, Standing};
use super::super::reasons;
use super::accept::twice;
use super::fault::{Fault, Outcome};
use super::rows::{get, seal, time};
use super::writer::Tx;

/// What a [`Standing`] is read from.
pub(super) const COLUMNS: &str = "seq, id, event, rule, received_at, body_bytes, state, step, key, due_at, at, \
     gathered, gathered_bytes, last_at, seal, gates, vars";

/// The number of a firing's state in the database. Never to be changed.
pub(super) const fn firing_code(state: FiringState) -> i64 {
    match state {
        FiringState::Waiting => 0,
        FiringState::Gathering => 1,
        FiringState::Opened => 2,
        FiringState::Ended => 3,
    }
}

/// The number of a gate in the database. Never to be changed.
pub(super) const fn gate_code(gate: Gate) -> i64 {
    match gate {
        Gate::During => 0,
        Gate::Changed => 1,
        Gate::Join => 2,
        Gate::Unless => 3,
        Gate::Throttle => 4,
        Gate::Digest => 5,
    }
}

pub(super) fn firing_state(code: i64) -> Outcome<FiringState> {
    let mut states = FiringState::ALL.iter().map(|(state, _)| *state);
    let found = states.find(|state| firing_code(*state) == code);
    found.ok_or_else(|| Fault::damaged(format!("there is no firing state {code}")))
}

pub(super) fn gate_of(code: i64) -> Outcome<Gate> {
    let mut gates = Gate::ALL.iter().map(|(gate, _)| *gate);
    let found = gates.find(|gate| gate_code(*gate) == code);
    found.ok_or_else(|| Fault::damaged(format!("there is no gate {code}")))
}

/// A planned firing with its text made.
pub(super) struct FiringRow {
    new: NewFiring,
    gates: String,
    vars: String,
}

impl FiringRow {
    pub(super) fn new(new: NewFiring) -> Outcome<Self> {
        Ok(Self {
            gates: serde_json::to_string(&new.gates)?,
            vars: serde_json::to_string(&new.vars)?,
            new,
        })
    }
}

/// What of a firing never changes, sealed against bit rot.
fn firing_seal(id: FiringId, event: EventId, rule: &str, gates: &str, vars: &str) -> [u8; 16] {
    seal(&[
        id.as_bytes(),
        event.as_bytes(),
        rule.as_bytes(),
        gates.as_bytes(),
        vars.as_bytes(),
    ])
}

pub(super) fn bytes(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Tx<'_> {
    pub(super) fn insert_firings(&self, event: EventId, rows: &[FiringRow]) -> Outcome<()> {
        for row in rows {
            let FiringRow { new, gates, vars } = row;
            let due = new.gates.held_until.map_or(self.now, |at| at.max(self.now));
            let mut insert = self.db.prepare_cached(
                "INSERT INTO firings (id, event, run, rule, item, state, step, key, due_at, \
                 received_at, at, body_bytes, last_at, seal, gates, vars) \
                 VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, '', ?6, ?7, ?7, ?8, ?7, ?9, ?10, ?11)",
            )?;
            let inserted = insert.execute(params![
                new.id.as_bytes(),
                event.as_bytes(),
                new.run,
                new.rule,
                new.item,
                due.millis(),
                new.received_at.millis(),
                bytes(new.body_bytes),
                firing_seal(new.id, event, &new.rule, gates, vars),
                gates,
                vars,
            ]);
            inserted.map_err(|error| twice(error, || reasons::firing_twice(new.id)))?;
        }
        Ok(())
    }

    /// Keeps signals; firings that wait for them are looked at now.
    pub(super) fn insert_signals(&self, event: EventId, signals: &[Signal]) -> Outcome<()> {
        for signal in signals {
            let mut wake = self.db.prepare_cached(
                "UPDATE firings SET due_at = ?3 WHERE rule = ?1 AND key = ?2 AND step IN (2, 3) \
                 AND state < 2 AND due_at > ?3",
            )?;
            wake.execute(params![signal.rule, signal.key, self.now.millis()])?;
            let mut insert = self.db.prepare_cached(
                "INSERT INTO signals (rule, name, key, event, received_at, until) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (rule, name, key, event) \
                 DO UPDATE SET until = max(until, excluded.until)",
            )?;
            insert.execute(params![
                signal.rule,
                signal.name,
                signal.key,
                event.as_bytes(),
                signal.received_at.millis(),
                self.now.after(signal.keep).millis(),
            ])?;
        }
        Ok(())
    }

    /// When the next firing is due.
    pub(super) fn next_firing(&self) -> Outcome<Option<i64>> {
        let mut select = self.db.prepare_cached(
            "SELECT due_at FROM firings WHERE state < 2 ORDER BY due_at, seq LIMIT 1",
        )?;
        Ok(select.query_row([], |row| row.get(0)).optional()?)
    }

    /// The jobs of a firing that wait, as they were stored.
    pub(super) fn waiting_jobs(&self, firing: FiringId) -> Outcome<Vec<(i64, JobId, String)>> {
        let mut select = self.db.prepare_cached(
            "SELECT seq, id, action FROM jobs WHERE firing = ?1 AND state = 0 ORDER BY seq",
        )?;
        let found = select.query_map([firing.as_bytes()], |row| {
            Ok((row.get(0)?, JobId::from_bytes(row.get(1)?), row.get(2)?))
        })?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    pub(super) fn set_firing(
        &self,
        seq: i64,
        state: FiringState,
        reason: Option<&str>,
    ) -> Outcome<()> {
        let mut update = self
            .db
            .prepare_cached("UPDATE firings SET state = ?2, reason = ?3 WHERE seq = ?1")?;
        update.execute(params![seq, firing_code(state), reason])?;
        Ok(())
    }

    /// A firing that cannot be read must not stop the others: its jobs are dead letters.
    fn bury(&self, seq: i64, id: FiringId, fault: &Fault) -> Outcome<()> {
        tracing::error!(firing = %id, ?fault, "a damaged firing is ended");
        self.set_firing(seq, FiringState::Ended, Some(reasons::DAMAGED))?;
        for (seq, job, action) in self.waiting_jobs(id)? {
            self.die((seq, job), &action, reasons::DAMAGED)?;
        }
        Ok(())
    }

    fn standing(&self, sql: &str, params: impl rusqlite::Params) -> Outcome<Found> {
        let mut select = self.db.prepare_cached(sql)?;
        let mut rows = select.query(params)?;
        let Some(row) = rows.next()? else {
            return Ok(Found::None);
        };
        match read(row) {
            Ok(standing) => Ok(Found::Whole(Box::new(standing))),
            Err(fault) if fault.is_damage() => {
                let id = FiringId::from_bytes(row.get(1)?);
                Ok(Found::Damaged(row.get(0)?, id, fault))
            }
            Err(fault) => Err(fault),
        }
    }

    pub(super) fn first_whole(
        &self,
        sql: &str,
        params: impl rusqlite::Params + Copy,
    ) -> Outcome<Option<Standing>> {
        loop {
            match self.standing(sql, params)? {
                Found::None => return Ok(None),
                Found::Whole(standing) => return Ok(Some(*standing)),
                Found::Damaged(seq, id, fault) => self.bury(seq, id, &fault)?,
            }
        }
    }
}

/// What a query for one firing found.
enum Found {
    None,
    Whole(Box<Standing>),
    Damaged(i64, FiringId, Fault),
}

/// Reads [`COLUMNS`].
fn read(row: &Row<'_>) -> Outcome<Standing> {
    let count = |at| get::<i64>(row, at).map(|count| u64::try_from(count).unwrap_or_default());
    let id = FiringId::from_bytes(get(row, 1)?);
    let event = EventId::from_bytes(get(row, 2)?);
    let rule: String = get(row, 3)?;
    let (found, gates, vars): ([u8; 16], String, String) =
        (get(row, 14)?, get(row, 15)?, get(row, 16)?);
    if found != firing_seal(id, event, &rule, &gates, &vars) {
        let why = format!("{id} of {event} is not as it was written");
        return Err(Fault::damaged(why));
    }
    Ok(Standing {
        seq: get(row, 0)?,
        id,
        event,
        rule,
        received_at: time(row, 4)?,
        body_bytes: count(5)?,
        gates: serde_json::from_str(&gates)?,
        state: firing_state(get(row, 6)?)?,
        gate: gate_of(get(row, 7)?)?,
        key: get(row, 8)?,
        due_at: time(row, 9)?,
        at: time(row, 10)?,
        gathered: get(row, 11)?,
        gathered_bytes: count(12)?,
        last_at: time(row, 13)?,
    })
}

/// The seal of a firing that stands beside a query for its vars.
pub(super) fn read_vars(row: &Row<'_>, from: usize) -> Outcome<Value> {
    let id: Option<[u8; 16]> = get(row, from)?;
    let Some(id) = id.map(FiringId::from_bytes) else {
        return Ok(Value::Null);
    };
    let event = EventId::from_bytes(get(row, from + 1)?);
    let (rule, gates, vars): (String, String, String) = (
        get(row, from + 2)?,
        get(row, from + 3)?,
        get(row, from + 4)?,
    );
    if get::<[u8; 16]>(row, from + 5)? != firing_seal(id, event, &rule, &gates, &vars) {
        let why = format!("{id} of {event} is not as it was written");
        return Err(Fault::damaged(why));
    }
    Ok(serde_json::from_str(&vars)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_gates_and_their_numbers_are_one_to_one() {
        for (state, _) in FiringState::ALL {
            assert_eq!(firing_state(firing_code(state)).unwrap(), state);
        }
        for (gate, _) in Gate::ALL {
            assert_eq!(gate_of(gate_code(gate)).unwrap(), gate);
        }
        // The statements and partial indexes name these.
        let waiting = [FiringState::Waiting, FiringState::Gathering].map(firing_code);
        let named = [Gate::Join, Gate::Unless, Gate::Digest].map(gate_code);
        assert_eq!((waiting, named), ([0, 1], [2, 3, 5]));
    }
}
