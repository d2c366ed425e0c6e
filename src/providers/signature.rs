//! Where signatures stand in a delivery, and how they are written.

use crate::crypto::Encoding;
use crate::diagnostic::{Diagnostics, code, did_you_mean};
use crate::yaml::{Demand, Fields, Node, Shape, key};

use super::parts::Place;
use super::reading::{Reading, Why};
use super::verify::Refusal;

/// At most this many signatures of one delivery are tried; senders that rotate keys send two or three.
pub const SIGNATURES_MAX: usize = 16;

/// The most headers of one name with numbers behind it.
const NUMBERED_MAX: u32 = 100;

/// Where signatures stand and how they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The places, nearly always one header; at least one place.
    pub from: Vec<Place>,
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
        /// Between fields; the first is what we write.
        separators: Vec<Box<str>>,
        /// Between a field's name and its value.
        equals: Box<str>,
        /// The name of the fields that are signatures; `*` for any.
        name: Box<str>,
    },
    /// Signatures without names, after some values that are none.
    List {
        /// Between them.
        separator: Box<str>,
        /// How many values at the beginning are no signatures.
        skip: usize,
    },
}

impl Signature {
    /// What it looks like.
    pub(super) fn shape() -> Shape {
        let filled = || Shape::matching("^(.|\\n)");
        Shape::map([
            key("from", Shape::one_or_list(place_shape()), "Where it stands; the places of several, or `header:X-{1..100}` for numbered headers.", "header:X-Signature").required(),
            key("prefix", Shape::text(), "What stands before it, where it stands alone.", "sha256="),
            key("field", Shape::text(), "The name of the fields that are signatures, where it stands among fields: `t=1,v1=…`. `*` is any.", "v1"),
            key("list", filled(), "What stands between signatures without names.", " "),
            key("sep", Shape::one_or_list(filled()), "What stands between fields.", ";").or(","),
            key("eq", Shape::text(), "What stands between a field's name and its value.", ":").or("="),
            key("skip", Shape::count(0, u64::MAX), "How many values at the beginning of a `list` are no signatures.", 1).or(0),
            key("encoding", Shape::choice(Encoding::NAMES), "How its bytes are written.", "base64").or("hex"),
        ])
        .demand(Demand::AtMostOne(vec!["prefix", "field", "list"]))
    }

    /// Reads the `signature:` block of a definition.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let from = fields
            .required("from", problems)
            .and_then(|node| places(node, problems));
        let layout = layout(&mut fields, problems);
        let encoding = fields
            .optional("encoding")
            .map_or(Some(Encoding::Hex), |node| encoding(node, problems));
        fields.finish(problems);
        Some(Self {
            from: from?,
            layout: layout?,
            encoding: encoding?,
        })
    }

    /// Where it is looked for first, for people.
    pub fn what(&self) -> String {
        self.from.first().map(Place::to_string).unwrap_or_default()
    }

    /// The signatures of a delivery, decoded, with the fields beside them left in the reading.
    ///
    /// # Errors
    /// Where there are none, or what is there is not of the right form.
    pub fn read(&self, reading: &mut Reading<'_>, hint: &str) -> Result<Vec<Vec<u8>>, Refusal> {
        let mut values = Vec::new();
        let mut absent = None;
        for place in &self.from {
            match reading.text(place) {
                Ok(value) => values.push(value),
                Err(missing) if missing.why == Why::Missing => {
                    absent.get_or_insert(missing);
                }
                Err(other) => return Err(Refusal::absent(&other, hint)),
            }
        }
        if let (true, Some(absent)) = (values.is_empty(), &absent) {
            return Err(Refusal::absent(absent, hint));
        }
        reading.fields = values
            .iter()
            .flat_map(|value| self.layout.fields(value))
            .collect();
        let encoded = values.iter().flat_map(|value| self.layout.split(value));
        let mut found = false;
        let tags: Vec<_> = encoded
            .take(SIGNATURES_MAX)
            .inspect(|_| found = true)
            .filter_map(|encoded| self.encoding.decode(encoded))
            .collect();
        if !tags.is_empty() {
            return Ok(tags);
        }
        let why = match (&self.layout, found) {
            (Layout::Plain { prefix }, false) => format!("it does not begin with `{prefix}`"),
            (Layout::Fields { name, .. }, false) => format!("it has no `{name}` signature"),
            (Layout::List { .. }, false) => "it has no signature".to_owned(),
            (_, true) => format!("it is not {}", self.encoding.title().to_lowercase()),
        };
        Err(Refusal::Malformed {
            what: self.what(),
            why: format!("{why}; {hint}"),
        })
    }

    /// Writes a signature that is encoded already, with the fields that stand beside it.
    pub fn write(&self, tag: &str, beside: &[(&str, &str)]) -> String {
        match &self.layout {
            Layout::Plain { prefix } => format!("{prefix}{tag}"),
            Layout::Fields {
                separators,
                equals,
                name,
            } => {
                let name = if **name == *"*" { "key" } else { name };
                let fields = beside.iter().copied().chain([(name, tag)]);
                let fields: Vec<_> = fields.map(|(n, v)| format!("{n}{equals}{v}")).collect();
                fields.join(separators.first().map_or(",", |separator| separator))
            }
            Layout::List { separator, .. } => {
                let values = beside.iter().map(|(_, value)| *value).chain([tag]);
                values.collect::<Vec<_>>().join(separator)
            }
        }
    }
}

