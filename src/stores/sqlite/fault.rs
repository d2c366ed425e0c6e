//! What can go wrong inside, and what it means for the request, its batch, and the store.

use std::path::Path;

use rusqlite::ErrorCode;
use rusqlite::ffi;

use super::super::StoreError;

/// A failure inside the SQLite store.
#[derive(Debug)]
pub(super) enum Fault {
    /// SQLite says so.
    Sqlite(rusqlite::Error),
    /// We say so.
    Store(StoreError),
}

/// A result inside the SQLite store.
pub(super) type Outcome<T> = Result<T, Fault>;

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::damaged(format!("stored JSON cannot be read: {error}"))
    }
}

impl Fault {
    /// What is stored cannot be right.
    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Store(StoreError::Damaged(what.into()))
    }

    /// The request contradicts what is stored.
    pub(super) fn refused(why: impl Into<String>) -> Self {
        Self::Store(StoreError::Failed(why.into()))
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code(),
            Self::Store(_) => None,
        }
    }

    /// Whether a uniqueness that the schema demands would be violated.
    pub(super) fn is_twice(&self) -> bool {
        self.code() == Some(ErrorCode::ConstraintViolation)
    }

    /// Whether what one request asked to read is wrong, and nothing else need be.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            Self::Store(StoreError::Damaged(_)) => true,
            Self::Store(_) => false,
            Self::Sqlite(error) => match error.sqlite_error_code() {
                Some(code) => code == ErrorCode::DatabaseCorrupt,
                None => true,
            },
        }
    }

    /// Whether the machine failed, so that the rest of a batch would fail too.
    pub(super) fn ends_batch(&self) -> bool {
        matches!(
            self.code(),
            Some(
                ErrorCode::DiskFull
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::ReadOnly
                    | ErrorCode::CannotOpen
                    | ErrorCode::OutOfMemory
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::NotADatabase
            )
        )
    }

    /// Whether nobody knows any more what is on disk: after a failed fsync the kernel may have
    /// dropped the pages and call the next one a success.
    pub(super) fn is_final(&self) -> bool {
        let Self::Sqlite(error) = self else {
            return false;
        };
        matches!(
            error.sqlite_extended_error_code(),
            Some(ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC | ffi::SQLITE_NOTADB)
        )
    }

    /// What the caller gets to see.
    pub(super) fn into_error(self, database: &Path) -> StoreError {
        let damage = self.is_damage();
        match self {
            Self::Store(error) => error,
            Self::Sqlite(error) if damage || self_is_no_database(&error) => {
                StoreError::Damaged(format!("{}: {error}", database.display()))
            }
            Self::Sqlite(error) => StoreError::Failed(format!("{}: {error}", database.display())),
        }
    }
}

fn self_is_no_database(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::NotADatabase)
}
