//! Which version of each file is to run. A file with an error never replaces a good version of it.

use std::collections::hash_map::Entry::{Occupied, Vacant};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::crypto::sha256;
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile, code};
use crate::event::PathSet;
use crate::runtime::{Step, Told};

use super::ahead::{Document, read_in_order};
use super::beside::Library;
use super::entry::{Entry, Version};
use super::files::bytes;
use super::index::Index;
use super::kept::Kept;
use super::load::Loaded;
use super::names::{Names, check};
use super::namespace::namespace_of;
use super::parsed::{ParsedFile, SharedFiles, folder_of};
use super::reuse::{Shared, is_shared};
use super::{Namespace, Root, Rule, RuleSet};

/// So many rule sets are built one on the other, sharing parsed files and path numbers; the next one
/// is built anew, so that paths nobody reads any more are forgotten.
const GENERATIONS_MAX: u32 = 100;

/// The parsed files that a rule set was made of.
#[derive(Debug, Default)]
pub(super) struct ParsedFiles {
    by_path: BTreeMap<PathBuf, Arc<ParsedFile>>,
    shared: BTreeMap<PathBuf, Arc<Shared>>,
    generation: u32,
}

impl ParsedFiles {
    /// In the order they run.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<ParsedFile>> {
        self.by_path.values()
    }
}

pub(super) struct Loading {
    entries: Vec<Entry>,
    paths: PathSet,
    generation: u32,
    library: Library,
    shared: SharedFiles,
    roots: Vec<Root>,
    /// Files beside the rule files that were asked for, there or not.
    beside: BTreeSet<PathBuf>,
    pub(super) problems: Diagnostics,
}

