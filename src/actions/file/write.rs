//! Putting bytes on disk so that they stay.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::place::refused;

/// Who else may read what is written: nobody.
const MODE: u32 = 0o600;

/// Adds bytes at the end. When that fails half-way the file is as before, so that a later attempt
/// leaves no broken line.
pub(super) fn append(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(MODE)
        .open(place)?;
    let opened = file.metadata()?;
    let named = fs::symlink_metadata(place)?;
    if !named.is_file() || (named.dev(), named.ino()) != (opened.dev(), opened.ino()) {
        return Err(refused(place, "was exchanged while it was opened"));
    }
    let written = file.write_all(bytes).and_then(|()| file.sync_data());
    if written.is_err() {
        let _ = file.set_len(opened.len());
    }
    written
}

/// Writes the whole file beside its place, then renames it: readers see the old or the new one.
pub(super) fn replace(place: &Path, job: &str, bytes: &[u8]) -> io::Result<()> {
    let folder = place
        .parent()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let draft = folder.join(format!(".{job}.tmp"));
    // What an attempt that was cut off has left.
    let _ = fs::remove_file(&draft);
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(MODE)
            .open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, place)?;
        File::open(folder)?.sync_all()
    })();
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}
