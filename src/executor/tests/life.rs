//! The way of a job whose store works.

use std::time::Duration;

use serde_json::json;

use super::stage::{Stage, Step, acceptance, done, fails, new_job};
use crate::actions::Outcome;
use crate::intake::Handover as _;
use crate::plan::{JobBody, JobState, NewJob};
use crate::runtime::telemetry::Metric;
use crate::stores::{Accepted, Store as _};

const A: &str = "a: {http: {url: 'http://127.0.0.1:9'}, allow_private: true}";
const A_SHORT: &str = "a: {http: {url: 'http://127.0.0.1:9'}, allow_private: true, \
                       retry: {schedule: [5s, 30s]}}";

#[tokio::test]
async fn a_job_is_performed_and_recorded() {
    let stage = Stage::start(A);
    let job = stage.queue("a", 1).await[0];
    stage.until_state(job, JobState::Done).await;
    let (job, attempts) = stage.job(job).await;
    assert_eq!(job.attempts, 1);
    assert_eq!(attempts.len(), 1);
    assert_eq!(
        (attempts[0].number, attempts[0].outcome.as_str()),
        (1, "done")
    );
    assert_eq!(stage.telemetry.value(Metric::Attempts, &["a", "done"]), 1);
}

#[tokio::test]
async fn jobs_stored_while_nobody_looked_are_found() {
    let stage = Stage::start(A);
    stage.settle().await;
    let job = stage.plan(|event| vec![new_job(event, "a", 0)]).await[0];
    let took = stage.until_state(job, JobState::Done).await;
    assert!(took <= Duration::from_secs(6), "{took:?}");
}

#[tokio::test]
async fn a_job_for_a_free_slot_needs_no_claim() {
    let stage = Stage::start(A);
    stage.settle().await;
    let permit = stage.executor.reserve("a").expect("a free slot");
    let mut accepted = acceptance(stage.clock.now(), |event| vec![new_job(event, "a", 0)]);
    accepted.lease = vec![accepted.plan.jobs[0].id];
    let job = accepted.lease[0];
    let answer = stage.store.accept(vec![accepted]).await.unwrap();
    let Some(Accepted::New(leased)) = answer.into_iter().next() else {
        panic!("not new");
    };
    let claims = stage.store.claims();
    stage
        .executor
        .run(leased.into_iter().zip([permit]).collect());
    stage.until_state(job, JobState::Done).await;
    assert_eq!(stage.script.begun("a"), 1);
    assert_eq!(
        stage.store.claims(),
        claims,
        "it was begun before any claim"
    );
}

#[tokio::test]
async fn a_slot_given_back_unused_is_free_again() {
    let stage = Stage::start(
        "a: {http: {url: 'http://127.0.0.1:9'}, allow_private: true, concurrency: 1, rate: 1/1h}",
    );
    stage.settle().await;
    for _ in 0..3 {
        let permit = stage.executor.reserve("a").expect("a free slot");
        assert!(stage.executor.reserve("a").is_none());
        // The job was a duplicate after all.
        drop(permit);
        stage.settle().await;
    }
    assert!(stage.executor.reserve("unknown").is_none());
}

#[tokio::test]
async fn a_failing_job_follows_its_schedule_and_ends_as_a_dead_letter() {
    let stage = Stage::start(A_SHORT);
    stage.script.tell("a", [fails(), fails(), fails(), fails()]);
    let job = stage.queue("a", 1).await[0];
    stage.until_state(job, JobState::Dead).await;
    let times = stage.script.times("a");
    assert_eq!(times.len(), 3, "{times:?}");
    let first = times[1].since(times[0]);
    let second = times[2].since(times[1]);
    assert!(first >= Duration::from_secs(4) && first <= Duration::from_millis(6_200));
    assert!(second >= Duration::from_secs(24) && second <= Duration::from_millis(36_200));
    let (job, attempts) = stage.job(job).await;
    assert_eq!(job.attempts, 3);
    assert_eq!(attempts.len(), 3);
    assert!(job.reason.unwrap().contains("503"));
    assert_eq!(stage.telemetry.value(Metric::DeadLetters, &["a"]), 1);
}

