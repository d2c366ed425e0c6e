//! One file of a loading: its present text, its last good version, and which of them is to run.

use std::sync::Arc;

use super::parsed::ParsedFile;

/// Which version of a file is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    Present,
    LastGood,
    None,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) present: Arc<ParsedFile>,
    pub(super) last_good: Option<Arc<ParsedFile>>,
    pub(super) version: Version,
}

impl Entry {
    /// What has errors does not run.
    pub(super) fn of(present: Arc<ParsedFile>, last_good: Option<Arc<ParsedFile>>) -> Self {
        let mut entry = Self {
            present,
            last_good,
            version: Version::Present,
        };
        if entry.present.problems.has_errors() {
            entry.demote();
        }
        entry
    }

    pub(super) fn running(&self) -> Option<&Arc<ParsedFile>> {
        match self.version {
            Version::Present => Some(&self.present),
            Version::LastGood => self.last_good.as_ref(),
            Version::None => None,
        }
    }

    /// Falls back to the last good version.
    pub(super) fn demote(&mut self) {
        self.version = match (&self.last_good, self.version) {
            (Some(_), Version::Present) => Version::LastGood,
            _ => Version::None,
        };
    }

    /// Whether what is to run is what runs already.
    pub(super) fn is_running_already(&self) -> bool {
        let same = |last: &Arc<ParsedFile>| last.file.text == self.present.file.text;
        self.version == Version::LastGood || self.last_good.as_ref().is_some_and(same)
    }
}
