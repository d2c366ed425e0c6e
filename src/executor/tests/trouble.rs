//! Faults: in actions, in the store, in the lease.

use std::sync::Arc;
use std::time::Duration;

use super::stage::{Stage, Step};
use crate::intake::tests::{FaultyStore, Verb};
use crate::plan::JobState;
use crate::runtime::telemetry::Metric;
use crate::runtime::{Clock, Timestamp};
use crate::stores::memory::MemoryStore;

const A: &str = "a: {http: {url: 'http://127.0.0.1:9'}, allow_private: true, timeout: 15s}";
const ONCE: &str =
    "a: {http: {url: 'http://127.0.0.1:9'}, allow_private: true, in_doubt: dead, timeout: 15s}";

#[tokio::test]
async fn an_action_that_panics_ends_itself_alone() {
    let stage = Stage::start(A);
    stage.script.tell("a", [Step::Panic]);
    stage.queue("a", 3).await;
    stage.until_count(JobState::Done, 2).await;
    assert_eq!(stage.count(JobState::Dead).await, 1);
}

#[tokio::test]
async fn an_action_that_hangs_is_tried_again() {
    let stage = Stage::start(A);
    stage.script.tell("a", [Step::Never]);
    let job = stage.queue("a", 1).await[0];
    let took = stage.until_state(job, JobState::Done).await;
    assert!(
        took >= Duration::from_mins(1) && took <= Duration::from_secs(70),
        "{took:?}"
    );
    assert_eq!(stage.job(job).await.1[0].outcome, "in_doubt");
}

#[tokio::test]
async fn a_doubtful_action_is_not_repeated_where_that_is_forbidden() {
    let stage = Stage::start(ONCE);
    stage.script.tell("a", [Step::Never]);
    let job = stage.queue("a", 1).await[0];
    stage.until_state(job, JobState::Dead).await;
    assert_eq!(stage.script.begun("a"), 1);
}

#[tokio::test]
async fn a_crash_does_not_repeat_what_must_not_be_repeated() {
    for (yaml, expected) in [(ONCE, JobState::Dead), (A, JobState::Ready)] {
        let clock = Clock::settable(Timestamp::from_seconds(1_700_000_000));
        let store = FaultyStore::over(MemoryStore::new(clock.clone()));
        let store = Arc::new(store);
        let stage = Stage::start_on(yaml, clock.clone(), Arc::clone(&store));
        stage.script.tell("a", [Step::Never]);
        let job = stage.queue("a", 1).await[0];
        stage.until(async || stage.script.begun("a") == 1).await;
        // The lease runs out, as if nobody were there any more.
        for verb in [Verb::Renew, Verb::Claim, Verb::Record] {
            store.fail(verb);
        }
        stage.shutdown.stop();
        stage.settle().await;
        clock.advance(Duration::from_secs(31));
        store.mend();
        crate::stores::Store::sweep(&*store, Duration::from_secs(1_000_000))
            .await
            .unwrap();
        assert_eq!(stage.state(job).await, expected);
    }
}

#[tokio::test]
async fn an_outcome_outlives_a_failing_store() {
    let stage = Stage::start(A);
    stage.script.tell("a", [Step::Hold]);
    let job = stage.queue("a", 1).await[0];
    stage.until(async || stage.script.begun("a") == 1).await;
    stage.store.fail(Verb::Record);
    let before = stage.store.failures();
    stage.script.go.notify_one();
    stage.pass(Duration::from_secs(10)).await;
    let tries = stage.store.failures() - before;
    assert!((2..=6).contains(&tries), "{tries} tries in 10 s");
    stage.store.mend();
    stage.until_state(job, JobState::Done).await;
    assert_eq!(stage.script.begun("a"), 1, "it was performed once");
    assert!(stage.telemetry.value(Metric::StoreFailures, &["record"]) >= 2);
}

#[tokio::test]
async fn a_failing_store_is_not_asked_without_end() {
    let stage = Stage::start(A);
    stage.settle().await;
    stage.store.fail(Verb::Claim);
    let before = stage.store.failures();
    let job = stage.queue("a", 1).await[0];
    stage.pass(Duration::from_secs(20)).await;
    let tries = stage.store.failures() - before;
    assert!((2..=8).contains(&tries), "{tries} tries in 20 s");
    stage.store.mend();
    stage.until_state(job, JobState::Done).await;
}

#[tokio::test]
async fn a_store_that_promises_jobs_and_gives_none_is_not_asked_without_end() {
    let stage = Stage::start(A);
    stage.settle().await;
    stage.store.promise_jobs();
    let before = stage.store.looks();
    stage.pass(Duration::from_secs(12)).await;
    let looks = stage.store.looks() - before;
    assert!((2..=250).contains(&looks), "{looks} looks in 12 s");
}

#[tokio::test]
async fn an_attempt_whose_lease_is_lost_is_broken_off() {
    let stage = Stage::start(A);
    stage.script.tell("a", [Step::Never]);
    let job = stage.queue("a", 1).await[0];
    stage.until(async || stage.script.begun("a") == 1).await;
    stage.store.lose_leases();
    // It is performed again by whoever claims it next.
    stage.until_state(job, JobState::Done).await;
    assert!(stage.telemetry.value(Metric::LeasesLost, &[]) >= 1);
    assert_eq!(stage.script.begun("a"), 2);
}