#[tokio::test]
async fn the_schedule_of_the_starter_rules_is_six_attempts_and_a_dead_letter() {
    let stage = Stage::start(
        "a: {http: {url: 'http://127.0.0.1:9'}, allow_private: true, \
         retry: {schedule: [5m, 2m, 4m, 8m, 16m]}}",
    );
    stage.script.tell("a", (0..7).map(|_| fails()));
    let job = stage.queue("a", 1).await[0];
    stage.until_state(job, JobState::Dead).await;
    let times = stage.script.times("a");
    let waits: Vec<_> = times
        .windows(2)
        .map(|pair| pair[1].since(pair[0]))
        .collect();
    assert_eq!(waits.len(), 5, "{waits:?}");
    for (wait, minutes) in waits.iter().zip([5, 2, 4, 8, 16]) {
        let planned = Duration::from_mins(minutes);
        // Spread by ×0.8 to ×1.2, and noticed within a few seconds.
        let latest = planned.mul_f64(1.2) + Duration::from_secs(10);
        assert!(
            *wait >= planned.mul_f64(0.8) && *wait <= latest,
            "{waits:?}"
        );
    }
}

#[tokio::test]
async fn a_refused_job_is_a_dead_letter_at_once() {
    let stage = Stage::start(A);
    let reject = Outcome::Reject {
        note: "422 bad".to_owned(),
        gone: false,
    };
    stage.script.tell("a", [Step::Give(reject)]);
    let jobs = stage.queue("a", 2).await;
    stage.until_count(JobState::Done, 1).await;
    assert_eq!(stage.count(JobState::Dead).await, 1);
    assert_eq!(stage.script.begun("a"), jobs.len());
}

#[tokio::test]
async fn a_requeued_dead_letter_is_performed_again() {
    let stage = Stage::start(
        "a: {http: {url: 'http://127.0.0.1:9'}, allow_private: true, retry: {schedule: []}}",
    );
    stage.script.tell("a", [fails()]);
    let job = stage.queue("a", 1).await[0];
    stage.until_state(job, JobState::Dead).await;
    stage.store.requeue(vec![job]).await.unwrap()[0]
        .as_ref()
        .unwrap();
    stage.executor.nudge();
    stage.until_state(job, JobState::Done).await;
    assert_eq!(stage.script.begun("a"), 2);
}

#[tokio::test]
async fn dead_letters_are_counted_until_there_are_none() {
    let stage = Stage::start(
        "a: {http: {url: 'http://127.0.0.1:9'}, allow_private: true, retry: {schedule: []}}",
    );
    let counted = || stage.telemetry.value(Metric::Jobs, &["dead"]);
    stage.script.tell("a", [fails()]);
    let job = stage.queue("a", 1).await[0];
    stage.until_state(job, JobState::Dead).await;
    stage.until(async || counted() == 1).await;
    stage.store.requeue(vec![job]).await.unwrap()[0]
        .as_ref()
        .unwrap();
    stage.executor.nudge();
    stage.until_state(job, JobState::Done).await;
    stage.until(async || counted() == 0).await;
}

#[tokio::test]
async fn a_follower_is_rendered_with_what_came_before_it() {
    let stage = Stage::start(A);
    let jobs = stage
        .plan(|event| {
            let first = new_job(event, "a", 0);
            let follower = NewJob {
                state: JobState::Waiting,
                after: vec![first.id],
                body: JobBody::Deferred {
                    config: json!({}),
                    vars: json!({}),
                    rule_set: "hash".to_owned(),
                    item: None,
                },
                ..new_job(event, "a", 1)
            };
            vec![first, follower]
        })
        .await;
    stage.executor.nudge();
    stage.until_state(jobs[1], JobState::Done).await;
    let (follower, _) = stage.job(jobs[1]).await;
    let JobBody::Prepared { data, .. } = follower.body else {
        panic!("never prepared");
    };
    assert!(data.to_string().contains("\"id\":7"), "{data}");
}

fn deferred(action: &'static str) -> impl FnOnce(crate::event::EventId) -> Vec<NewJob> {
    move |event| {
        vec![NewJob {
            action: action.to_owned(),
            body: JobBody::Deferred {
                config: json!({}),
                vars: json!({}),
                rule_set: "hash".to_owned(),
                item: None,
            },
            ..new_job(event, "a", 0)
        }]
    }
}

#[tokio::test]
async fn what_cannot_be_rendered_is_a_dead_letter_that_says_so() {
    let stage = Stage::start(A);
    let job = stage.plan(deferred("unrenderable")).await[0];
    stage.executor.nudge();
    stage.until_state(job, JobState::Dead).await;
    assert!(
        stage
            .job(job)
            .await
            .0
            .reason
            .unwrap()
            .contains("actions.first.id")
    );
    assert_eq!(stage.script.begun("a"), 0);
}

