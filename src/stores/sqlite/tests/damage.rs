//! What bit rot may do: it is refused by name, and stops nothing else.

use std::fs;

use serde_json::json;

use super::{Scratch, clock};
use crate::plan::JobState;
use crate::stores::contract::World;
use crate::stores::contract::fixtures::{accept, acceptance, event, id, job, state, whole};
use crate::stores::sqlite::SqliteStore;
use crate::stores::{EventQuery, Store, StoreError, reasons};

async fn spoil(store: &SqliteStore, sql: &'static str) {
    let change = move |tx: &super::super::Tx<'_>| Ok(tx.db.execute(sql, [])?);
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
            data: json!({}),
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
        let page = store.events_whole(EventQuery::default()).await.unwrap();
        assert_eq!(page.damaged, [id(1)], "{column}");
        assert_eq!(page.events.len(), 1);
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
async fn what_is_no_database_is_damaged() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.data()).unwrap();
    let database = scratch.data().join(super::super::folder::DATABASE);
    fs::write(&database, "not a database ".repeat(400)).unwrap();
    let error = SqliteStore::open(&scratch.data(), clock()).unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
    let text = error.to_string();
    assert!(text.contains(&database.display().to_string()), "{text}");
}
