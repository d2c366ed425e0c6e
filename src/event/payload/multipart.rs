//! Multipart forms (RFC 7578): texts as fields, files by what is known of them.
//!
//! The boundary is the body's first line, so a stored body can be read without its headers.

use serde_json::{Map, Value, json};

use super::PayloadError;

/// The most parts of one body.
const PARTS_MAX: usize = 200;
/// The longest boundary, in bytes (RFC 2046).
const BOUNDARY_BYTES_MAX: usize = 70;

/// The fields of a body: texts, and for files an object with `filename`, `content_type` and `bytes`. A
/// name that comes several times is a list.
pub(super) fn read(raw: &[u8]) -> Result<Value, PayloadError> {
    let mut fields = Map::new();
    let mut count = 0;
    for part in parts(raw)? {
        count += 1;
        if count > PARTS_MAX {
            return Err(PayloadError::TooMany("parts", PARTS_MAX));
        }
        let (name, value) = field(part)?;
        match fields.get_mut(&name) {
            None => {
                fields.insert(name, value);
            }
            Some(Value::Array(items)) => items.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Ok(Value::Object(fields))
}

/// The bytes of the first part of a name.
pub(super) fn part<'b>(raw: &'b [u8], name: &str) -> Result<&'b [u8], PayloadError> {
    for part in parts(raw)? {
        let (head, body) = cut(part, b"\r\n\r\n").ok_or_else(|| broken("a part has no headers"))?;
        if parameter(disposition(head)?, "name").as_deref() == Some(name) {
            return Ok(body);
        }
    }
    Err(PayloadError::Field(name.to_owned()))
}

fn broken(why: &'static str) -> PayloadError {
    PayloadError::Multipart(why)
}

/// The parts of a body, each with its headers.
fn parts(raw: &[u8]) -> Result<Vec<&[u8]>, PayloadError> {
    let (first, mut rest) = cut(raw, b"\r\n").ok_or_else(|| broken("it has no first line"))?;
    let named = first.starts_with(b"--") && (3..=BOUNDARY_BYTES_MAX + 2).contains(&first.len());
    if !named {
        return Err(broken("it does not begin with a boundary"));
    }
    let delimiter = [b"\r\n", first].concat();
    let mut parts = Vec::new();
    while let Some((part, after)) = cut(rest, &delimiter) {
        if parts.len() > PARTS_MAX {
            return Err(PayloadError::TooMany("parts", PARTS_MAX));
        }
        parts.push(part);
        if after.starts_with(b"--") {
            return Ok(parts);
        }
        rest = after
            .strip_prefix(b"\r\n")
            .ok_or_else(|| broken("a boundary is not a line of its own"))?;
    }
    Err(broken("its last boundary is missing"))
}

fn field(part: &[u8]) -> Result<(String, Value), PayloadError> {
    let (head, body) = cut(part, b"\r\n\r\n").ok_or_else(|| broken("a part has no headers"))?;
    let disposition = disposition(head)?;
    let name = parameter(disposition, "name").ok_or_else(|| broken("a part has no name"))?;
    if let Some(filename) = parameter(disposition, "filename") {
        let content_type = header(head, "content-type").unwrap_or("application/octet-stream");
        let file = json!({
            "filename": filename,
            "content_type": content_type,
            "bytes": body.len(),
        });
        return Ok((name, file));
    }
    let text = std::str::from_utf8(body).map_err(|_| PayloadError::Utf8)?;
    Ok((name, Value::from(text)))
}

fn disposition(head: &[u8]) -> Result<&str, PayloadError> {
    header(head, "content-disposition")
        .filter(|value| value.trim_start().starts_with("form-data"))
        .ok_or_else(|| broken("a part does not say that it is form-data"))
}

fn header<'h>(head: &'h [u8], name: &str) -> Option<&'h str> {
    let head = std::str::from_utf8(head).ok()?;
    head.split("\r\n").find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// A parameter of a header, without its quotes.
fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|parameter| {
        let (found, value) = parameter.split_once('=')?;
        let quoted = value.trim().strip_prefix('"')?.strip_suffix('"')?;
        let same = found.trim().eq_ignore_ascii_case(name);
        same.then(|| quoted.replace("%22", "\"").replace("\\\"", "\""))
    })
}

/// What stands before and after the first of some bytes.
fn cut<'b>(bytes: &'b [u8], at: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let place = bytes.windows(at.len()).position(|window| window == at)?;
    let (before, from) = bytes.split_at(place);
    Some((before, from.get(at.len()..)?))
}
