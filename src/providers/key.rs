//! From a secret's text to the bytes of a key.

use crate::crypto::{Algorithm, Encoding};
use crate::secret::Secret;

/// How a provider writes its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// The bytes of the text itself, whatever it begins with.
    Utf8,
    /// Hex digits.
    Hex,
    /// Base64.
    Base64,
    /// Base64 behind `whsec_`, which may be left off, as may a version before it (`v1,whsec_`).
    Whsec,
    /// Base64 behind `whpk_`, which may be left off.
    Whpk,
    /// The SHA-1 of the text.
    Sha1,
    /// The SHA-256 of the text.
    Sha256,
    /// The text with `&` behind it: an OAuth 1.0 key without a token's secret.
    OAuth1,
}

impl KeyForm {
    /// Every one, as definitions write them.
    pub const NAMES: [&'static str; 8] = [
        "utf8", "hex", "base64", "whsec", "whpk", "sha1", "sha256", "oauth1",
    ];

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "utf8" => Some(Self::Utf8),
            "hex" => Some(Self::Hex),
            "base64" => Some(Self::Base64),
            "whsec" => Some(Self::Whsec),
            "whpk" => Some(Self::Whpk),
            "sha1" => Some(Self::Sha1),
            "sha256" => Some(Self::Sha256),
            "oauth1" => Some(Self::OAuth1),
            _ => None,
        }
    }

    /// The key, in words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Utf8 => "secret",
            Self::Hex => "hex-decoded secret",
            Self::Base64 => "base64-decoded secret",
            Self::Whsec => "base64-decoded secret without whsec_",
            Self::Whpk => "base64-decoded key without whpk_",
            Self::Sha1 => "SHA1(secret)",
            Self::Sha256 => "SHA256(secret)",
            Self::OAuth1 => "secret and `&`",
        }
    }

    /// A source's secret, for people who have to find it at the sender.
    pub fn about(self) -> &'static str {
        match self {
            Self::Utf8 | Self::Sha1 | Self::Sha256 | Self::OAuth1 => "a text that both sides have",
            Self::Hex => "a text in hex digits that both sides have",
            Self::Base64 => "a text in base64 that both sides have",
            Self::Whsec => "a text such as whsec_… that both sides have",
            Self::Whpk => "a text such as whpk_…",
        }
    }

    /// How many bytes somebody who guesses at a secret has to guess.
    ///
    /// # Errors
    /// Says what is wrong, without the secret.
    pub fn bytes(self, secret: &Secret) -> Result<usize, String> {
        let key = self.decode(secret)?;
        Ok(match self {
            Self::Sha1 | Self::Sha256 | Self::OAuth1 => secret.expose().len(),
            _ => key.len(),
        })
    }

    /// The bytes of a key; never none of them.
    ///
    /// # Errors
    /// Says what is wrong, without the secret.
    pub fn decode(self, secret: &Secret) -> Result<Vec<u8>, String> {
        let text = secret.expose();
        if text.trim().is_empty() {
            return Err("it is empty".to_owned());
        }
        let (prefix, encoding, name) = match self {
            Self::Utf8 => return Ok(text.as_bytes().to_vec()),
            Self::Sha1 => return Ok(Algorithm::Sha1.digest(text.as_bytes())),
            Self::Sha256 => return Ok(Algorithm::Sha256.digest(text.as_bytes())),
            Self::OAuth1 => return Ok(format!("{text}&").into_bytes()),
            Self::Hex => ("", Encoding::Hex, "hex"),
            Self::Base64 => ("", Encoding::Base64, "base64"),
            Self::Whsec => ("whsec_", Encoding::Base64, "base64 behind `whsec_`"),
            Self::Whpk => ("whpk_", Encoding::Base64, "base64 behind `whpk_`"),
        };
        let versioned = text.strip_prefix("v1,").filter(|_| self == Self::Whsec);
        let text = versioned.unwrap_or(text);
        let encoded = text.strip_prefix(prefix).unwrap_or(text);
        match encoding.decode(encoded) {
            Some(key) if key.is_empty() => Err(format!("there is nothing behind `{prefix}`")),
            Some(key) => Ok(key),
            None => Err(format!("this is not {name}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(form: KeyForm, text: &str, expected: Result<&[u8], &str>) {
        let key = form.decode(&Secret::new(text));
        match expected {
            Ok(bytes) => assert_eq!(key.unwrap(), bytes),
            Err(said) => assert!(key.unwrap_err().contains(said), "{text}"),
        }
    }

    #[test]
    fn keys_are_never_empty() {
        for form in KeyForm::NAMES.map(|name| KeyForm::named(name).unwrap()) {
            check(form, "", Err("empty"));
            check(form, " \t\n", Err("empty"));
        }
        check(KeyForm::Whsec, "whsec_", Err("nothing behind `whsec_`"));
        check(KeyForm::Whpk, "whpk_", Err("nothing behind `whpk_`"));
    }

    #[test]
    fn each_form() {
        // Stripe's secrets begin like Svix's and are not decoded.
        check(KeyForm::Utf8, "whsec_aGk=", Ok(b"whsec_aGk="));
        check(KeyForm::Whsec, "whsec_aGk=", Ok(b"hi"));
        check(KeyForm::Whsec, "aGk", Ok(b"hi"));
        check(KeyForm::Whsec, "whsec_aGl=", Err("not base64"));
        check(KeyForm::Whpk, "whpk_aGk=", Ok(b"hi"));
        check(KeyForm::Hex, "6869", Ok(b"hi"));
        check(KeyForm::Hex, "686", Err("not hex"));
        check(KeyForm::Base64, "aG k=", Err("not base64"));
        check(KeyForm::Whsec, "v1,whsec_aGk=", Ok(b"hi"));
        check(KeyForm::OAuth1, "hi", Ok(b"hi&"));
        check(KeyForm::Sha1, "hi", Ok(&Algorithm::Sha1.digest(b"hi")));
        check(KeyForm::Sha256, "hi", Ok(&Algorithm::Sha256.digest(b"hi")));
        assert_eq!(KeyForm::Sha256.bytes(&Secret::new("hi")), Ok(2));
    }
}
