//! The contract, and what only a store on disk can get wrong.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::SqliteStore;
use crate::event::EventId;
use crate::plan::JobState;
use crate::runtime::{Clock, Timestamp};
use crate::stores::contract::fixtures::{accept, acceptance, event, id, job, state, whole};
use crate::stores::contract::{Bed, World, model, promises};
use crate::stores::{EventQuery, JobQuery, Store, StoreError, reasons};

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
    for seed in 0..200 {
        model::compare(Scratch::new(), seed, 30).await;
    }
}

#[tokio::test]
#[ignore = "minutes: for a change of how jobs move"]
async fn many_random_verbs_do_what_the_model_does() {
    for seed in 1_000..4_000 {
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

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn only_the_owner_may_look_in() {
    let scratch = Scratch::new();
    let store = scratch.open();
    accept(&store, acceptance(1, vec![job(1, "a")])).await;
    assert_eq!(mode(&scratch.data()), 0o700);
    let files = || {
        fs::read_dir(scratch.data())
            .unwrap()
            .map(|file| file.unwrap().path())
    };
    assert_eq!(files().count(), 4, "database, log, its index, lock");
    for file in files() {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    }
    drop(store);
    let store = scratch.open();
    accept(&store, acceptance(2, vec![job(2, "a")])).await;
    for file in files() {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let scratch = Scratch::new();
    let file = scratch.0.join("file");
    fs::write(&file, "x").unwrap();
    for folder in [file.clone(), file.join("below")] {
        let error = SqliteStore::open(&folder, clock()).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, StoreError::Failed(_)), "{text}");
        assert!(text.contains(&folder.display().to_string()), "{text}");
    }
}

#[tokio::test]
async fn what_is_no_database_is_damaged() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.data()).unwrap();
    let database = scratch.data().join(super::folder::DATABASE);
    fs::write(&database, "not a database ".repeat(400)).unwrap();
    let error = SqliteStore::open(&scratch.data(), clock()).unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
    let text = error.to_string();
    assert!(text.contains(&database.display().to_string()), "{text}");
}

/// Copies a store's database and the first bytes of its log, as a crash may leave them.
fn torn(from: &Path, to: &Path, log_bytes: usize) {
    fs::create_dir(to).unwrap();
    let database = super::folder::DATABASE;
    fs::copy(from.join(database), to.join(database)).unwrap();
    let log = format!("{database}-wal");
    let bytes = fs::read(from.join(&log)).unwrap();
    fs::write(to.join(log), &bytes[..log_bytes]).unwrap();
}

#[tokio::test]
async fn a_torn_log_opens_with_a_committed_prefix() {
    const EVENTS: u64 = 12;
    let scratch = Scratch::new();
    let store = scratch.open();
    for n in 1..=EVENTS {
        accept(&store, acceptance(n, vec![job(n, "a"), job(n, "b")])).await;
    }
    let log = format!("{}-wal", super::folder::DATABASE);
    let bytes = fs::read(scratch.data().join(log)).unwrap().len();
    let mut last = 0;
    let mut lengths = std::collections::BTreeSet::new();
    for cut in (0..=bytes).step_by(1999).chain([bytes]) {
        let copy = scratch.0.join(format!("cut-{cut}"));
        torn(&scratch.data(), &copy, cut);
        let reopened = SqliteStore::open(&copy, clock()).unwrap();
        let events = reopened.events(EventQuery::default()).await.unwrap();
        let found = events.len() as u64;
        let ids: Vec<_> = events.iter().rev().map(|event| event.id).collect();
        assert_eq!(ids, (1..=found).map(id).collect::<Vec<_>>(), "cut {cut}");
        let jobs = reopened.jobs(JobQuery::default()).await.unwrap();
        assert_eq!(jobs.len() as u64, 2 * found, "cut {cut}");
        assert!(found >= last, "cut {cut}");
        last = found;
        lengths.insert(found);
        drop(reopened);
        fs::remove_dir_all(copy).unwrap();
    }
    assert_eq!(last, EVENTS, "all of an untouched log");
    assert!(
        lengths.len() > 6,
        "the cuts fell between commits: {lengths:?}"
    );
}

#[tokio::test]
async fn a_full_disk_changes_nothing_and_is_over_when_it_is() {
    let scratch = Scratch::new();
    let store = scratch.open();
    accept(&store, acceptance(1, vec![job(1, "a")])).await;
    let limit = |pages: u32| {
        store.writer.change(move |tx| {
            tx.db.pragma_update(None, "max_page_count", pages)?;
            Ok(())
        })
    };
    limit(1).await.unwrap();
    let jobs = (0..200).map(|n| job(2, &format!("a{n}"))).collect();
    let error = store.accept(vec![acceptance(2, jobs)]).await.unwrap_err();
    assert!(matches!(error, StoreError::Failed(_)), "{error}");
    assert!(store.event(id(2)).await.unwrap().is_none());
    limit(1_000_000).await.unwrap();
    accept(&store, acceptance(2, vec![job(2, "a")])).await;
}

