//! What a destination is spared, and that others do not suffer for it.

use std::time::Duration;

use super::stage::{Stage, Step, destinations, fails, new_job, throttles};
use crate::actions::{Outcome, Wait};
use crate::intake::Handover as _;
use crate::intake::tests::Verb;
use crate::plan::{JobState, NewJob};
use crate::runtime::telemetry::Metric;
use crate::stores::Store as _;

const A_AND_B: &str = "a: {http: {url: 'http://127.0.0.1:9'}, allow_private: true, concurrency: 2}\n\
                       b: {http: {url: 'http://127.0.0.1:9'}, allow_private: true}";
const B: &str = "b: {http: {url: 'http://127.0.0.1:9'}, allow_private: true}";

#[tokio::test]
async fn no_more_at_once_than_allowed() {
    let stage = Stage::start(A_AND_B);
    stage.script.tell("a", (0..7).map(|_| Step::Hold));
    stage.queue("a", 7).await;
    for _ in 0..7 {
        stage.settle().await;
        stage.script.go.notify_one();
    }
    stage.until_count(JobState::Done, 7).await;
    assert_eq!(stage.script.most.lock().unwrap()["a"], 2);
}

#[tokio::test]
async fn a_hanging_destination_holds_back_nobody_else() {
    let stage = Stage::start(A_AND_B);
    stage.script.tell("a", [Step::Never, Step::Never]);
    stage.queue("a", 50).await;
    stage.until(async || stage.script.begun("a") == 2).await;
    let began = stage.clock.now();
    stage.queue("b", 20).await;
    stage.until(async || stage.script.begun("b") == 20).await;
    let took = stage.clock.now().since(began);
    assert!(took <= Duration::from_millis(200), "{took:?}");
}

#[tokio::test]
async fn older_jobs_go_first() {
    let stage = Stage::start(A_AND_B);
    stage.script.tell("a", (0..4).map(|_| Step::Hold));
    stage.queue("a", 4).await;
    stage.until(async || stage.script.begun("a") == 2).await;
    stage.store.fail(Verb::Claim);
    stage.script.go.notify_one();
    stage.until_count(JobState::Done, 1).await;
    stage.settle().await;
    // A slot is free, but two jobs in the store have waited for it.
    assert!(stage.executor.reserve("a").is_none());
    stage.store.mend();
    stage.until(async || stage.script.begun("a") == 3).await;
}

#[tokio::test]
async fn a_throttled_destination_is_left_alone_and_no_attempt_is_spent() {
    let stage = Stage::start(A_AND_B);
    stage.script.tell("a", [throttles(60)]);
    let first = stage.queue("a", 1).await[0];
    stage.until(async || stage.script.begun("a") == 1).await;
    stage.settle().await;
    let held = stage.clock.now();
    stage.queue("a", 3).await;
    stage.queue("b", 1).await;
    stage.until(async || stage.script.begun("b") == 1).await;
    stage.until_count(JobState::Done, 5).await;
    let times = stage.script.times("a");
    assert!(times[1].since(held) >= Duration::from_secs(59), "{times:?}");
    let (first, attempts) = stage.job(first).await;
    assert_eq!((first.attempts, attempts.len()), (1, 2));
    assert_eq!(attempts[0].outcome, "throttled");
}

#[tokio::test]
async fn no_more_in_a_time_than_allowed() {
    let stage =
        Stage::start("a: {http: {url: 'http://127.0.0.1:9'}, allow_private: true, rate: 3/1s}");
    stage.queue("a", 10).await;
    let took = stage.until_count(JobState::Done, 10).await;
    assert!(took <= Duration::from_secs(5), "{took:?}");
    let times = stage.script.times("a");
    for four in times.windows(4) {
        assert!(
            four[3].since(four[0]) >= Duration::from_secs(1),
            "{times:?}"
        );
    }
}

#[tokio::test]
async fn a_failing_destination_is_probed_and_nothing_is_lost() {
    let stage = Stage::start(A_AND_B);
    stage.script.tell("a", (0..11).map(|_| fails()));
    stage.queue("a", 20).await;
    stage.until(async || stage.script.begun("a") == 10).await;
    stage.settle().await;
    let opened = stage.clock.now();
    assert_eq!(stage.telemetry.value(Metric::CircuitOpen, &["a"]), 1);
    assert!(stage.executor.degraded()[0].contains("`a` keeps failing"));
    stage.until(async || stage.script.begun("a") == 11).await;
    let probe = stage.script.times("a")[10];
    assert!(probe.since(opened) >= Duration::from_secs(29), "{probe}");
    stage.until_count(JobState::Done, 20).await;
    let next = stage.script.times("a")[11];
    assert!(next.since(probe) >= Duration::from_secs(59), "{next}");
    assert_eq!(stage.count(JobState::Dead).await, 0);
    assert_eq!(stage.telemetry.value(Metric::CircuitOpen, &["a"]), 0);
    assert!(stage.executor.degraded().is_empty());
}

