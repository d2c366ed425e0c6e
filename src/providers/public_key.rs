//! From the text of a public key to the key.

use crate::crypto::{Encoding, PUBLIC_KEY_BYTES, PublicKey, VerifyingKey};
use crate::secret::Secret;

use super::key::KeyForm;

/// How a provider writes its public keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicKeyForm {
    /// 32 bytes in hex digits.
    Hex,
    /// 32 bytes in base64.
    Base64,
    /// 32 bytes in base64 behind `whpk_`, which may be left off.
    Whpk,
    /// PEM: a public key, or a certificate with one.
    Pem,
    /// The base64 inside PEM, without its first and last line.
    Spki,
}

impl PublicKeyForm {
    /// Every one, as definitions write them.
    pub const NAMES: [&'static str; 5] = ["hex", "base64", "whpk", "pem", "spki"];

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "hex" => Some(Self::Hex),
            "base64" => Some(Self::Base64),
            "whpk" => Some(Self::Whpk),
            "pem" => Some(Self::Pem),
            "spki" => Some(Self::Spki),
            _ => None,
        }
    }

    /// How it is written, for people.
    pub fn about(self) -> &'static str {
        match self {
            Self::Hex => "in hex digits",
            Self::Base64 => "in base64",
            Self::Whpk => "such as whpk_…",
            Self::Pem => "in PEM",
            Self::Spki => "in base64, as in PEM without its first and last line",
        }
    }

    /// The key that a text stands for.
    ///
    /// # Errors
    /// Says what is wrong, without the text.
    pub fn decode(self, secret: &Secret) -> Result<VerifyingKey, String> {
        let text = secret.expose();
        if text.trim().is_empty() {
            return Err("it is empty".to_owned());
        }
        let raw = |form: KeyForm| {
            let bytes = form.decode(secret)?;
            PublicKey::new(&bytes)
                .map(VerifyingKey::Ed25519)
                .ok_or_else(|| match bytes.len() {
                    PUBLIC_KEY_BYTES => "this is a key that anybody can sign for".to_owned(),
                    length => format!(
                        "this has {length} bytes, but the sender's public key has {PUBLIC_KEY_BYTES}"
                    ),
                })
        };
        match self {
            Self::Hex => raw(KeyForm::Hex),
            Self::Base64 => raw(KeyForm::Base64),
            Self::Whpk => raw(KeyForm::Whpk),
            Self::Pem => VerifyingKey::from_pem(text).ok_or_else(|| {
                "this is not a public key or certificate in PEM (-----BEGIN PUBLIC KEY-----)".into()
            }),
            Self::Spki => {
                let compact: String = text.split_whitespace().collect();
                let bytes = Encoding::Base64.decode(&compact);
                bytes
                    .and_then(|bytes| VerifyingKey::from_spki(&bytes))
                    .ok_or_else(|| "this is not a public key in base64".into())
            }
        }
    }
}
