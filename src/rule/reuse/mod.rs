//! What a rule file says once for many places: `defaults`, `templates` and `lists`.
//!
//! Defaults are merged into actions and templates put into texts before a rule is read, so whatever
//! holds of an action written out holds of these too.

mod defaults;
mod given;
mod lists;
mod templates;

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::json;

use crate::condition::Lists;
use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};
use crate::expression::shapes::template;
use crate::yaml::shape::Key as ShapeKey;
use crate::yaml::{Fields, Node, Shape, Value, key};

use super::beside::Library;
use defaults::Defaults;
use lists::NamedLists;
use templates::Templates;

pub(super) use given::{Shared, is_shared};
pub(super) use lists::Listed;

/// What the rules of one file may use.
pub(super) struct Reuse {
    defaults: Defaults,
    templates: Templates,
    lists: NamedLists,
    /// Whether any template is used in the file.
    calls: bool,
}

impl Reuse {
    /// The keys of a rule file that it reads.
    pub(in crate::rule) fn keys() -> [ShapeKey; 3] {
        let [templates, lists] = Self::shared_keys();
        let help = "What the actions of this file have where they say nothing else, by kind. Maps take in what they lack, lists are replaced.";
        let example = json!({"discord": {"destination": "team-chat"}});
        [
            key("defaults", Defaults::shape(), help, example),
            templates,
            lists,
        ]
    }

    /// The keys of a `_shared.yaml`.
    pub(in crate::rule) fn shared_keys() -> [ShapeKey; 2] {
        let texts = Shape::named_by_author("who", template());
        let help =
            "Texts that others take in with `{{> name}}`. Names are letters, digits, `_` and `-`.";
        let example = json!({"who": "{{payload.sender.login}}"});
        [key("templates", texts, help, example), NamedLists::key()]
    }

    /// Reads `defaults`, `templates` and `lists` of a rule file. `shared` is what its folder and those
    /// above it give, the nearest last.
    pub(super) fn parse(
        fields: &mut Fields<'_>,
        shared: &[Arc<Shared>],
        library: &mut Library,
        problems: &mut Diagnostics,
    ) -> Self {
        let defaults = Defaults::parse(fields.optional("defaults"), problems);
        let own = fields.optional("templates");
        let given = shared.iter().flat_map(|shared| shared.templates());
        let templates = Templates::parse(given, own, problems);
        let own = fields.optional("lists");
        let given = shared.iter().flat_map(|shared| shared.lists());
        let lists = NamedLists::parse(given, own, library, problems);
        Self {
            defaults,
            templates,
            lists,
            calls: fields.node().place.file.text.contains("{{>"),
        }
    }

    /// The lists that conditions may name.
    pub(super) fn lists(&self) -> &Lists {
        self.lists.known()
    }

    /// The files of the file's own lists.
    pub(super) fn listed(&self) -> &[Listed] {
        self.lists.files()
    }

    /// A rule with its defaults and templates filled in.
    pub(super) fn fill<'n>(&mut self, rule: &'n Node, problems: &mut Diagnostics) -> Cow<'n, Node> {
        self.lists.note_use(rule);
        let mut filled = Cow::Borrowed(rule);
        if !self.defaults.is_empty()
            && let Value::Map(entries) = &mut filled.to_mut().value
        {
            for (_, actions) in entries.iter_mut().filter(|(key, _)| key.text == "actions") {
                self.defaults.fill(actions);
            }
        }
        if self.calls && templates::has_calls(&filled) {
            self.fill_texts(filled.to_mut(), problems);
        }
        filled
    }

    fn fill_texts(&mut self, rule: &mut Node, problems: &mut Diagnostics) {
        let Value::Map(entries) = &mut rule.value else {
            return;
        };
        for (key, node) in entries {
            if !LITERAL.contains(&key.text.as_str()) {
                self.templates.fill(node, problems);
            }
        }
    }

    /// Points at what nothing uses. Beside errors it may only be misspelt where it is used.
    pub(super) fn finish(self, problems: &mut Diagnostics) {
        if problems.has_errors() {
            return;
        }
        for (what, name, place) in self
            .defaults
            .unused()
            .chain(self.templates.unused())
            .chain(self.lists.unused())
        {
            let message = format!("no rule of this file uses the {what} `{name}`");
            problems.push(
                Diagnostic::warning(code::UNUSED, place, message).help("delete it, or use it"),
            );
        }
    }
}

/// Keys of a rule in which nothing is a template.
const LITERAL: [&str; 5] = ["name", "description", "tags", "when", "tests"];

/// A name that nothing uses: what it is, how it is called, and where.
type Unused = (&'static str, String, Place);

/// Whether a word can name a template or list; says so where it cannot.
fn checked_name(node: &Node, key: &crate::yaml::Key, problems: &mut Diagnostics) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let good = !key.text.is_empty() && key.text.chars().all(fits);
    if !good {
        let message = format!("`{}` cannot be a name here", key.text);
        problems.push(
            Diagnostic::error(code::BAD_VALUE, node.key_place(key), message)
                .help("use letters, digits, `_` and `-`"),
        );
    }
    good
}

#[cfg(test)]
mod tests;
