//! FAMILY: texts that a sender makes of a whole request by rules that no text with parts can say.
//!
//! `{canonical:NAME}` stands for one in a definition.

mod contentful;
mod php;
mod plivo;
mod qsh;

use std::fmt;

use super::parts::Place;
use super::reading::{Reading, Why};
use crate::event::MediaKind;

/// A member of the family.
pub struct Canonical {
    /// Its name in definitions.
    pub name: &'static str,
    /// The text that the sender makes of a delivery.
    pub write: fn(&Reading<'_>) -> Result<Vec<u8>, Why>,
    /// Whether the source's address is in it.
    pub addressed: bool,
    /// Whether bodies of a kind are in it, so that another body would make another text.
    pub pins: fn(Option<&MediaKind>) -> bool,
    /// The headers that are always in it.
    pub headers: &'static [&'static str],
    /// The headers that a sender adds for it, with their values.
    pub added: &'static [(&'static str, &'static str)],
}

/// Every one.
pub const LIST: &[Canonical] = &[
    contentful::CANONICAL,
    plivo::CANONICAL,
    php::CANONICAL,
    qsh::CANONICAL,
];

/// The one of that name.
pub fn find(name: &str) -> Option<&'static Canonical> {
    LIST.iter().find(|one| one.name == name)
}

impl Canonical {
    /// Whether another value at a place would make another text.
    pub fn covers(&self, place: &Place) -> bool {
        match place {
            Place::Header(name) => self
                .headers
                .iter()
                .any(|own| own.eq_ignore_ascii_case(name)),
            place => place.in_body() && (self.pins)(Some(&MediaKind::Json)),
        }
    }
}

impl PartialEq for Canonical {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Canonical {}

impl fmt::Debug for Canonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A text with everything percent-encoded but letters, digits and some other characters.
fn encoded(text: &str, kept: &str) -> String {
    let keeps = |byte: u8| byte.is_ascii_alphanumeric() || kept.bytes().any(|k| k == byte);
    let written = |byte: u8| {
        if keeps(byte) {
            return char::from(byte).to_string();
        }
        format!("%{byte:02X}")
    };
    text.bytes().map(written).collect()
}

/// The path of the source's address, `/` at least.
fn path<'u>(reading: &Reading<'u>) -> Result<&'u str, Why> {
    let (_, rest) = address(reading)?;
    let at = rest.find('/').unwrap_or(rest.len());
    let (_, path) = rest.split_at(at);
    Ok(if path.is_empty() { "/" } else { path })
}

/// The source's address, cut behind `://`.
fn address<'u>(reading: &Reading<'u>) -> Result<(&'u str, &'u str), Why> {
    reading
        .address()
        .and_then(|url| url.split_once("://"))
        .ok_or(Why::Missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Delivery, Headers, Query};
    use crate::providers::media::BodyForm;
    use crate::providers::reading::Settings;
    use crate::runtime::Timestamp;

    pub(super) fn delivery(headers: &[(&str, &str)], query: &str, body: &str) -> Delivery {
        Delivery {
            method: "POST".to_owned(),
            query: Query::decode(query.as_bytes()),
            query_text: query.to_owned(),
            headers: Headers::new(headers.iter().copied()),
            body: body.to_owned().into(),
            received_at: Timestamp::from_seconds(0),
            remote: None,
        }
    }

    /// What a member makes of a delivery to an address.
    pub(super) fn written(name: &str, url: &str, delivery: &Delivery) -> Result<String, Why> {
        let settings = Settings {
            url: Some(url.into()),
            ..Settings::default()
        };
        let kinds = [BodyForm::Named(MediaKind::Form)];
        let reading = Reading::new(delivery, &kinds).with(&settings);
        let text = (find(name).unwrap().write)(&reading)?;
        Ok(String::from_utf8(text).unwrap())
    }

    #[test]
    fn every_member_is_found_by_its_own_name() {
        for one in LIST {
            assert_eq!(find(one.name), Some(one));
        }
        assert_eq!(find("none"), None);
        assert_eq!(encoded("a/é ~", "~"), "a%2F%C3%A9%20~");
    }
}
