//! Bytes as text, read strictly: one text for each run of bytes, so that no second spelling of a
//! signature is taken.

use base64::Engine;
use base64::alphabet::{self, Alphabet};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// How bytes are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Two digits a byte, in either case.
    Hex,
    /// Base64 with `+` and `/`; padding may be left off, left-over bits must be zero.
    Base64,
    /// Base64 with `-` and `_`; padding may be left off, left-over bits must be zero.
    Base64Url,
}

const BASE64: GeneralPurpose = strict(&alphabet::STANDARD, true);
const BASE64_URL: GeneralPurpose = strict(&alphabet::URL_SAFE, false);

const fn strict(alphabet: &Alphabet, padded: bool) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_encode_padding(padded)
        .with_decode_allow_trailing_bits(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config)
}

impl Encoding {
    /// Every one, as definitions write them.
    pub const NAMES: [&'static str; 3] = ["hex", "base64", "base64url"];

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "hex" => Some(Self::Hex),
            "base64" => Some(Self::Base64),
            "base64url" => Some(Self::Base64Url),
            _ => None,
        }
    }

    /// Its name as documents write it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Hex => "HEX",
            Self::Base64 => "BASE64",
            Self::Base64Url => "BASE64URL",
        }
    }

    /// The bytes that a text stands for, if it is well formed.
    pub fn decode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Hex => hex::decode(text).ok(),
            Self::Base64 => BASE64.decode(text).ok(),
            Self::Base64Url => BASE64_URL.decode(text).ok(),
        }
    }

    /// The text that stands for some bytes.
    pub fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => hex::encode(bytes),
            Self::Base64 => BASE64.encode(bytes),
            Self::Base64Url => BASE64_URL.encode(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(encoding: Encoding, text: &str, expected: Option<&[u8]>) {
        assert_eq!(encoding.decode(text).as_deref(), expected, "{text}");
    }

    #[test]
    fn base64_has_one_spelling_but_for_padding() {
        check(Encoding::Base64, "aGk=", Some(b"hi"));
        check(Encoding::Base64, "aGk", Some(b"hi"));
        // The same two bytes with left-over bits set.
        check(Encoding::Base64, "aGl=", None);
        check(Encoding::Base64, "aGl", None);
        for bad in ["aGk==", "aGk=\n", " aGk=", "a", "aG-_", "=", "aG=k"] {
            check(Encoding::Base64, bad, None);
        }
        check(Encoding::Base64, "+/+/", Some(&[0xfb, 0xff, 0xbf]));
        check(Encoding::Base64Url, "-_-_", Some(&[0xfb, 0xff, 0xbf]));
        check(Encoding::Base64Url, "+/+/", None);
    }

    #[test]
    fn hex_is_taken_in_either_case() {
        check(Encoding::Hex, "0aFf", Some(&[0x0a, 0xff]));
        for bad in ["0", "0g", "0x0a", " 0a", "0a "] {
            check(Encoding::Hex, bad, None);
        }
    }

    #[test]
    fn what_is_encoded_can_be_decoded() {
        for encoding in Encoding::NAMES.map(|name| Encoding::named(name).unwrap()) {
            for length in 0..40 {
                let bytes: Vec<u8> = (0..length).map(|n: u8| n.wrapping_mul(37)).collect();
                assert_eq!(encoding.decode(&encoding.encode(&bytes)).unwrap(), bytes);
            }
        }
    }
}
