//! Deliveries that nobody signs.

use crate::event::{Headers, Proof};

use super::verify::Refusal;

/// Headers that browsers put on what a page makes them send, and no other sender does.
const BROWSER_HEADERS: [&str; 2] = ["origin", "sec-fetch-site"];

/// What stands behind a delivery of a source that says `verify: none`.
///
/// # Errors
/// A page in a browser has sent it: any page can send to whatever its reader's machine reaches, a
/// listener on loopback included, so it is from nobody whom the operator meant.
pub fn unsigned(headers: &Headers) -> Result<Proof, Refusal> {
    let sent_by_page = |header: &&&str| headers.contains(header);
    match BROWSER_HEADERS.iter().find(sent_by_page) {
        Some(header) => Err(Refusal::Browser(header)),
        None => Ok(Proof::unsigned_by_providers()),
    }
}
