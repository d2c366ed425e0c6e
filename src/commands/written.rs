//! New files, all of them or none.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::output::Failure;

/// A file to write.
pub(super) struct Written {
    /// Relative to the folder that all are written to.
    path: PathBuf,
    text: String,
    /// Whether only its owner may read it.
    secret: bool,
}

impl Written {
    /// A file that may be read like any other.
    pub(super) fn open(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
            secret: false,
        }
    }

    /// A file with a credential: only its owner may read it.
    pub(super) fn secret(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self {
            secret: true,
            ..Self::open(path, text)
        }
    }
}

/// Writes files that are not there yet, and the folders above them. Where one is there, none is
/// written.
pub(super) fn write_all(folder: &Path, files: &[Written]) -> Result<Vec<PathBuf>, Failure> {
    let paths: Vec<_> = files.iter().map(|file| folder.join(&file.path)).collect();
    // A link that leads nowhere is there too.
    let there = |path: &&PathBuf| fs::symlink_metadata(path).is_ok();
    if let Some(path) = paths.iter().find(there) {
        return Err(Failure::Other(format!(
            "{} is there already, and nothing is overwritten: name another folder",
            path.display()
        )));
    }
    for (file, path) in files.iter().zip(&paths) {
        write(file, path).map_err(|error| {
            Failure::Other(format!("{} cannot be written: {error}", path.display()))
        })?;
    }
    Ok(paths)
}

fn write(file: &Written, path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(if file.secret { 0o600 } else { 0o644 });
    }
    options.open(path)?.write_all(file.text.as_bytes())
}
