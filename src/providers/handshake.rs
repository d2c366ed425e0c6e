//! Answers that a provider wants before or instead of an event.

use serde_json::json;

use crate::crypto::Mac;
use crate::diagnostic::{Diagnostics, code};
use crate::event::{Delivery, Payload};
use crate::secret::Secret;
use crate::yaml::{Fields, Node, Shape, key};

use super::definition::Provider;
use super::fetched::Fetch;
use super::identify::unparsed;
use super::parts::Place;
use super::reading::Reading;
use super::reply::{Ack, Reply, ReplyForm};
use super::signature::{place, place_shape};
use super::when::When;

/// The longest body that can be a handshake, in bytes. Longer ones are events, and are not parsed to
/// find that out.
pub const HANDSHAKE_BYTES_MAX: usize = 16 * 1024;

/// One handshake of a definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Handshake {
    /// Its name, for people.
    pub name: String,
    when: When,
    signed: bool,
    pairing: Option<Place>,
    follow: Option<Fetch>,
    reply: ReplyForm,
}

/// What a handshake comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shaken {
    /// The answer.
    pub reply: Reply,
    /// An address that must be asked before it is given, and answer with success.
    pub follow: Option<String>,
    /// The secret that the sender gives the source.
    pub secret: Option<Secret>,
}

/// How far a delivery that may be a handshake is known.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// It was verified.
    pub proven: bool,
    /// The source takes the secret that the sender gives it.
    pub pairing: bool,
    /// What answers are signed with.
    pub key: Option<Mac>,
}

impl Handshake {
    /// What it looks like.
    pub(super) fn shape() -> Shape {
        Shape::map([
            key(
                "name",
                Shape::text(),
                "Its name, for people.",
                "url_verification",
            )
            .required(),
            key(
                "when",
                When::shape(),
                "Which deliveries are one.",
                json!({"json": {"type": "url_verification"}}),
            )
            .required(),
            key(
                "signed",
                Shape::flag(),
                "Whether it must be verified first.",
                false,
            )
            .or(true),
            key(
                "pairing",
                place_shape(),
                "Where the secret stands that the sender gives the source in it.",
                "header:X-Hook-Secret",
            ),
            key(
                "follow",
                Fetch::shape(),
                "An address that must be asked, and answer with success, before it is answered.",
                json!({"url": "{json:SubscribeURL}", "hosts": ["sns.*.amazonaws.com"]}),
            ),
            key(
                "reply",
                ReplyForm::shape(),
                "The answer.",
                json!({"body": "{json:challenge}"}),
            )
            .required(),
        ])
    }

    /// Reads an entry of `handshakes:`.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let name = fields
            .required("name", problems)
            .and_then(|node| node.text(problems));
        let when = fields
            .required("when", problems)
            .and_then(|node| When::parse(node, problems));
        // A handshake is believed unsigned only where its definition says so.
        let signed = fields
            .optional("signed")
            .map_or(Some(true), |node| node.bool(problems));
        let pairing = fields
            .optional("pairing")
            .map_or(Some(None), |node| place(node, problems).map(Some));
        let follow = fields
            .optional("follow")
            .map_or(Some(None), |node| Fetch::parse(node, problems).map(Some));
        let reply = fields
            .required("reply", problems)
            .and_then(|node| ReplyForm::parse(node, problems));
        fields.finish(problems);
        let handshake = Self {
            name: name?.to_owned(),
            when: when?,
            signed: signed?,
            pairing: pairing?,
            follow: follow?,
            reply: reply?,
        };
        if let Some(place) = handshake.oracle() {
            let message = format!("anybody could have {place} signed with the source's secret");
            problems.push(
                node.error(code::BAD_DEFINITION, message).help(
                    "leave out `signed: false`, or let `when` say that it is `plain` or `hex`",
                ),
            );
        }
        if handshake.follow.is_some() && !handshake.signed {
            let message = "an address that anybody can name would be asked: it must be `signed`";
            problems.push(
                node.error(code::BAD_DEFINITION, message)
                    .help("leave out `signed: false`"),
            );
        }
        Some(handshake)
    }

    fn shake(&self, reading: &Reading<'_>) -> Option<Shaken> {
        let secret = match &self.pairing {
            Some(place) => Some(Secret::new(reading.text(place).ok()?)),
            None => None,
        };
        let follow = match &self.follow {
            Some(fetch) => Some(fetch.locate(reading, "").ok()?),
            None => None,
        };
        Some(Shaken {
            reply: self.reply.fill(reading)?,
            follow,
            secret,
        })
    }

    /// Whether the sender must be proven before it is answered.
    pub fn is_signed(&self) -> bool {
        self.signed
    }

    /// Whether it gives a source its secret.
    pub fn pairs(&self) -> bool {
        self.pairing.is_some()
    }

    /// Whether its answer is signed with the source's secret.
    pub fn signs(&self) -> bool {
        self.reply.signed_places().next().is_some()
    }

    /// What is signed though anybody can choose it: what a delivery's content could be, too.
    fn oracle(&self) -> Option<&Place> {
        let free = |place: &&Place| !self.when.restricts(place);
        let places = self.reply.signed_places();
        places.filter(|_| !self.signed).find(free)
    }
}

