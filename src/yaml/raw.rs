//! What `serde_yaml` makes of a text: values without places.
//!
//! Unlike `serde_yaml::Value` it keeps keys that are written twice, so that entries stay in step with
//! the places that the walk has found.

use std::fmt;
use std::sync::Arc;

use serde::de::{
    Deserialize, Deserializer, EnumAccess, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde_json::Number;

use crate::diagnostic::{Diagnostic, Place, SourceFile, code};

/// The sign that some editors put before a text, which `serde_yaml` takes for a part of it.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A value as `serde_yaml` understands it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Raw {
    Null,
    Bool(bool),
    Number(Number),
    /// `.inf` or `.nan`.
    NotFinite,
    String(String),
    List(Vec<Raw>),
    /// The values alone: what the keys say stands in the text.
    Map(Vec<Raw>),
}

/// Reads the first document of a text.
pub(super) fn read(text: &str) -> Result<Raw, serde_yaml::Error> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    match serde_yaml::Deserializer::from_str(text).next() {
        Some(document) => Raw::deserialize(document),
        None => Ok(Raw::Null),
    }
}

/// The last `//` that stands like a comment in the line of a byte, or in one of the two above.
fn slashes(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let end = at + rest.find('\n').unwrap_or(rest.len());
    let before = text.get(..end)?;
    let start = before.rmatch_indices('\n').nth(2).map_or(0, |(at, _)| at);
    let found = before.get(start..)?.rfind(" // ")?;
    Some(start + found + 1)
}

/// Says what `serde_yaml` could not read although the walk could.
pub(super) fn diagnostic(file: &Arc<SourceFile>, error: &serde_yaml::Error) -> Diagnostic {
    let mark = if file.text.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len_utf8()
    } else {
        0
    };
    let location = error.location().map_or(0, |location| location.index());
    let start = (mark + location).min(file.text.len());
    let start = file.text.floor_char_boundary(start);
    let width = file
        .text
        .get(start..)
        .and_then(|rest| rest.chars().next())
        .map_or(0, char::len_utf8);
    let place = Place {
        file: Arc::clone(file),
        span: start..start + width,
    };
    let sign = file.text.get(start..start + width).unwrap_or_default();
    if matches!(sign, ">" | "|") {
        let message = format!("a text without quotes cannot begin with `{sign}` between brackets");
        return Diagnostic::error(code::YAML, place, message)
            .help("put quotes around the whole value");
    }
    if let Some(at) = slashes(&file.text, start) {
        let place = Place {
            file: Arc::clone(file),
            span: at..at + 2,
        };
        return Diagnostic::error(code::YAML, place, "`//` begins no comment")
            .help("write `# ` before a comment");
    }
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or(&text).to_owned();
    Diagnostic::error(code::YAML, place, message)
        .help("check the tags and the indentation, and put quotes around text")
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
        Ok(Number::from_u128(value).map_or(Raw::NotFinite, Raw::Number))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Number::from_i128(value).map_or(Raw::NotFinite, Raw::Number))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Number::from_f64(value).map_or(Raw::NotFinite, Raw::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut values = Vec::new();
        while let Some((IgnoredAny, value)) = entries.next_entry()? {
            values.push(value);
        }
        Ok(Raw::Map(values))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Raw, A::Error> {
        let (_tag, contents): (String, _) = tagged.variant()?;
        contents.newtype_variant()
    }
}
