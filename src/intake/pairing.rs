//! Secrets that a sender gives in its first request (Asana, Notion), taken while a source says so.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use crate::secret::Secret;

/// Keeps a secret in a file of its own. What is there already is never overwritten.
///
/// # Errors
/// Where the file is there, or cannot be written.
pub(super) fn keep(path: &Path, secret: &Secret) -> io::Result<()> {
    let mut file = created(path)?;
    let written = file
        .write_all(secret.expose().as_bytes())
        .and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a secret is none, and would be in the way of the whole one.
        let _ = std::fs::remove_file(path);
    }
    written
}

#[cfg(unix)]
fn created(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn created(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}
