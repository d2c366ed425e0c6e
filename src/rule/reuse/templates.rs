//! `templates:` — texts that others take in with `{{> name}}`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code, did_you_mean};
use crate::expression::{
    Escape, ExpressionError, ExpressionErrorKind, TEMPLATE_BYTES_MAX, Template, part_calls,
};
use crate::yaml::{Node, Value};

use super::{Unused, checked_name};

/// The most templates that one file gives.
const TEMPLATES_MAX: usize = 1_000;

/// The templates that one file may use.
#[derive(Debug, Default)]
pub(super) struct Templates {
    known: BTreeMap<String, Known>,
    used: BTreeSet<String>,
    /// What was said of templates where they are used, so that it is said once.
    said: BTreeSet<(usize, String)>,
}

#[derive(Debug)]
struct Known {
    node: Arc<Node>,
    own: bool,
    state: State,
}

#[derive(Debug, Clone)]
enum State {
    Untouched,
    /// Being put together: whoever asks for it now is inside it.
    Begun,
    Whole(Arc<Expanded>),
    /// It has an error of its own, which is said where it stands.
    Faulty,
}

/// A text with everything taken in.
#[derive(Debug, Default)]
struct Expanded {
    text: String,
    pieces: Vec<Piece>,
}

/// Where a part of an expanded text comes from.
#[derive(Debug, Clone)]
struct Piece {
    node: Arc<Node>,
    from: usize,
    len: usize,
}

impl Expanded {
    fn add(&mut self, node: &Arc<Node>, text: &str, from: usize) {
        if !text.is_empty() {
            self.text.push_str(text);
            self.pieces.push(Piece {
                node: Arc::clone(node),
                from,
                len: text.len(),
            });
        }
    }

    fn take_in(&mut self, other: &Self) {
        self.text.push_str(&other.text);
        self.pieces.extend(other.pieces.iter().cloned());
    }

    /// The text that a byte comes from, and which byte of it.
    fn origin(&self, offset: usize) -> Option<(&Arc<Node>, usize)> {
        let mut start = 0;
        for piece in &self.pieces {
            if offset < start + piece.len {
                return Some((&piece.node, piece.from + (offset - start)));
            }
            start += piece.len;
        }
        self.pieces
            .last()
            .map(|last| (&last.node, last.from + last.len))
    }
}

