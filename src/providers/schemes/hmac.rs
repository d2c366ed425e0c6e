//! A digest of the content, keyed with a secret that both sides have.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::key::KeyForm;
use super::super::letter::Letter;
use super::super::overrides::Overrides;
use super::super::reading::Reading;
use super::super::signature::{Layout, named};
use super::super::signed::{Content, Signed};
use super::super::verify::Refusal;
use crate::crypto::{Algorithm, Mac};
use crate::diagnostic::Diagnostics;
use crate::event::Proof;
use crate::runtime::Timestamp;
use crate::secret::Secret;
use crate::yaml::shape::Key;
use crate::yaml::{Fields, Shape, key};

use super::{Kind, Scheme};

pub(super) const KIND: Kind = Kind {
    name: "hmac",
    keys,
    parse,
};

#[derive(Debug)]
struct Hmac {
    algorithm: Algorithm,
    key: KeyForm,
    signed: Signed,
    hint: String,
}

fn keys() -> Vec<Key> {
    let own = [
        key(
            "algorithm",
            Shape::choice(Algorithm::NAMES),
            "The hash function.",
            "sha512",
        )
        .or("sha256"),
        key(
            "key",
            Shape::choice(KeyForm::NAMES),
            "What the secret is: its own text, or something that is decoded or derived.",
            "whsec",
        )
        .or("utf8"),
    ];
    own.into_iter().chain(Signed::keys()).collect()
}

fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<Arc<dyn Scheme>> {
    let algorithm = fields
        .optional("algorithm")
        .map_or(Some(Algorithm::Sha256), |node| {
            named(node, &Algorithm::NAMES, Algorithm::named, problems)
        });
    let key = fields.optional("key").map_or(Some(KeyForm::Utf8), |node| {
        named(node, &KeyForm::NAMES, KeyForm::named, problems)
    });
    let signed = Signed::parse(fields, problems);
    Some(Arc::new(Hmac::new(algorithm?, key?, signed?)))
}

impl Hmac {
    fn new(algorithm: Algorithm, key: KeyForm, signed: Signed) -> Self {
        let hint = signed
            .hint(|content| format!("HMAC-{}({}, {content})", algorithm.title(), key.title()));
        Self {
            algorithm,
            key,
            signed,
            hint,
        }
    }

    fn made_with(&self, key: &[u8], content: &Content<'_>, tags: &[Vec<u8>]) -> bool {
        let mut mac = Mac::new(self.algorithm, key);
        for piece in content {
            mac.update(piece);
        }
        mac.matches_any(tags)
    }
}

fn prefix_of(algorithm: Algorithm) -> String {
    format!("{}=", algorithm.title().to_lowercase())
}

impl Scheme for Hmac {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn verify<'a>(
        &'a self,
        secrets: &'a [Secret],
        mut reading: Reading<'a>,
        now: Timestamp,
    ) -> Result<Proof, Refusal> {
        let keys: Vec<_> = secrets
            .iter()
            .filter_map(|secret| self.key.decode(secret).ok())
            .collect();
        if keys.is_empty() {
            return Err(Refusal::NoSecret);
        }
        let right = |content: &Content<'a>, tags: &[Vec<u8>]| {
            keys.iter().any(|key| self.made_with(key, content, tags))
        };
        self.signed.verify(&mut reading, now, &self.hint, right)
    }

    fn secret_bytes(&self, secret: &Secret) -> Result<usize, String> {
        self.key.bytes(secret)
    }

    fn sign(&self, secret: &Secret, letter: &mut Letter<'_>, now: Timestamp) -> Result<(), String> {
        let key = self.key.decode(secret)?;
        self.signed.put(letter, now, |content| {
            Mac::tag(self.algorithm, &key, content)
        })
    }

    fn with(
        &self,
        overrides: &Overrides,
        used: &mut BTreeSet<&'static str>,
    ) -> Result<Arc<dyn Scheme>, String> {
        let algorithm = overrides.algorithm.inspect(|_| {
            used.insert("algorithm");
        });
        let mut signed = self.signed.with(overrides, used)?;
        let algorithm = algorithm.unwrap_or(self.algorithm);
        if overrides.prefix.is_none()
            && let Layout::Plain { prefix } = &mut signed.signature.layout
            && **prefix == prefix_of(self.algorithm)
        {
            // `sha256=` says how it was computed; with another algorithm it would say so wrongly.
            *prefix = prefix_of(algorithm).into();
        }
        Ok(Arc::new(Self::new(algorithm, self.key, signed)))
    }

    fn hint(&self) -> &str {
        &self.hint
    }

    fn secret_is(&self) -> String {
        self.key.about().to_owned()
    }

    fn headers(&self) -> Vec<&str> {
        self.signed.headers()
    }

    fn signed(&self) -> Option<&Signed> {
        Some(&self.signed)
    }

    fn mac(&self, secret: &Secret) -> Option<Mac> {
        let key = self.key.decode(secret).ok()?;
        Some(Mac::new(self.algorithm, &key))
    }
}
