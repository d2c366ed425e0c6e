//! A plain digest of a text that has the secret in it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::key::KeyForm;
use super::super::letter::Letter;
use super::super::overrides::Overrides;
use super::super::parts::Place;
use super::super::reading::Reading;
use super::super::signature::named;
use super::super::signed::{Content, Signed};
use super::super::verify::Refusal;
use crate::crypto::{Algorithm, equal};
use crate::diagnostic::{Diagnostics, code};
use crate::event::Proof;
use crate::runtime::Timestamp;
use crate::secret::Secret;
use crate::yaml::shape::Key;
use crate::yaml::{Fields, Shape, key};

use super::{Kind, Scheme};

pub(super) const KIND: Kind = Kind {
    name: "hash",
    keys,
    parse,
};

#[derive(Debug)]
struct Hash {
    algorithm: Algorithm,
    signed: Signed,
    hint: String,
}

fn keys() -> Vec<Key> {
    let own = key(
        "algorithm",
        Shape::choice(Algorithm::NAMES),
        "The hash function.",
        "sha512",
    )
    .or("sha256");
    std::iter::once(own).chain(Signed::keys()).collect()
}

fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<Arc<dyn Scheme>> {
    let algorithm = fields
        .optional("algorithm")
        .map_or(Some(Algorithm::Sha256), |node| {
            named(node, &Algorithm::NAMES, Algorithm::named, problems)
        });
    let signed = Signed::parse(fields, problems)?;
    if !signed.content.places().any(|place| *place == Place::Secret) {
        let message = "anybody can compute a digest without a secret: put {secret} into `content`";
        problems.push(
            fields.node().error(code::BAD_DEFINITION, message).help(
                "write `content: \"{secret}{body}\"`, in the order that the sender puts them",
            ),
        );
        return None;
    }
    Some(Arc::new(Hash::new(algorithm?, signed)))
}

impl Hash {
    fn new(algorithm: Algorithm, signed: Signed) -> Self {
        let hint = signed.hint(|content| format!("{}({content})", algorithm.title()));
        Self {
            algorithm,
            signed,
            hint,
        }
    }
}

impl Scheme for Hash {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn verify<'a>(
        &'a self,
        secrets: &'a [Secret],
        mut reading: Reading<'a>,
        now: Timestamp,
    ) -> Result<Proof, Refusal> {
        let mut refusal = Refusal::NoSecret;
        for secret in secrets.iter().filter(|s| self.secret_bytes(s).is_ok()) {
            reading.secret = Some(secret);
            let right = |content: &Content<'a>, tags: &[Vec<u8>]| {
                let own = self.algorithm.digest(&content.concat());
                tags.iter().any(|tag| equal(tag, &own))
            };
            match self.signed.verify(&mut reading, now, &self.hint, right) {
                Ok(proof) => return Ok(proof),
                Err(why) => refusal = why,
            }
        }
        Err(refusal)
    }

    fn secret_bytes(&self, secret: &Secret) -> Result<usize, String> {
        KeyForm::Utf8.bytes(secret)
    }

    fn sign(&self, secret: &Secret, letter: &mut Letter<'_>, now: Timestamp) -> Result<(), String> {
        self.secret_bytes(secret)?;
        self.signed.put(letter, now, |content| {
            self.algorithm.digest(&content.concat())
        })
    }

    fn with(
        &self,
        overrides: &Overrides,
        used: &mut BTreeSet<&'static str>,
    ) -> Result<Arc<dyn Scheme>, String> {
        let signed = self.signed.with(overrides, used)?;
        Ok(Arc::new(Self::new(self.algorithm, signed)))
    }

    fn hint(&self) -> &str {
        &self.hint
    }

    fn secret_is(&self) -> String {
        KeyForm::Utf8.about().to_owned()
    }

    fn headers(&self) -> Vec<&str> {
        self.signed.headers()
    }

    fn signed(&self) -> Option<&Signed> {
        Some(&self.signed)
    }
}
