//! The fields of forms.

use serde_json::Value;

use super::reading::Why;
use crate::event::Query;

/// The texts of a multipart form.
pub(super) fn of_parts(value: &Value) -> Query {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    for (name, value) in value.as_object().into_iter().flatten() {
        if let Some(text) = value.as_str() {
            encoded.append_pair(name, text);
        }
    }
    Query::decode(encoded.finish().as_bytes())
}

/// The value of a name that is there once.
pub(super) fn once<'q>(query: &'q Query, name: &str) -> Result<Option<&'q str>, Why> {
    let mut values = query.iter().filter(|(n, _)| *n == name);
    let first = values.next().map(|(_, value)| value);
    match values.next() {
        None => Ok(first),
        Some(_) => Err(Why::Repeated),
    }
}

/// The pairs of a form in order, none of them twice, with nothing between; none where a name is one
/// that no sender's field has.
///
/// What stands there can be cut elsewhere into names and values. A name that could be any text would let
/// a whole value become one.
pub(super) fn sorted(form: &Query) -> Option<String> {
    let mut pairs: Vec<_> = form.iter().collect();
    if !pairs.iter().all(|(name, _)| is_field_name(name)) {
        return None;
    }
    pairs.sort_unstable();
    pairs.dedup();
    let texts = pairs.into_iter().flat_map(|(name, value)| [name, value]);
    Some(texts.collect())
}

/// Whether a sender's field may be called so.
pub(super) fn is_field_name(name: &str) -> bool {
    let of_names = |b: u8| b.is_ascii_alphanumeric() || b"_-.[]".contains(&b);
    !name.is_empty() && name.bytes().all(of_names)
}
