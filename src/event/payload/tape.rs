//! Where every value of a JSON text stands: one flat list, made in one pass over the bytes.
//!
//! Nothing is copied or unescaped. A value is made from its range when somebody asks for it.

use std::borrow::Cow;

use bytes::Bytes;

use super::{JSON_DEPTH_MAX, Step, Steps, scan};

/// Bodies of this many bytes and more are read as a tree: places have 31 bits.
const BYTES_END: usize = 1 << 31;
/// Set in the end of a range that has escapes in it.
const ESCAPED: u32 = 1 << 31;
/// The first key by which `serde_json` hands numbers to itself. An object that begins with it is left
/// to `serde_json`, whatever that makes of it.
const NUMBER_TOKEN: &str = "$serde_json::private::Number";

/// One value: its key if it is a member, its range in the text, and the number of the value after it
/// and all that is inside it.
#[derive(Debug, Clone, Copy)]
struct Node {
    key_start: u32,
    key_end: u32,
    start: u32,
    end: u32,
    next: u32,
}

/// A JSON text and the places of its values.
#[derive(Debug)]
pub(super) struct Tape {
    text: Bytes,
    nodes: Vec<Node>,
}

/// The number of a value on its tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeId(u32);

/// The whole text.
pub(super) const ROOT: NodeId = NodeId(0);

impl Tape {
    /// Reads a text; none if it is not JSON or is better left to `serde_json`.
    pub(super) fn of(text: Bytes) -> Option<Self> {
        if text.len() >= BYTES_END {
            return None;
        }
        let mut reading = Reading {
            bytes: &text,
            at: 0,
            wide: false,
            nodes: Vec::with_capacity(text.len() / 32 + 8),
        };
        reading.value((0, 0), 0)?;
        let whole = scan::sign(&text, reading.at) == text.len();
        let (nodes, wide) = (reading.nodes, reading.wide);
        // Outside of strings there is nothing but ASCII.
        let sound = whole && (!wide || std::str::from_utf8(&text).is_ok());
        sound.then_some(Self { text, nodes })
    }

    /// The text of a value as it was sent.
    pub(super) fn text(&self, id: NodeId) -> &[u8] {
        let range = self.node(id).map(|node| (node.start, node.end & !ESCAPED));
        range.map_or(&[], |range| slice(&self.text, range))
    }

    /// Whether a string has escapes in it.
    pub(super) fn is_escaped(&self, id: NodeId) -> bool {
        self.node(id).is_some_and(|node| node.end & ESCAPED != 0)
    }

    /// The value at a path.
    pub(super) fn walk(&self, steps: &Steps) -> Option<NodeId> {
        let step = |from, step: &Step| self.step(from, step);
        steps.0.iter().try_fold(ROOT, step)
    }

    /// The value one step down.
    fn step(&self, from: NodeId, step: &Step) -> Option<NodeId> {
        self.step_counted(from, step).0
    }

    /// The value one step down, and how many others were looked at for it.
    pub(super) fn step_counted(&self, from: NodeId, step: &Step) -> (Option<NodeId>, usize) {
        match (self.text(from).first(), step) {
            (Some(b'{'), Step::Name(name)) => self.member(from, name),
            (Some(b'['), Step::Index(index)) => {
                let count = || self.children(from).count();
                let at = position(*index, count);
                let item = at.and_then(|at| self.children(from).nth(at));
                (item, at.unwrap_or_default())
            }
            _ => (None, 0),
        }
    }

    /// The values directly inside a list or an object, in order.
    pub(super) fn children(&self, of: NodeId) -> impl Iterator<Item = NodeId> {
        let end = self.node(of).map_or(0, |node| node.next);
        let mut at = of.0 + 1;
        std::iter::from_fn(move || {
            let child = NodeId(at);
            if at >= end {
                return None;
            }
            at = self.node(child)?.next;
            Some(child)
        })
    }

    /// The member of that name; the last one counts where the name stands there twice.
    fn member(&self, of: NodeId, name: &str) -> (Option<NodeId>, usize) {
        let mut found = None;
        let mut count = 0;
        for child in self.children(of) {
            count += 1;
            if self.is_named(child, name) {
                found = Some(child);
            }
        }
        (found, count)
    }

    fn is_named(&self, id: NodeId, name: &str) -> bool {
        let Some(node) = self.node(id) else {
            return false;
        };
        if node.key_end & ESCAPED != 0 {
            return self.key(id) == name;
        }
        let len = (node.key_end - node.key_start) as usize;
        len == name.len() && slice(&self.text, (node.key_start, node.key_end)) == name.as_bytes()
    }

    /// The key of a member, without escapes.
    pub(super) fn key(&self, id: NodeId) -> Cow<'_, str> {
        let Some(node) = self.node(id) else {
            return Cow::Borrowed("");
        };
        let range = (node.key_start, node.key_end & !ESCAPED);
        unescaped(&self.text, range, node.key_end & ESCAPED != 0)
    }

    fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0 as usize)
    }
}

