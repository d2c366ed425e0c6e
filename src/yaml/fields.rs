//! Reading a map whose keys are known, and finding those that are not.

use crate::diagnostic::{Diagnostic, Diagnostics, code, did_you_mean};

use super::looks::comment_in_text;
use super::node::{Key, Node, Value};

/// A map being read key by key. Every key asked for is known; [`Fields::finish`] reports the rest.
#[derive(Debug)]
pub struct Fields<'n> {
    node: &'n Node,
    /// Each once; few, so that looking through them is quickest.
    asked: Vec<&'static str>,
    missing: Vec<(&'static str, Diagnostic)>,
    excused: Vec<&'static str>,
    /// Keys that have been reported.
    told: Vec<&'n str>,
    free: Option<&'static str>,
}

impl<'n> Fields<'n> {
    /// So many keys are asked of most maps at most.
    const ASKED: usize = 16;

    /// Starts to read a map, or reports that it is none.
    pub fn of(node: &'n Node, problems: &mut Diagnostics) -> Option<Self> {
        node.map(problems)?;
        Some(Self {
            node,
            asked: Vec::with_capacity(Self::ASKED),
            missing: Vec::new(),
            excused: Vec::new(),
            told: Vec::new(),
            free: None,
        })
    }

    /// The map itself.
    pub fn node(&self) -> &'n Node {
        self.node
    }

    /// The value under a key that may be there. `key: null` counts as not there.
    pub fn optional(&mut self, key: &'static str) -> Option<&'n Node> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.node
            .get(key)
            .filter(|node| !matches!(node.value, Value::Null))
    }

    /// The value under a key that must be there, or a diagnostic.
    pub fn required(&mut self, key: &'static str, problems: &mut Diagnostics) -> Option<&'n Node> {
        let found = self.optional(key);
        if found.is_none() {
            let problem = self
                .node
                .error(code::MISSING_KEY, format!("`{key}` is missing here"))
                .help(format!("add `{key}: …` to this map"));
            self.miss(key, problem, problems);
        }
        found
    }

    /// Reports that a key is missing, unless another one was written in its place: that is reported
    /// already, or [`Fields::finish`] finds it.
    pub fn miss(&mut self, key: &'static str, problem: Diagnostic, problems: &mut Diagnostics) {
        if !self.excused.contains(&key) {
            problems.push(problem.clone());
            self.missing.push((key, problem));
        }
    }

    /// Says that something else was written in place of `key`, and has been reported.
    pub fn excuse(&mut self, key: &'static str) {
        self.excused.push(key);
    }

    /// Says that a key means nothing here, and has been reported.
    pub fn tell(&mut self, key: &'n Key) {
        self.told.push(&key.text);
    }

    /// Says that keys which begin so belong to the author and mean nothing here.
    pub fn free(&mut self, prefix: &'static str) {
        self.free = Some(prefix);
    }

    fn is_known(&self, key: &str) -> bool {
        self.asked.contains(&key)
            || self.told.contains(&key)
            || self.free.is_some_and(|prefix| key.starts_with(prefix))
    }

    /// Whether there is a key that nobody asked for and that [`Fields::finish`] will report.
    pub fn has_unknown(&self) -> bool {
        let mut keys = self.node.as_map().unwrap_or_default().iter();
        keys.any(|(key, _)| !self.is_known(&key.text))
    }

    /// Reports every key that nobody asked for, with the known one that was probably meant; where that
    /// one was missed, one finding stands for both. Warns about keys with nothing behind them.
    pub fn finish(self, problems: &mut Diagnostics) {
        for (key, value) in self.node.as_map().unwrap_or_default() {
            if self.is_known(&key.text) {
                if self.asked.contains(&key.text.as_str()) {
                    self.warn_if_empty(key, value, problems);
                }
                continue;
            }
            let place = self.node.key_place(key);
            let message = format!("`{}` means nothing here", key.text);
            let (help, meant) = self.advice(key, value);
            for (_, said) in self.missing.iter().filter(|(key, _)| Some(*key) == meant) {
                problems.retract(said);
            }
            problems.push(Diagnostic::error(code::UNKNOWN_KEY, place, message).help(help));
        }
    }

    /// What to write instead of an unknown key, and the key that it probably stands for.
    fn advice(&self, key: &Key, value: &Node) -> (String, Option<&'static str>) {
        if let Some((name, rest)) = self.without_blank(key) {
            return (
                format!("write a blank behind the `:`: `{name}: {rest}`"),
                Some(name),
            );
        }
        if !self.has_colon(key) && is_empty(value) {
            let help = format!(
                "put quotes around a text with a `,` in it: \"…, {}\"",
                key.text
            );
            return (help, None);
        }
        let mut asked = self.asked.clone();
        asked.sort_unstable();
        if let Some(name) = did_you_mean(&key.text, asked.iter().copied()) {
            return (format!("did you mean `{name}`?"), Some(name));
        }
        let known = asked.join(", ");
        (format!("known here: {known}"), None)
    }

    /// `provider:github` is one key, and no value.
    fn without_blank<'k>(&self, key: &'k Key) -> Option<(&'static str, &'k str)> {
        let (name, rest) = key.text.split_once(':')?;
        let known = self.asked.iter().find(|asked| **asked == name);
        known.map(|name| (*name, rest))
    }

    /// Whether a `:` follows the key: between braces, `{a, b}` has keys without.
    fn has_colon(&self, key: &Key) -> bool {
        let text = &self.node.place.file.text;
        let rest = text.get(key.span.end..).unwrap_or_default();
        rest.trim_start().starts_with(':')
    }

    /// Whether a comment that looks like the value follows the key: that is reported already.
    fn went_into_comment(&self, key: &Key) -> bool {
        let text = &self.node.place.file.text;
        let rest = text.get(key.span.end..).unwrap_or_default();
        let after = rest.trim_start().strip_prefix(':');
        after.is_some_and(|after| comment_in_text(after).is_some())
    }

    fn warn_if_empty(&self, key: &Key, value: &Node, problems: &mut Diagnostics) {
        let missed = self.missing.iter().any(|(name, _)| *name == key.text);
        let told = missed || self.excused.contains(&key.text.as_str());
        if is_empty(value) && !told && !self.went_into_comment(key) {
            let message = format!(
                "`{}` has nothing behind it, and counts as left out",
                key.text
            );
            let place = self.node.key_place(key);
            problems.push(
                Diagnostic::warning(code::EMPTY_KEY, place, message)
                    .help("write its value, or remove the key"),
            );
        }
    }
}

/// Whether a value was not written at all.
fn is_empty(value: &Node) -> bool {
    matches!(value.value, Value::Null) && value.place.span.is_empty()
}
