//! What may stand behind `|` in a part.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::crypto::{Encoding, Mac, crc32, sha256};

use super::parts::unknown;

/// What becomes of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// The sender's separators become dots. They are `/` and `:` unless given.
    Dotted(Box<str>),
    /// Lower case.
    Lower,
    /// The SHA-256 of the bytes, as text.
    Sha256(Encoding),
    /// The CRC-32 of the bytes, as a decimal number.
    Crc32,
    /// Characters beyond ASCII, and carriage returns, as JSON writes them: `\u00e9`, `\r`.
    Ascii,
    /// The percent-escapes of a URL's reserved characters decoded, and no others.
    Reserved,
    /// The text that base64 stands for.
    Base64,
    /// What stands between two texts, which `..` separates.
    Between(Box<str>, Box<str>),
    /// The text, where none of these characters is in it: what separates it from the next.
    Without(Box<str>),
    /// Signed with the source's secret, as text. Only for the answers of handshakes.
    Hmac(Encoding),
}

const FILTERS: [&str; 10] = [
    "dotted", "lower", "sha256", "crc32", "ascii", "reserved", "base64", "between", "without",
    "hmac",
];

/// Reserved characters that a sender may decode before it signs a URL, with their escapes.
const RESERVED: [(&str, &str); 12] = [
    ("%3A", ":"),
    ("%2F", "/"),
    ("%3F", "?"),
    ("%40", "@"),
    ("%21", "!"),
    ("%24", "$"),
    ("%27", "'"),
    ("%28", "("),
    ("%29", ")"),
    ("%2A", "*"),
    ("%2C", ","),
    ("%3B", ";"),
];

impl Filter {
    /// Reads `dotted`, `dotted:/`, `sha256:base64`, ….
    ///
    /// # Errors
    /// Says what there is.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, more) = text.split_once(':').unwrap_or((text, ""));
        match (name, more) {
            ("dotted", "") => Ok(Self::Dotted("/:".into())),
            ("dotted", separators) => Ok(Self::Dotted(separators.into())),
            ("lower", "") => Ok(Self::Lower),
            ("sha256", encoding) => written(encoding).map(Self::Sha256),
            ("crc32", "") => Ok(Self::Crc32),
            ("ascii", "") => Ok(Self::Ascii),
            ("reserved", "") => Ok(Self::Reserved),
            ("base64", "") => Ok(Self::Base64),
            ("between", ends) => match ends.split_once("..") {
                Some((before, after)) if !before.is_empty() && !after.is_empty() => {
                    Ok(Self::Between(before.into(), after.into()))
                }
                _ => Err("write `between:BEFORE..AFTER`".to_owned()),
            },
            ("without", "") => Err("write `without:CHARACTERS`".to_owned()),
            ("without", characters) => Ok(Self::Without(characters.into())),
            ("hmac", encoding) => written(encoding).map(Self::Hmac),
            (name, more) if FILTERS.contains(&name) && !more.is_empty() => {
                Err(format!("`{name}` takes no more: write `{name}`"))
            }
            (name, _) => Err(unknown("a filter", name, &FILTERS)),
        }
    }

    /// Whether other bytes would come out for other bytes going in, whoever chooses them.
    pub fn keeps_apart(&self) -> bool {
        matches!(self, Self::Sha256(_) | Self::Ascii | Self::Without(_))
    }

    /// The filtered bytes; none where these cannot be filtered so. `key` is for [`Filter::Hmac`].
    pub fn apply(&self, bytes: &[u8], key: Option<&Mac>) -> Option<Vec<u8>> {
        let text = || std::str::from_utf8(bytes).ok();
        Some(match self {
            Self::Dotted(separators) => text()?.replace(|c| separators.contains(c), ".").into(),
            Self::Lower => text()?.to_lowercase().into(),
            Self::Sha256(encoding) => encoding.encode(&sha256(bytes)).into(),
            Self::Crc32 => crc32(bytes).to_string().into(),
            Self::Ascii => escaped(text()?).into(),
            Self::Reserved => {
                let decode = |url: String, (escape, c): &(&str, &str)| url.replace(escape, c);
                RESERVED.iter().fold(text()?.to_owned(), decode).into()
            }
            Self::Base64 => {
                let compact: String = text()?.split_ascii_whitespace().collect();
                Encoding::Base64.decode(&compact)?
            }
            Self::Between(before, after) => {
                let (_, rest) = text()?.split_once(before.as_ref())?;
                rest.split_once(after.as_ref())?.0.as_bytes().to_vec()
            }
            Self::Without(characters) => {
                let text = text()?;
                let clean = !text.contains(|c| characters.contains(c));
                clean.then(|| text.as_bytes().to_vec())?
            }
            Self::Hmac(encoding) => {
                let mut mac = key?.clone();
                mac.update(bytes);
                encoding.encode(&mac.finish()).into()
            }
        })
    }

    /// A text that this filter turns into `text`: what a sender would have written.
    pub fn undo(&self, text: &str) -> String {
        match self {
            Self::Dotted(separators) => separators
                .chars()
                .next()
                .map_or_else(|| text.to_owned(), |c| text.replace('.', &c.to_string())),
            _ => text.to_owned(),
        }
    }
}

