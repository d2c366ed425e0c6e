//! What every signature over content has: where it stands, when it was made, what it covers.
//!
//! The schemes add how it is computed.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostics, code};
use crate::event::Proof;
use crate::runtime::Timestamp;
use crate::yaml::Fields;

use super::freshness::Freshness;
use super::overrides::Overrides;
use super::parts::{Parts, Place};
use super::reading::Reading;
use super::sign::Letter;
use super::signature::{Layout, Signature};
use super::verify::Refusal;

/// A signature over content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Where it stands.
    pub signature: Signature,
    /// When it was made, where the sender says.
    pub freshness: Option<Freshness>,
    /// What it covers.
    pub content: Parts,
}

/// What a delivery claims, to be checked against keys.
#[derive(Debug)]
pub struct Claim<'a> {
    /// The signatures, decoded; at least one.
    pub tags: Vec<Vec<u8>>,
    /// What they should cover, piece by piece.
    pub content: Vec<Cow<'a, [u8]>>,
}

impl Signed {
    /// Reads `signature`, `timestamp` and `content` of a scheme.
    pub fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<Self> {
        let signature = fields
            .required("signature", problems)
            .and_then(|node| Signature::parse(node, problems));
        let freshness = fields
            .optional("timestamp")
            .map(|node| Freshness::parse(node, problems));
        let content = match fields.optional("content") {
            Some(node) => parts(node, problems),
            None => Some(Parts::of(Place::Body, "body")),
        };
        let signed = Self {
            signature: signature?,
            freshness: match freshness {
                Some(freshness) => Some(freshness?),
                None => None,
            },
            content: content?,
        };
        if let Err(message) = signed.consistent() {
            problems.push(fields.node().error(code::BAD_DEFINITION, message));
            return None;
        }
        Some(signed)
    }

    /// That the timestamp, if there is one, is signed, and that nothing is signed which never is there.
    fn consistent(&self) -> Result<(), String> {
        let covers = |wanted: &Place| self.content.places().any(|place| place == wanted);
        let from = self.freshness.as_ref().map(|freshness| &freshness.from);
        if let Some(from) = from {
            let in_covered_body = from.in_body() && covers(&Place::Body);
            if !(covers(&Place::Timestamp) || covers(from) || in_covered_body) {
                let message = "the timestamp is not signed: put {timestamp} into `content`";
                return Err(message.to_owned());
            }
        } else if covers(&Place::Timestamp) {
            let message = "`content` has {timestamp}, but `timestamp` does not say where it is";
            return Err(message.to_owned());
        }
        let fields = matches!(self.signature.layout, Layout::Fields { .. });
        let mut places = self.content.places().chain(from);
        if !fields && places.any(|place| matches!(place, Place::Signature(_))) {
            let message = "`sig:` needs a signature made of fields: give `field`";
            return Err(message.to_owned());
        }
        Ok(())
    }

