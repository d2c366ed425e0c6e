//! Reading a map whose keys are known, and finding those that are not.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Diagnostics, code, did_you_mean};

use super::node::Node;

/// A map being read key by key. Every key asked for is known; [`Fields::finish`] reports the rest.
#[derive(Debug)]
pub struct Fields<'n> {
    node: &'n Node,
    asked: BTreeSet<&'static str>,
    missing: Vec<(&'static str, Diagnostic)>,
    excused: BTreeSet<&'static str>,
    free: Option<&'static str>,
}

impl<'n> Fields<'n> {
    /// Starts to read a map, or reports that it is none.
    pub fn of(node: &'n Node, problems: &mut Diagnostics) -> Option<Self> {
        node.map(problems)?;
        Some(Self {
            node,
            asked: BTreeSet::new(),
            missing: Vec::new(),
            excused: BTreeSet::new(),
            free: None,
        })
    }

    /// The map itself.
    pub fn node(&self) -> &'n Node {
        self.node
    }

    /// The value under a key that may be there. `key: null` counts as not there.
    pub fn optional(&mut self, key: &'static str) -> Option<&'n Node> {
        self.asked.insert(key);
        self.node
            .get(key)
            .filter(|node| !matches!(node.value, super::Value::Null))
    }

    /// The value under a key that must be there, or a diagnostic.
    pub fn required(&mut self, key: &'static str, problems: &mut Diagnostics) -> Option<&'n Node> {
        let found = self.optional(key);
        if found.is_none() {
            let problem = self
                .node
                .error(code::MISSING_KEY, format!("`{key}` is missing here"));
            self.miss(key, problem, problems);
        }
        found
    }

    /// Reports that a key is missing, unless another one was written in its place: that is reported
    /// already, or [`Fields::finish`] finds it.
    pub fn miss(&mut self, key: &'static str, problem: Diagnostic, problems: &mut Diagnostics) {
        if !self.excused.contains(key) {
            problems.push(problem.clone());
            self.missing.push((key, problem));
        }
    }

    /// Says that something else was written in place of `key`, and has been reported.
    pub fn excuse(&mut self, key: &'static str) {
        self.excused.insert(key);
    }

    /// Says that keys which begin so belong to the author and mean nothing here.
    pub fn free(&mut self, prefix: &'static str) {
        self.free = Some(prefix);
    }

    fn is_known(&self, key: &str) -> bool {
        self.asked.contains(key) || self.free.is_some_and(|prefix| key.starts_with(prefix))
    }

    /// Whether there is a key that nobody asked for and that [`Fields::finish`] will report.
    pub fn has_unknown(&self) -> bool {
        let mut keys = self.node.as_map().unwrap_or_default().iter();
        keys.any(|(key, _)| !self.is_known(&key.text))
    }

    /// Reports every key that nobody asked for, with the known one that was probably meant; where that
    /// one was missed, one finding stands for both.
    pub fn finish(self, problems: &mut Diagnostics) {
        for (key, _) in self.node.as_map().unwrap_or_default() {
            if self.is_known(&key.text) {
                continue;
            }
            let place = self.node.key_place(key);
            let message = format!("`{}` means nothing here", key.text);
            let asked = self.asked.iter().copied();
            let meant = did_you_mean(&key.text, asked.clone());
            for (_, said) in self.missing.iter().filter(|(key, _)| Some(*key) == meant) {
                problems.retract(said);
            }
            let help = meant.map_or_else(
                || format!("known here: {}", asked.collect::<Vec<_>>().join(", ")),
                |name| format!("did you mean `{name}`?"),
            );
            problems.push(Diagnostic::error(code::UNKNOWN_KEY, place, message).help(help));
        }
    }
}
