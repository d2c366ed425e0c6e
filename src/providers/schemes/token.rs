//! The secret itself in a header. It proves who sent the delivery, and nothing about the body.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::key::KeyForm;
use super::super::overrides::Overrides;
use super::super::parts::Place;
use super::super::reading::Reading;
use super::super::sign::Letter;
use super::super::signature::place;
use super::super::verify::Refusal;
use crate::crypto::equal;
use crate::diagnostic::{Diagnostics, code};
use crate::event::Proof;
use crate::runtime::Timestamp;
use crate::secret::Secret;
use crate::yaml::Fields;

use super::{Kind, Scheme};

pub(super) const KIND: Kind = Kind {
    name: "token",
    parse,
};

#[derive(Debug)]
struct Token {
    header: Box<str>,
    prefix: Box<str>,
    place: Place,
    hint: String,
}

fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<Arc<dyn Scheme>> {
    let from = fields.required("from", problems);
    let prefix = fields
        .optional("prefix")
        .and_then(|node| node.text(problems))
        .unwrap_or_default();
    let node = from?;
    let Place::Header(header) = place(node, problems)? else {
        // Elsewhere it would be stored and forwarded with the event.
        let message = "a token must stand in a header";
        problems.push(node.error(code::BAD_DEFINITION, message));
        return None;
    };
    Some(Arc::new(Token::new(header, prefix.into())))
}

impl Token {
    fn new(header: Box<str>, prefix: Box<str>) -> Self {
        let hint = format!("send it: {header}: {prefix}SECRET");
        Self {
            place: Place::Header(header.clone()),
            header,
            prefix,
            hint,
        }
    }
}

impl Scheme for Token {
    fn verify<'a>(
        &'a self,
        secrets: &[Secret],
        reading: Reading<'a>,
        _: Timestamp,
    ) -> Result<Proof, Refusal> {
        let usable = |secret: &&Secret| KeyForm::Utf8.decode(secret).is_ok();
        let secrets: Vec<_> = secrets.iter().filter(usable).collect();
        if secrets.is_empty() {
            return Err(Refusal::NoSecret);
        }
        let sent = reading
            .text(&self.place)
            .map_err(|absent| Refusal::absent(&absent, &self.hint))?;
        let Some(token) = sent.strip_prefix(self.prefix.as_ref()) else {
            return Err(Refusal::Malformed {
                what: self.header.to_string(),
                why: format!("it does not begin with `{}`; {}", self.prefix, self.hint),
            });
        };
        let right = |secret: &&Secret| equal(secret.expose().as_bytes(), token.as_bytes());
        if secrets.iter().any(right) {
            return Ok(Proof::authenticated_by_providers());
        }
        Err(Refusal::Mismatch {
            what: self.header.to_string(),
            hint: self.hint.clone(),
        })
    }

    fn secret_bytes(&self, secret: &Secret) -> Result<usize, String> {
        KeyForm::Utf8.decode(secret).map(|key| key.len())
    }

    fn sign(&self, secret: &Secret, letter: &mut Letter, _: Timestamp) -> Result<(), String> {
        self.secret_bytes(secret)?;
        letter.set(&self.header, format!("{}{}", self.prefix, secret.expose()));
        Ok(())
    }

    fn with(
        &self,
        overrides: &Overrides,
        used: &mut BTreeSet<&'static str>,
    ) -> Result<Arc<dyn Scheme>, String> {
        let mut token = Self::new(self.header.clone(), self.prefix.clone());
        if let Some(header) = &overrides.header {
            // `Bearer ` and its like belong to the header they were given for.
            let same = header.eq_ignore_ascii_case(&self.header);
            let prefix = if same { token.prefix } else { "".into() };
            token = Self::new(header.clone(), prefix);
            used.insert("header");
        }
        if let Some(prefix) = &overrides.prefix {
            token = Self::new(token.header, prefix.clone());
            used.insert("prefix");
        }
        Ok(Arc::new(token))
    }

    fn headers(&self) -> Vec<&str> {
        vec![&self.header]
    }

    fn credential_header(&self) -> Option<&str> {
        Some(&self.header)
    }
}
