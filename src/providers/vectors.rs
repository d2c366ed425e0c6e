//! Deliveries with known answers: what a definition must accept, refuse and reply.
//!
//! A vector stands in a definition's `vectors:` or, as one line of JSON, in a file that
//! [`replay`](super::replay::replay) runs.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value as Json;

use crate::crypto::{Algorithm, Encoding};
use crate::diagnostic::{Diagnostics, code};
use crate::event::{Delivery, Payload};
use crate::runtime::Timestamp;
use crate::secret::Secret;
use crate::yaml::shape::Form;
use crate::yaml::{Demand, Fields, Node, Shape};

use super::batch::events;
use super::definition::{Overrides, Provider};
use super::handshake::{Standing, handshake};
use super::identify::media_kind;
use super::reply::Reply;
use super::unsigned::unsigned;
use super::vector_keys::keys;
use super::verify::verify;
use super::written::{delivery, headers, owned, text, texts};

/// A delivery and what must come of it.
#[derive(Debug, Clone)]
pub struct Vector {
    /// Its name.
    pub name: String,
    scheme: Pick,
    secrets: Vec<Secret>,
    now: Timestamp,
    delivery: Delivery,
    expected: Expected,
    names: Option<Vec<String>>,
    delivery_id: Option<String>,
    /// What the source that it is for says of itself.
    source: Source,
}

/// A delivery that a definition shows to be good, and what it is verified by.
#[derive(Debug)]
pub struct Shown {
    /// The definition as the vector's source uses it.
    pub provider: Provider,
    /// The scheme's name.
    pub scheme: String,
    /// The source's secrets.
    pub secrets: Vec<Secret>,
    /// When it is verified.
    pub now: Timestamp,
    /// The delivery.
    pub delivery: Delivery,
}

/// How a vector's source differs from its provider's definition.
#[derive(Debug, Clone, Default)]
struct Source {
    url: Option<Box<str>>,
    settings: BTreeMap<String, Secret>,
    algorithm: Option<Algorithm>,
    encoding: Option<Encoding>,
    tolerance: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pick {
    Number(usize),
    Named(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Expected {
    Accepted,
    /// With the kind of refusal, where the vector says.
    Refused(Option<String>),
    Reply {
        status: u16,
        content_type: Option<String>,
        headers: Vec<(String, String)>,
        body: String,
    },
}

impl Vector {
    /// What it looks like.
    pub(super) fn shape() -> Shape {
        Shape::map(keys()).demand(Demand::Some(vec!["expect", "reply"]))
    }

    /// Reads an entry of `vectors:`.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        for key in keys() {
            let Some(node) = fields.optional(key.name) else {
                continue;
            };
            match key.shape.form {
                Form::Text { .. } => {
                    node.text(problems);
                }
                Form::List { .. } => {
                    for item in node.list(problems).unwrap_or_default() {
                        item.text(problems);
                    }
                }
                Form::Map(_) => {
                    node.map(problems);
                }
                _ => {}
            }
        }
        fields.finish(problems);
        match Self::from_json(&node.to_json()) {
            Ok(vector) => Some(vector),
            Err(message) => {
                let message = format!("this vector cannot be run: {message}");
                problems.push(node.error(code::BAD_VALUE, message).help("a vector is a delivery as it arrives, its secret and what is expected: docs/definitions.md"));
                None
            }
        }
    }

    /// Reads a vector; one of a handshake may have `request` and `response` instead.
    ///
    /// # Errors
    /// Says what is missing or wrong.
    pub fn from_json(vector: &Json) -> Result<Self, String> {
        let request = vector.get("request").unwrap_or(vector);
        let reply = vector.get("response").or_else(|| vector.get("reply"));
        let expected = match (reply, text(vector, "expect")) {
            (Some(reply), _) => Expected::Reply {
                status: reply
                    .get("status")
                    .and_then(Json::as_u64)
                    .and_then(|status| u16::try_from(status).ok())
                    .ok_or("its reply has no `status`")?,
                content_type: text(reply, "content_type").map(str::to_owned),
                headers: headers(reply.get("headers"))?.iter().map(owned).collect(),
                body: text(reply, "body").unwrap_or_default().to_owned(),
            },
            (None, Some("valid")) => Expected::Accepted,
            (None, Some("invalid")) => {
                Expected::Refused(text(vector, "refused").map(str::to_owned))
            }
            (None, _) => return Err("`expect` is neither `valid` nor `invalid`".to_owned()),
        };
        let name = text(vector, "name").or_else(|| text(vector, "id"));
        let number = vector.get("variant").and_then(Json::as_u64).unwrap_or(0);
        Ok(Self {
            name: name.ok_or("it has no `name`")?.to_owned(),
            scheme: match (text(vector, "scheme"), vector.get("def")) {
                (Some(name), _) => Pick::Named(name.to_owned()),
                // Its signature's layout says which scheme was meant.
                (None, Some(own)) => Pick::Number(usize::from(own.get("timestamp").is_none())),
                (None, None) => Pick::Number(usize::try_from(number).unwrap_or(usize::MAX)),
            },
            secrets: texts(vector, "secrets")
                .into_iter()
                .map(Secret::new)
                .collect(),
            now: Timestamp::from_seconds(vector.get("now").and_then(Json::as_i64).unwrap_or(0)),
            delivery: delivery(request)?,
            expected,
            names: vector.get("names").map(|_| texts(vector, "names")),
            delivery_id: text(vector, "delivery_id").map(str::to_owned),
            source: source(vector, request),
        })
    }

    /// The kind of refusal it wants; none where it wants none, or any.
    pub fn refused(&self) -> Option<&str> {
        match &self.expected {
            Expected::Refused(kind) => kind.as_deref(),
            Expected::Accepted | Expected::Reply { .. } => None,
        }
    }

    /// The names that its event must have, where it says so; `unknown` is none.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        let names = self.names.iter().flatten();
        names.filter(|name| *name != "unknown")
    }