/// Where an index stands in a list; negative ones count from the end.
pub(super) fn position(index: i64, count: impl FnOnce() -> usize) -> Option<usize> {
    if index < 0 {
        count().checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
    } else {
        usize::try_from(index).ok()
    }
}

fn slice(text: &[u8], (start, end): (u32, u32)) -> &[u8] {
    text.get(start as usize..end as usize).unwrap_or_default()
}

/// The text between the quotes of a string.
fn unescaped(text: &[u8], (start, end): (u32, u32), escaped: bool) -> Cow<'_, str> {
    if !escaped {
        let plain = std::str::from_utf8(slice(text, (start, end)));
        return Cow::Borrowed(plain.unwrap_or_default());
    }
    let quoted = slice(text, (start.saturating_sub(1), end + 1));
    Cow::Owned(serde_json::from_slice(quoted).unwrap_or_default())
}

/// A text being read.
struct Reading<'t> {
    bytes: &'t [u8],
    at: usize,
    /// Whether there are bytes in its strings that are not ASCII.
    wide: bool,
    nodes: Vec<Node>,
}

impl Reading<'_> {
    /// Reads one value inside so many lists and objects.
    fn value(&mut self, key: (u32, u32), depth: usize) -> Option<()> {
        self.at = scan::sign(self.bytes, self.at);
        let start = self.at;
        let number = self.nodes.len();
        let mut escaped = 0;
        let own = u32::try_from(number).ok()?;
        self.nodes.push(Node {
            key_start: key.0,
            key_end: key.1,
            start: place(start)?,
            end: 0,
            next: own + 1,
        });
        match self.bytes.get(start)? {
            b'"' => {
                let (quote, has_escapes) = self.string(start + 1)?;
                self.at = quote + 1;
                escaped = if has_escapes { ESCAPED } else { 0 };
            }
            b'{' if depth < JSON_DEPTH_MAX => self.object(depth + 1)?,
            b'[' if depth < JSON_DEPTH_MAX => self.list(depth + 1)?,
            b't' => self.at = scan::word(self.bytes, start, b"true")?,
            b'f' => self.at = scan::word(self.bytes, start, b"false")?,
            b'n' => self.at = scan::word(self.bytes, start, b"null")?,
            _ => self.at = scan::number(self.bytes, start)?,
        }
        let next = u32::try_from(self.nodes.len()).ok()?;
        let end = place(self.at)? | escaped;
        let node = self.nodes.get_mut(number)?;
        (node.end, node.next) = (end, next);
        Some(())
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        let mut first = true;
        if self.enter(b'}') {
            return Some(());
        }
        loop {
            self.at = scan::sign(self.bytes, self.at);
            let key = self.key()?;
            if first {
                self.refuse_token(key)?;
                first = false;
            }
            self.at = scan::sign(self.bytes, self.at);
            self.expect(b':')?;
            self.value(key, depth)?;
            if !self.more(b'}')? {
                return Some(());
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<()> {
        if self.enter(b']') {
            return Some(());
        }
        loop {
            self.value((0, 0), depth)?;
            if !self.more(b']')? {
                return Some(());
            }
        }
    }

    /// Passes the opening bracket; whether the closing one follows at once, which is passed too.
    fn enter(&mut self, close: u8) -> bool {
        self.at = scan::sign(self.bytes, self.at + 1);
        let empty = self.bytes.get(self.at) == Some(&close);
        self.at += usize::from(empty);
        empty
    }

    /// Passes a comma or the closing bracket; whether it was a comma.
    fn more(&mut self, close: u8) -> Option<bool> {
        self.at = scan::sign(self.bytes, self.at);
        let found = *self.bytes.get(self.at)?;
        self.at += 1;
        match found {
            b',' => Some(true),
            _ => (found == close).then_some(false),
        }
    }

    fn expect(&mut self, wanted: u8) -> Option<()> {
        let found = *self.bytes.get(self.at)?;
        self.at += 1;
        (found == wanted).then_some(())
    }

    fn key(&mut self) -> Option<(u32, u32)> {
        self.expect(b'"')?;
        let start = self.at;
        let (quote, escaped) = self.string(start)?;
        self.at = quote + 1;
        let flag = if escaped { ESCAPED } else { 0 };
        Some((place(start)?, place(quote)? | flag))
    }

    /// Where a string ends, and whether there are escapes in it.
    fn string(&mut self, start: usize) -> Option<(usize, bool)> {
        let (quote, escaped, wide) = scan::string(self.bytes, start)?;
        self.wide |= wide;
        Some((quote, escaped))
    }

    fn refuse_token(&self, (start, end): (u32, u32)) -> Option<()> {
        let range = (start, end & !ESCAPED);
        let plain = end & ESCAPED == 0;
        let is_token = if plain {
            slice(self.bytes, range) == NUMBER_TOKEN.as_bytes()
        } else {
            unescaped(self.bytes, range, true) == NUMBER_TOKEN
        };
        (!is_token).then_some(())
    }
}

fn place(at: usize) -> Option<u32> {
    u32::try_from(at).ok()
}
