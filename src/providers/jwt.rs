//! JSON Web Tokens, read strictly: the algorithm is one that is expected, nothing is critical that is
//! not understood.

use serde_json::{Value, json};

use crate::crypto::{self, Encoding, Mac, SignatureForm, VerifyingKey};
use crate::runtime::Timestamp;
use crate::secret::Secret;

use super::key::KeyForm;
use super::verify::Refusal;

/// The longest token that is read, in bytes.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-512.
    Hs512,
    /// RSA with SHA-256.
    Rs256,
    /// RSA with SHA-512.
    Rs512,
    /// ECDSA on P-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Every one, as tokens and definitions write them.
    pub const NAMES: [&'static str; 6] = ["HS256", "HS512", "RS256", "RS512", "ES256", "EdDSA"];

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "HS256" => Some(Self::Hs256),
            "HS512" => Some(Self::Hs512),
            "RS256" => Some(Self::Rs256),
            "RS512" => Some(Self::Rs512),
            "ES256" => Some(Self::Es256),
            "EdDSA" => Some(Self::EdDsa),
            _ => None,
        }
    }

    /// Its name.
    pub fn title(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Whether both sides have the same key.
    pub fn is_shared(self) -> bool {
        self.hash().is_some()
    }

    fn hash(self) -> Option<crypto::Algorithm> {
        match self {
            Self::Hs256 => Some(crypto::Algorithm::Sha256),
            Self::Hs512 => Some(crypto::Algorithm::Sha512),
            Self::Rs256 | Self::Rs512 | Self::Es256 | Self::EdDsa => None,
        }
    }

    fn form(self) -> Option<SignatureForm> {
        match self {
            Self::Hs256 | Self::Hs512 => None,
            Self::Rs256 => Some(SignatureForm::RsaSha256),
            Self::Rs512 => Some(SignatureForm::RsaSha512),
            Self::Es256 => Some(SignatureForm::P256Fixed),
            Self::EdDsa => Some(SignatureForm::Ed25519),
        }
    }

    /// How many bytes a secret has, if it is a key for this.
    ///
    /// # Errors
    /// Says what is wrong, without the secret.
    pub fn secret_bytes(self, secret: &Secret) -> Result<usize, String> {
        let Some(form) = self.form() else {
            return KeyForm::Utf8.bytes(secret);
        };
        let key = public_key(secret).filter(|key| key.fits(form));
        let name = self.title();
        key.map(|key| key.bytes()).ok_or_else(|| {
            format!("this is no public key for {name}: write PEM, or a JSON Web Key")
        })
    }
}

/// A public key as PEM or as a JSON Web Key.
fn public_key(secret: &Secret) -> Option<VerifyingKey> {
    let text = secret.expose();
    let jwk = || VerifyingKey::from_jwk(&serde_json::from_str(text).ok()?);
    VerifyingKey::from_pem(text).or_else(jwk)
}

/// A token whose signature is not checked yet.
#[derive(Debug)]
pub struct Token<'t> {
    /// What it says.
    pub claims: Value,
    /// Which key signed it.
    pub key_id: Option<String>,
    algorithm: Algorithm,
    signed: &'t str,
    tag: Vec<u8>,
}

