//! Promises about lanes: one job at a time, in order of arrival.

use std::time::Duration;

use serde_json::json;

use super::fixtures::{accept, acceptance, job, states};
use super::gates::{fired, gated};
use super::{Bed, World};
use crate::plan::JobState::{Cancelled, Dead, Done, Leased, Ready, Skipped, Waiting};
use crate::plan::{Gates, JobState, Lane, NewJob};
use crate::stores::{LeasedJob, Next, Store};

fn turn(n: u64, key: &str, hold: bool) -> NewJob {
    let key = key.into();
    NewJob {
        lane: Some(Lane { key, hold }),
        ..job(n, "a")
    }
}

async fn accept_turn(world: &World<impl Bed>, n: u64, hold: bool) -> Vec<LeasedJob> {
    let one = turn(n, "k", hold);
    let lease = vec![one.id];
    let mut acceptance = acceptance(n, vec![one]);
    acceptance.lease = lease;
    accept(&world.store, acceptance).await
}

async fn all(world: &World<impl Bed>, last: u64) -> Vec<JobState> {
    let mut found = Vec::new();
    for n in 1..=last {
        found.extend(states(&world.store, n, &["a"]).await);
    }
    found
}

fn done() -> Next {
    let outputs = json!({});
    Next::Done { outputs }
}

fn dead() -> Next {
    let reason = "404".into();
    Next::Dead { reason }
}

pub(crate) async fn a_lane_runs_one_at_a_time_in_order(bed: impl Bed) {
    let world = World::new(bed);
    let mut held = accept_turn(&world, 1, false).await;
    assert_eq!(held.len(), 1);
    for n in 2..=4 {
        assert_eq!(
            accept_turn(&world, n, false).await,
            [],
            "it is not its turn"
        );
    }
    accept(&world.store, acceptance(5, vec![turn(5, "other", false)])).await;
    assert_eq!(
        all(&world, 5).await,
        [Leased, Waiting, Waiting, Waiting, Ready]
    );
    let other = world.claim_one().await;
    assert_eq!(other.job.id, job(5, "a").id);
    assert!(world.record(&other, done()).await);
    for n in 1..=4 {
        let leased = held.pop().unwrap();
        assert_eq!(leased.job.id, job(n, "a").id);
        assert_eq!(leased.job.lane.as_ref().map(|lane| &*lane.key), Some("k"));
        assert_eq!(world.claim(&[("chat", 9)]).await.jobs, []);
        world.pass(1);
        assert!(world.record(&leased, done()).await);
        held = world.claim(&[("chat", 9)]).await.jobs;
        assert_eq!(held.len(), usize::from(n < 4));
    }
    assert_eq!(all(&world, 5).await, [Done; 5]);
}

pub(crate) async fn the_first_keeps_its_turn_while_it_retries(bed: impl Bed) {
    let world = World::new(bed);
    let leased = accept_turn(&world, 1, false).await.remove(0);
    accept_turn(&world, 2, false).await;
    let retry = Next::Retry {
        after: Duration::from_secs(20),
        counts: true,
    };
    assert!(world.record(&leased, retry).await);
    assert_eq!(world.claim(&[("chat", 9)]).await.jobs, []);
    world.pass(20);
    assert_eq!(world.claim_one().await.job.id, job(1, "a").id);
    let world = world.reopen();
    let again = world.claim_one().await;
    assert_eq!(
        again.job.id,
        job(1, "a").id,
        "its lease was lost, its turn was not"
    );
    world.pass(7);
    assert!(world.record(&again, dead()).await);
    let next = world.claim_one().await;
    let now = world.clock.now();
    assert_eq!(
        (next.job.id, next.job.ready_at),
        (job(2, "a").id, Some(now))
    );
}

pub(crate) async fn a_requeued_job_goes_to_the_end(bed: impl Bed) {
    let world = World::new(bed);
    let leased = accept_turn(&world, 1, false).await.remove(0);
    for n in 2..=3 {
        accept_turn(&world, n, false).await;
    }
    assert!(world.record(&leased, dead()).await);
    assert_eq!(all(&world, 3).await, [Dead, Ready, Waiting]);
    let requeued = world.store.requeue(vec![leased.job.id]).await.unwrap();
    assert_eq!(requeued, [Ok(())]);
    assert_eq!(all(&world, 3).await, [Waiting, Ready, Waiting]);
    for n in [2, 3, 1] {
        let leased = world.claim_one().await;
        assert_eq!(leased.job.id, job(n, "a").id);
        assert!(world.record(&leased, done()).await);
    }
}

pub(crate) async fn a_held_lane_waits_for_a_person(bed: impl Bed) {
    let world = World::new(bed);
    let leased = accept_turn(&world, 1, true).await.remove(0);
    for n in 2..=3 {
        accept_turn(&world, n, true).await;
    }
    assert!(world.record(&leased, dead()).await);
    let world = world.reopen();
    assert_eq!(all(&world, 3).await, [Dead, Waiting, Waiting]);
    assert_eq!(world.claim(&[("chat", 9)]).await.jobs, []);
    let requeued = world.store.requeue(vec![leased.job.id]).await.unwrap();
    assert_eq!(requeued, [Ok(())]);
    let leased = world.claim_one().await;
    assert_eq!(leased.job.id, job(1, "a").id, "it goes first");
    assert!(world.record(&leased, dead()).await);
    let discarded = world.store.discard(vec![leased.job.id, job(2, "a").id]);
    let discarded = discarded.await.unwrap();
    assert_eq!(discarded[0], Ok(()));
    assert!(discarded[1].as_ref().unwrap_err().contains("not dead"));
    assert_eq!(all(&world, 3).await, [Cancelled, Ready, Waiting]);
    let again = world.store.requeue(vec![leased.job.id]).await.unwrap();
    assert!(again[0].is_err(), "what is discarded stays so");
}

pub(crate) async fn a_turn_is_taken_when_nothing_else_is_waited_for(bed: impl Bed) {
    let world = World::new(bed);
    let lane = turn(1, "k", false).lane;
    let gates = Gates {
        held_until: Some(world.clock.now().after(Duration::from_secs(10))),
        ..Gates::default()
    };
    let mut first = fired(1, 0, gates);
    let follower = NewJob {
        after: vec![job(1, "a").id],
        lane: lane.clone(),
        ..gated(1, "b")
    };
    first.plan.jobs = vec![gated(1, "a"), follower];
    first.plan.jobs[0].lane.clone_from(&lane);
    accept(&world.store, first).await;
    world.pass(1);
    accept_turn(&world, 2, false).await;
    world.pass(9);
    let leased = world.claim(&[("chat", 9)]).await.jobs;
    assert_eq!(leased, [], "the one that was free first has the turn");
    assert_eq!(
        states(&world.store, 1, &["a", "b"]).await,
        [Waiting, Waiting]
    );
    world.pass(60);
    for (n, action) in [(2, "a"), (1, "a")] {
        let leased = world.claim_one().await;
        assert_eq!(leased.job.id, job(n, action).id);
        assert!(world.record(&leased, done()).await);
    }
    assert_eq!(states(&world.store, 1, &["a", "b"]).await, [Done, Ready]);
    let leased = world.claim_one().await;
    assert!(world.record(&leased, dead()).await);
    accept(&world.store, acceptance(3, vec![turn(3, "k", false)])).await;
    assert_eq!(
        states(&world.store, 3, &["a"]).await,
        [Ready],
        "the lane is free"
    );
    assert_ne!(states(&world.store, 1, &["b"]).await, [Skipped]);
}
