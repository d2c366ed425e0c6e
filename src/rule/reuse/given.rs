//! `_shared.yaml`: templates and lists for the rule files of its folder and of those below it.

use std::path::Path;
use std::sync::Arc;

use crate::condition::List;
use crate::diagnostic::{Diagnostics, SourceFile};
use crate::yaml::{self, Fields, Node, Value};

use super::super::beside::Library;
use super::super::checks::written_secret;
use super::super::files::SHARED;
use super::super::when::{Foreign, tell};
use super::lists::{Listed, NamedLists};
use super::templates::Templates;

/// What one `_shared.yaml` gives.
#[derive(Debug)]
pub(in crate::rule) struct Shared {
    pub(in crate::rule) file: Arc<SourceFile>,
    /// The files of its lists.
    pub(in crate::rule) listed: Vec<Listed>,
    pub(in crate::rule) problems: Diagnostics,
    templates: Vec<(String, Arc<Node>)>,
    lists: Vec<(String, Arc<List>)>,
}

/// Whether a file gives templates and lists instead of holding rules.
pub(in crate::rule) fn is_shared(path: &Path) -> bool {
    let name = path.file_name();
    name.is_some_and(|name| SHARED.iter().any(|shared| name == *shared))
}

const FOREIGN: &[Foreign] = &[
    (
        "rules",
        "",
        "rules stand in files of their own beside this one, which gives them templates and lists",
    ),
    (
        "defaults",
        "",
        "defaults stand in the rule file whose actions they are for",
    ),
];

impl Shared {
    /// Reads one. `above` is what the folders above it give, the nearest last.
    pub(in crate::rule) fn parse(
        file: &Arc<SourceFile>,
        above: &[Arc<Self>],
        library: &mut Library,
    ) -> Self {
        let mut shared = Self {
            file: Arc::clone(file),
            listed: Vec::new(),
            problems: Diagnostics::new(),
            templates: Vec::new(),
            lists: Vec::new(),
        };
        let mut problems = Diagnostics::new();
        if let Some(node) = yaml::read(file, &mut problems)
            && !matches!(node.value, Value::Null)
            && let Some(mut fields) = Fields::of(&node, &mut problems)
        {
            fields.free("x-");
            tell(&mut fields, FOREIGN, &mut problems);
            let given = above.iter().flat_map(|above| above.templates());
            let own = fields.optional("templates");
            let templates = Templates::parse(given, own, &mut problems);
            let own = fields.optional("lists");
            let lists = NamedLists::parse(std::iter::empty(), own, library, &mut problems);
            fields.finish(&mut problems);
            let named = |(name, node): (&str, &Arc<Node>)| (name.to_owned(), Arc::clone(node));
            shared.templates = templates.own().map(named).collect();
            let named = |(name, list): (&str, &Arc<List>)| (name.to_owned(), Arc::clone(list));
            shared.lists = lists.own().map(named).collect();
            shared.listed = lists.files().to_vec();
        }
        written_secret::look(file, &mut problems);
        shared.problems = problems;
        shared
    }

    pub(super) fn templates(&self) -> impl Iterator<Item = (&str, &Arc<Node>)> {
        self.templates
            .iter()
            .map(|(name, node)| (name.as_str(), node))
    }

    pub(super) fn lists(&self) -> impl Iterator<Item = (&str, &Arc<List>)> {
        self.lists.iter().map(|(name, list)| (name.as_str(), list))
    }
}
