//! Files that rule files take something from: lists.
//!
//! They are read from disk, once for each loading, or taken from what a store kept of a rule set.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Code, SourceFile, code};

use super::files::text;

/// A file's text, or why it cannot be had, in words that follow its name.
pub(super) type Read = Result<Arc<SourceFile>, (Code, String)>;

/// Where files beside rule files come from.
#[derive(Debug, Default)]
pub(super) struct Library {
    read: HashMap<PathBuf, Read>,
    /// Whether these files are all there are, whatever stands on disk.
    closed: bool,
}

impl Library {
    /// Only these files.
    pub(super) fn kept(files: impl IntoIterator<Item = Arc<SourceFile>>) -> Self {
        let named = |file: Arc<SourceFile>| (file.path.clone(), Ok(file));
        Self {
            read: files.into_iter().map(named).collect(),
            closed: true,
        }
    }

    /// Reads a file; the same text as before where it was asked for before.
    pub(super) fn read(&mut self, folder: &Path, path: &Path) -> Read {
        if let Some(read) = self.read.get(path) {
            return read.clone();
        }
        let read = if self.closed {
            Err((code::UNREADABLE, "was not kept".to_owned()))
        } else {
            from_disk(folder, path)
        };
        self.read.insert(path.to_owned(), read.clone());
        read
    }
}

fn from_disk(folder: &Path, path: &Path) -> Read {
    let found = real(folder, path).map_err(|why| (code::UNREADABLE, why))?;
    text(&found).map(|text| SourceFile::new(path, text))
}

/// The path of a file that is named in a file of `folder`; none where it is not below that folder.
pub(super) fn below(folder: &Path, path: &str) -> Option<PathBuf> {
    let inside = |component| matches!(component, Component::Normal(_) | Component::CurDir);
    let fits = !path.is_empty() && Path::new(path).components().all(inside);
    fits.then(|| folder.join(path).components().collect())
}

/// Finds a file named in another one that stands in `folder`. It must lie below that folder; a link
/// must not lead out of it.
///
/// # Errors
/// Why it cannot be read, in words that follow its name.
pub fn find_beside(folder: &Path, path: &str) -> Result<PathBuf, String> {
    match below(folder, path) {
        Some(path) => real(folder, &path),
        None => Err("is not below the folder of the rule file".to_owned()),
    }
}

fn real(folder: &Path, path: &Path) -> Result<PathBuf, String> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let found = fs::canonicalize(path).map_err(cannot)?;
    if !found.starts_with(fs::canonicalize(folder).map_err(cannot)?) {
        return Err("is a link that leads out of the folder of the rule file".to_owned());
    }
    if !fs::metadata(&found).map_err(cannot)?.is_file() {
        return Err("is not a file".to_owned());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_a_folder() {
        let folder = Path::new("rules");
        let found = |path| below(folder, path).map(|path| path.display().to_string());
        assert_eq!(found("lists/a.txt").as_deref(), Some("rules/lists/a.txt"));
        assert_eq!(found("./a.txt").as_deref(), Some("rules/a.txt"));
        for path in ["", "../a.txt", "lists/../../a.txt", "/etc/passwd"] {
            assert_eq!(found(path), None, "{path}");
            assert!(find_beside(folder, path).is_err(), "{path}");
        }
    }

    #[test]
    fn what_was_kept_is_all_there_is() {
        let mut library = Library::kept([SourceFile::new("a.txt", "x")]);
        let text = |read: Read| read.map(|file| file.text.clone()).ok();
        let folder = Path::new("");
        assert_eq!(
            text(library.read(folder, Path::new("a.txt"))),
            Some("x".to_owned())
        );
        assert_eq!(text(library.read(folder, Path::new("Cargo.toml"))), None);
    }
}
