//! The secret itself in a header, the query or the body. It proves who sent the delivery, and nothing
//! about the body.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::super::each::Each;
use super::super::key::KeyForm;
use super::super::letter::Letter;
use super::super::overrides::Overrides;
use super::super::parts::Place;
use super::super::reading::Reading;
use super::super::signature::{place, place_shape};
use super::super::verify::Refusal;
use crate::crypto::equal;
use crate::diagnostic::{Diagnostics, code};
use crate::event::Proof;
use crate::runtime::Timestamp;
use crate::secret::Secret;
use crate::yaml::shape::Key;
use crate::yaml::{Fields, Shape, key};

use super::{Kind, Scheme};

pub(super) const KIND: Kind = Kind {
    name: "token",
    keys,
    parse,
};

#[derive(Debug)]
struct Token {
    place: Place,
    prefix: Box<str>,
    each: Option<Each>,
    hint: String,
}

fn keys() -> Vec<Key> {
    vec![
        key(
            "from",
            place_shape(),
            "Where the token stands: a header, the query, a form or the JSON body.",
            "header:X-Token",
        )
        .required(),
        key("prefix", Shape::text(), "What stands before it.", "Bearer "),
        key(
            "each",
            Each::shape(),
            "Where each item of a list in the body carries it.",
            json!({"list": "value"}),
        ),
    ]
}

fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<Arc<dyn Scheme>> {
    let from = fields.required("from", problems);
    let prefix = fields
        .optional("prefix")
        .and_then(|node| node.text(problems))
        .unwrap_or_default();
    let each = match fields.optional("each") {
        Some(node) => Some(Each::parse(node, problems)?),
        None => None,
    };
    let node = from?;
    let place = place(node, problems)?;
    if !matches!(
        place,
        Place::Header(_) | Place::Query(_) | Place::Form(_) | Place::Json(..)
    ) {
        let message = "a credential stands in a header, the query, a form or the JSON body";
        problems.push(
            node.error(code::BAD_DEFINITION, message)
                .help("write `from: \"header:X-Token\"`, or with `query:`, `form:` or `json:`"),
        );
        return None;
    }
    Some(Arc::new(Token::new(place, prefix.into(), each)))
}

impl Token {
    fn new(place: Place, prefix: Box<str>, each: Option<Each>) -> Self {
        let hint = match &place {
            Place::Query(name) => format!("send it: ?{name}={prefix}SECRET"),
            place => format!("send it: {place}: {prefix}SECRET"),
        };
        Self {
            place,
            prefix,
            each,
            hint,
        }
    }

    /// Whether the token that the reading looks at is one of the secrets.
    fn check(&self, secrets: &[&Secret], reading: &Reading<'_>) -> Result<(), Refusal> {
        let sent = reading
            .text(&self.place)
            .map_err(|absent| Refusal::absent(&absent, &self.hint))?;
        let Some(token) = sent.strip_prefix(self.prefix.as_ref()) else {
            return Err(Refusal::Malformed {
                what: self.place.to_string(),
                why: format!("it does not begin with `{}`; {}", self.prefix, self.hint),
            });
        };
        let right = |secret: &&Secret| equal(secret.expose().as_bytes(), token.as_bytes());
        // Every secret is compared, so that the time does not tell which one was right.
        if secrets.iter().filter(|secret| right(secret)).count() > 0 {
            return Ok(());
        }
        Err(Refusal::Mismatch {
            what: self.place.to_string(),
            hint: self.hint.clone(),
        })
    }
}

impl Scheme for Token {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn verify<'a>(
        &'a self,
        secrets: &'a [Secret],
        mut reading: Reading<'a>,
        _: Timestamp,
    ) -> Result<Proof, Refusal> {
        let usable = |secret: &&Secret| KeyForm::Utf8.decode(secret).is_ok();
        let secrets: Vec<_> = secrets.iter().filter(usable).collect();
        if secrets.is_empty() {
            return Err(Refusal::NoSecret);
        }
        match &self.each {
            None => self.check(&secrets, &reading)?,
            Some(each) => {
                for item in each.items(&reading)? {
                    reading.item = Some(item);
                    self.check(&secrets, &reading)?;
                }
            }
        }
        Ok(Proof::authenticated_by_providers())
    }

    fn secret_bytes(&self, secret: &Secret) -> Result<usize, String> {
        KeyForm::Utf8.bytes(secret)
    }

    fn sign(&self, secret: &Secret, letter: &mut Letter<'_>, _: Timestamp) -> Result<(), String> {
        self.secret_bytes(secret)?;
        let value = format!("{}{}", self.prefix, secret.expose());
        let Some(each) = &self.each else {
            return letter.put(&self.place, &value);
        };
        for item in letter.items(each)? {
            let place = item.place(&self.place).ok_or("there are too many items")?;
            letter.put(&place, &value)?;
        }
        Ok(())
    }

    fn with(
        &self,
        overrides: &Overrides,
        used: &mut BTreeSet<&'static str>,
    ) -> Result<Arc<dyn Scheme>, String> {
        let mut token = Self::new(self.place.clone(), self.prefix.clone(), self.each.clone());
        if let (Some(header), Place::Header(own)) = (&overrides.header, &self.place) {
            // `Bearer ` and its like belong to the header they were given for.
            let same = header.eq_ignore_ascii_case(own);
            let prefix = if same { token.prefix } else { "".into() };
            token = Self::new(Place::Header(header.clone()), prefix, None);
            used.insert("header");
        }
        if let Some(prefix) = &overrides.prefix {
            token = Self::new(token.place, prefix.clone(), token.each);
            used.insert("prefix");
        }
        Ok(Arc::new(token))
    }

    fn hint(&self) -> &str {
        &self.hint
    }

    fn secret_is(&self) -> String {
        KeyForm::Utf8.about().to_owned()
    }

    fn headers(&self) -> Vec<&str> {
        self.place.header().into_iter().collect()
    }

    fn credentials(&self) -> Vec<&Place> {
        vec![&self.place]
    }
}
