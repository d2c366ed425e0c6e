//! Contentful's request verification: method, address, the headers that a header names, and the body.
//!
//! Source: contentful/node-apps-toolkit, `signRequest` and `verifyRequest`.

use super::{Canonical, encoded, path};
use crate::event::Headers;
use crate::providers::reading::{Reading, Why};

pub(super) const CANONICAL: Canonical = Canonical {
    name: "contentful",
    write,
    addressed: true,
    pins: |_| true,
    headers: &[LIST, TIME],
    added: &[(LIST, "x-contentful-signed-headers,x-contentful-timestamp")],
};

const LIST: &str = "x-contentful-signed-headers";
const TIME: &str = "x-contentful-timestamp";
/// The most headers that are signed.
const HEADERS_MAX: usize = 64;
/// What `encodeURIComponent` leaves as it is, and what `encodeURI` leaves besides.
const COMPONENT: &str = "-_.!~*'()";
const ADDRESS: &str = "-_.!~*'();,/?:@&=+$#";

fn write(reading: &Reading<'_>) -> Result<Vec<u8>, Why> {
    let delivery = reading.delivery();
    let lines = [
        delivery.method.clone(),
        address(path(reading)?, &delivery.query_text)?,
        signed_headers(&delivery.headers)?,
    ];
    let mut text = lines.join("\n").into_bytes();
    text.push(b'\n');
    text.extend(&*delivery.body);
    Ok(text)
}

/// The query is encoded once by itself and once with the address. The sender's library leaves out what
/// stands behind a second `?`, which would then be signed by nobody.
fn address(path: &str, query: &str) -> Result<String, Why> {
    let whole = match query {
        "" => path.to_owned(),
        query if query.contains('?') => return Err(Why::Unfit),
        query => format!("{path}?{}", encoded(query, COMPONENT)),
    };
    Ok(encoded(&whole, ADDRESS))
}

fn signed_headers(headers: &Headers) -> Result<String, Why> {
    let one = |name: &str| match headers.single(name) {
        Some(value) if value.contains('\n') => Err(Why::Unfit),
        Some(value) => Ok(value.trim().to_owned()),
        None if headers.contains(name) => Err(Why::Repeated),
        None => Err(Why::Missing),
    };
    let listed = one(LIST)?;
    let mut names: Vec<_> = listed
        .split(',')
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    names.sort_unstable();
    names.dedup();
    let always = |wanted: &str| names.iter().any(|name| name == wanted);
    if names.len() > HEADERS_MAX || !always(LIST) || !always(TIME) {
        return Err(Why::Unfit);
    }
    let pairs: Result<Vec<_>, _> = names
        .iter()
        .map(|name| Ok(format!("{name}:{}", one(name)?)))
        .collect();
    Ok(pairs?.join(";"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{delivery, written};
    use super::*;

    const URL: &str = "https://hooks.example.com/in/x y";

    #[track_caller]
    fn check(list: &str, query: &str, expected: Result<&str, Why>) {
        let headers = [
            ("X-Contentful-Timestamp", " 1 "),
            ("X-A", "a"),
            (LIST, list),
        ];
        let found = written("contentful", URL, &delivery(&headers, query, "{}"));
        assert_eq!(found, expected.map(str::to_owned), "{list} {query}");
    }

    #[test]
    fn method_address_headers_and_body() {
        let list = "X-Contentful-Timestamp, x-contentful-signed-headers,x-a";
        let end = format!("x-a:a;{LIST}:{list};{TIME}:1\n{{}}");
        check(list, "", Ok(&format!("POST\n/in/x%20y\n{end}")));
        check(
            list,
            "q=1&w=2",
            Ok(&format!("POST\n/in/x%20y?q%253D1%2526w%253D2\n{end}")),
        );
        check(list, "q=1?w=2", Err(Why::Unfit));
    }

    #[test]
    fn the_time_and_the_list_are_always_signed() {
        check("x-contentful-signed-headers,x-a", "", Err(Why::Unfit));
        check("x-contentful-timestamp,x-a", "", Err(Why::Unfit));
        check(&format!("{TIME},{LIST},x-none"), "", Err(Why::Missing));
        let long: Vec<_> = (0..HEADERS_MAX).map(|n| format!(",x-{n}")).collect();
        check(
            &format!("{TIME},{LIST}{}", long.concat()),
            "",
            Err(Why::Unfit),
        );
    }
}
