//! Events as rows: written once, read back exactly, sealed against bit rot.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::actions::KeptDelivery;
use crate::crypto::sha256;
use crate::event::{Event, EventId, SourceRef};
use crate::runtime::Timestamp;

use super::super::{EventSummary, WholeEvent};
use super::fault::{Fault, Outcome};
use super::rows::{get, seal, time};

/// What a summary is read from, in the order of [`read_summary`].
pub(super) const SUMMARY_COLUMNS: &str = "id, source, provider, names, delivery_id, received_at, \
     strength, length(body), rule_set, matched, runs";

/// An event's columns.
pub(super) struct EventRow {
    pub(super) id: EventId,
    pub(super) source: String,
    provider: String,
    names: String,
    delivery_id: Option<String>,
    received_at: Timestamp,
    strength: String,
    nonce: [u8; 16],
    labels: String,
    media: String,
    query: String,
    headers: String,
    body: Bytes,
    pub(super) body_sha256: [u8; 32],
}

impl EventRow {
    pub(super) fn new(event: &Event) -> Outcome<Self> {
        let body = event.payload.raw().clone();
        Ok(Self {
            id: event.id,
            source: event.source.name.clone(),
            provider: event.provider.clone(),
            names: serde_json::to_string(&event.names)?,
            delivery_id: event.delivery_id.clone(),
            received_at: event.received_at,
            strength: serde_json::to_string(&event.proof.strength())?,
            nonce: event.nonce,
            labels: serde_json::to_string(&event.source.labels)?,
            media: serde_json::to_string(event.payload.kind())?,
            query: serde_json::to_string(&event.query)?,
            headers: serde_json::to_string(&event.headers)?,
            body_sha256: sha256(&body),
            body,
        })
    }

    fn seal(&self) -> [u8; 16] {
        let known = u8::from(self.delivery_id.is_some());
        seal(&[
            self.id.as_bytes(),
            self.source.as_bytes(),
            self.provider.as_bytes(),
            self.names.as_bytes(),
            &[known],
            self.delivery_id.as_deref().unwrap_or_default().as_bytes(),
            &self.received_at.millis().to_le_bytes(),
            self.strength.as_bytes(),
            &self.nonce,
            self.labels.as_bytes(),
            self.media.as_bytes(),
            self.query.as_bytes(),
            self.headers.as_bytes(),
            &self.body_sha256,
        ])
    }

    pub(super) fn insert(
        &self,
        db: &Connection,
        rule_set: &str,
        matched: &str,
    ) -> rusqlite::Result<()> {
        let mut insert = db.prepare_cached(
            "INSERT INTO events (id, source, provider, names, delivery_id, received_at, strength, \
             rule_set, matched, nonce, seal, labels, media, query, headers, body) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?;
        insert.execute(params![
            self.id.as_bytes(),
            self.source,
            self.provider,
            self.names,
            self.delivery_id,
            self.received_at.millis(),
            self.strength,
            rule_set,
            matched,
            self.nonce,
            self.seal(),
            self.labels,
            self.media,
            self.query,
            self.headers,
            self.body.as_ref(),
        ])?;
        Ok(())
    }

    /// Reads an event's columns and holds them against their seal.
    fn load(db: &Connection, id: EventId) -> Outcome<Option<Self>> {
        let mut select = db.prepare_cached(
            "SELECT source, provider, names, delivery_id, received_at, strength, nonce, labels, \
             media, query, headers, body, seal FROM events WHERE id = ?1",
        )?;
        let mut rows = select.query([id.as_bytes()])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let read = || Self::read(row, id);
        read().map(Some).map_err(|fault| match fault {
            fault if fault.is_damage() => Fault::damaged(format!("{id} is not as it was written")),
            fault => fault,
        })
    }

    pub(super) fn read(row: &Row<'_>, id: EventId) -> Outcome<Self> {
        let body: Vec<u8> = get(row, 11)?;
        let event = Self {
            id,
            source: get(row, 0)?,
            provider: get(row, 1)?,
            names: get(row, 2)?,
            delivery_id: get(row, 3)?,
            received_at: time(row, 4)?,
            strength: get(row, 5)?,
            nonce: get(row, 6)?,
            labels: get(row, 7)?,
            media: get(row, 8)?,
            query: get(row, 9)?,
            headers: get(row, 10)?,
            body_sha256: sha256(&body),
            body: body.into(),
        };
        if get::<[u8; 16]>(row, 12)? != event.seal() {
            return Err(Fault::damaged("its seal is broken"));
        }
        Ok(event)
    }

    pub(super) fn whole(self) -> Outcome<WholeEvent> {
        Ok(WholeEvent {
            id: self.id,
            source: SourceRef {
                name: self.source,
                labels: serde_json::from_str(&self.labels)?,
            },
            provider: self.provider,
            names: serde_json::from_str(&self.names)?,
            delivery_id: self.delivery_id,
            received_at: self.received_at,
            strength: serde_json::from_str(&self.strength)?,
            nonce: self.nonce,
            headers: serde_json::from_str(&self.headers)?,
            query: serde_json::from_str(&self.query)?,
            media: serde_json::from_str(&self.media)?,
            body: self.body,
        })
    }
}

/// An event as it was.
pub(super) fn load(db: &Connection, id: EventId) -> Outcome<Option<Event>> {
    let row = EventRow::load(db, id)?;
    row.map(|row| Ok(row.whole()?.restore()?)).transpose()
}

/// An event's headers and body.
pub(super) fn load_delivery(db: &Connection, id: EventId) -> Outcome<KeptDelivery> {
    let row = EventRow::load(db, id)?;
    let row = row.ok_or_else(|| Fault::damaged(format!("{id} is missing")))?;
    Ok(KeptDelivery {
        headers: serde_json::from_str(&row.headers)?,
        body: row.body,
    })
}

/// Reads [`SUMMARY_COLUMNS`].
pub(super) fn read_summary(row: &Row<'_>) -> Outcome<EventSummary> {
    let json = |at| get::<String>(row, at);
    let bytes: i64 = get(row, 7)?;
    Ok(EventSummary {
        id: EventId::from_bytes(get(row, 0)?),
        source: get(row, 1)?,
        provider: get(row, 2)?,
        names: serde_json::from_str(&json(3)?)?,
        delivery_id: get(row, 4)?,
        received_at: time(row, 5)?,
        strength: serde_json::from_str(&json(6)?)?,
        body_bytes: u64::try_from(bytes).unwrap_or_default(),
        rule_set: get(row, 8)?,
        matched: serde_json::from_str(&json(9)?)?,
        runs: get(row, 10)?,
    })
}

/// The name that jobs of a stored event carry, if there is such an event.
pub(super) fn name_of(db: &Connection, id: EventId) -> Outcome<Option<String>> {
    let mut select = db.prepare_cached("SELECT names FROM events WHERE id = ?1")?;
    let names: Option<String> = select
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?;
    let Some(names) = names else { return Ok(None) };
    let mut names: Vec<String> = serde_json::from_str(&names)?;
    Ok(Some(names.pop().unwrap_or_else(|| "unknown".to_owned())))
}
