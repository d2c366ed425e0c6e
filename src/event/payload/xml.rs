//! XML as JSON: an element is an object with one entry for each name inside it.
//!
//! `<a id="1"><b>x</b><b>y</b></a>` is `{"a": {"@id": "1", "b": ["x", "y"]}}`: attributes begin with
//! `@`, what comes several times is a list, an element with nothing but text is that text, text beside
//! elements or attributes is `#text`. Prefixes of names are left off. Nothing is fetched or expanded: a
//! document type, and any entity but the five of XML itself, is an error.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

use super::PayloadError;

/// The deepest nesting that is read.
const DEPTH_MAX: usize = 100;
/// The most elements of one body.
const ELEMENTS_MAX: usize = 100_000;

/// An element that is not closed yet.
#[derive(Debug, Default)]
struct Open {
    name: String,
    fields: Map<String, Value>,
    text: String,
}

/// The body as an object with its one element.
pub(super) fn read(raw: &[u8]) -> Result<Value, PayloadError> {
    let text = std::str::from_utf8(raw).map_err(|_| PayloadError::Utf8)?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Open> = vec![Open::default()];
    let mut elements = 0;
    loop {
        let event = reader.read_event().map_err(|error| broken(&error))?;
        match event {
            Event::Start(start) => {
                elements += 1;
                if open.len() > DEPTH_MAX {
                    return Err(PayloadError::TooMany("levels", DEPTH_MAX));
                }
                if elements > ELEMENTS_MAX {
                    return Err(PayloadError::TooMany("elements", ELEMENTS_MAX));
                }
                open.push(begin(&start)?);
            }
            Event::Empty(start) => {
                elements += 1;
                let element = begin(&start)?;
                close(&mut open, element)?;
            }
            Event::End(_) => {
                let element = open.pop().ok_or_else(|| broken(&"nothing is open"))?;
                close(&mut open, element)?;
            }
            Event::Text(text) => add(&mut open, &text),
            Event::CData(text) => add(&mut open, &text),
            Event::GeneralRef(entity) => add(&mut open, &resolved(&entity)?),
            Event::DocType(_) => return Err(broken(&"a document type is not read")),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    match (open.pop(), open.len()) {
        (Some(root), 0) if root.fields.len() == 1 => Ok(Value::Object(root.fields)),
        _ => Err(broken(&"there is not one whole element")),
    }
}

fn broken(why: &dyn std::fmt::Display) -> PayloadError {
    PayloadError::Xml(why.to_string())
}

fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or_default().to_owned()
}

fn begin(start: &BytesStart<'_>) -> Result<Open, PayloadError> {
    let mut element = Open {
        name: local(start.name().as_ref()),
        ..Open::default()
    };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| broken(&error))?;
        let name = attribute.key.as_ref();
        if name == "xmlns" || name.starts_with("xmlns:") {
            continue;
        }
        let value = unescaped(&attribute.value)?;
        put(
            &mut element.fields,
            format!("@{}", local(name)),
            Value::from(value),
        );
    }
    Ok(element)
}

/// Text with its entities resolved.
fn unescaped(raw: &str) -> Result<String, PayloadError> {
    let mut pieces = raw.split('&');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (entity, rest) = piece
            .split_once(';')
            .ok_or_else(|| broken(&"an `&` without its `;`"))?;
        text.push_str(&resolved(entity)?);
        text.push_str(rest);
    }
    Ok(text)
}

/// What an entity stands for.
fn resolved(entity: &str) -> Result<String, PayloadError> {
    let number = |digits: &str| match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    };
    let found = match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        other => other
            .strip_prefix('#')
            .and_then(number)
            .and_then(char::from_u32),
    };
    found
        .map(String::from)
        .ok_or_else(|| broken(&format!("the entity `{entity}` is not known")))
}

fn add(open: &mut [Open], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// Puts a finished element into the one around it.
fn close(open: &mut [Open], element: Open) -> Result<(), PayloadError> {
    let Open {
        name,
        mut fields,
        text,
    } = element;
    let value = if fields.is_empty() {
        Value::from(text.trim())
    } else {
        if !text.trim().is_empty() {
            fields.insert("#text".to_owned(), Value::from(text.trim()));
        }
        Value::Object(fields)
    };
    let around = open.last_mut().ok_or_else(|| broken(&"nothing is open"))?;
    put(&mut around.fields, name, value);
    Ok(())
}

fn put(fields: &mut Map<String, Value>, name: String, value: Value) {
    match fields.get_mut(&name) {
        None => {
            fields.insert(name, value);
        }
        Some(Value::Array(items)) => items.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}
