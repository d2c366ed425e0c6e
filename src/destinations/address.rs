//! A URL in hookrule.yaml: a literal, so that nothing from an event chooses whom we talk to.

use std::fmt;

use url::Url;

use crate::diagnostic::{Diagnostics, Place, code};
use crate::net::private_host;
use crate::yaml::shape::Key;
use crate::yaml::{Node, Shape, key};

/// Where requests go. `Debug` shows the host alone, for the rest may be a credential.
#[derive(Clone)]
pub struct Address {
    url: Url,
    place: Option<Place>,
    secret: bool,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str().unwrap_or_default();
        write!(f, "{}://{host}/***", self.url.scheme())
    }
}

impl Address {
    /// Reads a URL.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let text = node.text(problems)?;
        let url = read(text).map_err(|(why, help)| {
            problems.push(node.error(code::BAD_ADDRESS, why).help(help));
        });
        Some(Self {
            url: url.ok()?,
            place: Some(node.place.clone()),
            secret: node.filled,
        })
    }

    /// A service's own address, where the operator names none.
    pub fn known(url: &str) -> Option<Self> {
        Some(Self {
            url: read(url).ok()?,
            place: None,
            secret: false,
        })
    }

    /// The same, its path known to be a credential.
    #[must_use]
    pub fn secret(self) -> Self {
        Self {
            secret: true,
            ..self
        }
    }

    /// The whole URL, for the moment of use.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// This URL with a path appended and pairs added to its query. The path is made of segments that
    /// are encoded already. None where it would lead out of this URL's own path.
    pub fn join(&self, path: &str, query: &[(String, String)]) -> Option<Url> {
        let mut url = self.url.clone();
        let base = self.url.path().trim_end_matches('/');
        let path = path.trim_start_matches('/');
        if !path.is_empty() {
            url.set_path(&format!("{base}/{path}"));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let inside = url.path().strip_prefix(base)?;
        (inside.is_empty() || inside.starts_with('/')).then_some(url)
    }

    /// What of it must not be shown when the other side repeats it.
    pub fn credentials(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.secret {
            found.push(self.url.to_string());
            found.push(self.url.path().to_owned());
            found.extend(
                self.url
                    .path_segments()
                    .into_iter()
                    .flatten()
                    .map(str::to_owned),
            );
        }
        found.extend(self.url.query().map(str::to_owned));
        found.extend(self.url.query_pairs().map(|(_, value)| value.into_owned()));
        found.retain(|text| text.len() >= 12);
        found
    }

    /// Reports an address that is not public, as far as that can be seen without a look-up.
    pub fn check_public(&self, problems: &mut Diagnostics) {
        let (Some(host), Some(place)) = (private_host(&self.url), self.place.clone()) else {
            return;
        };
        let host = if self.secret { "this host" } else { &host };
        let message = format!("{host} is not a public address");
        let error = crate::diagnostic::Diagnostic::error(code::BAD_ADDRESS, place, message);
        problems
            .push(error.help("`allow_private: true` beside the kind lets this destination use it"));
    }
}

/// The key that a destination's URL stands under.
pub(super) fn url_key(example: &str) -> Key {
    let help = "Where its requests go: scheme, host, port, and a path that others are appended to. Literal, but for what is filled in.";
    key("url", Shape::matching("^https?://"), help, example)
}

type Problem = (&'static str, &'static str);

fn read(text: &str) -> Result<Url, Problem> {
    const HELP: &str = "write a whole URL: https://ci.example.com/hooks";
    if text.contains("{{") {
        let help = "append an action's `path` or `query` to it in the rule";
        return Err(("a destination's URL is a literal", help));
    }
    if text.trim() != text || text.chars().any(char::is_control) {
        return Err(("the URL has spaces or control characters around it", HELP));
    }
    let url = Url::parse(text).map_err(|_| ("this is not a URL", HELP))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(("only http:// and https:// can be reached", HELP));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let help = "put credentials into `headers` or `token`";
        return Err(("the URL carries a user name or password", help));
    }
    if url.fragment().is_some() {
        return Err(("what follows `#` is never sent", "leave it out"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(base: &str, path: &str, query: &[(&str, &str)]) -> Option<String> {
        let query: Vec<_> = query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let address = Address::known(base).unwrap();
        address.join(path, &query).map(String::from)
    }

    #[test]
    fn bad_addresses() {
        for bad in [
            "",
            "ci.example.com/hooks",
            "ftp://ci.example.com",
            "file:///etc/passwd",
            "http://",
            "https://user:password@ci.example.com",
            "https://user@ci.example.com",
            "https://good.example@evil.example/",
            "https://{{payload.host}}/",
            " https://ci.example.com",
            "https://ci.example.com/\n",
            "https://ci.example.com/#x",
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn paths_are_appended_and_cannot_climb() {
        let base = "https://ci.example.com/hooks/";
        let check = |path, expected: Option<&str>| {
            assert_eq!(joined(base, path, &[]).as_deref(), expected, "{path}");
        };
        check("", Some("https://ci.example.com/hooks/"));
        check("/a/b", Some("https://ci.example.com/hooks/a/b"));
        check("a%2Fb", Some("https://ci.example.com/hooks/a%2Fb"));
        check(
            "//evil.example/x",
            Some("https://ci.example.com/hooks/evil.example/x"),
        );
        check("a?b#c", Some("https://ci.example.com/hooks/a%3Fb%23c"));
        check("../admin", None);
        check("%2e%2e/admin", None);
        check("a/../../admin", None);
        check("..\\admin", None);
        assert_eq!(
            joined("https://h.example/x?sig=1", "", &[("a b", "c&d=e")]).as_deref(),
            Some("https://h.example/x?sig=1&a+b=c%26d%3De")
        );
    }

    #[test]
    fn never_prints_itself() {
        let address =
            Address::known("https://discord.com/api/webhooks/1/token-token-token").unwrap();
        assert_eq!(format!("{address:?}"), "https://discord.com/***");
        let hidden = address.secret().credentials();
        assert!(
            hidden.iter().any(|text| text == "token-token-token"),
            "{hidden:?}"
        );
    }
}
