//! The event that a test describes.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, Diagnostics, code};
use crate::event::{
    Delivery, Event, EventId, Headers, MediaKind, Payload, Proof, Query, SourceRef, Strength,
};
use crate::providers::{Provider, Providers, identify};
use crate::rule::{Names, Rule};
use crate::runtime::Timestamp;

use super::case::{Case, RECEIVED_AT};
use super::payload::Body;

/// An event that never came in, as a person describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Who would send it.
    pub provider: String,
    /// The source it would come in by.
    pub source: String,
    /// What it is called, where neither body nor headers say it.
    pub event: Option<String>,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body, as sent.
    pub body: String,
    /// When it would be received.
    pub at: Timestamp,
    /// How far it would be shown to be authentic; none for the most that its provider can show.
    #[serde(default)]
    pub proof: Option<Strength>,
}

/// Makes up an event that a person describes, named as its provider names what was sent.
///
/// # Errors
/// There is no such provider, or the body is not what that provider sends.
pub fn imagine(said: &Said, provider: Option<&Provider>) -> Result<Event, String> {
    let name = &said.provider;
    let provider = provider.ok_or_else(|| {
        format!("there is no provider `{name}`; `hookrule providers list` names them")
    })?;
    let mut headers = said.headers.clone();
    let is_type = |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-type");
    if !headers.iter().any(is_type) {
        let json = serde_json::from_str::<IgnoredAny>(&said.body).is_ok();
        let kind = if json {
            "application/json"
        } else {
            "application/x-www-form-urlencoded"
        };
        headers.push(("content-type".to_owned(), kind.to_owned()));
    }
    let delivery = Delivery {
        method: "POST".to_owned(),
        query: Query::default(),
        query_text: String::new(),
        headers: Headers::new(headers),
        body: said.body.clone().into(),
        received_at: said.at,
        remote: None,
    };
    let kind = identify::media_kind(provider, &delivery).unwrap_or(MediaKind::Json);
    let payload = Payload::new(delivery.body.clone(), kind).map_err(|error| error.to_string())?;
    let identity = identify::identify(provider, &delivery, &payload);
    Ok(Event {
        id: EventId::from_bytes([0; 16]),
        source: SourceRef {
            name: said.source.clone(),
            labels: BTreeMap::new(),
        },
        provider: name.clone(),
        names: match &said.event {
            Some(event) => with_prefixes(event),
            None => identity.names,
        },
        delivery_id: identity.delivery_id,
        received_at: said.at,
        nonce: [0; 16],
        headers: delivery.headers,
        query: delivery.query,
        payload,
        proof: Proof::imagined_by_trial(said.proof.unwrap_or_else(|| strongest(provider))),
    })
}

/// The most that a provider can show.
fn strongest(provider: &Provider) -> Strength {
    let strengths = provider.strengths();
    strengths.first().copied().unwrap_or(Strength::Unsigned)
}

/// What is needed to imagine events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Imagination<'n> {
    pub(super) names: &'n Names,
    pub(super) providers: &'n Providers,
}

/// An event as a store shows it, masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// The source it came in by.
    pub source: String,
    /// Its provider.
    pub provider: String,
    /// Its names, most general first.
    pub names: Vec<String>,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// How far it was shown to be authentic.
    pub proof: Strength,
}

