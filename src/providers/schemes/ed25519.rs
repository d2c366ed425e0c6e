//! A signature made with a private key that only the sender has; a source's secret is the public key.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::key::KeyForm;
use super::super::overrides::Overrides;
use super::super::reading::Reading;
use super::super::sign::Letter;
use super::super::signature::named;
use super::super::signed::Signed;
use super::super::verify::Refusal;
use crate::crypto::{PUBLIC_KEY_BYTES, PublicKey};
use crate::diagnostic::Diagnostics;
use crate::event::Proof;
use crate::runtime::Timestamp;
use crate::secret::Secret;
use crate::yaml::Fields;

use super::{Kind, Scheme};

pub(super) const KIND: Kind = Kind {
    name: "ed25519",
    parse,
};

#[derive(Debug)]
struct Ed25519 {
    key: KeyForm,
    signed: Signed,
    hint: String,
}

fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<Arc<dyn Scheme>> {
    let key = fields.optional("key").map_or(Some(KeyForm::Hex), |node| {
        named(node, &KeyForm::NAMES, KeyForm::named, problems)
    });
    let signed = Signed::parse(fields, problems);
    Some(Arc::new(Ed25519::new(key?, signed?)))
}

impl Ed25519 {
    fn new(key: KeyForm, signed: Signed) -> Self {
        let hint = signed.hint(|content| format!("ED25519(private key, {content})"));
        Self { key, signed, hint }
    }

    fn key(&self, secret: &Secret) -> Result<PublicKey, String> {
        let bytes = self.key.decode(secret)?;
        PublicKey::new(&bytes).ok_or_else(|| {
            let length = bytes.len();
            format!("this has {length} bytes, but the sender's public key has {PUBLIC_KEY_BYTES}")
        })
    }
}

impl Scheme for Ed25519 {
    fn verify<'a>(
        &'a self,
        secrets: &[Secret],
        mut reading: Reading<'a>,
        now: Timestamp,
    ) -> Result<Proof, Refusal> {
        let keys: Vec<_> = secrets
            .iter()
            .filter_map(|secret| self.key(secret).ok())
            .collect();
        if keys.is_empty() {
            return Err(Refusal::NoSecret);
        }
        let claim = self.signed.claim(&mut reading, now, &self.hint)?;
        let content = claim.content.concat();
        let right = |key: &PublicKey| claim.tags.iter().any(|tag| key.matches(&content, tag));
        if keys.iter().any(right) {
            return Ok(self.signed.proof());
        }
        Err(Refusal::Mismatch {
            what: self.signed.signature.from.to_string(),
            hint: self.hint.clone(),
        })
    }

    fn secret_bytes(&self, secret: &Secret) -> Result<usize, String> {
        self.key(secret).map(|key| key.as_bytes().len())
    }

    fn sign(&self, _: &Secret, _: &mut Letter, _: Timestamp) -> Result<(), String> {
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
        Ok(Arc::new(Self::new(self.key, signed)))
    }

    fn headers(&self) -> Vec<&str> {
        self.signed.headers()
    }

    fn signed(&self) -> Option<&Signed> {
        Some(&self.signed)
    }
}
