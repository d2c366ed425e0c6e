//! What the schemes share in which a private key signs and a source knows the public one.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::super::fetched::Fetch;
use super::super::letter::Letter;
use super::super::overrides::Overrides;
use super::super::public_key::PublicKeyForm;
use super::super::reading::Reading;
use super::super::signature::named;
use super::super::signed::{Content, Signed};
use super::super::verify::Refusal;
use crate::crypto::{SignatureForm, VerifyingKey};
use crate::diagnostic::Diagnostics;
use crate::event::Proof;
use crate::runtime::Timestamp;
use crate::secret::Secret;
use crate::yaml::shape::Key;
use crate::yaml::{Fields, Shape, key};

use super::Scheme;

/// A signature made with a private key that only the sender has; a source's secret is the public key.
#[derive(Debug)]
pub(super) struct Asymmetric {
    title: &'static str,
    form: SignatureForm,
    key: PublicKeyForm,
    signed: Signed,
    fetch: Option<Fetch>,
    hint: String,
}

/// The keys of every such scheme.
pub(super) fn keys() -> Vec<Key> {
    let own = [
        key(
            "key",
            Shape::choice(PublicKeyForm::NAMES),
            "How the public key is written.",
            "pem",
        ),
        key(
            "fetch",
            Fetch::shape(),
            "Where the keys stand that the sender publishes.",
            json!({"url": "{header:X-Cert-Url}", "hosts": ["keys.example.com"]}),
        ),
    ];
    own.into_iter().chain(Signed::keys()).collect()
}

/// Reads `key` and what every signature has.
pub(super) fn parse(
    fields: &mut Fields<'_>,
    problems: &mut Diagnostics,
    title: &'static str,
    form: SignatureForm,
    key: PublicKeyForm,
) -> Option<Arc<dyn Scheme>> {
    let key = fields.optional("key").map_or(Some(key), |node| {
        named(node, &PublicKeyForm::NAMES, PublicKeyForm::named, problems)
    });
    let signed = Signed::parse(fields, problems);
    let fetch = match fields.optional("fetch") {
        Some(node) => Some(Fetch::parse(node, problems)?),
        None => None,
    };
    let mut scheme = Asymmetric::new(title, form, key?, signed?);
    scheme.fetch = fetch;
    Some(Arc::new(scheme))
}

impl Asymmetric {
    fn new(title: &'static str, form: SignatureForm, key: PublicKeyForm, signed: Signed) -> Self {
        let hint = signed.hint(|content| format!("{title}(private key, {content})"));
        Self {
            title,
            form,
            key,
            signed,
            fetch: None,
            hint,
        }
    }

    /// The keys that a source gives, or those that the sender publishes.
    fn keys(
        &self,
        secrets: &[Secret],
        reading: &Reading<'_>,
    ) -> Result<Vec<VerifyingKey>, Refusal> {
        let given = secrets.iter().filter_map(|secret| self.key(secret).ok());
        let given: Vec<_> = given.collect();
        match &self.fetch {
            _ if !given.is_empty() => Ok(given),
            None => Err(Refusal::NoSecret),
            Some(fetch) => {
                let url = fetch.locate(reading, &self.hint)?;
                let found = reading.keyring.find(&url);
                let found = found.ok_or(Refusal::KeyMissing(url))?;
                let fitting = found.all().filter(|key| key.fits(self.form));
                Ok(fitting.cloned().collect())
            }
        }
    }

    fn key(&self, secret: &Secret) -> Result<VerifyingKey, String> {
        let key = self.key.decode(secret)?;
        if key.fits(self.form) {
            return Ok(key);
        }
        Err(format!("this is a key, but not one for {}", self.title))
    }
}

impl Scheme for Asymmetric {
    fn kind(&self) -> &'static str {
        match self.form {
            SignatureForm::RsaSha1 | SignatureForm::RsaSha256 | SignatureForm::RsaSha512 => "rsa",
            SignatureForm::P256Der | SignatureForm::P256Fixed => "ecdsa",
            SignatureForm::Ed25519 => "ed25519",
        }
    }

    fn verify<'a>(
        &'a self,
        secrets: &'a [Secret],
        mut reading: Reading<'a>,
        now: Timestamp,
    ) -> Result<Proof, Refusal> {
        let keys = self.keys(secrets, &reading)?;
        let right = |content: &Content<'a>, tags: &[Vec<u8>]| {
            let content = content.concat();
            let made_with = |key: &VerifyingKey| {
                let mut tags = tags.iter();
                tags.any(|tag| key.matches(self.form, &content, tag))
            };
            keys.iter().any(made_with)
        };
        self.signed.verify(&mut reading, now, &self.hint, right)
    }

    fn secret_bytes(&self, secret: &Secret) -> Result<usize, String> {
        self.key(secret).map(|key| key.bytes())
    }

    fn sign(&self, _: &Secret, _: &mut Letter<'_>, _: Timestamp) -> Result<(), String> {
        let message = "it signs with a private key that only the sender has; a source knows the \
                       public key, which cannot sign";
        Err(message.to_owned())
    }

    fn with(
        &self,
        overrides: &Overrides,
        used: &mut BTreeSet<&'static str>,
    ) -> Result<Arc<dyn Scheme>, String> {
        let signed = self.signed.with(overrides, used)?;
        let mut scheme = Self::new(self.title, self.form, self.key, signed);
        scheme.fetch.clone_from(&self.fetch);
        Ok(Arc::new(scheme))
    }

    fn hint(&self) -> &str {
        &self.hint
    }

    fn secret_is(&self) -> String {
        format!("the sender's public key, {}", self.key.about())
    }

    fn headers(&self) -> Vec<&str> {
        self.signed.headers()
    }

    fn signed(&self) -> Option<&Signed> {
        Some(&self.signed)
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn fetches(&self) -> bool {
        self.fetch.is_some()
    }
}
