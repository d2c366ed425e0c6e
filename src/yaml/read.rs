//! Text → [`Node`]: `saphyr-parser` says what stands where, `serde_yaml` what a scalar is.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span};

use crate::diagnostic::{Diagnostic, Diagnostics, Place, SourceFile, code};

use super::node::{Key, Node, Value};

/// The largest YAML file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The deepest nesting that is read.
pub const DEPTH_MAX: usize = 64;
/// The most values that aliases may add to a file: stops files that unfold without end.
const ALIASED_NODES_MAX: usize = 100_000;

/// Reads the one document of a file. Every problem that can be found is reported; what could be read
/// is returned even beside problems, unless there is nothing to return. An empty file is a null node.
pub fn read(file: &Arc<SourceFile>, problems: &mut Diagnostics) -> Option<Node> {
    let start = Place {
        file: Arc::clone(file),
        span: 0..0,
    };
    if file.text.len() > FILE_BYTES_MAX {
        let message = format!("the file is larger than {} MiB", FILE_BYTES_MAX >> 20);
        problems.push(Diagnostic::error(code::TOO_LARGE, start, message));
        return None;
    }
    let mut reader = Reader::new(file, problems);
    match reader.document() {
        Ok(node) => Some(node.unwrap_or(Node {
            value: Value::Null,
            place: start,
            filled: false,
        })),
        Err(stop) => {
            problems.push(*stop);
            None
        }
    }
}

type Step<T> = std::result::Result<T, Box<Diagnostic>>;

struct Reader<'t, 'p> {
    file: &'t Arc<SourceFile>,
    events: Parser<'t, saphyr_parser::StrInput<'t>>,
    /// Byte offset of every character, and of the end.
    bytes: Vec<usize>,
    anchors: HashMap<usize, Node>,
    aliased: usize,
    problems: &'p mut Diagnostics,
}

impl<'t, 'p> Reader<'t, 'p> {
    fn new(file: &'t Arc<SourceFile>, problems: &'p mut Diagnostics) -> Self {
        let mut bytes: Vec<usize> = file.text.char_indices().map(|(at, _)| at).collect();
        bytes.push(file.text.len());
        let events = Parser::new_from_str(&file.text);
        Self {
            file,
            events,
            bytes,
            anchors: HashMap::new(),
            aliased: 0,
            problems,
        }
    }

    fn byte(&self, mark: Marker) -> usize {
        self.bytes
            .get(mark.index())
            .copied()
            .unwrap_or(self.file.text.len())
    }

    fn range(&self, span: Span) -> Range<usize> {
        self.byte(span.start)..self.byte(span.end)
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place {
            file: Arc::clone(self.file),
            span,
        }
    }

    fn next(&mut self) -> Step<Option<(Event<'t>, Range<usize>)>> {
        match self.events.next() {
            None => Ok(None),
            Some(Ok((event, span))) => {
                let range = self.range(span);
                Ok(Some((event, range)))
            }
            Some(Err(error)) => Err(Box::new(self.syntax(&error))),
        }
    }

    fn syntax(&self, error: &ScanError) -> Diagnostic {
        let at = self.byte(*error.marker());
        Diagnostic::error(
            code::YAML,
            self.place(at..at),
            format!("this is not YAML: {}", error.info()),
        )
    }

    fn document(&mut self) -> Step<Option<Node>> {
        let mut document = None;
        while let Some((event, range)) = self.next()? {
            match event {
                Event::StreamStart | Event::StreamEnd | Event::DocumentEnd | Event::Nothing => {}
                Event::DocumentStart(_) if document.is_none() => {}
                Event::DocumentStart(_) => {
                    let message = "a second document begins here; a file holds one";
                    return Err(Box::new(Diagnostic::error(
                        code::YAML,
                        self.place(range),
                        message,
                    )));
                }
                event => document = Some(self.node(event, range, 0)?),
            }
        }
        Ok(document)
    }

