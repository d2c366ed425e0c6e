//! One rule file, parsed, with everything that it was parsed with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, SourceFile, code};
use crate::event::PathSet;

use super::beside::Library;
use super::parse::parse;
use super::reuse::{Listed, Shared};
use super::{Namespace, Rule};

/// A rule file as it was parsed.
#[derive(Debug)]
pub(super) struct ParsedFile {
    pub(super) file: Arc<SourceFile>,
    pub(super) rules: Vec<Arc<Rule>>,
    pub(super) problems: Diagnostics,
    /// What its rules are kept to.
    pub(super) namespace: Option<Arc<Namespace>>,
    /// What its folder and those above it gave, the nearest last.
    pub(super) shared: Vec<Arc<Shared>>,
    /// The files of its own lists.
    pub(super) listed: Vec<Listed>,
}

/// A vector that is made of another one keeps its room, which is that of whole rules.
fn in_arcs(rules: Vec<Rule>) -> Vec<Arc<Rule>> {
    let mut shared: Vec<_> = rules.into_iter().map(Arc::new).collect();
    shared.shrink_to_fit();
    shared
}

impl ParsedFile {
    pub(super) fn parse(
        file: &Arc<SourceFile>,
        namespace: Option<Arc<Namespace>>,
        shared: Vec<Arc<Shared>>,
        library: &mut Library,
        paths: &mut PathSet,
    ) -> Self {
        let mut problems = Diagnostics::new();
        let parsed = parse(
            file,
            namespace.as_ref(),
            &shared,
            library,
            paths,
            &mut problems,
        );
        Self {
            file: Arc::clone(file),
            rules: in_arcs(parsed.rules),
            problems,
            namespace,
            shared,
            listed: parsed.listed,
        }
    }

    /// Parses the same once more, whatever stands on disk now.
    pub(super) fn again(&self, paths: &mut PathSet) -> Self {
        let mut library = Library::kept(self.beside().map(Arc::clone));
        let namespace = self.namespace.clone();
        Self::parse(
            &self.file,
            namespace,
            self.shared.clone(),
            &mut library,
            paths,
        )
    }

    /// Whether the same text would give the same if it were parsed now.
    pub(super) fn is_current(
        &self,
        namespace: Option<&Arc<Namespace>>,
        shared: &[Arc<Shared>],
        library: &mut Library,
    ) -> bool {
        let same = |(a, b): (&Arc<Shared>, &Arc<Shared>)| Arc::ptr_eq(a, b);
        self.namespace.as_ref() == namespace
            && self.shared.len() == shared.len()
            && self.shared.iter().zip(shared).all(same)
            && self.listed.iter().all(|listed| listed.is_current(library))
    }

    /// Every file that it took something from.
    pub(super) fn beside(&self) -> impl Iterator<Item = &Arc<SourceFile>> {
        let shared = self.shared.iter();
        let given = shared.flat_map(|shared| {
            let lists = shared
                .listed
                .iter()
                .filter_map(|listed| listed.file.as_ref());
            std::iter::once(&shared.file).chain(lists)
        });
        let own = self.listed.iter().filter_map(|listed| listed.file.as_ref());
        given.chain(own)
    }
}

impl Listed {
    fn is_current(&self, library: &mut Library) -> bool {
        let now = library.read(&self.folder, &self.path).ok();
        let text = |file: &Option<Arc<SourceFile>>| file.as_ref().map(|file| file.text.clone());
        text(&now) == text(&self.file)
    }
}

/// The `_shared.yaml` files of one loading, by folder.
#[derive(Debug, Default)]
pub(super) struct SharedFiles {
    pub(super) running: BTreeMap<PathBuf, Arc<Shared>>,
    namespaces: BTreeMap<PathBuf, Option<Arc<Namespace>>>,
    /// Files whose present text has errors.
    pub(super) stale: Vec<PathBuf>,
    pub(super) problems: Diagnostics,
}

impl SharedFiles {
    /// Reads them. One with errors stays as it was before.
    pub(super) fn read(
        mut files: Vec<Arc<SourceFile>>,
        namespaced: &dyn Fn(&Path) -> Option<Arc<Namespace>>,
        previous: Option<&BTreeMap<PathBuf, Arc<Shared>>>,
        library: &mut Library,
    ) -> Self {
        // A folder before those below it.
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut read = Self::default();
        for file in files {
            let folder = folder_of(&file.path);
            if let Some(other) = read.running.get(&folder) {
                read.problems.push(second(&file, &other.file));
                read.stale.push(file.path.clone());
                continue;
            }
            let last = previous.and_then(|previous| previous.get(&folder));
            let present = match last {
                Some(last) if last.is_current(&file, library) => Arc::clone(last),
                _ => {
                    let above = read.of(&folder, namespaced(&file.path).as_ref());
                    Arc::new(Shared::parse(&file, &above, library))
                }
            };
            read.problems.extend(present.problems.clone());
            let running = if present.problems.has_errors() {
                read.stale.push(file.path.clone());
                last.filter(|last| !last.problems.has_errors())
                    .unwrap_or(&present)
            } else {
                &present
            };
            let running = Arc::clone(running);
            read.namespaces
                .insert(folder.clone(), namespaced(&file.path));
            read.running.insert(folder, running);
        }
        read
    }

    /// What a folder and those above it give, the nearest last. Nothing leads from one namespace into
    /// another.
    pub(super) fn of(&self, folder: &Path, namespace: Option<&Arc<Namespace>>) -> Vec<Arc<Shared>> {
        let same = |folder: &&Path| {
            let its = self.namespaces.get(*folder);
            its.is_some_and(|its| its.as_ref() == namespace)
        };
        let mut found: Vec<_> = folder
            .ancestors()
            .filter(same)
            .filter_map(|folder| self.running.get(folder))
            .map(Arc::clone)
            .collect();
        found.reverse();
        found
    }
}

impl Shared {
    fn is_current(&self, file: &SourceFile, library: &mut Library) -> bool {
        self.file.path == file.path
            && self.file.text == file.text
            && self.listed.iter().all(|listed| listed.is_current(library))
    }
}

/// That a folder has both `_shared.yaml` and `_shared.yml`.
fn second(file: &Arc<SourceFile>, other: &SourceFile) -> Diagnostic {
    let place = Place {
        file: Arc::clone(file),
        span: 0..0,
    };
    let message = "a folder has one such file";
    let help = format!(
        "the other is {}: put all into one of them",
        other.path.display()
    );
    Diagnostic::error(code::BAD_VALUE, place, message).help(help)
}

/// The folder that a file stands in.
pub(super) fn folder_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).to_owned()
}
