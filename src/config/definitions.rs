//! Provider definitions: the built-in ones and the operator's own files over them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, SourceFile, code};
use crate::providers::Providers;

use super::document::read_text;

/// All definitions, and the files of the operator's own.
#[derive(Debug, Clone, Default)]
pub struct Definitions {
    /// Every definition.
    pub providers: Providers,
    /// The last good version of each file.
    good: BTreeMap<PathBuf, Arc<SourceFile>>,
    /// Files with errors whose last good version is used.
    pub stale: Vec<PathBuf>,
    /// What is wrong in them.
    pub problems: Diagnostics,
}

impl Definitions {
    /// Reads every `.yaml` file in the folders. A file with an error keeps its last good version, if
    /// `previous` has one.
    pub fn read(folders: &[PathBuf], previous: Option<&Definitions>) -> Self {
        let mut read = Self {
            providers: Providers::builtin(),
            ..Self::default()
        };
        for folder in folders {
            match files(folder) {
                Ok(files) => files.iter().for_each(|path| read.add(path, previous)),
                Err(error) => {
                    let file = SourceFile::new(folder.as_path(), "");
                    let place = Place { file, span: 0..0 };
                    let message = format!(
                        "the provider definitions in {} cannot be read: {error}",
                        folder.display()
                    );
                    let help =
                        "make the folder, or name another under `providers:` in hookrule.yaml";
                    let problem = Diagnostic::error(code::UNREADABLE, place, message);
                    read.problems.push(problem.help(help));
                }
            }
        }
        read
    }

    /// The files that are used, to notice their changes.
    pub fn files(&self) -> impl Iterator<Item = &Arc<SourceFile>> {
        self.good.values()
    }

    fn add(&mut self, path: &Path, previous: Option<&Definitions>) {
        let mut problems = Diagnostics::new();
        match read_text(path) {
            Ok(file) => {
                let mut with = self.providers.clone();
                with.add(&file, &mut problems);
                if !problems.has_errors() {
                    self.providers = with;
                    self.good.insert(path.to_owned(), file);
                    self.problems.extend(problems);
                    return;
                }
            }
            Err(problem) => problems.push(problem),
        }
        self.problems.extend(problems);
        self.stale.push(path.to_owned());
        if let Some(file) = previous.and_then(|previous| previous.good.get(path)) {
            self.providers.add(file, &mut Diagnostics::new());
            self.good.insert(path.to_owned(), Arc::clone(file));
        }
    }
}

/// The definition files in a folder, by name.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let yaml = path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml");
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if yaml && !hidden && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