    fn node(&mut self, event: Event<'t>, range: Range<usize>, depth: usize) -> Step<Node> {
        if depth > DEPTH_MAX {
            let message = format!("nested deeper than {DEPTH_MAX} levels");
            return Err(Box::new(Diagnostic::error(
                code::TOO_LARGE,
                self.place(range),
                message,
            )));
        }
        match event {
            Event::Alias(anchor) => self.alias(anchor, range),
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), &range);
                let value = if style == ScalarStyle::Plain {
                    self.plain(&text, &range)
                } else {
                    Value::String(text.into_owned())
                };
                Ok(self.made(value, range, anchor))
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_tag(tag.is_some(), &range);
                let (items, end) = self.items(depth)?;
                Ok(self.made(Value::List(items), range.start..end, anchor))
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_tag(tag.is_some(), &range);
                let (entries, end) = self.entries(depth)?;
                Ok(self.made(Value::Map(entries), range.start..end, anchor))
            }
            _ => Ok(self.made(Value::Null, range, 0)),
        }
    }

    fn made(&mut self, value: Value, range: Range<usize>, anchor: usize) -> Node {
        let node = Node {
            value,
            place: self.place(range),
            filled: false,
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        node
    }

    fn alias(&mut self, anchor: usize, range: Range<usize>) -> Step<Node> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            let message = "this alias names no anchor above it";
            return Err(Box::new(Diagnostic::error(
                code::YAML,
                self.place(range),
                message,
            )));
        };
        self.aliased += size(&node);
        if self.aliased > ALIASED_NODES_MAX {
            let message = "aliases unfold to too many values";
            return Err(Box::new(Diagnostic::error(
                code::TOO_LARGE,
                self.place(range),
                message,
            )));
        }
        Ok(node)
    }

    fn items(&mut self, depth: usize) -> Step<(Vec<Node>, usize)> {
        let mut items = Vec::new();
        let mut end = 0;
        while let Some((event, range)) = self.next()? {
            if matches!(event, Event::SequenceEnd) {
                return Ok((items, end.max(range.end)));
            }
            let item = self.node(event, range, depth + 1)?;
            end = item.place.span.end;
            items.push(item);
        }
        Ok((items, end))
    }

    fn entries(&mut self, depth: usize) -> Step<(Vec<(Key, Node)>, usize)> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut end = 0;
        while let Some((event, range)) = self.next()? {
            if matches!(event, Event::MappingEnd) {
                return Ok((entries, end.max(range.end)));
            }
            let Event::Scalar(text, ..) = event else {
                let message = "a key must be text";
                return Err(Box::new(Diagnostic::error(
                    code::YAML,
                    self.place(range),
                    message,
                )));
            };
            let key = Key {
                text: text.into_owned(),
                span: range,
            };
            let Some((event, range)) = self.next()? else {
                break;
            };
            let value = self.node(event, range, depth + 1)?;
            end = value.place.span.end;
            if entries.iter().any(|(known, _)| known.text == key.text) {
                let message = format!("`{}` is written twice in this map", key.text);
                let place = self.place(key.span.clone());
                self.problems
                    .push(Diagnostic::error(code::DUPLICATE_KEY, place, message));
            } else {
                entries.push((key, value));
            }
        }
        Ok((entries, end))
    }

    fn refuse_tag(&mut self, tagged: bool, range: &Range<usize>) {
        if tagged {
            let message = "tags (`!name`) mean nothing here";
            self.problems.push(Diagnostic::error(
                code::YAML,
                self.place(range.clone()),
                message,
            ));
        }
    }

    fn plain(&mut self, text: &str, range: &Range<usize>) -> Value {
        if let Ok(number) = serde_json::from_str::<serde_json::Number>(text) {
            return Value::Number(number); // Its text is kept exactly.
        }
        match serde_yaml::from_str::<serde_yaml::Value>(text) {
            Ok(serde_yaml::Value::Null) => Value::Null,
            Ok(serde_yaml::Value::Bool(value)) => Value::Bool(value),
            Ok(serde_yaml::Value::Number(number)) => match serde_json::to_value(&number) {
                Ok(serde_json::Value::Number(number)) => Value::Number(number),
                _ => {
                    let message = format!("`{text}` is not a number that JSON knows");
                    let place = self.place(range.clone());
                    self.problems
                        .push(Diagnostic::error(code::BAD_VALUE, place, message));
                    Value::Null
                }
            },
            _ => Value::String(text.to_owned()),
        }
    }
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Map(entries) => 1 + entries.iter().map(|(_, node)| size(node)).sum::<usize>(),
        _ => 1,
    }
}
