//! What every signature over content has: where it stands, when it was made, what it covers.
//!
//! The schemes add how it is computed.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostics, code};
use crate::event::{MediaKind, Proof};
use crate::runtime::Timestamp;
use crate::yaml::{Fields, Node, Shape};

use super::covered::{covers, covers_body};
use super::each::Each;
use super::freshness::Freshness;
use super::overrides::Overrides;
use super::parts::{Parts, Place};
use super::reading::Reading;
use super::signature::{Layout, Signature, place};
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
    /// What must be equal besides: values that are signed, and what they must be.
    pub bind: Vec<(Place, Parts)>,
    /// Each item of a batch is signed for itself.
    pub each: Option<Each>,
    /// The port may stand in the URL that was signed, or not.
    pub any_port: bool,
}

/// One of the texts that may have been signed, piece by piece.
pub type Content<'a> = [Cow<'a, [u8]>];

impl Signed {
    /// Reads `signature`, `timestamp`, `content`, `bind`, `each` and `any_port` of a scheme.
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
        let bind = fields.optional("bind").map_or(&[][..], Node::one_or_list);
        let bind: Option<Vec<_>> = bind.iter().map(|node| bound(node, problems)).collect();
        let each = fields
            .optional("each")
            .map_or(Some(None), |node| Each::parse(node, problems).map(Some));
        let any_port = fields
            .optional("any_port")
            .map_or(Some(false), |node| node.bool(problems));
        let signed = Self {
            signature: signature?,
            freshness: match freshness {
                Some(freshness) => Some(freshness?),
                None => None,
            },
            content: content?,
            bind: bind?,
            each: each?,
            any_port: any_port?,
        };
        if let Err(message) = signed.consistent() {
            problems.push(fields.node().error(code::BAD_DEFINITION, message).help("what stands in `content`, `timestamp`, `bind` and `signature` must fit together: docs/definitions.md shows how"));
            return None;
        }
        Some(signed)
    }

    /// That the timestamp, if there is one, is signed, and that nothing is signed which never is there.
    pub(super) fn consistent(&self) -> Result<(), String> {
        let from = self.freshness.as_ref().map(|freshness| &freshness.from);
        if let Some(from) = from {
            if !(covers(&self.content, &Place::Timestamp) || covers(&self.content, from)) {
                let message = "the timestamp is not signed: put {timestamp} into `content`";
                return Err(message.to_owned());
            }
        } else if covers(&self.content, &Place::Timestamp) {
            let message = "`content` has {timestamp}, but `timestamp` does not say where it is";
            return Err(message.to_owned());
        }
        for (place, _) in &self.bind {
            if !covers(&self.content, place) {
                return Err(format!("`bind` trusts {place}, which is not signed"));
            }
        }
        let fields = !matches!(self.signature.layout, Layout::Plain { .. });
        let mut places = self.content.places().chain(from);
        if !fields && places.any(|place| matches!(place, Place::Signature(_))) {
            let message = "`sig:` needs a signature made of fields: give `field`";
            return Err(message.to_owned());
        }
        Ok(())
    }

    /// Checks a delivery with `right`, which is asked about each text that may have been signed, and
    /// the signatures that were sent.
    ///
    /// # Errors
    /// Whatever is missing, repeated, malformed, stale or wrong.
    pub fn verify<'a>(
        &'a self,
        reading: &mut Reading<'a>,
        now: Timestamp,
        hint: &str,
        right: impl Fn(&Content<'a>, &[Vec<u8>]) -> bool,
    ) -> Result<Proof, Refusal> {
        match &self.each {
            None => self.one(reading, now, hint, &right)?,
            Some(each) => {
                for item in each.items(reading)? {
                    reading.item = Some(item);
                    self.one(reading, now, hint, &right)?;
                }
                reading.item = None;
            }
        }
        Ok(self.proof(reading))
    }

    fn one<'a>(
        &'a self,
        reading: &mut Reading<'a>,
        now: Timestamp,
        hint: &str,
        right: &impl Fn(&Content<'a>, &[Vec<u8>]) -> bool,
    ) -> Result<(), Refusal> {
        let tags = self.signature.read(reading, hint)?;
        if let Some(freshness) = &self.freshness {
            let sent = reading
                .text(&freshness.from)
                .map_err(|absent| Refusal::absent(&absent, hint))?;
            freshness.check(&sent, now)?;
            reading.timestamp = Some(sent);
        }
        for (place, expected) in &self.bind {
            check_bound(reading, place, expected, hint)?;
        }
        for url in self.urls(reading) {
            reading.url = url;
            let content = reading
                .pieces(&self.content)
                .map_err(|absent| Refusal::absent(&absent, hint))?;
            if right(&content, &tags) {
                return Ok(());
            }
        }
        Err(Refusal::Mismatch {
            what: self.signature.what(),
            hint: hint.to_owned(),
        })
    }

    /// The address as it stands, and with its port or without where either may have been signed.
    fn urls(&self, reading: &Reading<'_>) -> Vec<Option<String>> {
        let mut urls = vec![None];
        if self.any_port {
            urls.extend(reading.text(&Place::Url).ok().map(|url| other_port(&url)));
        }
        urls
    }

    /// Every text that may have been signed: of each item, with either port; none where one of them
    /// cannot be told.
    pub fn contents<'a>(&'a self, mut reading: Reading<'a>) -> Option<Vec<Vec<u8>>> {
        let items = match &self.each {
            None => vec![None],
            Some(each) => each.items(&reading).ok()?.into_iter().map(Some).collect(),
        };
        let mut found = Vec::new();
        for item in items {
            reading.item = item;
            self.signature.read(&mut reading, "").ok()?;
            if let Some(freshness) = &self.freshness {
                reading.timestamp = Some(reading.text(&freshness.from).ok()?);
            }
            for url in self.urls(&reading) {
                reading.url = url;
                found.push(reading.pieces(&self.content).ok()?.concat());
            }
            reading.url = None;
        }
        Some(found)
    }

    /// What right signatures prove.
    fn proof(&self, reading: &Reading<'_>) -> Proof {
        if self.covers(reading.kind()) {
            Proof::signed_by_providers()
        } else {
            Proof::authenticated_by_providers()
        }
    }

    /// Whether it covers bodies of that kind.
    pub fn covers(&self, kind: Option<&MediaKind>) -> bool {
        let bound = self.bind.iter().map(|(_, expected)| expected);
        let mut texts = bound.chain([&self.content]);
        self.each.is_none() && texts.any(|text| covers_body(text, kind))
    }

    /// What was signed, where a timestamp is part of it: no two deliveries share it by chance.
    pub fn timed_content<'a>(&'a self, reading: Reading<'a>) -> Option<Vec<u8>> {
        self.freshness.as_ref()?;
        self.contents(reading)?.into_iter().next()
    }

    /// The headers it reads, as written.
    pub fn headers(&self) -> Vec<&str> {
        let from = self.freshness.as_ref().map(|freshness| &freshness.from);
        let places = self.signature.from.iter().chain(from);
        let headers = places.filter_map(Place::header);
        headers.chain(self.content.headers()).collect()
    }

    /// The places that it looks at.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        let bound = self.bind.iter().flat_map(|(_, expected)| expected.places());
        self.content.places().chain(bound)
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
            signed.signature.from = vec![Place::Header(header.clone())];
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