#[tokio::test]
async fn one_bad_request_does_not_spoil_its_batch() {
    let scratch = Scratch::new();
    let store = scratch.open();
    accept(&store, acceptance(1, Vec::new())).await;
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let gate = store.writer.change(move |_| Ok(held.recv().is_ok()));
    let bad = store.accept(vec![acceptance(1, Vec::new())]);
    let good = store.accept(vec![acceptance(2, Vec::new())]);
    let open = async {
        // The others are queued by now, so they share one transaction.
        hold.send(()).unwrap();
    };
    let (gate, bad, good, ()) = tokio::join!(gate, bad, good, open);
    assert!(gate.unwrap());
    bad.unwrap_err();
    good.unwrap();
    assert!(store.event(id(2)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_deleted_database_is_noticed_before_anything_is_acknowledged() {
    let scratch = Scratch::new();
    for suffix in ["", "-wal"] {
        let store = scratch.open();
        accept(&store, acceptance(1, Vec::new())).await;
        let database = scratch.data().join(super::folder::DATABASE);
        let path = format!("{}{suffix}", database.display());
        fs::remove_file(&path).unwrap();
        for _ in 0..2 {
            let error = store.accept(vec![acceptance(2, Vec::new())]).await;
            let error = error.unwrap_err();
            assert!(matches!(error, StoreError::Failed(_)), "{error}");
            assert!(error.to_string().contains("restart"), "{error}");
        }
        drop(store);
        fs::remove_dir_all(scratch.data()).unwrap();
    }
}

async fn spoil(store: &SqliteStore, sql: &'static str) {
    let change = move |tx: &super::Tx<'_>| Ok(tx.db.execute(sql, [])?);
    let changed = store.writer.change(change).await.unwrap();
    assert!(changed > 0, "{sql}");
}

#[tokio::test]
async fn a_damaged_event_is_refused_by_name() {
    for column in ["body", "headers", "nonce", "names", "source", "media"] {
        let scratch = Scratch::new();
        let store = scratch.open();
        let mut forward = job(1, "forward");
        forward.body = crate::plan::JobBody::Prepared {
            data: serde_json::json!({}),
            needs_delivery: true,
        };
        let forward_id = forward.id;
        accept(&store, acceptance(1, vec![forward, job(1, "tell")])).await;
        accept(&store, acceptance(2, Vec::new())).await;
        let kind = if matches!(column, "body" | "nonce") {
            "BLOB"
        } else {
            "TEXT"
        };
        let sql = format!(
            "UPDATE events SET {column} = CAST(replace(CAST({column} AS TEXT), \
             substr(CAST({column} AS TEXT), 2, 1), '~') AS {kind}) WHERE seq = 1"
        );
        spoil(&store, sql.leak()).await;
        let error = store.event(id(1)).await.unwrap_err();
        assert!(matches!(error, StoreError::Damaged(_)), "{column}: {error}");
        assert!(error.to_string().contains(&id(1).to_string()), "{error}");
        let other = store.event(id(2)).await.unwrap().unwrap();
        assert_eq!(whole(&other), whole(&event(2)));
        // The job that needs its bytes is a dead letter; the one beside it goes on.
        let world = World {
            bed: scratch,
            clock: clock(),
            store,
        };
        assert_eq!(world.claim_one().await.job.action, "tell");
        let dead = (JobState::Dead, Some(reasons::DAMAGED.to_owned()));
        assert_eq!(state(&world.store, forward_id).await, dead);
    }
}

#[tokio::test]
async fn a_damaged_job_does_not_stop_the_others() {
    let scratch = Scratch::new();
    let store = scratch.open();
    accept(&store, acceptance(1, vec![job(1, "a"), job(1, "b")])).await;
    spoil(
        &store,
        "UPDATE job_bodies SET body = replace(body, '1.5', '1.4') WHERE job = 1",
    )
    .await;
    let damaged = job(1, "a").id;
    let error = store.job(damaged).await.unwrap_err();
    assert!(error.to_string().contains(&damaged.to_string()), "{error}");
    let world = World {
        bed: scratch,
        clock: clock(),
        store,
    };
    assert_eq!(world.claim_one().await.job.action, "b");
    let counts = world.store.counts().await.unwrap();
    assert!(counts.contains(&(JobState::Dead, 1)), "{counts:?}");
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
