//! Promises about leases that end without an outcome.

use std::time::Duration;

use serde_json::Value;

use super::fixtures::{accept, acceptance, follower, job, state, states};
use super::{Bed, World};
use crate::plan::JobState;
use crate::stores::{LEASE, LeasedJob, Next, Record, Store, reasons};

/// Every kind of record that there is.
fn every_next() -> Vec<Next> {
    vec![
        Next::Started,
        Next::Prepared(crate::plan::JobBody::Unprepared),
        Next::Done {
            outputs: Value::Null,
        },
        Next::Retry {
            after: Duration::ZERO,
            counts: true,
        },
        Next::Dead { reason: "x".into() },
        Next::Release,
    ]
}

async fn nothing_changes<B: Bed>(world: &World<B>, stale: &LeasedJob) {
    let before = world.store.job(stale.job.id).await.unwrap();
    let counts = world.store.counts().await.unwrap();
    for next in every_next() {
        assert!(!world.record(stale, next.clone()).await, "{next:?}");
    }
    let renewed = world.store.renew(vec![stale.lease], LEASE).await.unwrap();
    assert_eq!(renewed, [false]);
    assert_eq!(world.store.job(stale.job.id).await.unwrap(), before);
    assert_eq!(world.store.counts().await.unwrap(), counts);
}

pub(crate) async fn a_record_under_a_lost_lease_changes_nothing(bed: impl Bed) {
    let world = World::new(bed);
    let jobs = vec![job(1, "tell"), follower(1, "next", &["tell"])];
    accept(&world.store, acceptance(1, jobs)).await;
    let first = world.claim_one().await;
    world.clock.advance(LEASE);
    let second = world.claim_one().await;
    assert_eq!(second.lease.number, 2);
    assert_eq!(second.job.leases_lost, 1);
    nothing_changes(&world, &first).await;

    let done = Next::Done {
        outputs: Value::Null,
    };
    assert!(world.record(&second, done).await);
    nothing_changes(&world, &second).await;
    let stranger = LeasedJob {
        lease: crate::stores::Lease {
            job: job(9, "none").id,
            ..first.lease
        },
        ..first
    };
    let record = |next| Record {
        lease: stranger.lease,
        attempt: None,
        next,
    };
    let answer = world.store.record(vec![record(Next::Started)]).await;
    assert_eq!(answer.unwrap(), [false]);
}

pub(crate) async fn an_expired_lease_is_held_until_somebody_comes_by(bed: impl Bed) {
    let world = World::new(bed);
    accept(&world.store, acceptance(1, vec![job(1, "tell")])).await;
    let leased = world.claim_one().await;
    world.clock.advance(LEASE + LEASE);
    let done = Next::Done {
        outputs: Value::Null,
    };
    assert!(world.record(&leased, done).await);
    assert_eq!(world.claim(&[("chat", 1)]).await.jobs, []);
    assert_eq!(states(&world.store, 1, &["tell"]).await, [JobState::Done]);
}

pub(crate) async fn reopening_voids_all_leases(bed: impl Bed) {
    let world = World::new(bed);
    accept(&world.store, acceptance(1, vec![job(1, "tell")])).await;
    let first = world.claim_one().await;
    let world = world.reopen();
    let (lost, attempts) = world.store.job(first.job.id).await.unwrap().unwrap();
    assert_eq!((lost.state, lost.leases_lost), (JobState::Ready, 1));
    assert_eq!(lost.due_at, first.job.due_at, "it keeps its place");
    assert_eq!(attempts.len(), 1);
    assert_eq!((&*attempts[0].outcome, attempts[0].number), ("lost", 1));
    nothing_changes(&world, &first).await;
    let second = world.claim_one().await;
    assert!(second.lease.epoch > first.lease.epoch);
    nothing_changes(&world, &first).await;
}

pub(crate) async fn three_runs_lost_are_poison(bed: impl Bed) {
    let mut world = World::new(bed);
    let jobs = vec![job(1, "tell"), follower(1, "next", &["tell"])];
    accept(&world.store, acceptance(1, jobs)).await;
    let id = job(1, "tell").id;
    for lost in 1..=3 {
        // Several leases lost in one run are one; the first of the third run is too many.
        for _ in 0..if lost < 3 { 4 } else { 1 } {
            world.claim_one().await;
            world.clock.advance(LEASE);
        }
        world = world.reopen();
        let (job, _) = world.store.job(id).await.unwrap().unwrap();
        assert_eq!(job.leases_lost, lost);
        let dead = lost == 3;
        assert_eq!(job.state == JobState::Dead, dead, "after {lost} runs");
    }
    let poison = Some(reasons::POISON.to_owned());
    assert_eq!(state(&world.store, id).await, (JobState::Dead, poison));
    assert_eq!(
        states(&world.store, 1, &["next"]).await,
        [JobState::Skipped]
    );
    assert_eq!(world.store.requeue(vec![id]).await.unwrap(), [Ok(())]);
    let (job, attempts) = world.store.job(id).await.unwrap().unwrap();
    assert_eq!(job.leases_lost, 0);
    assert_eq!(attempts.len(), 9);
}

pub(crate) async fn an_outcome_between_lost_leases_clears_the_count(bed: impl Bed) {
    let mut world = World::new(bed);
    accept(&world.store, acceptance(1, vec![job(1, "tell")])).await;
    for _ in 0..4 {
        world.claim_one().await;
        world = world.reopen();
        let leased = world.claim_one().await;
        let retry = Next::Retry {
            after: Duration::ZERO,
            counts: true,
        };
        assert!(world.record(&leased, retry).await);
    }
    let leased = world.claim_one().await;
    assert_eq!((leased.job.leases_lost, leased.job.attempts), (0, 4));
}

pub(crate) async fn a_started_job_dies_in_doubt(bed: impl Bed) {
    let world = World::new(bed);
    let jobs = vec![job(1, "crash"), follower(1, "next", &["crash"])];
    accept(&world.store, acceptance(1, jobs)).await;
    let crash = world.claim_one().await;
    assert!(world.record(&crash, Next::Started).await);
    let world = world.reopen();
    let doubt = (JobState::Dead, Some(reasons::IN_DOUBT.to_owned()));
    assert_eq!(state(&world.store, crash.job.id).await, doubt);
    assert!(reasons::IN_DOUBT.starts_with("in doubt: "));
    assert_eq!(
        states(&world.store, 1, &["next"]).await,
        [JobState::Skipped]
    );

    // The same while the process lives on.
    accept(&world.store, acceptance(2, vec![job(2, "stall")])).await;
    let stall = world.claim_one().await;
    assert!(world.record(&stall, Next::Started).await);
    world.clock.advance(LEASE);
    assert_eq!(world.claim(&[("chat", 1)]).await.jobs, []);
    assert_eq!(state(&world.store, stall.job.id).await, doubt);

    // A mark of an earlier lease says nothing of a later one.
    accept(&world.store, acceptance(3, vec![job(3, "again")])).await;
    let leased = world.claim_one().await;
    assert!(world.record(&leased, Next::Started).await);
    let retry = Next::Retry {
        after: Duration::ZERO,
        counts: true,
    };
    assert!(world.record(&leased, retry).await);
    world.claim_one().await;
    let world = world.reopen();
    assert_eq!(states(&world.store, 3, &["again"]).await, [JobState::Ready]);
}