    /// What a delivery claims.
    ///
    /// # Errors
    /// Whatever is missing, repeated, malformed or stale.
    pub fn claim<'a>(
        &'a self,
        reading: &mut Reading<'a>,
        now: Timestamp,
        hint: &str,
    ) -> Result<Claim<'a>, Refusal> {
        let tags = self.signature.read(reading, hint)?;
        if let Some(freshness) = &self.freshness {
            let sent = reading
                .text(&freshness.from)
                .map_err(|absent| Refusal::absent(&absent, hint))?;
            freshness.check(&sent, now)?;
            reading.timestamp = Some(sent);
        }
        let content = reading
            .pieces(&self.content)
            .map_err(|absent| Refusal::absent(&absent, hint))?;
        Ok(Claim { tags, content })
    }

    /// What right signatures prove.
    pub fn proof(&self) -> Proof {
        if self.content.places().any(|place| *place == Place::Body) {
            Proof::signed_by_providers()
        } else {
            Proof::authenticated_by_providers()
        }
    }

    /// What was signed, where a timestamp is part of it: no two deliveries share it by chance.
    pub fn timed_content(&self, mut reading: Reading<'_>) -> Option<Vec<u8>> {
        let freshness = self.freshness.as_ref()?;
        self.signature.read(&mut reading, "").ok()?;
        reading.timestamp = Some(reading.text(&freshness.from).ok()?);
        let content = reading.pieces(&self.content).ok()?;
        Some(content.concat())
    }

    /// The headers it reads, as written.
    pub fn headers(&self) -> Vec<&str> {
        let from = self.freshness.as_ref().map(|freshness| &freshness.from);
        let places = [Some(&self.signature.from), from];
        let headers = places.into_iter().flatten().filter_map(Place::header);
        headers.chain(self.content.headers()).collect()
    }

    /// How to sign, for whoever gets it wrong. `tag` names the computation: `HMAC-SHA256(secret, …)`.
    pub fn hint(&self, compute: impl Fn(&str) -> String) -> String {
        let content = match self.content.as_str() {
            "{body}" => "body".to_owned(),
            text => format!("\"{text}\""),
        };
        let tag = format!("{}({})", self.signature.encoding.title(), compute(&content));
        let time = self.freshness.as_ref().map(|freshness| &freshness.from);
        let beside: Vec<_> = match time {
            Some(Place::Signature(name)) => vec![(name.as_ref(), "TIMESTAMP")],
            _ => Vec::new(),
        };
        let value = self.signature.write(&tag, &beside);
        match time {
            Some(Place::Header(name)) => {
                format!(
                    "sign it: {name}: TIMESTAMP, {}: {value}",
                    self.signature.from
                )
            }
            _ => format!("sign it: {}: {value}", self.signature.from),
        }
    }

    /// Puts the signature that `compute` makes, and its timestamp, on a letter.
    ///
    /// # Errors
    /// Where something that is signed is not there.
    pub fn put(
        &self,
        letter: &mut Letter,
        now: Timestamp,
        compute: impl FnOnce(&[Cow<'_, [u8]>]) -> Vec<u8>,
    ) -> Result<(), String> {
        let Place::Header(header) = &self.signature.from else {
            return Err("only signatures in headers can be made".to_owned());
        };
        let time = self.freshness.as_ref().map(|f| f.unit.write(now));
        let mut beside = Vec::new();
        match (self.freshness.as_ref().map(|f| &f.from), &time) {
            (Some(Place::Header(name)), Some(time)) => letter.set(name, time.clone()),
            (Some(Place::Signature(name)), Some(time)) => beside.push((name.as_ref(), &**time)),
            _ => {}
        }
        let delivery = letter.delivery(now);
        let mut reading = Reading::new(&delivery, &[]);
        reading.timestamp = time.clone().map(Cow::Owned);
        let content = reading
            .pieces(&self.content)
            .map_err(|absent| format!("{} is missing, and it is signed", absent.place))?;
        let tag = self.signature.encoding.encode(&compute(&content));
        letter.set(header, self.signature.write(&tag, &beside));
        Ok(())
    }

    /// As a source wants it. Overrides that fit are noted in `used`.
    ///
    /// # Errors
    /// Where an override contradicts the rest.
    pub fn with(
        &self,
        overrides: &Overrides,
        used: &mut BTreeSet<&'static str>,
    ) -> Result<Self, String> {
        let mut signed = self.clone();
        if let Some(header) = &overrides.header {
            signed.signature.from = Place::Header(header.clone());
            used.insert("header");
        }
        if let Some(encoding) = overrides.encoding {
            signed.signature.encoding = encoding;
            used.insert("encoding");
        }
        if let (Some(new), Layout::Plain { prefix }) =
            (&overrides.prefix, &mut signed.signature.layout)
        {
            prefix.clone_from(new);
            used.insert("prefix");
        }
        if let Some(content) = &overrides.content {
            signed.content = content.clone();
            used.insert("content");
        }
        if let Some(place) = &overrides.timestamp {
            let freshness = Freshness::at(place.clone());
            signed.freshness = Some(match &self.freshness {
                None => freshness,
                Some(old) => Freshness {
                    from: freshness.from,
                    ..old.clone()
                },
            });
            used.insert("timestamp");
        }
        if let (Some(tolerance), Some(freshness)) = (overrides.tolerance, &mut signed.freshness) {
            freshness.tolerance = tolerance;
            used.insert("tolerance");
        }
        signed.consistent().map(|()| signed)
    }
}

/// A text with parts in a definition or a source.
pub fn parts(node: &crate::yaml::Node, problems: &mut Diagnostics) -> Option<Parts> {
    match Parts::parse(node.text(problems)?) {
        Ok(parts) => Some(parts),
        Err(message) => {
            problems.push(node.error(code::BAD_VALUE, message));
            None
        }
    }
}