impl Templates {
    /// Those that are given from elsewhere, then those of the file itself, which hide others of their
    /// names.
    pub(super) fn parse<'n>(
        given: impl Iterator<Item = (&'n str, &'n Arc<Node>)>,
        own: Option<&Node>,
        problems: &mut Diagnostics,
    ) -> Self {
        let mut templates = Self::default();
        for (name, node) in given {
            templates.add(name, Arc::clone(node), false);
        }
        let mut names = Vec::new();
        if let Some(node) = own {
            for (key, text) in node.map(problems).unwrap_or_default() {
                if names.len() == TEMPLATES_MAX {
                    let message = format!("more than {TEMPLATES_MAX} templates stand here");
                    let place = node.key_place(key);
                    problems.push(Diagnostic::error(code::TOO_LARGE, place, message).help(
                        "write the others into another rule file, beside the rules that use them",
                    ));
                    break;
                }
                if checked_name(node, key, problems) && text.text(problems).is_some() {
                    templates.add(&key.text, Arc::new(text.clone()), true);
                    names.push(key.text.as_str());
                }
            }
        }
        for name in names {
            templates.whole(name, problems);
        }
        templates
    }

    fn add(&mut self, name: &str, node: Arc<Node>, own: bool) {
        let state = State::Untouched;
        self.known
            .insert(name.to_owned(), Known { node, own, state });
    }

    /// Those of the file itself that can be used.
    pub(super) fn own(&self) -> impl Iterator<Item = (&str, &Arc<Node>)> {
        let own = self.known.iter().filter(|(_, known)| known.own);
        own.map(|(name, known)| (name.as_str(), &known.node))
    }

    /// A template with everything taken in.
    fn whole(&mut self, name: &str, problems: &mut Diagnostics) -> State {
        let Some(known) = self.known.get_mut(name) else {
            return State::Faulty;
        };
        if !matches!(known.state, State::Untouched) {
            return known.state.clone();
        }
        known.state = State::Begun;
        let (node, own) = (Arc::clone(&known.node), known.own);
        // What is wrong in another file is said when that file is read.
        let mut aside = Diagnostics::new();
        let problems = if own { problems } else { &mut aside };
        let expanded = self.expand(&node, problems);
        let state = match expanded {
            Some(expanded) if own && !sound(&expanded, &node, problems) => State::Faulty,
            Some(expanded) => State::Whole(Arc::new(expanded)),
            None => State::Faulty,
        };
        if let Some(known) = self.known.get_mut(name) {
            known.state = state.clone();
        }
        state
    }

    /// A text with everything taken in; none where something in it cannot be.
    fn expand(&mut self, node: &Arc<Node>, problems: &mut Diagnostics) -> Option<Expanded> {
        let text = node.as_str().unwrap_or_default();
        let mut expanded = Expanded::default();
        let mut whole = true;
        let mut at = 0;
        for call in part_calls(text) {
            let before = text.get(at..call.range.start).unwrap_or_default();
            expanded.add(node, before, at);
            at = call.range.end;
            let place = || node.place_at(call.range.start, call.range.len());
            if !call.plain {
                self.used.insert(call.name.clone());
                problems.push(with_more(place(), &call.name));
                whole = false;
                continue;
            }
            match self.part(&call.name, place, problems) {
                Some(part) if expanded.text.len() + part.text.len() <= TEMPLATE_BYTES_MAX => {
                    expanded.take_in(&part);
                }
                Some(_) => {
                    let message = format!(
                        "with `{}` this is over {TEMPLATE_BYTES_MAX} bytes",
                        call.name
                    );
                    problems.push(
                        Diagnostic::error(code::TOO_LARGE, place(), message)
                            .help("take less in, or shorten one of them"),
                    );
                    whole = false;
                }
                None => whole = false,
            }
        }
        expanded.add(node, text.get(at..).unwrap_or_default(), at);
        whole.then_some(expanded)
    }

    /// What stands for a call; none where something is wrong, which is said.
    fn part(
        &mut self,
        name: &str,
        place: impl Fn() -> Place,
        problems: &mut Diagnostics,
    ) -> Option<Arc<Expanded>> {
        self.used.insert(name.to_owned());
        let Some(own) = self.known.get(name).map(|known| known.own) else {
            problems.push(self.unknown(name, place()));
            return None;
        };
        match self.whole(name, problems) {
            State::Whole(part) => Some(part),
            State::Untouched | State::Begun => {
                let message = format!("`{name}` takes in itself here");
                let help = "a template cannot stand inside itself: write out what is meant";
                let problem = Diagnostic::error(code::UNKNOWN_TEMPLATE, place(), message);
                problems.push(problem.help(help));
                None
            }
            State::Faulty => {
                if !own {
                    let message = format!("the template `{name}` has errors of its own");
                    problems.push(
                        Diagnostic::error(code::UNKNOWN_TEMPLATE, place(), message)
                            .help("mend it first, where it is written"),
                    );
                }
                None
            }
        }
    }

    fn unknown(&self, name: &str, place: Place) -> Diagnostic {
        let known = || self.known.keys().map(String::as_str);
        let help = match did_you_mean(name, known()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if self.known.is_empty() => {
                "write it under `templates:` at the top of this file: `templates: {NAME: \"…\"}`"
                    .to_owned()
            }
            None => format!("known here: {}", known().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("there is no template `{name}`");
        Diagnostic::error(code::UNKNOWN_TEMPLATE, place, message).help(help)
    }

    /// Takes in what every text and key in a node calls for.
    pub(super) fn fill(&mut self, node: &mut Node, problems: &mut Diagnostics) {
        if matches!(&node.value, Value::String(text) if has_call(text)) {
            let text = self.filled(&Arc::new(node.clone()), problems);
            node.value = Value::String(text);
            return;
        }
        let place = node.place.clone();
        match &mut node.value {
            Value::List(items) => items.iter_mut().for_each(|item| self.fill(item, problems)),
            Value::Map(entries) => {
                for (key, value) in entries {
                    if has_call(&key.text) {
                        let node = Arc::new(Node {
                            value: Value::String(key.text.clone()),
                            place: Place {
                                span: key.span.clone(),
                                ..place.clone()
                            },
                            filled: false,
                        });
                        key.text = self.filled(&node, problems);
                    }
                    self.fill(value, problems);
                }
            }
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A text as its reader sees it. What is wrong in a template only where it is used is said at the
    /// template.
    fn filled(&mut self, node: &Arc<Node>, problems: &mut Diagnostics) -> String {
        let Some(expanded) = self.expand(node, problems) else {
            return without_calls(node.as_str().unwrap_or_default());
        };
        let Err(error) = Template::parse(&expanded.text, Escape::None) else {
            return expanded.text;
        };
        match expanded.origin(error.offset) {
            Some((other, offset)) if !Arc::ptr_eq(other, node) => {
                let start = other.place_at(offset, 0).span.start;
                if self.said.insert((start, error.message.clone())) {
                    problems.push(finding(&error, other.place_at(offset, error.len)));
                }
                without_calls(node.as_str().unwrap_or_default())
            }
            _ => expanded.text,
        }
    }

    pub(super) fn unused(&self) -> impl Iterator<Item = Unused> {
        let unused = |(name, known): &(&String, &Known)| known.own && !self.used.contains(*name);
        let unused = self.known.iter().filter(unused);
        unused.map(|(name, known)| ("template", name.clone(), known.node.place.clone()))
    }
}

/// Whether a template can be read by itself. What its names mean is seen where it is used: inside an
/// `{{#each}}` they may be those of an item.
fn sound(expanded: &Expanded, node: &Arc<Node>, problems: &mut Diagnostics) -> bool {
    let Err(error) = Template::parse(&expanded.text, Escape::None) else {
        return true;
    };
    if error.kind == ExpressionErrorKind::Variable {
        return true;
    }
    if let Some((origin, offset)) = expanded.origin(error.offset)
        && Arc::ptr_eq(origin, node)
    {
        problems.push(finding(&error, node.place_at(offset, error.len)));
    }
    false
}

fn finding(error: &ExpressionError, place: Place) -> Diagnostic {
    let code = match error.kind {
        ExpressionErrorKind::Syntax => code::BAD_TEMPLATE,
        ExpressionErrorKind::Variable => code::UNKNOWN_VARIABLE,
        ExpressionErrorKind::Helper => code::UNKNOWN_HELPER,
    };
    let problem = Diagnostic::error(code, place, error.message.clone());
    match &error.help {
        Some(help) => problem.help(help.clone()),
        None => problem,
    }
}

fn with_more(place: Place, name: &str) -> Diagnostic {
    let message = "only the name of a template can stand here";
    let help = format!(
        "write {{{{> {name}}}}}: it sees what the text around it sees, and takes no values of its own"
    );
    Diagnostic::error(code::BAD_TEMPLATE, place, message).help(help)
}

fn without_calls(text: &str) -> String {
    let mut rest = text.to_owned();
    for call in part_calls(text).into_iter().rev() {
        rest.replace_range(call.range, "");
    }
    rest
}

fn has_call(text: &str) -> bool {
    text.contains("{{") && !part_calls(text).is_empty()
}

/// Whether any text or key in a node takes in a template.
pub(super) fn has_calls(node: &Node) -> bool {
    match &node.value {
        Value::String(text) => text.contains("{{>") || has_call(text),
        Value::List(items) => items.iter().any(has_calls),
        Value::Map(entries) => entries
            .iter()
            .any(|(key, value)| has_call(&key.text) || has_calls(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