#[tokio::test]
async fn a_rendered_job_that_needs_the_delivery_gets_it() {
    let stage = Stage::start(A);
    let job = stage.plan(deferred("passes-on")).await[0];
    stage.executor.nudge();
    stage.until_state(job, JobState::Done).await;
    assert_eq!(stage.script.begun("a"), 1);
    assert_eq!(stage.job(job).await.1.len(), 1, "preparing is no attempt");
}

#[tokio::test]
async fn kinds_without_destination_have_a_lane_of_their_own() {
    let stage = Stage::start(A);
    let log = |event| {
        vec![NewJob {
            kind: "log".to_owned(),
            ..new_job(event, "", 0)
        }]
    };
    let job = stage.plan(log).await[0];
    stage.executor.nudge();
    stage.until_state(job, JobState::Done).await;
}

#[tokio::test]
async fn a_long_job_keeps_its_lease() {
    let stage =
        Stage::start("a: {http: {url: 'http://127.0.0.1:9'}, allow_private: true, timeout: 10m}");
    stage.script.tell("a", [Step::Hold]);
    let job = stage.queue("a", 1).await[0];
    stage.until(async || stage.script.begun("a") == 1).await;
    stage.pass(Duration::from_secs(100)).await;
    stage.script.go.notify_one();
    stage.until_state(job, JobState::Done).await;
    assert_eq!(stage.script.begun("a"), 1);
}

#[tokio::test]
async fn old_jobs_are_not_performed_any_more() {
    let stage = Stage::start(
        "a: {http: {url: 'http://127.0.0.1:9'}, allow_private: true, retry: {schedule: [1s], max_age: 1h}}",
    );
    stage.settle().await;
    let job = stage.plan(|event| vec![new_job(event, "a", 0)]).await[0];
    stage.clock.advance(Duration::from_hours(2));
    stage.until_state(job, JobState::Dead).await;
    assert_eq!(stage.script.begun("a"), 0);
}

#[tokio::test]
async fn draining_finishes_what_is_begun_and_begins_nothing() {
    let stage = Stage::start(
        "a: {http: {url: 'http://127.0.0.1:9'}, allow_private: true, concurrency: 1}\n\
         b: {http: {url: 'http://127.0.0.1:9'}, allow_private: true}",
    );
    stage.script.tell("a", [Step::Hold]);
    let jobs = stage.queue("a", 2).await;
    stage.until(async || stage.script.begun("a") == 1).await;
    let permit = stage.executor.reserve("b").expect("a free slot");
    drop(permit);
    stage.shutdown.drain();
    stage.settle().await;
    assert!(stage.executor.reserve("b").is_none());
    stage.script.go.notify_one();
    stage.executor.drained().await;
    assert_eq!(stage.count(JobState::Done).await, 1);
    assert_eq!(stage.count(JobState::Ready).await, 1);
    assert_eq!(stage.script.begun("a"), 1, "{jobs:?}");
}

#[tokio::test]
async fn a_drain_that_takes_too_long_gives_jobs_back() {
    let stage = Stage::start(
        "a: {http: {url: 'http://127.0.0.1:9'}, allow_private: true}\n\
         once: {http: {url: 'http://127.0.0.1:9'}, allow_private: true, in_doubt: dead}",
    );
    stage.script.tell("a", [Step::Never]);
    stage.script.tell("once", [Step::Never]);
    let job = stage.queue("a", 1).await[0];
    let once = stage.queue("once", 1).await[0];
    stage
        .until(async || stage.script.begun("a") + stage.script.begun("once") == 2)
        .await;
    stage.shutdown.drain();
    let drained = stage.executor.clone();
    let waiting = tokio::spawn(async move { drained.drained().await });
    let took = stage.until(async || waiting.is_finished()).await;
    assert!(
        took >= Duration::from_secs(29) && took < Duration::from_secs(33),
        "{took:?}"
    );
    let (back, attempts) = stage.job(job).await;
    assert_eq!((back.state, back.attempts), (JobState::Ready, 0));
    assert_eq!(attempts[0].outcome, "in_doubt");
    assert_eq!(stage.state(once).await, JobState::Dead);
    let told = stage.telemetry.value(Metric::DeadLetters, &["once"]);
    assert_eq!(told, 1, "a dead letter is never silent");
}

#[tokio::test]
async fn a_second_order_does_not_wait() {
    let stage = Stage::start(A);
    stage.script.tell("a", [Step::Never]);
    stage.queue("a", 1).await;
    stage.until(async || stage.script.begun("a") == 1).await;
    stage.shutdown.stop();
    stage.executor.drained().await;
    let _ = done();
}
