//! Rule files → a rule set.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::{Diagnostics, SourceFile};

use super::RuleSet;
use super::check::Names;
use super::files::bytes;
use super::loading::{Loading, text};

/// A rule set and what was found on the way.
#[derive(Debug, Default)]
pub struct Loaded {
    /// What is to run.
    pub set: RuleSet,
    /// Everything that was found, in all files.
    pub diagnostics: Diagnostics,
    /// Files whose present text does not run: their last good version does, or nothing.
    pub stale: Vec<PathBuf>,
}

impl RuleSet {
    /// Builds a rule set without running the tests in its files.
    pub fn load(files: Vec<Arc<SourceFile>>, names: &Names, previous: Option<&RuleSet>) -> Loaded {
        Self::load_judged(files, names, previous, &|_, _| Diagnostics::new())
    }

    /// Builds a rule set. `judge` is shown the whole set and the paths whose present version is in it;
    /// a file in which it finds an error falls back to its last good version as well.
    pub fn load_judged(
        mut files: Vec<Arc<SourceFile>>,
        names: &Names,
        previous: Option<&RuleSet>,
        judge: &dyn Fn(&RuleSet, &BTreeSet<PathBuf>) -> Diagnostics,
    ) -> Loaded {
        files.sort_by(|a, b| bytes(&a.path).cmp(bytes(&b.path)));
        files.dedup_by(|a, b| a.path == b.path);
        let mut loading = Loading::begin(files, previous);
        loading.check_names(names);
        loading.settle_duplicates();
        let present = loading.present_paths();
        let set = loading.build();
        let verdict = judge(&set, &present);
        let demoted = loading.demote_faulty(&verdict);
        loading.problems.extend(verdict);
        if !demoted {
            return loading.finish(set);
        }
        loading.settle_duplicates();
        let set = loading.build();
        loading.finish(set)
    }

    /// The text of the files it was made from, in one piece, as stores keep it under [`RuleSet::hash`].
    pub fn text(&self) -> String {
        text(self.files.values())
    }

    /// The files in a [`RuleSet::text`].
    pub fn files_of_text(text: &str) -> Option<Vec<Arc<SourceFile>>> {
        let files: Vec<(String, String)> = serde_json::from_str(text).ok()?;
        let file = |(path, text)| SourceFile::new(PathBuf::from(path), text);
        Some(files.into_iter().map(file).collect())
    }
}
