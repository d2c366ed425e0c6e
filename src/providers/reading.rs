//! Looking up parts in one delivery.

use std::borrow::Cow;
use std::cell::OnceCell;

use serde_json::Value;

use crate::event::{Delivery, MediaKind, Payload, Query, Steps};

use super::filter::Filter;
use super::media::kind_among;
use super::parts::{Parts, Piece, Place};

/// A part that is not there, or not there once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absent<'p> {
    /// What was looked for.
    pub place: &'p Place,
    /// Whether it is there more than once, and so cannot be told.
    pub repeated: bool,
}

/// A delivery being looked into. Body and form are parsed at most once, and only when a part asks.
#[derive(Debug)]
pub struct Reading<'d> {
    delivery: &'d Delivery,
    kinds: &'d [MediaKind],
    kind: OnceCell<Option<MediaKind>>,
    payload: Option<&'d Payload>,
    parsed: OnceCell<Option<Payload>>,
    form: OnceCell<Query>,
    /// The timestamp of the signature, once it has been read.
    pub timestamp: Option<Cow<'d, str>>,
    /// The fields of the signature header, once it has been read.
    pub fields: Vec<(String, String)>,
}

impl<'d> Reading<'d> {
    /// Begins, with the kinds of bodies that the sender has.
    pub fn new(delivery: &'d Delivery, kinds: &'d [MediaKind]) -> Self {
        Self {
            delivery,
            kinds,
            kind: OnceCell::new(),
            payload: None,
            parsed: OnceCell::new(),
            form: OnceCell::new(),
            timestamp: None,
            fields: Vec::new(),
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

    /// The delivery.
    pub fn delivery(&self) -> &'d Delivery {
        self.delivery
    }

    /// The bytes at a place.
    ///
    /// # Errors
    /// [`Absent`] where there is nothing, or where a header stands more than once.
    pub fn bytes<'p>(&self, place: &'p Place) -> Result<Cow<'d, [u8]>, Absent<'p>> {
        if matches!(place, Place::Body) {
            return Ok(Cow::Borrowed(&self.delivery.body));
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
        let found = match place {
            Place::Header(name) => {
                if self.delivery.headers.contains(name)
                    && self.delivery.headers.single(name).is_none()
                {
                    let repeated = true;
                    return Err(Absent { place, repeated });
                }
                self.delivery.headers.single(name).map(Cow::Borrowed)
            }
            Place::Body => std::str::from_utf8(&self.delivery.body)
                .ok()
                .map(Cow::Borrowed),
            Place::Timestamp => self.timestamp.clone(),
            Place::Method => Some(Cow::Borrowed(self.delivery.method.as_str())),
            Place::Query(name) => self.delivery.query.first(name).map(Cow::Borrowed),
            Place::Form(name) => self.form_field(name).map(Cow::Owned),
            Place::Json(_, steps) => self.json(steps).map(Cow::Owned),
            Place::Signature(name) => {
                let mut values = self
                    .fields
                    .iter()
                    .filter(|(n, _)| n.as_str() == name.as_ref());
                let first = values.next();
                if values.next().is_some() {
                    let repeated = true;
                    return Err(Absent { place, repeated });
                }
                first.map(|(_, value)| Cow::Owned(value.clone()))
            }
        };
        found.filter(|text| !text.is_empty()).ok_or(Absent {
            place,
            repeated: false,
        })
    }

    /// Whether anything at all stands at a place, be it a list, a map or empty.
    pub fn has(&self, place: &Place) -> bool {
        match place {
            Place::Json(_, steps) => self
                .payload()
                .is_some_and(|payload| payload.at(steps).is_some()),
            place => match self.text(place) {
                Ok(_) => true,
                Err(absent) => absent.repeated,
            },
        }
    }

    fn form_field(&self, name: &str) -> Option<String> {
        match self.kind()? {
            MediaKind::Form | MediaKind::FormField(_) => {}
            MediaKind::Json | MediaKind::Text => return None,
        }
        let form = self.form.get_or_init(|| Query::decode(&self.delivery.body));
        form.first(name).map(str::to_owned)
    }

    fn json(&self, steps: &Steps) -> Option<String> {
        scalar(&self.payload()?.at(steps)?.value())
    }

    /// How the body is to be read, worked out when a part first asks.
    fn kind(&self) -> Option<&MediaKind> {
        let kind = || kind_among(self.kinds, self.delivery).ok();
        self.kind.get_or_init(kind).as_ref()
    }

    /// The JSON payload, if it is one.
    fn payload(&self) -> Option<&Payload> {
        let parse = || Payload::new(self.delivery.body.clone(), self.kind()?.clone()).ok();
        let payload = match self.payload {
            Some(payload) => payload,
            None => self.parsed.get_or_init(parse).as_ref()?,
        };
        match payload.kind() {
            MediaKind::Json | MediaKind::FormField(_) => Some(payload),
            MediaKind::Form | MediaKind::Text => None,
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
        let piece = |piece: &'p Piece| match piece {
            Piece::Literal(text) => Ok(Cow::Borrowed(text.as_bytes())),
            Piece::Part(place, filters) if filters.is_empty() => self.bytes(place),
            Piece::Part(place, filters) => {
                let text = filtered(self.text(place)?, filters);
                Ok(Cow::Owned(text.into_owned().into_bytes()))
            }
        };
        parts.pieces().iter().map(piece).collect()
    }

    /// A text with parts in it, each of which passes through `clean`.
    ///
    /// Nothing where a part is missing, or where `clean` leaves nothing of it.
    pub fn render(
        &self,
        parts: &Parts,
        clean: impl Fn(Cow<'d, str>) -> Option<Cow<'d, str>>,
    ) -> Option<String> {
        let mut text = String::new();
        for piece in parts.pieces() {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Part(place, filters) => {
                    text.push_str(&clean(filtered(self.text(place).ok()?, filters))?);
                }
            }
        }
        Some(text)
    }
}

fn filtered<'t>(text: Cow<'t, str>, filters: &[Filter]) -> Cow<'t, str> {
    filters
        .iter()
        .fold(text, |text, filter| Cow::Owned(filter.apply(&text)))
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
            headers: Headers::new(headers.iter().copied()),
            body: body.to_owned().into(),
            received_at: Timestamp::from_seconds(0),
            remote: None,
        }
    }

    #[track_caller]
    fn check(delivery: &Delivery, kind: MediaKind, parts: &str, expected: Option<&str>) {
        let parts = Parts::parse(parts).unwrap();
        let kinds = [kind];
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
