//! Looking up parts in one delivery.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::crypto::Mac;
use crate::event::{Delivery, Found, MediaKind, Payload, Query, Steps};
use crate::secret::Secret;

use super::each::Item;
use super::fetched::{Keyring, NoKeys};
use super::fields::{of_parts, once, sorted};
use super::filter::{Filter, filtered};
use super::media::{BodyForm, kind_among};
use super::parts::{Parts, Piece, Place};

/// A part that cannot be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absent<'p> {
    /// What was looked for.
    pub place: &'p Place,
    /// Why it cannot be told.
    pub why: Why,
}

/// Why a part cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is not there.
    Missing,
    /// It is there more than once.
    Repeated,
    /// It is a list or a map where one value should be, or cannot be filtered.
    Unfit,
}

/// What one source says of itself that definitions ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The address as senders know it, without a query.
    pub url: Option<Box<str>>,
    /// What stands under `settings:`.
    pub values: BTreeMap<String, Secret>,
}

/// The settings of a source that has none.
const NO_SETTINGS: &Settings = &Settings {
    url: None,
    values: BTreeMap::new(),
};

/// A delivery being looked into. Body and form are parsed at most once, and only when a part asks.
#[derive(Debug)]
pub struct Reading<'d> {
    delivery: &'d Delivery,
    kinds: &'d [BodyForm],
    settings: &'d Settings,
    kind: OnceCell<Option<MediaKind>>,
    payload: Option<&'d Payload>,
    parsed: OnceCell<Option<Payload>>,
    form: OnceCell<Option<Query>>,
    /// The timestamp of the signature, once it has been read.
    pub timestamp: Option<Cow<'d, str>>,
    /// The fields of the signature header, once it has been read.
    pub fields: Vec<(String, String)>,
    /// The address in another spelling than the source's own.
    pub url: Option<String>,
    /// The secret that is being tried.
    pub secret: Option<&'d Secret>,
    /// What the answer to a handshake is signed with.
    pub key: Option<Mac>,
    /// The item of a batch that is being looked at.
    pub item: Option<Item<'d>>,
    /// Keys that have been fetched.
    pub keyring: &'d dyn Keyring,
}

impl<'d> Reading<'d> {
    /// Begins, with the kinds of bodies that the sender has.
    pub fn new(delivery: &'d Delivery, kinds: &'d [BodyForm]) -> Self {
        Self {
            delivery,
            kinds,
            settings: NO_SETTINGS,
            kind: OnceCell::new(),
            payload: None,
            parsed: OnceCell::new(),
            form: OnceCell::new(),
            timestamp: None,
            fields: Vec::new(),
            url: None,
            secret: None,
            key: None,
            item: None,
            keyring: &NoKeys,
        }
    }

    /// Begins with a payload that is parsed already.
    pub fn of(delivery: &'d Delivery, payload: &'d Payload) -> Self {
        Self {
            payload: Some(payload),
            kind: OnceCell::from(Some(payload.kind().clone())),
            ..Self::new(delivery, &[])
        }
    }

    /// The same for a source with these settings.
    #[must_use]
    pub fn with(self, settings: &'d Settings) -> Self {
        Self { settings, ..self }
    }

