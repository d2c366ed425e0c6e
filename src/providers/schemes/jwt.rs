//! A JSON Web Token (RFC 7519) that the sender makes anew for each delivery.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::covered::covers_body;
use super::super::fetched::Fetch;
use super::super::jwt::{Algorithm, Token};
use super::super::key::KeyForm;
use super::super::letter::Letter;
use super::super::overrides::Overrides;
use super::super::parts::{Parts, Place};
use super::super::reading::Reading;
use super::super::signature::{named, place, place_shape};
use super::super::signed::{parts, parts_shape};
use super::super::verify::Refusal;
use crate::crypto::equal;
use crate::diagnostic::{Diagnostics, code};
use crate::event::{MediaKind, Proof};
use crate::runtime::Timestamp;
use crate::secret::Secret;
use crate::yaml::shape::Key;
use crate::yaml::{Fields, Shape, key};

use super::{Kind, Scheme};

pub(super) const KIND: Kind = Kind {
    name: "jwt",
    keys,
    parse,
};

/// How far a sender's clock may be off, where a definition does not say.
const LEEWAY: Duration = Duration::from_mins(1);

#[derive(Debug, Clone)]
struct Jwt {
    place: Place,
    prefix: Box<str>,
    algorithms: Vec<Algorithm>,
    claims: Vec<(Box<str>, Parts)>,
    max_age: Option<Duration>,
    leeway: Duration,
    fetch: Option<Fetch>,
    hint: String,
}

fn keys() -> Vec<Key> {
    vec![
        key(
            "from",
            place_shape(),
            "Where the token stands.",
            "header:Authorization",
        )
        .required(),
        key("prefix", Shape::text(), "What stands before it.", "Bearer "),
        key(
            "algorithms",
            Shape::one_or_list(Shape::choice(Algorithm::NAMES)),
            "The algorithms that are taken.",
            json!(["HS256"]),
        )
        .required(),
        key(
            "claims",
            Shape::named_by_author("iss", parts_shape()),
            "Claims, and what each must be.",
            json!({"iss": "example"}),
        ),
        key(
            "max_age",
            Shape::duration(),
            "How long ago it may have been issued.",
            "5m",
        ),
        key(
            "leeway",
            Shape::duration(),
            "How far clocks may differ.",
            "30s",
        ),
        key(
            "fetch",
            Fetch::shape(),
            "Where the keys stand that the sender publishes.",
            json!({"url": "https://keys.example.com/jwks.json", "hosts": ["keys.example.com"]}),
        ),
    ]
}

fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<Arc<dyn Scheme>> {
    let from = fields
        .required("from", problems)
        .and_then(|node| place(node, problems));
    let prefix = fields
        .optional("prefix")
        .and_then(|node| node.text(problems))
        .unwrap_or_default();
    let algorithms = fields.required("algorithms", problems).map(|node| {
        let names = node.one_or_list().iter();
        names
            .filter_map(|node| named(node, &Algorithm::NAMES, Algorithm::named, problems))
            .collect::<Vec<_>>()
    });
    let mut claims = Vec::new();
    if let Some(node) = fields.optional("claims") {
        for (name, node) in node.map(problems)? {
            claims.push((name.text.as_str().into(), parts(node, problems)?));
        }
    }
    let max_age = match fields.optional("max_age") {
        Some(node) => Some(node.duration(problems)?),
        None => None,
    };
    let leeway = fields
        .optional("leeway")
        .map_or(Some(LEEWAY), |node| node.duration(problems));
    let fetch = match fields.optional("fetch") {
        Some(node) => Some(Fetch::parse(node, problems)?),
        None => None,
    };
    let algorithms = algorithms?;
    if algorithms.iter().any(|a| a.is_shared()) && !algorithms.iter().all(|a| a.is_shared()) {
        // A public key, taken for a shared secret, would let anybody sign.
        let message = "algorithms with a shared secret and with a public key need a scheme each";
        problems.push(
            fields
                .node()
                .error(code::BAD_DEFINITION, message)
                .help("write two entries of `verify`, each with a `name` and its own `algorithms`"),
        );
        return None;
    }
    let jwt = Jwt {
        place: from?,
        prefix: prefix.into(),
        algorithms,
        claims,
        max_age,
        leeway: leeway?,
        fetch,
        hint: String::new(),
    };
    Some(Arc::new(jwt.told()))
}

