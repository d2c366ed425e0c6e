//! Names and values that a header may have.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::NetError;

/// Headers that belong to the connection or to the framing of the body: HTTP itself writes them.
pub const FRAMING_HEADERS: [&str; 12] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A header's name in lower case.
///
/// # Errors
/// Says what is wrong with it.
pub fn header_name(name: &str) -> Result<String, NetError> {
    let bad = |why: &str| NetError::Invalid(format!("header `{}` {why}", name.escape_debug()));
    let parsed =
        HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("does not have a valid name"))?;
    if FRAMING_HEADERS.contains(&parsed.as_str()) {
        return Err(bad("is written by HTTP itself"));
    }
    Ok(parsed.as_str().to_owned())
}

/// Whether a header can carry a value: no control characters.
pub fn is_header_value(value: &str) -> bool {
    HeaderValue::from_bytes(value.as_bytes()).is_ok()
}

/// Names and values are checked here once more, whoever made them: a line break in a value would be
/// a header of its own on the wire.
pub(super) fn header_map(pairs: &[(String, String)]) -> Result<HeaderMap, NetError> {
    let mut headers = HeaderMap::with_capacity(pairs.len());
    for (name, value) in pairs {
        let parsed = header_name(name)?;
        let unfit = |_| {
            let why = "holds a character that headers cannot carry";
            NetError::Invalid(format!("header `{parsed}` {why}"))
        };
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(unfit)?;
        let name = HeaderName::from_bytes(parsed.as_bytes())
            .map_err(|_| NetError::Invalid(format!("header `{parsed}` has no valid name")))?;
        headers.append(name, value);
    }
    Ok(headers)
}
