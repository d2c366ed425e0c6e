//! Queries.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use serde_json::{Map, Value};

use crate::event::{EventId, FiringId, JobId};
use crate::plan::{Attempt, Job, JobState};

use super::super::{Companion, EventQuery, EventSummary, FiringSummary, JobQuery, LIST_MAX};
use super::events::{SUMMARY_COLUMNS, read_summary};
use super::fault::Outcome;
use super::firings::{firing_state, gate_of, read_vars};
use super::rows::{
    JOB_COLUMN_COUNT, JOB_COLUMNS, get, job_id, read_job, read_outputs, state_code, state_of, time,
};

/// Conditions of a query and the values they compare with.
#[derive(Default)]
pub(super) struct Filter {
    conditions: Vec<String>,
    pub(super) values: Vec<Sql>,
}

impl Filter {
    fn add(&mut self, condition: &str, value: Option<Sql>) {
        if let Some(value) = value {
            self.conditions.push(condition.to_owned());
            self.values.push(value);
        }
    }

    /// `WHERE …`, if there is anything to say.
    pub(super) fn text(&self) -> String {
        if self.conditions.is_empty() {
            return String::new();
        }
        format!("WHERE {}", self.conditions.join(" AND "))
    }

    fn rows<T>(
        &self,
        db: &Connection,
        sql: &str,
        read: impl Fn(&Row<'_>) -> Outcome<T>,
    ) -> Outcome<Vec<T>> {
        let mut select = db.prepare_cached(sql)?;
        let mut rows = select.query(params_from_iter(&self.values))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(row)?);
        }
        Ok(found)
    }
}

fn text(value: Option<&String>) -> Option<Sql> {
    value.map(|text| Sql::Text(text.clone()))
}

fn bytes(id: &[u8; 16]) -> Sql {
    Sql::Blob(id.to_vec())
}

/// The limit that a query means.
pub(super) fn limit(asked: usize) -> usize {
    if asked == 0 {
        LIST_MAX
    } else {
        asked.min(LIST_MAX)
    }
}

/// The events that a query means, without its limit.
pub(super) fn event_filter(query: &EventQuery) -> Filter {
    let mut filter = Filter::default();
    filter.add("source = ?", text(query.source.as_ref()));
    filter.add(
        "EXISTS (SELECT 1 FROM json_each(names) WHERE value = ?)",
        text(query.name.as_ref()),
    );
    filter.add("id < ?", query.before.map(|id| bytes(id.as_bytes())));
    filter
}

pub(super) fn events(db: &Connection, query: &EventQuery) -> Outcome<Vec<EventSummary>> {
    let filter = event_filter(query);
    let sql = format!(
        "SELECT {SUMMARY_COLUMNS} FROM events {} ORDER BY id DESC LIMIT {}",
        filter.text(),
        limit(query.limit)
    );
    filter.rows(db, &sql, read_summary)
}

pub(super) fn event_summary(db: &Connection, id: EventId) -> Outcome<Option<EventSummary>> {
    let sql = format!("SELECT {SUMMARY_COLUMNS} FROM events WHERE id = ?1");
    let mut select = db.prepare_cached(&sql)?;
    let mut rows = select.query([id.as_bytes()])?;
    rows.next()?.map(read_summary).transpose()
}

pub(super) fn jobs(db: &Connection, query: &JobQuery) -> Outcome<Vec<Job>> {
    let mut filter = Filter::default();
    filter.add("event = ?", query.event.map(|id| bytes(id.as_bytes())));
    filter.add("destination = ?", text(query.destination.as_ref()));
    filter.add("rule = ?", text(query.rule.as_ref()));
    if !query.states.is_empty() {
        // Written out, because only then can the indexes over one state be used.
        let states: Vec<_> = query
            .states
            .iter()
            .map(|state| format!("state = {}", state_code(*state)))
            .collect();
        filter.conditions.push(format!("({})", states.join(" OR ")));
    }
    let sql = format!(
        "SELECT {JOB_COLUMNS} FROM jobs JOIN job_bodies ON job = seq {} \
         ORDER BY seq DESC LIMIT {}",
        filter.text(),
        limit(query.limit)
    );
    filter.rows(db, &sql, read_job)
}

pub(super) fn job(db: &Connection, id: JobId) -> Outcome<Option<(Job, Vec<Attempt>)>> {
    // Both answers of one moment.
    let moment = db.unchecked_transaction()?;
    let sql = format!(
        "SELECT {JOB_COLUMNS}, seq FROM jobs JOIN job_bodies ON job = seq WHERE jobs.id = ?1"
    );
    let mut select = moment.prepare_cached(&sql)?;
    let mut rows = select.query([id.as_bytes()])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let job = read_job(row)?;
    Ok(Some((job, attempts(&moment, get(row, JOB_COLUMN_COUNT)?)?)))
}

