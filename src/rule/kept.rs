//! A rule set as stores keep it: the text of every file that it was made from.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::diagnostic::SourceFile;

use super::Namespace;
use super::parsed::ParsedFile;

/// Every file of a rule set.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) files: Vec<KeptFile>,
    /// Lists and what was shared: path and text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    beside: Vec<(String, String)>,
}

/// One rule file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptFile {
    path: String,
    text: String,
    /// The files that it took something from, by their numbers: two rule files may have taken from two
    /// versions of one file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    uses: Vec<usize>,
    /// What its rules are kept to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<Namespace>,
}

impl Kept {
    /// Of the files that run.
    pub(super) fn of<'p>(running: impl Iterator<Item = &'p Arc<ParsedFile>>) -> Self {
        let mut kept = Self {
            files: Vec::new(),
            beside: Vec::new(),
        };
        let mut numbers = HashMap::new();
        for parsed in running {
            let mut uses = Vec::new();
            for file in parsed.beside() {
                let key = (file.path.as_path(), file.text.as_str());
                let number = *numbers.entry(key).or_insert_with(|| {
                    kept.beside.push(pair(file));
                    kept.beside.len() - 1
                });
                uses.push(number);
            }
            let (path, text) = pair(&parsed.file);
            kept.files.push(KeptFile {
                path,
                text,
                uses,
                namespace: parsed.namespace.as_deref().cloned(),
            });
        }
        kept
    }

    /// In one piece.
    pub(super) fn text(&self) -> String {
        // Texts and numbers: there is nothing that could not be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From one piece; the files in the order they run, by the bytes of their paths.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut kept: Self = serde_json::from_str(text).ok()?;
        kept.files.sort_by(|a, b| a.path.cmp(&b.path));
        Some(kept)
    }

    /// The files that one of the rule files took something from.
    pub(super) fn beside(&self, file: &KeptFile) -> Vec<Arc<SourceFile>> {
        let used = file
            .uses
            .iter()
            .filter_map(|number| self.beside.get(*number));
        used.map(|(path, text)| SourceFile::new(PathBuf::from(path), text.as_str()))
            .collect()
    }
}

impl KeptFile {
    pub(super) fn namespace(&self) -> Option<Arc<Namespace>> {
        self.namespace.clone().map(Arc::new)
    }

    pub(super) fn file(&self) -> Arc<SourceFile> {
        SourceFile::new(PathBuf::from(&self.path), self.text.as_str())
    }
}

fn pair(file: &SourceFile) -> (String, String) {
    let path = file.path.to_string_lossy().into_owned();
    (path, file.text.clone())
}
