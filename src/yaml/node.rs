//! One YAML value and its place.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Number;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, SourceFile, code};

use super::inside::locate;
use super::scalar::{duration_fault, parse_duration, parse_size};

/// A YAML value that knows where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it was written.
    pub place: Place,
    /// Whether `config` filled a `${…}` here: what it holds is a credential and is never shown.
    pub filled: bool,
}

/// The shapes a YAML value can have. Anchors, aliases and merges are already resolved.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, its text kept exactly.
    Number(Number),
    /// Text.
    String(String),
    /// A list.
    List(Vec<Node>),
    /// A map in the order it was written; keys are unique.
    Map(Vec<(Key, Node)>),
}

/// A map's key and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The text of the key.
    pub text: String,
    /// Where it was written.
    pub span: Range<usize>,
}

impl Node {
    /// A value that stands in no file, as tests and defaults need it.
    pub fn synthetic(value: Value) -> Self {
        let file: Arc<SourceFile> = SourceFile::new("-", "");
        Self {
            value,
            place: Place { file, span: 0..0 },
            filled: false,
        }
    }

    /// What kind of value it is, in words.
    pub fn type_name(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// An error at this value.
    pub fn error(&self, code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, self.place.clone(), message)
    }

    /// A warning at this value.
    pub fn warning(&self, code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(code, self.place.clone(), message)
    }

    /// The place of `len` bytes at `offset` of this text: what is wrong with a template or a path is
    /// shown inside it. Where that cannot be told it is the place of the whole text.
    pub fn place_at(&self, offset: usize, len: usize) -> Place {
        let value = self.as_str().unwrap_or_default();
        self.inside(&self.place.span, value, offset, len)
    }

    /// The place of `len` bytes at `offset` of one of this map's keys.
    pub fn key_place_at(&self, key: &Key, offset: usize, len: usize) -> Place {
        self.inside(&key.span, &key.text, offset, len)
    }

    fn inside(&self, whole: &Range<usize>, value: &str, offset: usize, len: usize) -> Place {
        let text = &self.place.file.text;
        let source = text.get(whole.clone()).unwrap_or_default();
        let before = text.get(..whole.start).unwrap_or_default();
        let indent = before.len() - before.trim_end_matches(' ').len();
        let range = offset..offset.saturating_add(len);
        let span = locate(source, indent, value, &range).map_or_else(
            || whole.clone(),
            |found| whole.start + found.start..whole.start + found.end,
        );
        Place {
            file: Arc::clone(&self.place.file),
            span,
        }
    }

    /// The place of one of this map's keys.
    pub fn key_place(&self, key: &Key) -> Place {
        Place {
            file: Arc::clone(&self.place.file),
            span: key.span.clone(),
        }
    }

    fn wrong<T>(&self, wanted: &str, problems: &mut Diagnostics) -> Option<T> {
        let message = format!("expected {wanted}, found {}", self.type_name());
        let problem = self.error(code::WRONG_TYPE, message);
        problems.push(problem.help(self.instead(wanted)));
        None
    }

    /// What to write where something else was wanted.
    fn instead(&self, wanted: &str) -> String {
        match (wanted, &self.value) {
            ("text", Value::Number(number)) if !self.filled => {
                format!("put quotes around it: \"{number}\"")
            }
            ("text", Value::Bool(value)) => format!("put quotes around it: \"{value}\""),
            ("text", Value::List(_)) => "write one text, without brackets and `- `".to_owned(),
            ("text", Value::Map(_)) => {
                "put quotes around the whole text: it has braces or a `: ` in it".to_owned()
            }
            ("true or false", Value::String(_)) => "write true or false, without quotes".to_owned(),
            ("a list", Value::String(text))
                if !self.filled && !text.contains(char::is_whitespace) =>
            {
                format!("write `[{text}]`")
            }
            ("a list", Value::Number(number)) if !self.filled => format!("write `[{number}]`"),
            ("a list", Value::Map(_)) => "begin each entry with `- `".to_owned(),
            ("a list", _) => "a list is written [one, two]".to_owned(),
            ("a map", Value::List(_)) => {
                "write `name: value` on each line, without the `- ` before it".to_owned()
            }
            ("a map", _) => "a map is written {name: value}".to_owned(),
            ("a whole number", Value::String(_)) => "write it in digits, without quotes".to_owned(),
            ("a size", _) => "write a whole number and a unit: 512B, 64KiB or 2MiB".to_owned(),
            _ => format!("write {wanted} here"),
        }
    }

    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The entries, if it is a map.
    pub fn as_map(&self) -> Option<&[(Key, Node)]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value under a key, if it is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?
            .iter()
            .find(|(name, _)| name.text == key)
            .map(|(_, node)| node)
    }

    /// The text, or a diagnostic.
    pub fn text(&self, problems: &mut Diagnostics) -> Option<&str> {
        self.as_str().or_else(|| self.wrong("text", problems))
    }

    /// `true` or `false`, or a diagnostic.
    pub fn bool(&self, problems: &mut Diagnostics) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => self.wrong("true or false", problems),
        }
    }

    /// A whole number from zero up, or a diagnostic.
    pub fn count(&self, problems: &mut Diagnostics) -> Option<u64> {
        match &self.value {
            Value::Number(number) if number.as_u64().is_some() => number.as_u64(),
            _ => self.wrong("a whole number", problems),
        }
    }

    /// A duration such as `100ms`, `15s`, `10m`, `6h`, `7d`, or a diagnostic.
    pub fn duration(&self, problems: &mut Diagnostics) -> Option<Duration> {
        let number = match &self.value {
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let text = match number.as_str() {
            "" => self.text(problems)?,
            number => number,
        };
        parse_duration(text).or_else(|| {
            let message = format!("`{text}` is not a duration");
            let (fault, help) = duration_fault(text);
            let place = self.place_at(fault.start, fault.len());
            problems.push(Diagnostic::error(code::BAD_VALUE, place, message).help(help));
            None
        })
    }

    /// A size in bytes such as `64KiB`, `2MiB`, or a plain number of bytes, or a diagnostic.
    pub fn size(&self, problems: &mut Diagnostics) -> Option<u64> {
        if let Value::Number(number) = &self.value {
            return number.as_u64().or_else(|| self.wrong("a size", problems));
        }
        let text = self.text(problems)?;
        parse_size(text).or_else(|| {
            let message = format!("`{text}` is not a size");
            problems.push(
                self.error(code::BAD_VALUE, message)
                    .help("write a whole number and a unit: 512B, 64KiB or 2MiB"),
            );
            None
        })
    }

    /// The items of a list, or a diagnostic.
    pub fn list(&self, problems: &mut Diagnostics) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => self.wrong("a list", problems),
        }
    }

    /// The items of a list, or the value itself where one stands for a list of one.
    pub fn one_or_list(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// The entries of a map, or a diagnostic.
    pub fn map(&self, problems: &mut Diagnostics) -> Option<&[(Key, Node)]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => self.wrong("a map", problems),
        }
    }

    /// The value without its places. Filled values are included: callers that store or show it must
    /// look at [`Node::filled`] first.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => serde_json::Value::Bool(*value),
            Value::Number(number) => serde_json::Value::Number(number.clone()),
            Value::String(text) => serde_json::Value::String(text.clone()),
            Value::List(items) => items.iter().map(Node::to_json).collect(),
            Value::Map(entries) => entries
                .iter()
                .map(|(key, node)| (key.text.clone(), node.to_json()))
                .collect(),
        }
    }
}