impl Layout {
    /// The signatures in a value, encoded.
    fn split<'v>(&'v self, value: &'v str) -> Vec<&'v str> {
        match self {
            Self::Plain { prefix } => value.strip_prefix(prefix.as_ref()).into_iter().collect(),
            Self::Fields {
                separators,
                equals,
                name,
            } => pieces(value, separators)
                .into_iter()
                .filter_map(|field| field.split_once(equals.as_ref()))
                .filter(|(n, _)| **name == *"*" || n.trim() == name.as_ref())
                .map(|(_, value)| value.trim())
                .collect(),
            Self::List { separator, skip } => value
                .split(separator.as_ref())
                .skip(*skip)
                .map(str::trim)
                .collect(),
        }
    }

    /// The fields in a value; those of a list are numbered.
    fn fields(&self, value: &str) -> Vec<(String, String)> {
        match self {
            Self::Plain { .. } => Vec::new(),
            Self::Fields {
                separators, equals, ..
            } => pieces(value, separators)
                .into_iter()
                .filter_map(|field| field.split_once(equals.as_ref()))
                .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
                .collect(),
            Self::List { separator, skip } => value
                .split(separator.as_ref())
                .take(*skip)
                .enumerate()
                .map(|(number, value)| (number.to_string(), value.trim().to_owned()))
                .collect(),
        }
    }
}

/// A value cut at each of the separators.
fn pieces<'v>(value: &'v str, separators: &[Box<str>]) -> Vec<&'v str> {
    let mut pieces = vec![value];
    for separator in separators {
        let cut = pieces.into_iter();
        pieces = cut.flat_map(|piece| piece.split(&**separator)).collect();
    }
    pieces
}

fn layout(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<Layout> {
    let node = fields.node();
    let prefix = text(fields, "prefix", problems);
    let name = text(fields, "field", problems);
    let list = text(fields, "list", problems);
    let separators = fields.optional("sep");
    let separators = separators.map(|node| {
        let texts = node.one_or_list().iter();
        texts
            .filter_map(|node| node.text(problems).map(Into::into))
            .collect::<Vec<Box<str>>>()
    });
    let equals = text(fields, "eq", problems);
    let skip = fields.optional("skip");
    let skip = skip.map_or(Some(0), |node| node.count(problems));
    let empty = |texts: &[Box<str>]| texts.iter().any(|text| text.is_empty());
    if empty(separators.as_deref().unwrap_or_default()) || empty(list.as_slice()) {
        let message = "nothing between signatures would split every letter from the next";
        problems.push(
            node.error(code::BAD_DEFINITION, message)
                .help("write what stands between them, such as `sep: \",\"` or `list: \" \"`"),
        );
        return None;
    }
    match (prefix, name, list) {
        (prefix, None, None) => Some(Layout::Plain {
            prefix: prefix.unwrap_or_default(),
        }),
        (None, Some(name), None) => Some(Layout::Fields {
            separators: separators.unwrap_or_else(|| vec![",".into()]),
            equals: equals.unwrap_or_else(|| "=".into()),
            name,
        }),
        (None, None, Some(separator)) => Some(Layout::List {
            separator,
            skip: usize::try_from(skip?).unwrap_or(usize::MAX),
        }),
        _ => {
            let message = "`prefix`, `field` and `list` cannot stand together here";
            problems.push(node.error(code::BAD_DEFINITION, message).help(
                "write `prefix` for a signature that stands alone, `field` for one among fields, \
                 `list` for several without names",
            ));
            None
        }
    }
}

/// One place or several; `header:X-{1..100}` is one for each number.
pub(super) fn places(node: &Node, problems: &mut Diagnostics) -> Option<Vec<Place>> {
    let mut found = Vec::new();
    for node in node.one_or_list() {
        let text = node.text(problems)?;
        match numbered(text) {
            Some((name, numbers)) => {
                let each = numbers.map(|number| Place::parse(&format!("{name}{number}")));
                found.extend(each.filter_map(Result::ok));
            }
            None => found.push(place(node, problems)?),
        }
    }
    if found.is_empty() {
        let message = "no place is named here";
        problems.push(
            node.error(code::BAD_VALUE, message)
                .help("name one, such as `header:X-Signature`"),
        );
        return None;
    }
    Some(found)
}

/// `header:X-{1..100}` as what stands before the numbers, and the numbers.
fn numbered(text: &str) -> Option<(&str, std::ops::RangeInclusive<u32>)> {
    let (name, numbers) = text.strip_suffix('}')?.split_once('{')?;
    let (first, last) = numbers.split_once("..")?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (name.starts_with("header:") && last <= NUMBERED_MAX).then_some((name, first..=last))
}

/// What a place looks like.
pub(super) fn place_shape() -> Shape {
    Shape::named("place", || {
        Shape::text().says(
            "Where a value stands in a delivery: `header:NAME`, `query:NAME`, `json:a.b`, `form:NAME`.",
        )
    })
}

/// A place of a delivery in a definition.
pub fn place(node: &Node, problems: &mut Diagnostics) -> Option<Place> {
    match Place::parse(node.text(problems)?) {
        Ok(place) => Some(place),
        Err(message) => {
            let help =
                "a place is written `header:X-Signature`, `query:token`, `body` or `json:type`";
            problems.push(node.error(code::BAD_VALUE, message).help(help));
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
        problems.push(node.error(code::BAD_VALUE, message).help(
            match did_you_mean(text, names.iter().copied()) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "write one of these".to_owned(),
            },
        ));
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
