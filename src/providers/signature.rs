//! Where signatures stand in a delivery, and how they are written.

use crate::crypto::Encoding;
use crate::diagnostic::{Diagnostics, code};
use crate::yaml::{Fields, Node};

use super::parts::Place;
use super::reading::Reading;
use super::verify::Refusal;

/// At most this many signatures of one delivery are tried; senders that rotate keys send two or three.
pub const SIGNATURES_MAX: usize = 16;

/// Where signatures stand and how they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The place, nearly always a header.
    pub from: Place,
    /// How they stand there.
    pub layout: Layout,
    /// How their bytes are written.
    pub encoding: Encoding,
}

/// How signatures stand in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// One signature behind a fixed text, which may be empty.
    Plain {
        /// The text before it.
        prefix: Box<str>,
    },
    /// Fields such as `t=1,v1=a,v1=b`; those of one name are signatures, those of other names are
    /// left alone.
    Fields {
        /// Between fields.
        separator: Box<str>,
        /// Between a field's name and its value.
        equals: Box<str>,
        /// The name of the fields that are signatures.
        name: Box<str>,
    },
}

impl Signature {
    /// Reads the `signature:` block of a definition.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let from = fields
            .required("from", problems)
            .and_then(|node| place(node, problems));
        let prefix = text(&mut fields, "prefix", problems);
        let name = text(&mut fields, "field", problems);
        let separator = text(&mut fields, "sep", problems);
        let equals = text(&mut fields, "eq", problems);
        let encoding = fields
            .optional("encoding")
            .map_or(Some(Encoding::Hex), |node| encoding(node, problems));
        fields.finish(problems);
        if let (Some(_), Some(_)) = (&prefix, &name) {
            let message = "`prefix` and `field` cannot both stand here";
            problems.push(node.error(code::BAD_DEFINITION, message).help(
                "write `prefix` for a signature that stands alone, `field` for one among fields",
            ));
        }
        let layout = match name {
            None => Layout::Plain {
                prefix: prefix.unwrap_or_default(),
            },
            Some(name) => Layout::Fields {
                separator: separator.unwrap_or_else(|| ",".into()),
                equals: equals.unwrap_or_else(|| "=".into()),
                name,
            },
        };
        Some(Self {
            from: from?,
            layout,
            encoding: encoding?,
        })
    }

    /// The signatures of a delivery, decoded, with the fields beside them left in the reading.
    ///
    /// # Errors
    /// Where there are none, or what is there is not of the right form.
    pub fn read(&self, reading: &mut Reading<'_>, hint: &str) -> Result<Vec<Vec<u8>>, Refusal> {
        let value = reading
            .text(&self.from)
            .map_err(|absent| Refusal::absent(&absent, hint))?;
        let malformed = |why: String| Refusal::Malformed {
            what: self.from.to_string(),
            why: format!("{why}; {hint}"),
        };
        match &self.layout {
            Layout::Plain { prefix } => {
                let encoded = value
                    .strip_prefix(prefix.as_ref())
                    .ok_or_else(|| malformed(format!("it does not begin with `{prefix}`")))?;
                let tag = self.encoding.decode(encoded).ok_or_else(|| {
                    malformed(format!(
                        "it is not {}",
                        self.encoding.title().to_lowercase()
                    ))
                })?;
                Ok(vec![tag])
            }
            Layout::Fields {
                separator,
                equals,
                name,
            } => {
                reading.fields = value
                    .split(separator.as_ref())
                    .filter_map(|field| field.split_once(equals.as_ref()))
                    .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
                    .collect();
                let tags: Vec<_> = reading
                    .fields
                    .iter()
                    .filter(|(n, _)| n.as_str() == name.as_ref())
                    .take(SIGNATURES_MAX)
                    .filter_map(|(_, encoded)| self.encoding.decode(encoded))
                    .collect();
                if tags.is_empty() {
                    return Err(malformed(format!("it has no `{name}` signature")));
                }
                Ok(tags)
            }
        }
    }

    /// Writes a signature that is encoded already, with the fields that stand beside it.
    pub fn write(&self, tag: &str, beside: &[(&str, &str)]) -> String {
        match &self.layout {
            Layout::Plain { prefix } => format!("{prefix}{tag}"),
            Layout::Fields {
                separator,
                equals,
                name,
            } => {
                let fields = beside.iter().copied().chain([(name.as_ref(), tag)]);
                let fields: Vec<_> = fields.map(|(n, v)| format!("{n}{equals}{v}")).collect();
                fields.join(separator)
            }
        }
    }
}

/// A place of a delivery in a definition.
pub fn place(node: &Node, problems: &mut Diagnostics) -> Option<Place> {
    match Place::parse(node.text(problems)?) {
        Ok(place) => Some(place),
        Err(message) => {
            problems.push(node.error(code::BAD_VALUE, message));
            None
        }
    }
}

/// The encoding named in a definition.
pub fn encoding(node: &Node, problems: &mut Diagnostics) -> Option<Encoding> {
    named(node, &Encoding::NAMES, Encoding::named, problems)
}

/// One of a few names.
pub fn named<T>(
    node: &Node,
    names: &[&str],
    find: impl Fn(&str) -> Option<T>,
    problems: &mut Diagnostics,
) -> Option<T> {
    let text = node.text(problems)?;
    let found = find(text);
    if found.is_none() {
        let message = format!("`{text}` is none of {}", names.join(", "));
        problems.push(node.error(code::BAD_VALUE, message));
    }
    found
}

fn text(
    fields: &mut Fields<'_>,
    key: &'static str,
    problems: &mut Diagnostics,
) -> Option<Box<str>> {
    fields
        .optional(key)
        .and_then(|node| node.text(problems))
        .map(Into::into)
}