impl<'t> Token<'t> {
    /// Reads a token that is signed in one of these ways.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn read(text: &'t str, algorithms: &[Algorithm]) -> Result<Self, String> {
        let no_token = || "it is not a JSON Web Token".to_owned();
        if text.len() > TOKEN_BYTES_MAX {
            return Err(no_token());
        }
        let (signed, tag) = text.rsplit_once('.').ok_or_else(no_token)?;
        let (header, claims) = signed.split_once('.').ok_or_else(no_token)?;
        let json = |text: &str| {
            let bytes = Encoding::Base64Url.decode(text).ok_or_else(no_token)?;
            let value: Value = serde_json::from_slice(&bytes).map_err(|_| no_token())?;
            value.is_object().then_some(value).ok_or_else(no_token)
        };
        let (header, claims) = (json(header)?, json(claims)?);
        let named = header.get("alg").and_then(Value::as_str).unwrap_or("none");
        let algorithm = Algorithm::named(named).filter(|found| algorithms.contains(found));
        let Some(algorithm) = algorithm else {
            return Err("it is signed in another way, or not at all".to_owned());
        };
        if header.get("crit").is_some() {
            return Err("it asks for an extension that is not known here".to_owned());
        }
        Ok(Self {
            claims,
            key_id: header.get("kid").and_then(Value::as_str).map(str::to_owned),
            algorithm,
            signed,
            tag: Encoding::Base64Url.decode(tag).ok_or_else(no_token)?,
        })
    }

    /// Whether it was signed with this secret, or with the private key to it.
    pub fn made_with(&self, secret: &Secret) -> bool {
        let Some(hash) = self.algorithm.hash() else {
            return public_key(secret).is_some_and(|key| self.made_by(&key));
        };
        let Ok(key) = KeyForm::Utf8.decode(secret) else {
            return false;
        };
        let mut mac = Mac::new(hash, &key);
        mac.update(self.signed.as_bytes());
        mac.matches_any(&[&self.tag])
    }

    /// Whether it was signed with the private key to this one.
    pub fn made_by(&self, key: &VerifyingKey) -> bool {
        let form = self.algorithm.form();
        form.is_some_and(|form| key.matches(form, self.signed.as_bytes(), &self.tag))
    }

    /// A claim that is a point in time, in seconds.
    ///
    /// # Errors
    /// Where it is there and no number.
    pub fn time(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        let Some(claim) = self.claims.get(name) else {
            return Ok(None);
        };
        let seconds = claim.as_i64().or_else(|| whole(claim.as_f64()?));
        match seconds.filter(|seconds| *seconds >= 0) {
            Some(seconds) => Ok(Some(Timestamp::from_seconds(seconds))),
            None => Err(Refusal::Malformed {
                what: format!("the claim {name}"),
                why: "it is not a number of seconds".to_owned(),
            }),
        }
    }

    /// A signed token.
    ///
    /// # Errors
    /// Where that takes a private key.
    pub fn write(algorithm: Algorithm, secret: &Secret, claims: &Value) -> Result<String, String> {
        let Some(hash) = algorithm.hash() else {
            return Err("it signs with a private key that only the sender has".to_owned());
        };
        let key = KeyForm::Utf8.decode(secret)?;
        let encode = |value: &Value| Encoding::Base64Url.encode(value.to_string().as_bytes());
        let header = json!({"alg": algorithm.title(), "typ": "JWT"});
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let tag = Mac::tag(hash, &key, &[&signed]);
        Ok(format!("{signed}.{}", Encoding::Base64Url.encode(&tag)))
    }
}

/// The whole seconds of a time with a fraction.
fn whole(seconds: f64) -> Option<i64> {
    let fits = (0.0..1e12).contains(&seconds);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked, and the fraction is meant to go"
    )]
    fits.then_some(seconds as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(header: &Value, secret: &str) -> String {
        let encode = |text: &str| Encoding::Base64Url.encode(text.as_bytes());
        let signed = format!("{}.{}", encode(&header.to_string()), encode("{\"a\":1}"));
        let tag = Mac::tag(crypto::Algorithm::Sha256, secret.as_bytes(), &[&signed]);
        format!("{signed}.{}", Encoding::Base64Url.encode(&tag))
    }

    #[test]
    fn what_is_written_is_read() {
        let secret = Secret::new("a shared secret");
        let claims = json!({"exp": 1_700_000_000.5, "iat": "soon"});
        let text = Token::write(Algorithm::Hs256, &secret, &claims).unwrap();
        let token = Token::read(&text, &[Algorithm::Hs256]).unwrap();
        assert!(token.made_with(&secret));
        assert!(!token.made_with(&Secret::new("another secret")));
        let exp = token.time("exp").unwrap();
        assert_eq!(exp, Some(Timestamp::from_seconds(1_700_000_000)));
        assert_eq!(token.time("nbf").unwrap(), None);
        assert!(token.time("iat").is_err());
    }

    #[test]
    fn only_the_expected_algorithm_is_read() {
        let header = |alg: &str| made(&json!({"alg": alg}), "s");
        let read = |text: &str| Token::read(text, &[Algorithm::Hs256]).is_ok();
        assert!(read(&header("HS256")));
        for other in ["none", "None", "HS512", "RS256", "hs256", ""] {
            assert!(!read(&header(other)), "{other}");
        }
        assert!(!read(&made(&json!({"alg": "HS256", "crit": ["b64"]}), "s")));
        assert!(!read(&made(&json!(["HS256"]), "s")));
        let good = header("HS256");
        for bad in ["", ".", "..", "a.b.c", &good[1..], &format!("{good}=")] {
            assert!(!read(bad) || bad.ends_with('='), "{bad}");
        }
    }
}