    /// The delivery with what it is verified by, where it is one that must be accepted.
    pub fn accepted(&self, provider: &Provider) -> Option<Shown> {
        if !matches!(self.expected, Expected::Accepted) {
            return None;
        }
        let scheme = self.scheme(provider).ok()?;
        let scheme = scheme.or_else(|| provider.schemes().first().copied())?;
        let overrides = self.source.overrides(provider);
        Some(Shown {
            provider: provider.with(&overrides, Some(scheme)).ok()?,
            scheme: scheme.to_owned(),
            secrets: self.secrets.clone(),
            now: self.now,
            delivery: self.delivery.clone(),
        })
    }

    /// The scheme that it picks; none for the first.
    fn scheme<'v>(&'v self, provider: &'v Provider) -> Result<Option<&'v str>, String> {
        match &self.scheme {
            Pick::Named(name) => Ok(Some(name.as_str())),
            Pick::Number(0) => Ok(None),
            Pick::Number(number) => match provider.schemes().get(*number) {
                Some(found) => Ok(Some(*found)),
                None => Err(format!("there is no scheme number {number}")),
            },
        }
    }

    /// Runs it.
    ///
    /// # Errors
    /// Says what came instead of what was expected.
    pub fn run(&self, provider: &Provider) -> Result<(), String> {
        let scheme = self.scheme(provider)?;
        let provider = &provider.with(&self.source.overrides(provider), scheme)?;
        let verified = || {
            if !provider.signs() {
                return unsigned(&self.delivery.headers);
            }
            verify(provider, scheme, &self.secrets, &self.delivery, self.now)
        };
        match &self.expected {
            Expected::Accepted => match verified() {
                Ok(_) => self.check_identity(provider),
                Err(refusal) => Err(format!("refused, but is valid: {refusal}")),
            },
            Expected::Refused(kind) => match (verified(), kind) {
                (Ok(_), _) => Err("accepted, but is invalid".to_owned()),
                (Err(refusal), Some(kind)) if refusal.kind() != kind => Err(format!(
                    "refused as {}, not as {kind}: {refusal}",
                    refusal.kind()
                )),
                (Err(_), _) => Ok(()),
            },
            Expected::Reply { .. } => {
                let standing = |proven| Standing {
                    proven,
                    pairing: self.secrets.is_empty(),
                    key: provider.answering_key(scheme, &self.secrets),
                };
                let reply = match handshake(provider, &self.delivery, standing(false)) {
                    Some(shaken) => Ok(Some(shaken)),
                    None => verified().map(|_| handshake(provider, &self.delivery, standing(true))),
                };
                let reply = reply.map(|shaken| shaken.map(|shaken| shaken.reply));
                self.check_reply(reply.map_err(|refusal| refusal.to_string()))
            }
        }
    }

