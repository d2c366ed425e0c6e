//! Keys that a sender publishes: where they are, and what may be asked for them.
//!
//! Nothing is fetched here. A scheme names the address of a key that it does not know; intake brings
//! it, and asks again.

use std::fmt::Debug;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::crypto::VerifyingKey;
use crate::diagnostic::{Diagnostics, code};
use crate::yaml::{Fields, Node, Shape, key};

use super::parts::{Parts, Place};
use super::reading::Reading;
use super::signed::{parts, parts_shape};
use super::verify::Refusal;

/// The longest address that is asked, in bytes.
const URL_BYTES_MAX: usize = 400;
/// The most keys of one document.
const KEYS_MAX: usize = 64;

/// Where something stands that is fetched for a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    url: Parts,
    hosts: Vec<Box<str>>,
    ending: Box<str>,
}

/// Keys that have been fetched, by the addresses they stand at.
pub trait Keyring: Debug + Sync {
    /// The keys at an address, if they are known.
    fn find(&self, url: &str) -> Option<Arc<KeySet>>;

    /// Whether they were fetched so lately that a key which is not among them does not exist.
    fn is_recent(&self, _url: &str) -> bool {
        false
    }
}

/// The keyring of those who fetch nothing.
#[derive(Debug)]
pub struct NoKeys;

impl Keyring for NoKeys {
    fn find(&self, _: &str) -> Option<Arc<KeySet>> {
        None
    }
}

/// The keys of one document, each perhaps with its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySet(Vec<(Option<String>, VerifyingKey)>);

impl KeySet {
    /// Reads a certificate or public key in PEM, or a JSON Web Key Set. None where it is neither, or
    /// no key in it is of a kind that is known here.
    pub fn read(document: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(document).ok()?;
        if let Some(key) = VerifyingKey::from_pem(text) {
            return Some(Self(vec![(None, key)]));
        }
        let document: Value = serde_json::from_str(text).ok()?;
        let keys = document.get("keys")?.as_array()?.iter().take(KEYS_MAX);
        let key = |key: &Value| {
            let id = key.get("kid").and_then(Value::as_str).map(str::to_owned);
            Some((id, VerifyingKey::from_jwk(key)?))
        };
        let keys: Vec<_> = keys.filter_map(key).collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.0.iter().map(|(_, key)| key)
    }

    /// Those that may have that id.
    pub fn named<'k>(&'k self, id: Option<&'k str>) -> impl Iterator<Item = &'k VerifyingKey> {
        let fits = move |known: &Option<String>| match (known.as_deref(), id) {
            (Some(known), Some(id)) => known == id,
            _ => true,
        };
        self.0
            .iter()
            .filter(move |(known, _)| fits(known))
            .map(|(_, key)| key)
    }
}

impl Fetch {
    /// What it looks like.
    pub(super) fn shape() -> Shape {
        let hosts = Shape::one_or_list(Shape::matching("."));
        Shape::map([
            key(
                "url",
                parts_shape(),
                "The https address, with parts of the delivery in it.",
                "{json:SigningCertURL}",
            )
            .required(),
            key(
                "hosts",
                hosts,
                "The hosts that may be asked; `*` is one part of a name.",
                json!(["sns.*.amazonaws.com"]),
            )
            .required(),
            key(
                "ending",
                Shape::text(),
                "What the address must end with.",
                ".pem",
            ),
        ])
    }

    /// Reads `{url, hosts, ending}`.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let url = fields
            .required("url", problems)
            .and_then(|node| parts(node, problems));
        let hosts = fields.required("hosts", problems).map(|node| {
            let texts = node.one_or_list().iter();
            let texts = texts.filter_map(|node| node.text(problems).map(Into::into));
            texts.collect::<Vec<Box<str>>>()
        });
        let ending = fields
            .optional("ending")
            .and_then(|node| node.text(problems))
            .unwrap_or_default();
        fields.finish(problems);
        let (url, hosts) = (url?, hosts?);
        if hosts.is_empty() || hosts.iter().any(|host| !is_host_pattern(host)) {
            let message = "`hosts` names the hosts that may be asked, `*` for one part of a name";
            problems.push(
                node.error(code::BAD_DEFINITION, message)
                    .help("write them out: `hosts: [keys.example.com, \"sns.*.amazonaws.com\"]`"),
            );
            return None;
        }
        Some(Self {
            url,
            hosts,
            ending: ending.into(),
        })
    }

    /// The address for a delivery: `https`, one of the hosts, nothing else that could lead elsewhere.
    ///
    /// # Errors
    /// Where the delivery names none, or one that may not be asked.
    pub fn locate(&self, reading: &Reading<'_>, hint: &str) -> Result<String, Refusal> {
        let bytes = reading
            .pieces(&self.url)
            .map_err(|absent| Refusal::absent(&absent, hint))?
            .concat();
        let url = String::from_utf8(bytes).ok();
        url.filter(|url| self.allows(url))
            .ok_or_else(|| Refusal::Malformed {
                what: self.what(),
                why: format!(
                    "only https addresses at {} are asked",
                    self.hosts.join(", ")
                ),
            })
    }

    fn allows(&self, url: &str) -> bool {
        let Some(rest) = url.strip_prefix("https://") else {
            return false;
        };
        let end = rest.find('/').unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        url.len() <= URL_BYTES_MAX
            && self.hosts.iter().any(|pattern| fits(host, pattern))
            && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
            && path.ends_with(self.ending.as_ref())
    }

    fn what(&self) -> String {
        let place = self.url.places().next();
        place.map_or_else(|| "the key's address".to_owned(), Place::to_string)
    }
}

