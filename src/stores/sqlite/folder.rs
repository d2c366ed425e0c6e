//! The store's folder: who may read it, and which process holds it.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::super::{Result, StoreError};

/// The database's file in the folder.
pub(super) const DATABASE: &str = "hookrule.db";

/// The file whose lock says that a process has the store open; it holds that process's id.
const LOCK: &str = "hookrule.lock";

/// Only the owner may read or write files.
const FILE_MODE: u32 = 0o600;

/// Only the owner may look into the folder.
const FOLDER_MODE: u32 = 0o700;

/// A folder held by this process, until it is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    database: PathBuf,
    /// Which file the database is; another one at the same path is not ours.
    identity: (u64, u64),
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is not there, and takes its lock.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if another process has it, else [`StoreError::Failed`]; both name the
    /// path.
    pub(super) fn take(folder: &Path) -> Result<Self> {
        create(folder).map_err(|error| failed("make the folder", folder, &error))?;
        let lock = lock(folder)?;
        let database = folder.join(DATABASE);
        let file = private_file(&database).map_err(|error| failed("open", &database, &error))?;
        let identity = identity(&file.metadata()).unwrap_or_default();
        for path in [beside(&database, "-wal"), beside(&database, "-shm")] {
            if path.exists() {
                private_file(&path).map_err(|error| failed("open", &path, &error))?;
            }
        }
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| failed("write", folder, &error))?;
        Ok(Self {
            database,
            identity,
            _lock: lock,
        })
    }

    /// The database's path.
    pub(super) fn database(&self) -> &Path {
        &self.database
    }

    /// Whether the database and its log still stand where they were opened. A deleted file takes
    /// writes without complaint and is gone at the next start.
    pub(super) fn is_whole(&self) -> bool {
        identity(&std::fs::metadata(&self.database)) == Some(self.identity)
            && beside(&self.database, "-wal").exists()
    }
}

/// SQLite's own files stand beside the database; it gives them the database's mode.
fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

fn identity(metadata: &io::Result<std::fs::Metadata>) -> Option<(u64, u64)> {
    metadata.as_ref().ok().map(|meta| (meta.dev(), meta.ino()))
}

/// A folder that was there keeps its mode: it may be a mounted volume that is not ours to change.
fn create(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().filter(|path| !path.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent)?;
    DirBuilder::new().mode(FOLDER_MODE).create(folder)?;
    std::fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE))?;
    File::open(parent)?.sync_all()
}

/// Opens or makes a file that only its owner may read, whatever the process's umask.
fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = options.mode(FILE_MODE).open(path)?;
    file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    Ok(file)
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(LOCK);
    let mut file = private_file(&path).map_err(|error| failed("open", &path, &error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // The holder may be writing its id just now; a lock without an id is one all the same.
            let _ = file.read_to_string(&mut pid);
            let pid = pid.trim();
            return Err(StoreError::Locked {
                path: folder.display().to_string(),
                pid: if pid.is_empty() { "unknown" } else { pid }.to_owned(),
            });
        }
        Err(TryLockError::Error(error)) => return Err(failed("lock", &path, &error)),
    }
    let written = file
        .set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    written.map_err(|error| failed("write", &path, &error))?;
    Ok(file)
}

fn failed(what: &str, path: &Path, error: &io::Error) -> StoreError {
    StoreError::Failed(format!("cannot {what} {}: {error}", path.display()))
}
