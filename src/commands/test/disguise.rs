//! A payload that can be shown around: people, addresses and credentials in it are replaced.
//!
//! The same value always becomes the same replacement, and what stands in the rule file itself is
//! kept: its author has written it down already, and the rule may turn on it.

use std::collections::HashMap;
use std::net::IpAddr;

use serde_json::Value;

/// Beginnings of credentials that stand in payloads under any name.
const CREDENTIALS: &[&str] = &[
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "whsec_",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "AKIA",
    "eyJ",
    "AIza",
    "shpat_",
    "Bearer ",
    "Basic ",
];
/// Keys that hold what belongs to one person, in lower case and without `_` and `-`.
const PERSONAL: &[&str] = &[
    "phone",
    "phonenumber",
    "mobile",
    "firstname",
    "lastname",
    "fullname",
    "address1",
    "address2",
    "street",
    "line1",
    "line2",
    "zip",
    "postalcode",
    "birthdate",
    "dateofbirth",
    "iban",
    "taxid",
    "latitude",
    "longitude",
];
/// What masked values stand as.
const MASK: &str = "***";

/// Replaces values, and remembers by what.
#[derive(Debug)]
pub(super) struct Disguise<'k> {
    /// The text whose words are kept.
    known: &'k str,
    replaced: HashMap<String, String>,
    counts: HashMap<&'static str, usize>,
}

impl<'k> Disguise<'k> {
    pub(super) fn new(known: &'k str) -> Self {
        Self {
            known,
            replaced: HashMap::new(),
            counts: HashMap::new(),
        }
    }

    /// How many different values were replaced.
    pub(super) fn count(&self) -> usize {
        self.replaced.len()
    }

    /// The value with everything replaced that should not be shown around.
    pub(super) fn value(&mut self, value: Value) -> Value {
        match value {
            Value::Object(entries) => entries
                .into_iter()
                .map(|(key, value)| {
                    let value = match value {
                        Value::String(text) if is_personal(&key) => {
                            Value::String(self.replace(&text, "text"))
                        }
                        other => self.value(other),
                    };
                    (self.text(&key), value)
                })
                .collect(),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::String(text) => Value::String(self.text(&text)),
            other => other,
        }
    }

    /// The text with its e-mail addresses, network addresses and credentials replaced.
    pub(super) fn text(&mut self, text: &str) -> String {
        let mut whole = String::with_capacity(text.len());
        let mut word = String::new();
        for sign in text.chars() {
            if sign.is_alphanumeric() || "@.+-_:%/=~".contains(sign) {
                word.push(sign);
            } else {
                whole.push_str(&self.word(&word));
                word.clear();
                whole.push(sign);
            }
        }
        whole.push_str(&self.word(&word));
        whole
    }

    fn word(&mut self, word: &str) -> String {
        // A dot or colon that ends a sentence belongs to no address.
        let core = word.trim_end_matches(['.', ':', '-']);
        let end = word.get(core.len()..).unwrap_or_default();
        let lower = core.to_ascii_lowercase();
        let core = if let Some(rest) = lower.strip_prefix("mailto:") {
            let address = core.get(core.len() - rest.len()..).unwrap_or_default();
            format!("mailto:{}", self.address(address))
        } else if core.contains("://") {
            self.url(core)
        } else {
            self.address(core)
        };
        core + end
    }

    /// A link keeps its host, without a user in it; what looks like a credential in its path goes.
    fn url(&mut self, url: &str) -> String {
        let Some((scheme, rest)) = url.split_once("://") else {
            return url.to_owned();
        };
        let (host, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let host = match host.rsplit_once('@') {
            Some((_, host)) => host,
            None => host,
        };
        let hook = host.starts_with("hooks.") || path.contains("/api/webhooks/");
        if hook && !path.is_empty() {
            return format!("{scheme}://{host}/{}", self.replace(path, "secret"));
        }
        let parts = path.split('/').map(|part| self.address(part));
        let path = parts.collect::<Vec<_>>().join("/");
        format!("{scheme}://{host}{path}")
    }

    fn address(&mut self, word: &str) -> String {
        if CREDENTIALS
            .iter()
            .any(|start| word.starts_with(start) && word.len() > start.len() + 8)
        {
            return self.replace(word, "secret");
        }
        if let Some((person, domain)) = word.rsplit_once('@')
            && !person.is_empty()
            && domain.contains('.')
        {
            return self.mail(word, domain);
        }
        match word.parse::<IpAddr>() {
            Ok(address) if !address.is_loopback() && !address.is_unspecified() => {
                self.replace(word, if address.is_ipv4() { "ip4" } else { "ip6" })
            }
            _ => word.to_owned(),
        }
    }

    /// An e-mail address keeps a domain that the rule names.
    fn mail(&mut self, word: &str, domain: &str) -> String {
        let domain = if self.known.contains(&format!("@{domain}")) {
            domain
        } else {
            "example.com"
        };
        if self.known.contains(word) {
            return word.to_owned();
        }
        let lower = word.to_lowercase();
        let count = self.counts.entry("person").or_default();
        let made = self.replaced.entry(lower).or_insert_with(|| {
            *count += 1;
            format!("person-{count}@{domain}")
        });
        made.clone()
    }

    fn replace(&mut self, text: &str, kind: &'static str) -> String {
        if text.is_empty() || text == MASK || self.known.contains(text) {
            return text.to_owned();
        }
        let count = self.counts.entry(kind).or_default();
        let made = self.replaced.entry(text.to_owned()).or_insert_with(|| {
            *count += 1;
            match kind {
                // Addresses that are set aside for examples.
                "ip4" => format!("192.0.2.{}", *count % 256),
                "ip6" => format!("2001:db8::{count:x}"),
                kind => format!("{kind}-{count}"),
            }
        });
        made.clone()
    }
}

fn is_personal(key: &str) -> bool {
    let key: String = key
        .chars()
        .filter(|c| !matches!(c, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect();
    PERSONAL.contains(&key.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_becomes_the_same() {
        let mut disguise = Disguise::new("ends_with: \"@acme.org\", equals: 10.0.0.7");
        let value = json!({
            "from": "Ann <ann@mail.net>", "to": ["bob@acme.org", "ANN@mail.net."],
            "ip": "203.0.113.9 via 10.0.0.7, then 203.0.113.9", "v6": "2001:470::1",
            "first_name": "Ann", "version": "1.2.3", "time": "12:30:00", "n": 5,
            "key": "ghp_0123456789abcdef", "masked": "***",
            "repo": "https://ann:pw@github.com/a/b", "hook": "https://hooks.slack.com/services/T0/B0/x",
            "ssh": "git@github.com:a/b.git",
        });
        let expected = json!({
            "from": "Ann <person-1@example.com>", "to": ["person-2@acme.org", "person-1@example.com."],
            "ip": "192.0.2.1 via 10.0.0.7, then 192.0.2.1", "v6": "2001:db8::1",
            "first_name": "text-1", "version": "1.2.3", "time": "12:30:00", "n": 5,
            "key": "secret-1", "masked": "***",
            "repo": "https://github.com/a/b", "hook": "https://hooks.slack.com/secret-2",
            "ssh": "person-3@example.com",
        });
        assert_eq!(disguise.value(value), expected);
        assert_eq!(disguise.count(), 8);
    }
}