#[tokio::test]
async fn a_destination_that_is_gone_is_paused() {
    let stage = Stage::start(A_AND_B);
    let gone = Outcome::Reject {
        note: "410 Gone".to_owned(),
        gone: true,
    };
    stage.script.tell("b", [Step::Give(gone)]);
    let job = stage.queue("b", 1).await[0];
    stage.until_state(job, JobState::Dead).await;
    assert_eq!(stage.store.paused().await.unwrap()[0].0, "b");
    assert!(stage.executor.degraded()[0].contains("`b` is paused"));
    let later = stage.queue("b", 1).await[0];
    assert!(stage.executor.reserve("b").is_none());
    stage.pass(Duration::from_mins(1)).await;
    assert_eq!(stage.state(later).await, JobState::Ready);
    stage.store.pause("b", None).await.unwrap();
    stage.until_state(later, JobState::Done).await;
    stage.pass(Duration::from_secs(10)).await;
    assert!(stage.executor.degraded().is_empty());
}

#[tokio::test]
async fn jobs_of_a_missing_destination_wait_for_it() {
    let stage = Stage::start(B);
    let job = stage.queue("a", 1).await[0];
    stage.pass(Duration::from_mins(3)).await;
    let (waiting, attempts) = stage.job(job).await;
    assert_eq!((waiting.state, attempts.len()), (JobState::Ready, 0));
    let told = stage.executor.degraded();
    assert!(told[0].contains("`a` does not exist"), "{told:?}");
    stage.destinations.send_replace(destinations(A_AND_B));
    stage.until_state(job, JobState::Done).await;
    stage.pass(Duration::from_secs(61)).await;
    assert!(stage.executor.degraded().is_empty());
}

#[tokio::test]
async fn jobs_of_a_missing_destination_die_in_the_end() {
    let stage = Stage::start(B);
    let job = stage.queue("a", 1).await[0];
    stage.settle().await;
    stage
        .clock
        .advance(Duration::from_secs(7 * 24 * 60 * 60 + 1));
    stage.until_state(job, JobState::Dead).await;
}

#[tokio::test]
async fn a_job_for_another_kind_of_destination_is_a_dead_letter() {
    let stage = Stage::start("b: {file: {root: /tmp}}");
    let job = stage.queue("b", 1).await[0];
    stage.until_state(job, JobState::Dead).await;
    assert!(
        stage
            .job(job)
            .await
            .0
            .reason
            .unwrap()
            .contains("kind `file`")
    );
    let unknown = |event| {
        vec![NewJob {
            kind: "teleport".to_owned(),
            ..new_job(event, "b", 0)
        }]
    };
    let job = stage.plan(unknown).await[0];
    stage.until_state(job, JobState::Dead).await;
    assert_eq!(stage.script.begun("b"), 0);
}

fn throttles_unnamed() -> Step {
    Step::Give(Outcome::Retry {
        note: "429".to_owned(),
        wait: Wait::Destination(None),
    })
}

#[tokio::test]
async fn jobs_throttled_together_count_as_one_throttle() {
    let stage = Stage::start(A_AND_B);
    stage.script.tell("b", (0..8).map(|_| throttles_unnamed()));
    stage.queue("b", 8).await;
    stage.until(async || stage.script.begun("b") == 8).await;
    let took = stage.until_count(JobState::Done, 8).await;
    // The first wait of the schedule is 5 s, the eighth would be 4 h.
    assert!(took <= Duration::from_secs(10), "{took:?}");
}

#[tokio::test]
async fn a_destination_that_throttles_for_no_time_is_not_asked_without_end() {
    let stage = Stage::start(A_AND_B);
    stage.script.tell("a", (0..5_000).map(|_| throttles(0)));
    stage.queue("a", 1).await;
    stage.pass(Duration::from_mins(1)).await;
    let asked = stage.script.begun("a");
    assert!((5..=20).contains(&asked), "{asked} times in a minute");
}