/// A value that is signed, and what it must be.
fn bound(node: &Node, problems: &mut Diagnostics) -> Option<(Place, Parts)> {
    let mut fields = Fields::of(node, problems)?;
    let from = fields
        .required("from", problems)
        .and_then(|node| place(node, problems));
    let equals = fields
        .required("equals", problems)
        .and_then(|node| parts(node, problems));
    fields.finish(problems);
    Some((from?, equals?))
}

/// That a signed value is what it must be.
fn check_bound(
    reading: &Reading<'_>,
    place: &Place,
    expected: &Parts,
    hint: &str,
) -> Result<(), Refusal> {
    let absent = |absent: &_| Refusal::absent(absent, hint);
    let sent = reading.text(place).map_err(|a| absent(&a))?;
    let expected = reading.pieces(expected).map_err(|a| absent(&a))?.concat();
    if expected.is_empty() {
        // All of it is optional, and the source says nothing.
        return Ok(());
    }
    if sent.as_bytes() == expected {
        return Ok(());
    }
    Err(Refusal::Mismatch {
        what: place.to_string(),
        hint: hint.to_owned(),
    })
}

/// A URL with its port left off, or with the port that goes without saying.
fn other_port(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    Some(match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{scheme}://{name}{path}")
        }
        _ => {
            let port = if scheme == "https" { 443 } else { 80 };
            format!("{scheme}://{host}:{port}{path}")
        }
    })
}

/// What a text with parts looks like.
pub fn parts_shape() -> Shape {
    Shape::named("parts", || {
        Shape::text().says(
            "A text with parts of the delivery in braces: `{body}`, `{timestamp}`, `{header:NAME}`, `{query:NAME}`, `{json:a.b}`, `{form:NAME}`, `{url}`, `{method}`, `{setting:NAME}`; `|` leads to filters. A `?` at the end of a part makes it optional.",
        )
    })
}

/// A text with parts in a definition or a source.
pub fn parts(node: &Node, problems: &mut Diagnostics) -> Option<Parts> {
    match Parts::parse(node.text(problems)?) {
        Ok(parts) => Some(parts),
        Err(message) => {
            problems.push(
                node.error(code::BAD_VALUE, message)
                    .help("parts are written {body}, {header:NAME}, {query:NAME} or {json:PATH}"),
            );
            None
        }
    }
}
