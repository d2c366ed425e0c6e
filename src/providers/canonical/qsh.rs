//! Atlassian Connect's canonical request, whose SHA-256 is a token's claim `qsh`: method, path and sorted
//! query. It leaves the body out.
//!
//! Source: developer.atlassian.com, "Query string hash" and "Understanding JWT", with their examples.

use std::collections::BTreeMap;

use super::{Canonical, encoded, path};
use crate::event::Query;
use crate::providers::reading::{Reading, Why};

pub(super) const CANONICAL: Canonical = Canonical {
    name: "qsh",
    write,
    addressed: true,
    pins: |_| false,
    headers: &[],
    added: &[],
};

/// The parameter that is not signed, because the token may stand there.
const TOKEN: &str = "jwt";
/// What RFC 3986 leaves as it is.
const UNRESERVED: &str = "-_.~";

fn write(reading: &Reading<'_>) -> Result<Vec<u8>, Why> {
    let delivery = reading.delivery();
    let path = match path(reading)?.trim_end_matches('/') {
        "" => "/".to_owned(),
        path => path.replace('&', "%26"),
    };
    let method = delivery.method.to_ascii_uppercase();
    Ok(format!("{method}&{path}&{}", query(&delivery.query)).into_bytes())
}

/// The names in order, each once; the values of one name in order, with commas between.
fn query(query: &Query) -> String {
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in query.iter().filter(|(name, _)| *name != TOKEN) {
        names.entry(name).or_default().push(value);
    }
    let parameter = |(name, mut values): (&str, Vec<&str>)| {
        values.sort_unstable();
        let values: Vec<_> = values
            .iter()
            .map(|value| encoded(value, UNRESERVED))
            .collect();
        format!("{}={}", encoded(name, UNRESERVED), values.join(","))
    };
    let parameters: Vec<_> = names.into_iter().map(parameter).collect();
    parameters.join("&")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{delivery, written};
    use crate::crypto::{Encoding, sha256};

    #[track_caller]
    fn check(method: &str, url: &str, query: &str, expected: &str) {
        let mut delivery = delivery(&[], query, "");
        delivery.method = method.to_owned();
        let found = written("qsh", url, &delivery).unwrap();
        assert_eq!(found, expected, "{url} {query}");
    }

    #[test]
    fn the_senders_own_examples() {
        check(
            "GET",
            "https://site.atlassian.net/path/to/service",
            "zee_last=param&repeated=parameter 1&first=param&repeated=parameter 2",
            "GET&/path/to/service&first=param&repeated=parameter%201,parameter%202&zee_last=param",
        );
        check(
            "GET",
            "https://api.bitbucket.org/test",
            "param=value",
            "GET&/test&param=value",
        );
        let digest = Encoding::Hex.encode(&sha256(b"GET&/test&param=value"));
        assert_eq!(
            digest,
            "be16910858a41fd19ea5c1b4e9decca9a784d1024cb00b2158defe2f29dc86dd"
        );
    }

    #[test]
    fn nothing_in_the_path_or_a_value_is_a_separator() {
        check("post", "https://x.example", "jwt=abc&a=1", "POST&/&a=1");
        check("POST", "https://x.example/a&b=1/", "", "POST&/a%26b=1&");
        check(
            "POST",
            "https://x.example/p",
            "r=/&r=.&s=a,b%26c",
            "POST&/p&r=.,%2F&s=a%2Cb%26c",
        );
    }
}
