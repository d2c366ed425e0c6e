//! The contract, and what only a store on disk can get wrong.

mod damage;
mod disk;

use std::fs;
use std::path::PathBuf;

use super::SqliteStore;
use crate::event::EventId;
use crate::runtime::{Clock, Timestamp};
use crate::stores::contract::fixtures::{accept, acceptance, id, job};
use crate::stores::contract::{Bed, model, promises};
use crate::stores::{Claim, EventQuery, LEASE, Store, StoreError};

/// `synchronous=FULL`, as SQLite numbers it.
const SYNC_FULL: i64 = 2;

/// A folder that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let name = format!("hookrule-{}", EventId::generate());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.data(), clock()).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Bed for Scratch {
    type Store = SqliteStore;

    fn open(&self, clock: &Clock) -> SqliteStore {
        SqliteStore::open(&self.data(), clock.clone()).unwrap()
    }

    fn reopen(&self, store: SqliteStore, clock: &Clock) -> SqliteStore {
        store.close();
        Bed::open(self, clock)
    }
}

promises!(Scratch::new());

fn clock() -> Clock {
    Clock::settable(Timestamp::from_seconds(1_700_000_000))
}

#[tokio::test]
async fn random_verbs_do_what_the_model_does() {
    for seed in 0..150 {
        model::compare(Scratch::new(), seed, 30).await;
    }
}

#[tokio::test]
#[ignore = "minutes: for a change of how jobs move"]
async fn many_random_verbs_do_what_the_model_does() {
    for seed in 1_000..2_000 {
        model::compare(Scratch::new(), seed, 120).await;
    }
}

#[tokio::test]
async fn a_second_process_is_told_who_has_the_store() {
    let scratch = Scratch::new();
    let first = scratch.open();
    let error = SqliteStore::open(&scratch.data(), clock()).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, StoreError::Locked { .. }), "{text}");
    assert!(text.contains(&std::process::id().to_string()), "{text}");
    assert!(
        text.contains(&scratch.data().display().to_string()),
        "{text}"
    );
    drop(first);
    scratch.open();
}

