//! What the disk and the operator may do: modes, torn logs, a full disk, deleted files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Scratch, clock};
use crate::stores::contract::fixtures::{accept, acceptance, id, job};
use crate::stores::sqlite::SqliteStore;
use crate::stores::{EventQuery, JobQuery, Store, StoreError};

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

/// Copies a store's database and the first bytes of its log, as a crash may leave them.
fn torn(from: &Path, to: &Path, log_bytes: usize) {
    fs::create_dir(to).unwrap();
    let database = super::super::folder::DATABASE;
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
    let log = format!("{}-wal", super::super::folder::DATABASE);
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
async fn a_deleted_database_is_noticed_before_anything_is_acknowledged() {
    let scratch = Scratch::new();
    for suffix in ["", "-wal"] {
        let store = scratch.open();
        accept(&store, acceptance(1, Vec::new())).await;
        let database = scratch.data().join(super::super::folder::DATABASE);
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
