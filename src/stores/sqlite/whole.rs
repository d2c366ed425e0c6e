//! Whole events, page by page.

use rusqlite::{Connection, params_from_iter};

use crate::event::EventId;

use super::super::{EventQuery, PAGE_BYTES_MAX, WholePage};
use super::events::EventRow;
use super::fault::Outcome;
use super::listing::{event_filter, limit};
use super::rows::get;

/// The events that a query means, as they were.
pub(super) fn events_whole(db: &Connection, query: &EventQuery) -> Outcome<WholePage> {
    let filter = event_filter(query);
    let sql = format!(
        "SELECT source, provider, names, delivery_id, received_at, strength, nonce, labels, media, \
         query, headers, body, seal, id FROM events {} ORDER BY id DESC LIMIT {}",
        filter.text(),
        limit(query.limit)
    );
    let mut select = db.prepare_cached(&sql)?;
    let mut rows = select.query(params_from_iter(&filter.values))?;
    let mut page = WholePage::default();
    let (mut count, mut bytes, mut last) = (0, 0, None);
    while bytes < PAGE_BYTES_MAX {
        let Some(row) = rows.next()? else { break };
        let id = EventId::from_bytes(get(row, 13)?);
        (count, last) = (count + 1, Some(id));
        match EventRow::read(row, id).and_then(EventRow::whole) {
            Ok(event) => {
                bytes += event.body.len();
                page.events.push(event);
            }
            Err(fault) if fault.is_damage() => page.damaged.push(id),
            Err(fault) => return Err(fault),
        }
    }
    let full = bytes >= PAGE_BYTES_MAX || count == limit(query.limit);
    page.next = last.filter(|_| full);
    Ok(page)
}