impl Jwt {
    /// With what to say to whoever gets it wrong.
    fn told(mut self) -> Self {
        let algorithms: Vec<_> = self.algorithms.iter().map(|a| a.title()).collect();
        self.hint = format!(
            "send it: {}: {}JWT, signed with {}",
            self.place,
            self.prefix,
            algorithms.join(" or ")
        );
        self
    }

    fn malformed(&self, why: &str) -> Refusal {
        Refusal::Malformed {
            what: self.place.to_string(),
            why: format!("{why}; {}", self.hint),
        }
    }

    /// Whether a key that the sender publishes made a token.
    fn made_by_published(
        &self,
        token: &Token<'_>,
        fetch: &Fetch,
        reading: &Reading<'_>,
    ) -> Result<bool, Refusal> {
        let url = fetch.locate(reading, &self.hint)?;
        let Some(keys) = reading.keyring.find(&url) else {
            return Err(Refusal::KeyMissing(url));
        };
        let mut named = keys.named(token.key_id.as_deref()).peekable();
        if named.peek().is_none() && !reading.keyring.is_recent(&url) {
            // It may be newer than what was fetched.
            return Err(Refusal::KeyMissing(url));
        }
        Ok(named.any(|key| token.made_by(key)))
    }

    /// That a token's times hold now, and its claims for this delivery.
    fn check(&self, token: &Token, reading: &Reading<'_>, now: Timestamp) -> Result<(), Refusal> {
        let stale = |by, direction, tolerance| Refusal::Stale {
            by,
            direction,
            tolerance,
        };
        let ended = |at: Timestamp| (now > at.after(self.leeway)).then(|| now.since(at));
        let begun = |at: Timestamp| (at > now.after(self.leeway)).then(|| at.since(now));
        if let Some(by) = token.time("exp")?.and_then(ended) {
            return Err(stale(by, "in the past", self.leeway));
        }
        for name in ["nbf", "iat"] {
            if let Some(by) = token.time(name)?.and_then(begun) {
                return Err(stale(by, "in the future", self.leeway));
            }
        }
        if let Some(max_age) = self.max_age {
            let Some(made) = token.time("iat")? else {
                return Err(self.malformed("it does not say when it was made (`iat`)"));
            };
            if now > made.after(max_age) {
                return Err(stale(now.since(made), "in the past", max_age));
            }
        }
        for (name, expected) in &self.claims {
            let expected = reading
                .pieces(expected)
                .map_err(|absent| Refusal::absent(&absent, &self.hint))?
                .concat();
            if expected.is_empty() {
                // All of it is optional, and the source says nothing.
                continue;
            }
            let same = |value: &Value| {
                let value = value.as_str().unwrap_or_default();
                equal(value.as_bytes(), &expected)
            };
            let right = match token.claims.get(name.as_ref()) {
                Some(Value::Array(values)) => values.iter().any(same),
                value => value.is_some_and(same),
            };
            if !right {
                return Err(Refusal::Mismatch {
                    what: format!("the claim {name} of {}", self.place),
                    hint: self.hint.clone(),
                });
            }
        }
        Ok(())
    }
}