fn is_host_pattern(pattern: &str) -> bool {
    let part = |part: &str| part == "*" || is_label(part);
    pattern.split('.').count() >= 2
        && pattern.split('.').all(part)
        && pattern.rsplit('.').take(2).all(is_label)
}

fn is_label(part: &str) -> bool {
    let valid = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !part.is_empty() && part.bytes().all(valid)
}

/// Whether a host is what a pattern says; `*` is one part of a name.
fn fits(host: &str, pattern: &str) -> bool {
    let (mut host, mut pattern) = (host.split('.'), pattern.split('.'));
    loop {
        match (host.next(), pattern.next()) {
            (None, None) => return true,
            (Some(label), Some("*")) if is_label(label) => {}
            (Some(label), Some(wanted)) if label == wanted => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetch() -> Fetch {
        Fetch {
            url: Parts::parse("{json:SigningCertURL}").unwrap(),
            hosts: vec!["sns.*.amazonaws.com".into()],
            ending: ".pem".into(),
        }
    }

    #[test]
    fn nothing_leads_elsewhere() {
        for (url, allowed) in [
            ("https://sns.us-east-1.amazonaws.com/x.pem", true),
            ("http://sns.us-east-1.amazonaws.com/x.pem", false),
            ("https://sns.us-east-1.amazonaws.com/x.txt", false),
            (
                "https://sns.us-east-1.amazonaws.com.evil.example/x.pem",
                false,
            ),
            (
                "https://evil.example/sns.us-east-1.amazonaws.com/x.pem",
                false,
            ),
            ("https://sns.evil.example/.amazonaws.com/x.pem", false),
            ("https://a@sns.us-east-1.amazonaws.com/x.pem", false),
            ("https://sns.us-east-1.amazonaws.com:444/x.pem", false),
            (
                "https://sns.us-east-1.amazonaws.com\\@evil.example/x.pem",
                false,
            ),
            ("https://sns.us-east-1.amazonaws.com?/x.pem", false),
            ("https://sns.us-east-1.amazonaws.com#/x.pem", false),
            ("https://SNS.us-east-1.amazonaws.com/x.pem", false),
            ("https://sns..amazonaws.com/x.pem", false),
            ("https://sns.a.b.amazonaws.com/x.pem", false),
            ("https://sns.us-east-1.amazonaws.com/x y.pem", false),
        ] {
            assert_eq!(fetch().allows(url), allowed, "{url}");
        }
        assert!(!fetch().allows(&format!(
            "https://sns.a.amazonaws.com/{}.pem",
            "x".repeat(400)
        )));
    }

    #[test]
    fn patterns_keep_the_domain() {
        for (pattern, valid) in [
            ("www.googleapis.com", true),
            ("sns.*.amazonaws.com", true),
            ("*", false),
            ("*.com", false),
            ("sns.amazonaws.*", false),
            ("a..b.com", false),
        ] {
            assert_eq!(is_host_pattern(pattern), valid, "{pattern}");
        }
    }

    #[test]
    fn sets_of_keys() {
        let jwk = r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let set =
            KeySet::read(format!(r#"{{"keys":[{jwk},{{"kty":"oct"}}]}}"#).as_bytes()).unwrap();
        assert_eq!(set.all().count(), 1);
        assert_eq!(set.named(Some("a")).count(), 1);
        assert_eq!(set.named(Some("b")).count(), 0);
        assert_eq!(set.named(None).count(), 1);
        for none in ["", "{}", r#"{"keys":[]}"#, "-----BEGIN CERTIFICATE-----"] {
            assert_eq!(KeySet::read(none.as_bytes()), None);
        }
    }
}