#[tokio::test]
async fn a_newer_store_is_refused() {
    let scratch = Scratch::new();
    scratch.open().close();
    let database = scratch.data().join(super::folder::DATABASE);
    let connection = rusqlite::Connection::open(database).unwrap();
    connection.pragma_update(None, "user_version", 77).unwrap();
    drop(connection);
    let error = SqliteStore::open(&scratch.data(), clock()).unwrap_err();
    assert!(
        matches!(error, StoreError::TooNew { found: 77, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn one_bad_request_does_not_spoil_its_batch() {
    let scratch = Scratch::new();
    let store = scratch.open();
    accept(&store, acceptance(1, Vec::new())).await;
    let (opener, gatekeeper) = std::sync::mpsc::channel::<()>();
    let gate = store.writer.change(move |_| {
        let _ = gatekeeper.recv();
        Ok(())
    });
    let bad = store.accept(vec![acceptance(1, Vec::new())]);
    let good = store.accept(vec![acceptance(2, Vec::new())]);
    let open = async {
        // The others are queued by now, so they share one transaction.
        drop(opener);
    };
    let (gate, bad, good, ()) = tokio::join!(gate, bad, good, open);
    gate.unwrap();
    bad.unwrap_err();
    good.unwrap();
    assert!(store.event(id(2)).await.unwrap().is_some());
}

#[tokio::test]
async fn hot_statements_scan_no_table() {
    let scratch = Scratch::new();
    let store = scratch.open();
    accept(&store, acceptance(1, vec![job(1, "a")])).await;
    let hot = [
        "SELECT seq FROM jobs JOIN job_bodies ON job = seq WHERE state = 1 AND destination = 'x' \
         AND due_at <= 5 ORDER BY due_at, requeues, seq LIMIT 3",
        "SELECT due_at FROM jobs WHERE state = 1 AND destination = 'x' ORDER BY due_at LIMIT 1",
        "SELECT seq FROM jobs WHERE state = 2 AND lease_until <= 5 ORDER BY +seq",
        "SELECT 1 FROM follows WHERE after = x'00'",
        "SELECT seq FROM events WHERE (received_at, seq) > (1, 1) AND received_at < 5 \
         AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.event = events.id \
         AND jobs.state IN (0, 1, 2, 4)) ORDER BY received_at, seq LIMIT 9",
        "DELETE FROM dedupe WHERE (source, key) IN \
         (SELECT source, key FROM dedupe WHERE until <= 5 LIMIT 9)",
    ];
    let plans = store.readers.read(move |db| {
        let mut plans = Vec::new();
        for sql in hot {
            let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let steps = explain.query_map([], |row| row.get::<_, String>(3))?;
            for step in steps {
                plans.push((sql, step?));
            }
        }
        Ok(plans)
    });
    for (sql, step) in plans.await.unwrap() {
        assert!(!step.starts_with("SCAN"), "{sql}: {step}");
        let sorts = step.contains("TEMP B-TREE") && !sql.contains("lease_until");
        assert!(!sorts, "{sql}: {step}");
    }
}

#[tokio::test]
async fn commits_are_synced_and_references_checked() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let settings = store.writer.change(|tx| {
        let get = |name| {
            tx.db
                .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
        };
        let mode = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        let mode = tx.db.pragma_query_value(None, "journal_mode", mode)?;
        Ok((get("synchronous")?, get("foreign_keys")?, mode))
    });
    assert_eq!(settings.await.unwrap(), (SYNC_FULL, 1, "wal".to_owned()));
    let write = |db: &rusqlite::Connection| Ok(db.execute("DELETE FROM meta", [])?);
    let refused = store.readers.read(write).await;
    assert!(refused.is_err(), "readers only read");
}

/// What brings a store of today back to the first schema.
const UNDO: &str =
    "DROP TABLE companions; DROP TABLE firings; DROP TABLE signals; DROP TABLE passes;
    DROP TABLE seen; DROP INDEX jobs_firing; DROP INDEX jobs_lane;
    ALTER TABLE jobs DROP COLUMN item; ALTER TABLE jobs DROP COLUMN firing;
    ALTER TABLE jobs DROP COLUMN lane; ALTER TABLE jobs DROP COLUMN lane_hold;
    ALTER TABLE jobs DROP COLUMN lane_nr; PRAGMA user_version = 1;";

#[tokio::test]
async fn a_store_from_before_there_were_gates_goes_on() {
    let scratch = Scratch::new();
    let store = scratch.open();
    accept(&store, acceptance(1, vec![job(1, "a")])).await;
    let before = store.job(job(1, "a").id).await.unwrap().unwrap();
    let database = store.folder.database().to_owned();
    store.close();
    let old = rusqlite::Connection::open(database).unwrap();
    old.execute_batch(UNDO).unwrap();
    drop(old);
    let store = scratch.open();
    let after = store.job(job(1, "a").id).await.unwrap().unwrap();
    assert_eq!(after, before, "its seal holds too");
    let (free, lease) = (vec![("chat".to_owned(), 1)], LEASE);
    let claimed = store.claim(Claim { lease, free }).await.unwrap();
    assert_eq!(claimed.jobs.len(), 1);
}

#[tokio::test]
async fn closing_finishes_what_is_queued() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut queued: Vec<_> = (1..=50)
        .map(|n| store.accept(vec![acceptance(n, Vec::new())]))
        .collect();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for future in &mut queued {
        assert!(future.as_mut().poll(&mut context).is_pending());
    }
    drop(queued);
    drop(store);
    let store = scratch.open();
    let found = store.events(EventQuery::default()).await.unwrap();
    assert_eq!(found.len(), 50);
}