impl Loading {
    pub(super) fn begin(
        files: Vec<Arc<SourceFile>>,
        names: &Names,
        previous: Option<&RuleSet>,
        told: Told<'_>,
    ) -> Self {
        let base = previous.filter(|set| set.parsed.generation < GENERATIONS_MAX);
        let mut library = Library::default();
        let (shared, files): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|file| is_shared(&file.path));
        let given = previous.map(|set| &set.parsed.shared);
        let mut loading = Self {
            entries: Vec::with_capacity(files.len()),
            paths: base.map(|set| set.paths.clone()).unwrap_or_default(),
            generation: base.map_or(0, |set| set.parsed.generation + 1),
            shared: SharedFiles::read(
                shared,
                &|path| namespace_of(&names.roots, path),
                given,
                &mut library,
            ),
            roots: names.roots.clone(),
            library,
            beside: BTreeSet::new(),
            problems: Diagnostics::new(),
        };
        match previous {
            Some(previous) => loading.enter_changed(&files, previous, base.is_some()),
            None => loading.enter_all(&files, told),
        }
        loading.leave_out_lists();
        loading.gather_problems();
        loading
    }

    /// Files of which none ran before.
    fn enter_all(&mut self, files: &[Arc<SourceFile>], told: Told<'_>) {
        read_in_order(files, |document| {
            let namespace = namespace_of(&self.roots, &document.file.path);
            let shared = self
                .shared
                .of(&folder_of(&document.file.path), namespace.as_ref());
            let present = self.parse(document, namespace.as_ref(), &shared);
            self.entries.push(Entry::of(present, None));
            told(Step {
                what: "rule files read",
                done: self.entries.len(),
                all: Some(files.len()),
            });
        });
    }

    /// Files of which most are as they were, on this thread alone: other work goes on meanwhile.
    fn enter_changed(&mut self, files: &[Arc<SourceFile>], previous: &RuleSet, goes_on: bool) {
        for file in files {
            let last = previous.parsed.by_path.get(&file.path);
            let last = if goes_on {
                last.cloned()
            } else {
                last.map(|last| Arc::new(last.again(&mut self.paths)))
            };
            let namespace = namespace_of(&self.roots, &file.path);
            self.enter(file, namespace.as_ref(), last);
        }
    }

    /// The files of a kept rule set, whatever stands on disk now.
    pub(super) fn rebuild(kept: &Kept) -> Self {
        let mut loading = Self {
            entries: Vec::with_capacity(kept.files.len()),
            paths: PathSet::default(),
            generation: 0,
            shared: SharedFiles::default(),
            roots: Vec::new(),
            library: Library::default(),
            beside: BTreeSet::new(),
            problems: Diagnostics::new(),
        };
        for file in &kept.files {
            let beside = kept.beside(file);
            let shared = beside.iter().filter(|file| is_shared(&file.path));
            let shared = shared.map(Arc::clone).collect();
            loading.library = Library::kept(beside);
            let namespace = file.namespace();
            loading.shared =
                SharedFiles::read(shared, &|_| namespace.clone(), None, &mut loading.library);
            loading.enter(&file.file(), namespace.as_ref(), None);
        }
        loading.gather_problems();
        loading
    }

    fn enter(
        &mut self,
        file: &Arc<SourceFile>,
        namespace: Option<&Arc<Namespace>>,
        last: Option<Arc<ParsedFile>>,
    ) {
        let shared = self.shared.of(&folder_of(&file.path), namespace);
        // What runs takes in the lists and templates of today, unless it cannot be used with them.
        let last_good = last.map(|last| {
            if last.is_current(namespace, &shared, &mut self.library) {
                return last;
            }
            let today = self.parse(&Document::read(&last.file), namespace, &shared);
            if today.problems.has_errors() {
                last
            } else {
                today
            }
        });
        let present = match &last_good {
            Some(last)
                if last.file.text == file.text
                    && last.is_current(namespace, &shared, &mut self.library) =>
            {
                Arc::clone(last)
            }
            _ => self.parse(&Document::read(file), namespace, &shared),
        };
        self.entries.push(Entry::of(present, last_good));
    }

    fn parse(
        &mut self,
        document: &Document,
        namespace: Option<&Arc<Namespace>>,
        shared: &[Arc<Shared>],
    ) -> Arc<ParsedFile> {
        let shared = shared.to_vec();
        Arc::new(ParsedFile::parse(
            document,
            namespace.cloned(),
            shared,
            &mut self.library,
            &mut self.paths,
        ))
    }

    /// A list in YAML looks like a rule file until a rule file names it.
    fn leave_out_lists(&mut self) {
        let parsed = self.entries.iter().flat_map(|entry| {
            let last = entry.last_good.iter();
            std::iter::once(&entry.present).chain(last)
        });
        let own = parsed.flat_map(|parsed| &parsed.listed);
        let shared = self.shared.running.values();
        let shared = shared.flat_map(|shared| &shared.listed);
        let lists = own.chain(shared).map(|listed| listed.path.clone());
        let lists: BTreeSet<_> = lists.collect();
        self.entries
            .retain(|entry| !lists.contains(&entry.present.file.path));
        self.beside = lists;
        let shared = self.shared.running.values();
        self.beside
            .extend(shared.map(|shared| shared.file.path.clone()));
    }

    fn gather_problems(&mut self) {
        self.problems
            .extend(std::mem::take(&mut self.shared.problems));
        for entry in &self.entries {
            self.problems.extend(entry.present.problems.clone());
        }
    }

    /// Names are looked at in every present text, also in one that will not run, so that all is said
    /// at once.
    pub(super) fn check_names(&mut self, names: &Names) {
        for entry in &mut self.entries {
            let mut problems = Diagnostics::new();
            for rule in &entry.present.rules {
                check(rule, names, &mut problems);
            }
            if problems.has_errors() && entry.version == Version::Present {
                entry.demote();
            }
            self.problems.extend(problems);
        }
    }

    /// Makes rule names unique. What runs already stays, so falling back always comes to an end;
    /// between two new versions the later path is at fault.
    pub(super) fn settle_duplicates(&mut self) {
        loop {
            let faulty = self.find_duplicates();
            if faulty.is_empty() {
                return;
            }
            for at in faulty {
                if let Some(entry) = self.entries.get_mut(at) {
                    entry.demote();
                }
            }
        }
    }

    fn find_duplicates(&mut self) -> HashSet<usize> {
        let mut faulty = HashSet::new();
        let mut holders: HashMap<&str, (usize, &Arc<Rule>)> = HashMap::new();
        let order = |running: bool| {
            let entries = self.entries.iter().enumerate();
            entries.filter(move |(_, entry)| entry.is_running_already() == running)
        };
        for (at, entry) in order(true).chain(order(false)) {
            for rule in entry
                .running()
                .map(|parsed| &parsed.rules)
                .into_iter()
                .flatten()
            {
                let Some((_, holder)) = holders.get(rule.name.as_str()) else {
                    holders.insert(&rule.name, (at, rule));
                    continue;
                };
                faulty.insert(at);
                self.problems.push(duplicate(rule, holder));
            }
        }
        faulty
    }

    /// Says of names used twice in texts that will not run anyway, so that all is said at once.
    pub(super) fn tell_duplicates(&mut self) {
        let mut found = Diagnostics::new();
        let aside = |entry: &&Entry| entry.present.problems.has_errors();
        for entry in self.entries.iter().filter(aside) {
            let path = &entry.present.file.path;
            let others = self.entries.iter().filter_map(Entry::running);
            let others = others.filter(|parsed| parsed.file.path != *path);
            let others = others.flat_map(|parsed| &parsed.rules);
            let mut holders: HashMap<&str, &Arc<Rule>> =
                others.map(|rule| (rule.name.as_str(), rule)).collect();
            for rule in &entry.present.rules {
                match holders.entry(&rule.name) {
                    Occupied(holder) => found.push(duplicate(rule, holder.get())),
                    Vacant(place) => {
                        place.insert(rule);
                    }
                }
            }
        }
        self.problems.extend(found);
    }

    pub(super) fn present_paths(&self) -> BTreeSet<PathBuf> {
        let present = self
            .entries
            .iter()
            .filter(|e| e.version == Version::Present);
        present.map(|e| e.present.file.path.clone()).collect()
    }

    /// Lets files fall back to their last good version; whether one did.
    pub(super) fn demote(&mut self, faulty: &BTreeSet<PathBuf>) -> bool {
        let mut demoted = false;
        for entry in &mut self.entries {
            let faulty = faulty.contains(&entry.present.file.path);
            if faulty && entry.version == Version::Present {
                entry.demote();
                demoted = true;
            }
        }
        demoted
    }

    pub(super) fn build(&self) -> RuleSet {
        let running = || self.entries.iter().filter_map(Entry::running);
        let rules: Vec<_> = running()
            .flat_map(|parsed| &parsed.rules)
            .cloned()
            .collect();
        let path = |parsed: &Arc<ParsedFile>| parsed.file.path.clone();
        let files: BTreeMap<_, _> = running().map(|p| (path(p), Arc::clone(&p.file))).collect();
        let by_path: BTreeMap<_, _> = running().map(|p| (path(p), Arc::clone(p))).collect();
        let text = Kept::of(by_path.values()).text();
        RuleSet {
            index: Index::of(&rules),
            programs: rules.iter().any(|rule| rule.runs_programs()),
            rules,
            paths: self.paths.clone(),
            hash: hex::encode(sha256(text.as_bytes())),
            files,
            beside: self.beside.clone(),
            parsed: ParsedFiles {
                by_path,
                shared: self.shared.running.clone(),
                generation: self.generation,
            },
        }
    }

    pub(super) fn finish(self, set: RuleSet) -> Loaded {
        let stale = self
            .entries
            .iter()
            .filter(|e| e.version != Version::Present);
        let stale = stale.map(|e| e.present.file.path.clone());
        let mut stale: Vec<_> = stale.chain(self.shared.stale.iter().cloned()).collect();
        stale.sort_by(|a, b| bytes(a).cmp(bytes(b)));
        Loaded {
            set,
            stale,
            // Of a list or template that several files use, the same may be said several times.
            diagnostics: self.problems.once_each(),
        }
    }
}

fn duplicate(rule: &Rule, holder: &Rule) -> Diagnostic {
    let message = format!("there is a rule `{}` already", rule.name);
    Diagnostic::error(code::DUPLICATE_RULE, rule.place.clone(), message)
        .also(holder.place.clone(), "the other stands here")
        .help("give one of them another name")
}
