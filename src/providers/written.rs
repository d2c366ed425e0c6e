//! Requests as vectors write them, in JSON.

use serde_json::Value as Json;

use crate::crypto::Encoding;
use crate::event::{Delivery, Headers, Query};
use crate::runtime::Timestamp;

pub(super) fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

pub(super) fn text<'j>(value: &'j Json, key: &str) -> Option<&'j str> {
    value.get(key)?.as_str()
}

pub(super) fn texts(value: &Json, key: &str) -> Vec<String> {
    let items = value.get(key).and_then(Json::as_array);
    let texts = items.into_iter().flatten().filter_map(Json::as_str);
    texts.map(str::to_owned).collect()
}

pub(super) fn delivery(request: &Json) -> Result<Delivery, String> {
    let body = match (text(request, "body"), text(request, "body_b64")) {
        (_, Some(encoded)) => Encoding::Base64
            .decode(encoded)
            .ok_or("`body_b64` is not base64")?,
        (Some(body), None) => body.as_bytes().to_vec(),
        (None, None) => Vec::new(),
    };
    let url = text(request, "url").unwrap_or_default();
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    Ok(Delivery {
        method: text(request, "method").unwrap_or("POST").to_owned(),
        query: Query::decode(query.as_bytes()),
        query_text: query.to_owned(),
        headers: headers(request.get("headers"))?,
        body: body.into(),
        received_at: Timestamp::from_seconds(0),
        remote: None,
    })
}

/// A map of names to values, or a list of pairs where one name stands more than once.
pub(super) fn headers(written: Option<&Json>) -> Result<Headers, String> {
    let wrong = || "`headers` are a map, or a list of pairs, of texts".to_owned();
    let mut pairs = Vec::new();
    match written {
        None | Some(Json::Null) => {}
        Some(Json::Object(map)) => {
            for (name, value) in map {
                pairs.push((name.as_str(), value.as_str().ok_or_else(wrong)?));
            }
        }
        Some(Json::Array(items)) => {
            for item in items {
                let pair = (item.get(0), item.get(1));
                let (Some(name), Some(value)) = pair else {
                    return Err(wrong());
                };
                pairs.push((
                    name.as_str().ok_or_else(wrong)?,
                    value.as_str().ok_or_else(wrong)?,
                ));
            }
        }
        Some(_) => return Err(wrong()),
    }
    Ok(Headers::new(pairs))
}
