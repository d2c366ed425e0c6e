//! Connections to the database, and its schema in numbered steps.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::super::StoreError;
use super::fault::{Fault, Outcome};

/// Each step's SQL, in order; a database's `user_version` counts those it has taken.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
];

/// The first SQLite without the bug that can corrupt a database when its log is reset.
const SQLITE_VERSION_MIN: i32 = 3_051_003;

/// How long to wait for another program that holds the database, such as a backup.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// Statements kept prepared on each connection: more than there are.
const STATEMENTS: usize = 160;

/// The log is cut back to this size when it starts anew.
const LOG_BYTES_KEPT: i64 = 64 * 1024 * 1024;

/// Opens the connection that writes, with the newest schema.
pub(super) fn open_writer(database: &Path) -> Outcome<Connection> {
    if rusqlite::version_number() < SQLITE_VERSION_MIN {
        let version = rusqlite::version();
        return Err(Fault::refused(format!(
            "SQLite {version} can corrupt its log; 3.51.3 or newer is needed"
        )));
    }
    let connection = open(database)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(Fault::refused(format!(
            "{} cannot keep a write-ahead log here (mode {mode})",
            database.display()
        )));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT)?;
    // The writer moves the log itself, after it has answered.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    migrate(&connection)?;
    Ok(connection)
}

/// Opens a connection that only reads.
pub(super) fn open_reader(database: &Path) -> Outcome<Connection> {
    let connection = open(database)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn open(database: &Path) -> Outcome<Connection> {
    // Never created here: `folder` has made it with the right mode.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.busy_timeout(BUSY_WAIT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

fn migrate(connection: &Connection) -> Outcome<()> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(StoreError::TooNew { found, known }.into());
    }
    for (step, sql) in (1_u32..).zip(MIGRATIONS).skip(found as usize) {
        let transaction = connection.unchecked_transaction()?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", step)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_taken_once() {
        let connection = Connection::open_in_memory().unwrap();
        migrate(&connection).unwrap();
        migrate(&connection).unwrap();
        let version: u32 = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(version as usize, MIGRATIONS.len());
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let error = migrate(&connection).unwrap_err();
        assert!(
            matches!(error, Fault::Store(StoreError::TooNew { found: 99, .. })),
            "{error:?}"
        );
    }
}