    /// The delivery.
    pub fn delivery(&self) -> &'d Delivery {
        self.delivery
    }

    /// The address as senders know it, without its query.
    pub fn address(&self) -> Option<&'d str> {
        self.settings.url.as_deref()
    }

    /// The bytes at a place.
    ///
    /// # Errors
    /// [`Absent`] where there is nothing, or where a header stands more than once.
    pub fn bytes<'p>(&self, place: &'p Place) -> Result<Cow<'d, [u8]>, Absent<'p>> {
        match place {
            Place::Body => return Ok(Cow::Borrowed(&self.delivery.body)),
            Place::Canonical(canonical) => {
                let text = (canonical.write)(self).map_err(|why| Absent { place, why })?;
                return Ok(Cow::Owned(text));
            }
            _ => {}
        }
        Ok(match self.text(place)? {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        })
    }

    /// The text at a place. Empty text counts as none.
    ///
    /// # Errors
    /// [`Absent`] where there is nothing, or where a header stands more than once.
    pub fn text<'p>(&self, place: &'p Place) -> Result<Cow<'d, str>, Absent<'p>> {
        let absent = |why| Absent { place, why };
        let headers = &self.delivery.headers;
        let found = match place {
            Place::Header(name) => match headers.single(name) {
                None if headers.contains(name) => return Err(absent(Why::Repeated)),
                found => found.map(Cow::Borrowed),
            },
            Place::Body => std::str::from_utf8(&self.delivery.body)
                .ok()
                .map(Cow::Borrowed),
            Place::Timestamp => self.timestamp.clone(),
            Place::Method => Some(Cow::Borrowed(self.delivery.method.as_str())),
            Place::Query(name) => once(&self.delivery.query, name)
                .map_err(absent)?
                .map(Cow::Borrowed),
            Place::Form(name) => once(self.form()?, name)
                .map_err(absent)?
                .map(|text| Cow::Owned(text.to_owned())),
            Place::Json(_, steps) => match self.json(steps).map(Found::value) {
                Some(value) if value.is_array() || value.is_object() => {
                    return Err(absent(Why::Unfit));
                }
                value => value.and_then(|value| scalar(&value)).map(Cow::Owned),
            },
            Place::Signature(name) => self.field(name).map_err(absent)?.map(Cow::Owned),
            Place::Url => self.url().map(Cow::Owned),
            // An empty form is one too.
            Place::FormSorted => {
                return sorted(self.form()?)
                    .map(Cow::Owned)
                    .ok_or(absent(Why::Unfit));
            }
            Place::Secret => self.secret.map(|secret| Cow::Borrowed(secret.expose())),
            Place::Setting(name) => {
                let value = self.settings.values.get(name.as_ref());
                value.map(|value| Cow::Borrowed(value.expose()))
            }
            Place::OtherKey(names) => self.other_key(names).map(Cow::Owned),
            Place::Canonical(canonical) => {
                let text = (canonical.write)(self).map_err(absent)?;
                String::from_utf8(text).ok().map(Cow::Owned)
            }
        };
        found
            .filter(|text| !text.is_empty())
            .ok_or(absent(Why::Missing))
    }

    /// Whether anything at all stands at a place, be it a list, a map or empty.
    pub fn has(&self, place: &Place) -> bool {
        match place {
            Place::Json(_, steps) => self.json(steps).is_some(),
            place => match self.text(place) {
                Ok(_) => true,
                Err(absent) => absent.why != Why::Missing,
            },
        }
    }

    /// The JSON value at a path, whatever it is.
    pub fn json(&self, steps: &Steps) -> Option<Found<'_>> {
        let payload = self.payload()?;
        match &self.item {
            None => payload.at(steps),
            Some(item) => payload.at(&item.path(steps)?),
        }
    }

    /// How the body is to be read, worked out when a part first asks.
    pub fn kind(&self) -> Option<&MediaKind> {
        let kind = || kind_among(self.kinds, self.delivery).ok();
        self.kind.get_or_init(kind).as_ref()
    }

    /// The fields of the body, where it is a form.
    ///
    /// # Errors
    /// [`Absent`] where it is none.
    pub fn form(&self) -> Result<&Query, Absent<'static>> {
        let read = || match self.kind()? {
            MediaKind::Form | MediaKind::FormField(_) => Some(Query::decode(&self.delivery.body)),
            MediaKind::Multipart => Some(of_parts(self.payload()?.value())),
            _ => None,
        };
        self.form.get_or_init(read).as_ref().ok_or(Absent {
            place: &Place::FormSorted,
            why: Why::Missing,
        })
    }

    /// A field of the signature. Twice the same is once.
    fn field(&self, name: &str) -> Result<Option<String>, Why> {
        let mut values = self.fields.iter().filter(|(n, _)| n == name);
        let first = values.next().map(|(_, value)| value.clone());
        if values.all(|(_, value)| Some(value) == first.as_ref()) {
            return Ok(first);
        }
        Err(Why::Repeated)
    }

    fn url(&self) -> Option<String> {
        if let Some(url) = &self.url {
            return Some(url.clone());
        }
        let url = self.settings.url.as_ref()?;
        Some(match self.delivery.query_text.as_str() {
            "" => url.to_string(),
            query => format!("{url}?{query}"),
        })
    }

    fn other_key(&self, names: &[Box<str>]) -> Option<String> {
        let body = self.json(&Steps::default())?.value();
        let other = |key: &&String| !names.iter().any(|name| **name == ***key);
        body.as_object()?.keys().find(other).cloned()
    }

    /// The JSON payload, if it is one.
    fn payload(&self) -> Option<&Payload> {
        let parse = || Payload::new(self.delivery.body.clone(), self.kind()?.clone()).ok();
        let payload = match self.payload {
            Some(payload) => payload,
            None => self.parsed.get_or_init(parse).as_ref()?,
        };
        match payload.kind() {
            MediaKind::Form | MediaKind::Text => None,
            _ => Some(payload),
        }
    }

    /// The bytes of a text with parts in it, piece by piece.
    ///
    /// # Errors
    /// [`Absent`] for the first part that is missing.
    pub fn pieces<'p>(&self, parts: &'p Parts) -> Result<Vec<Cow<'p, [u8]>>, Absent<'p>>
    where
        'd: 'p,
    {
        let mut found = Vec::new();
        self.gather(parts.pieces(), &mut found)?;
        Ok(found)
    }

    fn gather<'p>(
        &self,
        pieces: &'p [Piece],
        found: &mut Vec<Cow<'p, [u8]>>,
    ) -> Result<(), Absent<'p>>
    where
        'd: 'p,
    {
        for piece in pieces {
            match piece {
                Piece::Literal(text) => found.push(Cow::Borrowed(text.as_bytes())),
                Piece::Part(place, filters) => {
                    let why = Why::Unfit;
                    let bytes = self.bytes(place)?;
                    let bytes = filtered(bytes, filters, self.key.as_ref());
                    found.push(bytes.ok_or(Absent { place, why })?);
                }
                Piece::Optional(pieces) => {
                    let mut some = Vec::new();
                    match self.gather(pieces, &mut some) {
                        Ok(()) => found.append(&mut some),
                        Err(absent) if absent.why == Why::Missing => {}
                        Err(absent) => return Err(absent),
                    }
                }
            }
        }
        Ok(())
    }

    /// A text with parts in it, each of which passes through `clean`.
    ///
    /// Nothing where a part is missing, or where `clean` leaves nothing of it.
    pub fn render(
        &self,
        parts: &Parts,
        clean: impl Fn(Cow<'d, str>) -> Option<Cow<'d, str>>,
    ) -> Option<String> {
        self.render_pieces(parts.pieces(), &clean)
    }

    fn render_pieces(
        &self,
        pieces: &[Piece],
        clean: &impl Fn(Cow<'d, str>) -> Option<Cow<'d, str>>,
    ) -> Option<String> {
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Part(place, filters) => {
                    let part = self.filtered_text(place, filters)?;
                    text.push_str(&clean(part)?);
                }
                Piece::Optional(pieces) => {
                    text.push_str(&self.render_pieces(pieces, clean).unwrap_or_default());
                }
            }
        }
        Some(text)
    }

    fn filtered_text(&self, place: &Place, filters: &[Filter]) -> Option<Cow<'d, str>> {
        if filters.is_empty() {
            return self.text(place).ok();
        }
        let bytes = filtered(self.bytes(place).ok()?, filters, self.key.as_ref())?;
        let text = String::from_utf8(bytes.into_owned()).ok()?;
        (!text.is_empty()).then_some(Cow::Owned(text))
    }
}