    fn check_reply(&self, found: Result<Option<Reply>, String>) -> Result<(), String> {
        let Expected::Reply {
            status,
            content_type,
            headers,
            body,
        } = &self.expected
        else {
            return Ok(());
        };
        match found {
            // A refusal has its one answer, which is intake's to write.
            Err(_) if *status == 401 => Ok(()),
            Err(refusal) => Err(format!("refused: {refusal}")),
            Ok(None) => Err("not taken for a handshake".to_owned()),
            Ok(Some(reply)) => {
                let header = |(name, value): &(String, String)| {
                    (name == "content-type").then(|| value.clone())
                };
                let found_type = reply.headers.iter().find_map(header);
                let there = |wanted: &(String, String)| reply.headers.contains(wanted);
                let same =
                    (reply.status, &found_type, &reply.body) == (*status, content_type, body);
                if same && headers.iter().all(there) {
                    return Ok(());
                }
                Err(format!("answered with {reply:?}"))
            }
        }
    }

    fn check_identity(&self, provider: &Provider) -> Result<(), String> {
        if self.names.is_none() && self.delivery_id.is_none() {
            return Ok(());
        }
        let kind = media_kind(provider, &self.delivery).map_err(|error| error.to_string())?;
        let payload = Payload::new(self.delivery.body.clone(), kind);
        let payload = payload.map_err(|error| error.to_string())?;
        let events = events(provider, &self.delivery, payload);
        let (_, identity) = events.first().ok_or("it is no event")?;
        if let Some(names) = &self.names
            && *names != identity.names
        {
            return Err(format!("named {:?}, not {names:?}", identity.names));
        }
        if let Some(id) = &self.delivery_id
            && Some(id) != identity.delivery_id.as_ref()
        {
            return Err(format!(
                "delivery id {:?}, not {id:?}",
                identity.delivery_id
            ));
        }
        Ok(())
    }
}

impl Source {
    fn overrides(&self, provider: &Provider) -> Overrides {
        let declared = |name: &String| provider.declared().iter().any(|known| known.name == *name);
        let settings = self.settings.iter().filter(|(name, _)| declared(name));
        Overrides {
            algorithm: self.algorithm,
            encoding: self.encoding,
            tolerance: self.tolerance.map(Some),
            url: self.url.clone(),
            settings: Some(settings.map(|(n, v)| (n.clone(), v.clone())).collect()),
            ..Overrides::default()
        }
    }
}

/// What a vector says of its source: the address before the query, `settings` (or `config`), and in
/// `def` how it signs.
fn source(vector: &Json, request: &Json) -> Source {
    let url = text(request, "url").map(|url| url.split('?').next().unwrap_or_default());
    let settings = vector.get("settings").or_else(|| vector.get("config"));
    let settings = settings.and_then(Json::as_object).into_iter().flatten();
    let settings = settings.filter_map(|(name, value)| {
        let value = Secret::new(value.as_str()?);
        Some((name.clone(), value))
    });
    let own = vector.get("def");
    let named = |path: &str| own?.pointer(path)?.as_str();
    let tolerance = own.and_then(|own| own.pointer("/timestamp/tolerance")?.as_u64());
    Source {
        url: url.filter(|url| !url.is_empty()).map(Into::into),
        settings: settings.collect(),
        algorithm: named("/algorithm").and_then(Algorithm::named),
        encoding: named("/signature/encoding").and_then(Encoding::named),
        tolerance: tolerance.map(Duration::from_secs),
    }
}