fn attempts(db: &Connection, job: i64) -> Outcome<Vec<Attempt>> {
    let mut select = db.prepare_cached(
        "SELECT number, started_at, took_ms, outcome, note FROM attempts WHERE job = ?1 \
         ORDER BY nth",
    )?;
    let mut rows = select.query([job])?;
    let mut attempts = Vec::new();
    while let Some(row) = rows.next()? {
        attempts.push(Attempt {
            number: get(row, 0)?,
            started_at: time(row, 1)?,
            took_ms: get::<i64>(row, 2)?.try_into().unwrap_or_default(),
            outcome: get(row, 3)?,
            note: get(row, 4)?,
        });
    }
    Ok(attempts)
}

pub(super) fn outputs(db: &Connection, job: JobId) -> Outcome<Value> {
    let mut select = db.prepare_cached(
        "SELECT jobs.id, jobs.action, outputs, outputs_seal FROM jobs \
         JOIN job_bodies ON job_bodies.job = jobs.seq WHERE jobs.state = 3 AND jobs.id IN \
         (SELECT after FROM follows JOIN jobs AS own ON own.seq = follows.job WHERE own.id = ?1) \
         ORDER BY jobs.seq",
    )?;
    let mut rows = select.query([job.as_bytes()])?;
    let mut outputs = Map::new();
    while let Some(row) = rows.next()? {
        let found = read_outputs(job_id(row, 0)?, get(row, 2)?, get(row, 3)?)?;
        outputs.insert(get(row, 1)?, found);
    }
    Ok(Value::Object(outputs))
}

pub(super) fn firings(db: &Connection, event: EventId) -> Outcome<Vec<FiringSummary>> {
    let mut select = db.prepare_cached(
        "SELECT id, rule, run, item, state, step, due_at, gathered, reason FROM firings \
         WHERE event = ?1 ORDER BY seq",
    )?;
    let mut rows = select.query([event.as_bytes()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(FiringSummary {
            id: FiringId::from_bytes(get(row, 0)?),
            rule: get(row, 1)?,
            run: get(row, 2)?,
            item: get(row, 3)?,
            state: firing_state(get(row, 4)?)?,
            gate: gate_of(get(row, 5)?)?,
            due_at: time(row, 6)?,
            gathered: get(row, 7)?,
            reason: get(row, 8)?,
        });
    }
    Ok(found)
}

pub(super) fn companions(db: &Connection, firing: FiringId) -> Outcome<Vec<Companion>> {
    let mut select = db.prepare_cached(
        "SELECT companions.name, companions.event, companions.member, own.id, own.event, own.rule, \
         own.gates, own.vars, own.seal FROM firings JOIN companions ON companions.firing = firings.seq \
         LEFT JOIN firings AS own ON own.id = companions.member \
         WHERE firings.id = ?1 ORDER BY companions.nth",
    )?;
    let mut rows = select.query([firing.as_bytes()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let member: Option<[u8; 16]> = get(row, 2)?;
        found.push(Companion {
            name: get(row, 0)?,
            event: EventId::from_bytes(get(row, 1)?),
            vars: member.map(|_| read_vars(row, 3)).transpose()?,
        });
    }
    Ok(found)
}

pub(super) fn counts(db: &Connection) -> Outcome<Vec<(JobState, u64)>> {
    let mut select = db.prepare_cached("SELECT state, jobs FROM job_counts ORDER BY state")?;
    let mut rows = select.query([])?;
    let mut counts = Vec::new();
    while let Some(row) = rows.next()? {
        let jobs: i64 = get(row, 1)?;
        counts.push((
            state_of(get(row, 0)?)?,
            u64::try_from(jobs).unwrap_or_default(),
        ));
    }
    Ok(counts)
}

pub(super) fn paused(db: &Connection) -> Outcome<Vec<(String, String)>> {
    let mut select = db.prepare_cached("SELECT name, paused FROM destinations ORDER BY name")?;
    let found = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// The one text that a statement finds under a key.
pub(super) fn text_at(db: &Connection, sql: &str, key: &str) -> Outcome<Option<String>> {
    let mut select = db.prepare_cached(sql)?;
    Ok(select.query_row([key], |row| row.get(0)).optional()?)
}
