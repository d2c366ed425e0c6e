//! What becomes of an event's jobs.

use std::sync::atomic::Ordering;

use super::stage::{Stage, event_id, rules};
use crate::plan::JobState;
use crate::runtime::telemetry::Metric;
use crate::stores::{JobQuery, Store as _};

const GITHUB: &str = "github: {provider: github, secrets: [thirty-two-bytes-of-test-secret!]}";
const TWO_LINES: &str = "
rules:
  - name: note
    when: {provider: github, event: push}
    actions:
      - {name: one, log: {message: 'pushed {{payload.ref}}'}}
      - {name: two, log: {message: 'again {{payload.ref}}'}}
";

#[tokio::test]
async fn jobs_begin_in_reserved_slots_and_the_rest_is_claimed() {
    let stage = Stage::start_with(GITHUB, rules(TWO_LINES));
    stage.slots.free.store(1, Ordering::SeqCst);
    let answer = stage
        .send("github", stage.push("d-1", r#"{"ref": "main"}"#))
        .await;
    assert_eq!(answer.status, 202);
    assert_eq!(stage.slots.run.lock().unwrap().len(), 1);
    assert_eq!(stage.slots.nudges.load(Ordering::SeqCst), 1);
    let query = JobQuery {
        event: Some(event_id(&answer)),
        limit: 10,
        ..JobQuery::default()
    };
    let jobs = stage.store.jobs(query).await.unwrap();
    let states: Vec<_> = jobs.iter().map(|job| job.state).collect();
    assert!(
        states.contains(&JobState::Leased) && states.contains(&JobState::Ready),
        "{states:?}"
    );
    assert_eq!(stage.telemetry.value(Metric::Planned, &[]), 2);
}

#[tokio::test]
async fn a_duplicate_gives_its_slots_back() {
    let stage = Stage::start_with(GITHUB, rules(TWO_LINES));
    stage
        .send("github", stage.push("d-1", r#"{"ref": "main"}"#))
        .await;
    stage.slots.free.store(2, Ordering::SeqCst);
    let again = stage
        .send("github", stage.push("d-1", r#"{"ref": "main"}"#))
        .await;
    assert_eq!(again.status, 200);
    assert_eq!(stage.slots.given_back.load(Ordering::SeqCst), 2);
    assert!(stage.slots.run.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_job_that_cannot_be_prepared_is_accepted_and_dead() {
    let stage = Stage::start_with(GITHUB, rules(TWO_LINES));
    let answer = stage.send("github", stage.push("d-1", "{}")).await;
    assert_eq!(answer.status, 202);
    let query = JobQuery {
        states: vec![JobState::Dead],
        limit: 10,
        ..JobQuery::default()
    };
    let dead = stage.store.jobs(query).await.unwrap();
    assert_eq!(dead.len(), 2);
    assert!(dead[0].reason.as_ref().unwrap().contains("ref"), "{dead:?}");
    assert_eq!(stage.telemetry.value(Metric::Unprepared, &[]), 2);
    assert_eq!(stage.slots.nudges.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_sender_that_hangs_up_leaves_no_job_behind() {
    let stage = Stage::start_with(GITHUB, rules(TWO_LINES));
    stage.slots.free.store(2, Ordering::SeqCst);
    let delivery = stage.push("d-1", r#"{"ref": "main"}"#);
    let mut receiving = Box::pin(stage.intake.receive(Some("github"), delivery));
    // Polled once, so that storing has begun, then dropped.
    let polled = std::future::poll_fn(|context| {
        std::task::Poll::Ready(receiving.as_mut().poll(context).is_ready())
    });
    assert!(!polled.await);
    drop(receiving);
    while stage.slots.run.lock().unwrap().len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(stage.events().await.len(), 1);
}