impl Scheme for Jwt {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn verify<'a>(
        &'a self,
        secrets: &'a [Secret],
        reading: Reading<'a>,
        now: Timestamp,
    ) -> Result<Proof, Refusal> {
        let usable = |secret: &&Secret| self.secret_bytes(secret).is_ok();
        let secrets: Vec<_> = secrets.iter().filter(usable).collect();
        if secrets.is_empty() && self.fetch.is_none() {
            return Err(Refusal::NoSecret);
        }
        let sent = reading
            .text(&self.place)
            .map_err(|absent| Refusal::absent(&absent, &self.hint))?;
        let Some(text) = sent.strip_prefix(self.prefix.as_ref()) else {
            let why = format!("it does not begin with `{}`", self.prefix);
            return Err(self.malformed(&why));
        };
        let token = Token::read(text, &self.algorithms).map_err(|why| self.malformed(&why))?;
        let right = match (&self.fetch, secrets.is_empty()) {
            (Some(fetch), true) => self.made_by_published(&token, fetch, &reading)?,
            _ => secrets.iter().any(|secret| token.made_with(secret)),
        };
        if !right {
            return Err(Refusal::Mismatch {
                what: self.place.to_string(),
                hint: self.hint.clone(),
            });
        }
        self.check(&token, &reading, now)?;
        Ok(if self.covers(reading.kind()) {
            Proof::signed_by_providers()
        } else {
            Proof::authenticated_by_providers()
        })
    }

    fn secret_bytes(&self, secret: &Secret) -> Result<usize, String> {
        let of_any = |found: Result<usize, String>, algorithm: &Algorithm| {
            found.or_else(|_| algorithm.secret_bytes(secret))
        };
        let none = Err("it has no algorithm".to_owned());
        self.algorithms.iter().fold(none, of_any)
    }

    fn sign(&self, secret: &Secret, letter: &mut Letter<'_>, now: Timestamp) -> Result<(), String> {
        let delivery = letter.delivery(now);
        let reading = Reading::new(&delivery, letter.kinds()).with(letter.settings());
        let mut claims = serde_json::Map::new();
        for (name, expected) in &self.claims {
            let value = reading.render(expected, Some);
            let value = value.ok_or_else(|| format!("the claim {name} cannot be filled"))?;
            claims.insert(name.to_string(), Value::from(value));
        }
        claims.insert("iat".to_owned(), Value::from(now.seconds()));
        claims.insert("exp".to_owned(), Value::from(now.seconds() + 60));
        let shared = self.algorithms.iter().find(|one| one.is_shared());
        let algorithm = shared.or(self.algorithms.first());
        let algorithm = algorithm.ok_or("it has no algorithm")?;
        let token = Token::write(*algorithm, secret, &Value::Object(claims))?;
        letter.put(&self.place, &format!("{}{token}", self.prefix))
    }

    fn with(
        &self,
        overrides: &Overrides,
        used: &mut BTreeSet<&'static str>,
    ) -> Result<Arc<dyn Scheme>, String> {
        let mut jwt = self.clone();
        if let Some(header) = &overrides.header {
            jwt.place = Place::Header(header.clone());
            used.insert("header");
        }
        if let Some(prefix) = &overrides.prefix {
            jwt.prefix.clone_from(prefix);
            used.insert("prefix");
        }
        if let (Some(Some(tolerance)), Some(max_age)) = (overrides.tolerance, &mut jwt.max_age) {
            *max_age = tolerance;
            used.insert("tolerance");
        }
        Ok(Arc::new(jwt.told()))
    }

    fn hint(&self) -> &str {
        &self.hint
    }

    fn covers(&self, kind: Option<&MediaKind>) -> bool {
        let mut expected = self.claims.iter().map(|(_, expected)| expected);
        self.place == Place::Body || expected.any(|text| covers_body(text, kind))
    }

    fn is_shared(&self) -> bool {
        self.algorithms.iter().any(|one| one.is_shared())
    }

    fn secret_is(&self) -> String {
        if self
            .algorithms
            .iter()
            .all(|algorithm| algorithm.is_shared())
        {
            KeyForm::Utf8.about().to_owned()
        } else {
            "the sender's public key, in PEM or as a JSON Web Key".to_owned()
        }
    }

    fn headers(&self) -> Vec<&str> {
        self.place.header().into_iter().collect()
    }

    fn credentials(&self) -> Vec<&Place> {
        vec![&self.place]
    }

    fn places(&self) -> Vec<&Place> {
        let expected = self.claims.iter().map(|(_, expected)| expected);
        expected.flat_map(Parts::places).collect()
    }

    fn fetches(&self) -> bool {
        self.fetch.is_some()
    }
}