/// A single value as text: null, lists and maps have none.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Headers;
    use crate::runtime::Timestamp;

    fn delivery(headers: &[(&str, &str)], body: &str) -> Delivery {
        Delivery {
            method: "POST".to_owned(),
            query: Query::decode(b"q=1"),
            query_text: "q=1".to_owned(),
            headers: Headers::new(headers.iter().copied()),
            body: body.to_owned().into(),
            received_at: Timestamp::from_seconds(0),
            remote: None,
        }
    }

    #[track_caller]
    fn check(delivery: &Delivery, kind: MediaKind, parts: &str, expected: Option<&str>) {
        let parts = Parts::parse(parts).unwrap();
        let kinds = [BodyForm::Named(kind)];
        let reading = Reading::new(delivery, &kinds);
        assert_eq!(reading.render(&parts, Some).as_deref(), expected);
        let pieces = reading.pieces(&parts).ok().map(|pieces| pieces.concat());
        assert_eq!(pieces.as_deref(), expected.map(str::as_bytes));
    }

    #[test]
    fn each_place() {
        let json = delivery(
            &[("X-A", "one"), ("X-Two", "1"), ("X-Two", "2"), ("X-E", "")],
            r#"{"n": 12345678901234567890, "t": true, "l": [{"s": "x"}], "z": null, "e": ""}"#,
        );
        let check_json = |parts, expected| check(&json, MediaKind::Json, parts, expected);
        check_json("{method} {query:q} {header:x-a}!", Some("POST 1 one!"));
        check_json(
            "{json:n} {json:t} {json:l.0.s}",
            Some("12345678901234567890 true x"),
        );
        for missing in [
            "{header:X-Two}",
            "{header:X-E}",
            "{header:X-None}",
            "{json:l}",
            "{json:z}",
            "{json:e}",
            "{json:none.n}",
            "{form:n}",
            "{query:z}",
            "{timestamp}",
            "{sig:t}",
        ] {
            check_json(missing, None);
        }
    }

    #[test]
    fn forms_and_json_in_forms() {
        let form = delivery(&[], "command=%2Fdeploy&payload=%7B%22type%22%3A%22x%22%7D");
        check(
            &form,
            MediaKind::Form,
            "{form:command|dotted}",
            Some(".deploy"),
        );
        check(&form, MediaKind::Form, "{json:type}", None);
        let field = MediaKind::FormField("payload".to_owned());
        check(
            &form,
            field,
            "{json:type} {form:command}",
            Some("x /deploy"),
        );
        check(&form, MediaKind::Json, "{form:command}", None);
    }
}