/// Bytes that have passed through filters, one after another.
pub(super) fn filtered<'t>(
    bytes: Cow<'t, [u8]>,
    filters: &[Filter],
    key: Option<&Mac>,
) -> Option<Cow<'t, [u8]>> {
    filters.iter().try_fold(bytes, |bytes, filter| {
        filter.apply(&bytes, key).map(Cow::Owned)
    })
}

fn written(encoding: &str) -> Result<Encoding, String> {
    match encoding {
        "" => Ok(Encoding::Hex),
        name => Encoding::named(name)
            .ok_or_else(|| unknown("a way to write bytes", name, &Encoding::NAMES)),
    }
}

fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\r' => written.push_str("\\r"),
            c if c.is_ascii() => written.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a String cannot fail.
                    let _ = write!(written, "\\u{unit:04x}");
                }
            }
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Algorithm;

    #[track_caller]
    fn check(filter: &str, text: &str, expected: Option<&str>) {
        let key = Mac::new(Algorithm::Sha256, b"key");
        let found = Filter::parse(filter)
            .unwrap()
            .apply(text.as_bytes(), Some(&key));
        assert_eq!(found, expected.map(|text| text.as_bytes().to_vec()));
    }

    #[test]
    fn filters_can_be_undone() {
        let filter = Filter::parse("dotted").unwrap();
        check("dotted", "orders/create:x", Some("orders.create.x"));
        assert_eq!(filter.undo("orders.create"), "orders/create");
    }

    #[test]
    fn each_filter() {
        check("dotted:#", "a#b/c", Some("a.b/c"));
        check("lower", "ÄB", Some("äb"));
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        check("sha256", "", Some(empty));
        check(
            "sha256:base64",
            "",
            Some("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        );
        check("crc32", "123456789", Some("3421780262"));
        check("ascii", "aé😀\"\r", Some("a\\u00e9\\ud83d\\ude00\"\\r"));
        check("reserved", "%2Fa%2fb%20%3A", Some("/a%2fb%20:"));
        check("base64", "aG9v\naw==", Some("hook"));
        check("base64", "!", None);
        check("between:<kind>..</kind>", "<a><kind>x</kind>", Some("x"));
        check("between:<kind>..</kind>", "<kind>x", None);
        check("without::;", "a b", Some("a b"));
        check("without::;", "a;b", None);
        check("without:\n", "a\nb", None);
        check(
            "hmac",
            "The quick brown fox jumps over the lazy dog",
            Some("f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"),
        );
        let unkeyed = Filter::parse("hmac").unwrap();
        assert_eq!(unkeyed.apply(b"x", None), None);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, said) in [
            ("doted", "did you mean `dotted`?"),
            ("lower:x", "write `lower`"),
            ("sha256:base65", "did you mean `base64`?"),
            ("between:x", "between:BEFORE..AFTER"),
            ("without", "without:CHARACTERS"),
        ] {
            let error = Filter::parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
