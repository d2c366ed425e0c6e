//! HTTP Basic: a name and a password. They prove who sent the delivery, and nothing about the body.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::key::KeyForm;
use super::super::letter::Letter;
use super::super::overrides::Overrides;
use super::super::parts::Place;
use super::super::reading::Reading;
use super::super::verify::Refusal;
use crate::crypto::{Encoding, equal};
use crate::diagnostic::Diagnostics;
use crate::event::Proof;
use crate::runtime::Timestamp;
use crate::secret::Secret;
use crate::yaml::Fields;
use crate::yaml::shape::Key;

use super::{Kind, Scheme};

pub(super) const KIND: Kind = Kind {
    name: "basic",
    keys,
    parse,
};

const HEADER: &str = "Authorization";
const HINT: &str = "send it: Authorization: Basic BASE64(NAME:PASSWORD)";

#[derive(Debug)]
struct Basic {
    header: Place,
}

fn keys() -> Vec<Key> {
    Vec::new()
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "every member's `parse` may find nothing"
)]
fn parse(_: &mut Fields<'_>, _: &mut Diagnostics) -> Option<Arc<dyn Scheme>> {
    Some(Arc::new(Basic::new()))
}

impl Basic {
    fn new() -> Self {
        Self {
            header: Place::Header(HEADER.into()),
        }
    }
}

/// The name and password of a header's value.
fn credentials(value: &str) -> Result<Vec<u8>, String> {
    let (word, encoded) = value.split_once(' ').unwrap_or((value, ""));
    if !word.eq_ignore_ascii_case("basic") {
        return Err(format!("it does not begin with `Basic `; {HINT}"));
    }
    let decoded = Encoding::Base64.decode(encoded.trim());
    decoded.ok_or_else(|| format!("what follows `Basic ` is not base64; {HINT}"))
}

impl Scheme for Basic {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn verify<'a>(
        &'a self,
        secrets: &'a [Secret],
        reading: Reading<'a>,
        _: Timestamp,
    ) -> Result<Proof, Refusal> {
        let usable = |secret: &&Secret| self.secret_bytes(secret).is_ok();
        let secrets: Vec<_> = secrets.iter().filter(usable).collect();
        if secrets.is_empty() {
            return Err(Refusal::NoSecret);
        }
        let sent = reading
            .text(&self.header)
            .map_err(|absent| Refusal::absent(&absent, HINT))?;
        let sent = credentials(&sent).map_err(|why| Refusal::Malformed {
            what: HEADER.to_owned(),
            why,
        })?;
        let right = |secret: &&Secret| equal(secret.expose().as_bytes(), &sent);
        if secrets.iter().any(right) {
            return Ok(Proof::authenticated_by_providers());
        }
        Err(Refusal::Mismatch {
            what: HEADER.to_owned(),
            hint: HINT.to_owned(),
        })
    }

    fn secret_bytes(&self, secret: &Secret) -> Result<usize, String> {
        KeyForm::Utf8.decode(secret)?;
        match secret.expose().split_once(':') {
            Some((_, password)) if !password.trim().is_empty() => Ok(password.len()),
            _ => Err("write NAME:PASSWORD, as the sender has them".to_owned()),
        }
    }

    fn sign(&self, secret: &Secret, letter: &mut Letter<'_>, _: Timestamp) -> Result<(), String> {
        self.secret_bytes(secret)?;
        let encoded = Encoding::Base64.encode(secret.expose().as_bytes());
        letter.set(HEADER, format!("Basic {encoded}"));
        Ok(())
    }

    fn with(
        &self,
        _: &Overrides,
        _: &mut BTreeSet<&'static str>,
    ) -> Result<Arc<dyn Scheme>, String> {
        Ok(Arc::new(Self::new()))
    }

    fn hint(&self) -> &str {
        HINT
    }

    fn secret_is(&self) -> String {
        "NAME:PASSWORD, as the sender has them".to_owned()
    }

    fn headers(&self) -> Vec<&str> {
        vec![HEADER]
    }

    fn credentials(&self) -> Vec<&Place> {
        vec![&self.header]
    }
}