/// The answer to a delivery that is a handshake. One that must be verified first is none before that,
/// one that gives the source its secret only while the source takes it.
pub fn handshake(provider: &Provider, delivery: &Delivery, standing: Standing) -> Option<Shaken> {
    let mut possible = provider
        .handshakes()
        .iter()
        .filter(|handshake| standing.proven || !handshake.signed)
        .filter(|handshake| standing.pairing || handshake.pairing.is_none())
        .peekable();
    possible.peek()?;
    if delivery.body.len() > HANDSHAKE_BYTES_MAX {
        return None;
    }
    let mut reading = unparsed(provider, delivery);
    reading.key = standing.key;
    possible
        .find(|handshake| handshake.when.holds(&reading))
        .and_then(|handshake| handshake.shake(&reading))
}

/// What the provider wants as the answer to an accepted event, whatever is in it, where 202 with our
/// JSON will not do.
pub fn acknowledgement(provider: &Provider) -> Option<&Reply> {
    let mut acks = provider.acks().iter();
    acks.find(|ack| ack.always()).map(Ack::reply)
}

/// What the provider wants as the answer to this accepted event.
pub fn acknowledgement_of<'p>(
    provider: &'p Provider,
    delivery: &Delivery,
    payload: &Payload,
) -> Option<&'p Reply> {
    let reading = Reading::of(delivery, payload);
    let mut acks = provider.acks().iter();
    acks.find(|ack| ack.fits(&reading)).map(Ack::reply)
}

#[cfg(test)]
mod tests {
    use super::super::registry::Providers;
    use super::*;
    use crate::event::{Headers, MediaKind, Query};
    use crate::runtime::Timestamp;

    fn delivery(method: &str, query: &str, content_type: &str, body: &str) -> Delivery {
        Delivery {
            method: method.to_owned(),
            query: Query::decode(query.as_bytes()),
            query_text: query.to_owned(),
            headers: Headers::new([("content-type", content_type)]),
            body: body.to_owned().into(),
            received_at: Timestamp::from_seconds(0),
            remote: None,
        }
    }

    fn answer(provider: &Provider, delivery: &Delivery, proven: bool) -> Option<Reply> {
        let standing = Standing {
            proven,
            ..Standing::default()
        };
        handshake(provider, delivery, standing).map(|shaken| shaken.reply)
    }

    fn json(body: &str) -> Delivery {
        delivery("POST", "", "application/json", body)
    }

    #[test]
    fn what_must_be_proven_is_not_answered_before() {
        let slack = Providers::builtin().find("slack").unwrap();
        let challenge = json(r#"{"type":"url_verification","challenge":"<b>\"x\""}"#);
        assert_eq!(answer(&slack, &challenge, false), None);
        let reply = answer(&slack, &challenge, true).unwrap();
        assert_eq!((reply.status, reply.body.as_str()), (200, "<b>\"x\""));
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert!(
            reply
                .headers
                .contains(&header("content-type", "text/plain"))
        );
        assert!(
            reply
                .headers
                .contains(&header("x-content-type-options", "nosniff"))
        );
        let form = "application/x-www-form-urlencoded";
        for probe in [
            delivery("POST", "", form, "ssl_check=1&token=x"),
            delivery("GET", "ssl_check=1", form, ""),
        ] {
            assert_eq!(answer(&slack, &probe, false).unwrap().status, 200);
        }
        for other in [
            delivery("GET", "", form, ""),
            delivery("POST", "ssl_check=1", form, "command=%2Fx"),
            json(r#"{"type":"event_callback","challenge":"x"}"#),
            json(r#"{"type":"url_verification"}"#),
            json("ssl_check=1"),
        ] {
            assert_eq!(answer(&slack, &other, true), None, "{other:?}");
        }
    }

    #[test]
    fn a_long_body_is_no_handshake() {
        let slack = Providers::builtin().find("slack").unwrap();
        let long = "x".repeat(HANDSHAKE_BYTES_MAX);
        let body = format!(r#"{{"type":"url_verification","challenge":"{long}"}}"#);
        assert_eq!(answer(&slack, &json(&body), true), None);
    }

    #[test]
    fn both_pings_of_discord_and_no_event() {
        let discord = Providers::builtin().find("discord").unwrap();
        let status = |body| answer(&discord, &json(body), true).map(|reply| reply.status);
        assert_eq!(status(r#"{"type":1}"#), Some(200));
        assert_eq!(status(r#"{"type":0}"#), Some(204));
        assert_eq!(status(r#"{"type":1,"event":{"type":"X"}}"#), None);
        assert_eq!(status(r#"{"type":1,"event":null}"#), None);
        assert_eq!(status(r#"{"type":2}"#), None);
    }

    #[test]
    fn an_accepted_event_is_answered_as_its_sender_wants() {
        let discord = Providers::builtin().find("discord").unwrap();
        let answer = |body: &str| {
            let delivery = json(body);
            let payload = Payload::new(delivery.body.clone(), MediaKind::Json).unwrap();
            acknowledgement_of(&discord, &delivery, &payload)
                .cloned()
                .unwrap()
        };
        assert_eq!(answer(r#"{"type":2,"data":{}}"#).body, r#"{"type":5}"#);
        assert_eq!(answer(r#"{"type":1,"event":{}}"#).status, 204);
        assert_eq!(acknowledgement(&discord).unwrap().status, 204);
        assert_eq!(
            acknowledgement(&Providers::builtin().find("github").unwrap()),
            None
        );
    }
}
