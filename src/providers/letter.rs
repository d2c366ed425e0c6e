//! A delivery being made, before it is sent.

use bytes::Bytes;
use serde_json::Value;

use crate::event::{Delivery, Headers, Query, Step, Steps};
use crate::runtime::Timestamp;
use crate::secret::Secret;

use super::definition::Provider;
use super::each::{Each, Item};
use super::media::BodyForm;
use super::parts::{Parts, Piece, Place};
use super::reading::{Reading, Settings};
use super::sign::Draft;

/// A delivery being made: what proves it is put on it piece by piece.
#[derive(Debug)]
pub struct Letter<'p> {
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    body: Bytes,
    id: String,
    kinds: &'p [BodyForm],
    settings: &'p Settings,
    secret: &'p Secret,
}

impl<'p> Letter<'p> {
    /// Begins with a draft.
    pub fn new(provider: &'p Provider, secret: &'p Secret, draft: &Draft) -> Self {
        let header = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            headers: draft.headers.iter().map(header).collect(),
            query: Vec::new(),
            body: draft.body.clone(),
            id: draft.delivery_id.clone(),
            kinds: provider.content_types(),
            settings: provider.settings(),
            secret,
        }
    }

    /// Sets a header, in place of any of that name.
    pub fn set(&mut self, name: &str, value: String) {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value));
    }

    /// Whether a header is there.
    pub fn has(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(n, _)| n.eq_ignore_ascii_case(name))
    }

    /// How its body may be read.
    pub fn kinds(&self) -> &'p [BodyForm] {
        self.kinds
    }

    /// The settings of the source it is for.
    pub fn settings(&self) -> &'p Settings {
        self.settings
    }

    /// What it is signed with.
    pub fn secret(&self) -> Option<&'p Secret> {
        Some(self.secret)
    }

    /// Its body as it stands.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The items of its body.
    ///
    /// # Errors
    /// Where there are none, or too many.
    pub fn items<'e>(&self, each: &'e Each) -> Result<Vec<Item<'e>>, String> {
        let delivery = self.delivery(Timestamp::from_millis(0));
        let reading = Reading::new(&delivery, self.kinds);
        let count = each.items(&reading).map_err(|why| why.to_string())?.len();
        Ok((0..count).map(|number| each.item(number)).collect())
    }

    /// Puts a text at a place.
    ///
    /// # Errors
    /// Where nothing can be put there.
    pub fn put(&mut self, place: &Place, text: &str) -> Result<(), String> {
        match place {
            Place::Header(name) => self.set(name, text.to_owned()),
            Place::Query(name) => {
                self.query.retain(|(n, _)| **n != **name);
                self.query.push((name.to_string(), text.to_owned()));
            }
            Place::Form(name) => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                let fields = Query::decode(&self.body).keep(|n| n != name.as_ref());
                form.extend_pairs(fields.iter());
                form.append_pair(name, text);
                self.body = form.finish().into();
            }
            Place::Json(path, steps) => {
                let no_json = |_| "its body is not JSON".to_owned();
                let mut body: Value = serde_json::from_slice(&self.body).map_err(no_json)?;
                let place = inside(&mut body, steps).ok_or_else(|| {
                    format!("{path} cannot be put into its body, where something else stands")
                })?;
                *place = Value::from(text);
                self.body = body.to_string().into();
            }
            other => return Err(format!("{other} cannot be chosen")),
        }
        Ok(())
    }

    /// Puts the delivery id wherever a signed text has a part that is not there yet.
    ///
    /// # Errors
    /// Where it cannot be put there.
    pub fn fill(&mut self, signed: &Parts) -> Result<(), String> {
        for piece in signed.pieces() {
            let Piece::Part(place, _) = piece else {
                continue;
            };
            if let Place::Canonical(canonical) = place {
                for (name, value) in canonical.added {
                    if !self.has(name) {
                        self.set(name, (*value).to_owned());
                    }
                }
            }
            let ours = matches!(
                place,
                Place::Header(_) | Place::Query(_) | Place::Form(_) | Place::Json(..)
            );
            let delivery = self.delivery(Timestamp::from_millis(0));
            if ours && !Reading::new(&delivery, self.kinds).has(place) {
                let id = self.id.clone();
                self.put(place, &id)?;
            }
        }
        Ok(())
    }

    /// As it would be received.
    pub fn delivery(&self, now: Timestamp) -> Delivery {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.query);
        let query_text = query.finish();
        Delivery {
            method: "POST".to_owned(),
            query: Query::decode(query_text.as_bytes()),
            query_text,
            headers: Headers::new(self.headers.iter().map(|(n, v)| (n, v.clone()))),
            body: self.body.clone(),
            received_at: now,
            remote: None,
        }
    }
}

/// The place at the end of some steps; objects that are missing on the way are made.
fn inside<'v>(value: &'v mut Value, steps: &Steps) -> Option<&'v mut Value> {
    steps.0.iter().try_fold(value, |value, step| match step {
        Step::Name(name) => {
            if value.is_null() {
                *value = Value::Object(serde_json::Map::new());
            }
            let object = value.as_object_mut()?;
            Some(object.entry(name.as_ref()).or_insert(Value::Null))
        }
        Step::Index(index) => value.as_array_mut()?.get_mut(usize::try_from(*index).ok()?),
    })
}

/// A delivery with nothing in it.
pub(super) fn empty_delivery() -> Delivery {
    Delivery {
        method: "POST".to_owned(),
        query: Query::default(),
        query_text: String::new(),
        headers: Headers::default(),
        body: Bytes::new(),
        received_at: Timestamp::from_millis(0),
        remote: None,
    }
}