impl Imagination<'_> {
    /// The event of a test. What the test leaves out is taken from the stored event, if it names one,
    /// or else from the rule: its provider, source and first event name.
    pub(super) fn event(
        &self,
        case: &Case,
        stored: Option<&StoredEvent>,
        rule: &Rule,
        problems: &mut Diagnostics,
    ) -> Option<Event> {
        let provider = self.provider(case, stored, rule);
        let definition = self.providers.find(&provider);
        let delivery = delivery(case, stored);
        let kind = media_kind(case, definition.as_deref(), &delivery);
        let payload = match Payload::new(delivery.body.clone(), kind) {
            Ok(payload) => payload,
            Err(error) => {
                let place = case.place.clone();
                let message = format!("payload: {error}");
                problems.push(Diagnostic::error(code::BAD_VALUE, place, message).help("write the payload as its sender would send it, or say its `content-type` under `headers:`"));
                return None;
            }
        };
        let source = self.source(case, stored, rule, &provider);
        let proof = self.proof(case, stored, rule, &source, definition.as_deref());
        let identity = definition.map(|found| identify::identify(&found, &delivery, &payload));
        let known = identity.map(|identity| (identity.names, identity.delivery_id));
        let (names, delivery_id) = known.unwrap_or_default();
        let names = stored.map_or(names, |stored| stored.names.clone());
        Some(Event {
            id: EventId::from_bytes([0; 16]),
            source: SourceRef {
                labels: self.labels(case, &source),
                name: source,
            },
            provider,
            names: event_names(case, rule, names),
            delivery_id,
            received_at: delivery.received_at,
            nonce: [0; 16],
            headers: delivery.headers,
            query: delivery.query,
            payload,
            proof: Proof::imagined_by_trial(proof),
        })
    }

    fn labels(&self, case: &Case, source: &str) -> BTreeMap<String, String> {
        let known = || self.names.labels.get(source).cloned();
        case.labels.clone().or_else(known).unwrap_or_default()
    }

    /// Of what such a source or provider can show, the strongest that the rule takes, or else the
    /// strongest.
    fn proof(
        &self,
        case: &Case,
        stored: Option<&StoredEvent>,
        rule: &Rule,
        source: &str,
        provider: Option<&Provider>,
    ) -> Strength {
        let said = case.proof.or_else(|| stored.map(|stored| stored.proof));
        said.unwrap_or_else(|| {
            let of_source = self.names.strengths.get(source).cloned();
            let possible = of_source.or_else(|| provider.map(Provider::strengths));
            let possible = possible.unwrap_or_default();
            let taken = possible.iter().find(|one| rule.when.proof.takes(**one));
            let found = taken.or_else(|| possible.first()).copied();
            found.unwrap_or(Strength::Signed)
        })
    }

    fn provider(&self, case: &Case, stored: Option<&StoredEvent>, rule: &Rule) -> String {
        let of_source = |name: &String| self.names.sources.as_ref()?.get(name).cloned();
        let said = case.provider.clone();
        said.or_else(|| stored.map(|stored| stored.provider.clone()))
            .or_else(|| case.source.as_ref().and_then(of_source))
            .or_else(|| first_fitting(&rule.when.providers, self.names.providers.iter()))
            .or_else(|| rule.when.sources.iter().find_map(of_source))
            .unwrap_or_else(|| "generic".to_owned())
    }

    fn source(
        &self,
        case: &Case,
        stored: Option<&StoredEvent>,
        rule: &Rule,
        provider: &str,
    ) -> String {
        let all = || self.names.sources.iter().flatten();
        let sources = || all().filter(|(name, _)| rule.when.hears(name));
        let of_provider = sources().filter(|(_, of)| *of == provider);
        let said = case.source.clone();
        said.or_else(|| stored.map(|stored| stored.source.clone()))
            .or_else(|| first_fitting(&rule.when.sources, sources().map(|(name, _)| name)))
            .or_else(|| of_provider.map(|(name, _)| name.clone()).next())
            .or_else(|| {
                first_fitting(
                    rule.namespace.as_ref().map_or(&[], |ns| &ns.sources),
                    [].iter(),
                )
            })
            .unwrap_or_else(|| provider.to_owned())
    }
}

/// The first name that stands for itself, else the first known one that a glob names, else the first
/// glob with its stars taken away.
fn first_fitting<'k>(
    globs: &[String],
    mut known: impl Iterator<Item = &'k String>,
) -> Option<String> {
    let literal = globs.iter().find(|glob| !glob.contains('*'));
    let fits = |name: &&String| globs.iter().any(|glob| crate::rule::glob(glob, name));
    literal
        .or_else(|| known.find(fits))
        .cloned()
        .or_else(|| Some(globs.first()?.replace('*', "")))
}

fn delivery(case: &Case, stored: Option<&StoredEvent>) -> Delivery {
    let headers = case
        .headers
        .as_ref()
        .or(stored.map(|stored| &stored.headers));
    let mut headers = headers.cloned().unwrap_or_default();
    let (content_type, body) = match (&case.body, stored) {
        (
            Body::Sent {
                content_type,
                bytes,
                ..
            },
            _,
        ) => (*content_type, bytes.clone()),
        (Body::Stored(_), stored) => {
            let body = stored.map(|stored| stored.body.clone());
            ("application/json", body.unwrap_or_default().into())
        }
    };
    let is_type = |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-type");
    if !headers.iter().any(is_type) {
        headers.push(("content-type".to_owned(), content_type.to_owned()));
    }
    let at = case.at.or(stored.map(|stored| stored.received_at));
    Delivery {
        method: "POST".to_owned(),
        query: Query::new(case.query.iter().cloned()),
        query_text: String::new(),
        headers: Headers::new(headers),
        body,
        received_at: at.unwrap_or(RECEIVED_AT),
        remote: None,
    }
}

fn media_kind(case: &Case, provider: Option<&Provider>, delivery: &Delivery) -> MediaKind {
    let content_type = match &case.body {
        Body::Sent { inline: true, .. } => return MediaKind::Json,
        Body::Sent { content_type, .. } => *content_type,
        Body::Stored(_) => "application/json",
    };
    let said = provider.and_then(|provider| identify::media_kind(provider, delivery).ok());
    said.unwrap_or(match content_type {
        "application/x-www-form-urlencoded" => MediaKind::Form,
        "text/plain" => MediaKind::Text,
        _ => MediaKind::Json,
    })
}

/// The names of the event: as the test says, else as the provider names what was sent, else the first
/// that the rule is about.
fn event_names(case: &Case, rule: &Rule, identified: Vec<String>) -> Vec<String> {
    if let Some(name) = &case.event {
        return with_prefixes(name);
    }
    if !identified.is_empty() && identified != ["unknown"] {
        return identified;
    }
    match rule.when.events.iter().find(|event| !event.contains('*')) {
        Some(name) => with_prefixes(name),
        None => vec!["unknown".to_owned()],
    }
}

/// `a`, `a.b`, `a.b.c` of `a.b.c`.
fn with_prefixes(name: &str) -> Vec<String> {
    let ends = name.match_indices('.').map(|(at, _)| at);
    ends.chain([name.len()])
        .filter_map(|end| name.get(..end))
        .map(str::to_owned)
        .collect()
}
