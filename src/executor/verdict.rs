//! What follows from an outcome: for the job, and for its destination. Pure.

use std::time::Duration;

use crate::actions::{Outcome, Wait};
use crate::destinations::{InDoubt, Policy};
use crate::plan::Job;
use crate::runtime::Timestamp;
use crate::stores::Next;

use super::backoff::{ASKED_MAX, Again, again, jittered};

/// The most of an attempt's note that is kept, in bytes.
const NOTE_BYTES_MAX: usize = 4 * 1024;
/// The wait that a throttle without a number stands for, where there is no schedule.
const THROTTLE_WAIT: Duration = Duration::from_mins(1);
/// The shortest time for which a destination is left alone that asks for less, or for none at all;
/// doubles with each time in a row.
const HOLD_MIN: Duration = Duration::from_millis(100);
/// So often that is doubled: to not quite a minute.
const HOLD_DOUBLINGS_MAX: u32 = 9;

/// What an outcome says of the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// It answers.
    Good,
    /// It is in trouble.
    Bad,
    /// It asked to be left alone for so long.
    Hold(Duration),
    /// It is gone, and why.
    Gone(String),
}

/// What follows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    /// For the job.
    pub next: Next,
    /// The outcome in one word, as it is recorded and counted.
    pub word: &'static str,
    /// What is kept for people.
    pub note: String,
    /// For the destination.
    pub effect: Effect,
}

/// What follows from the outcome of one attempt. `throttled` counts how often in a row the destination
/// had asked to be left alone before.
pub(super) fn verdict(
    outcome: Outcome,
    policy: &Policy,
    job: &Job,
    now: Timestamp,
    throttled: u32,
) -> Verdict {
    let failed = job.attempts.saturating_add(1);
    let age = age(job, now);
    let retry = |note: &str, asked: Option<Duration>| match again(
        &policy.retry,
        job.id,
        failed,
        age,
        asked,
    ) {
        Again::After(after) => Next::Retry {
            after,
            counts: true,
        },
        Again::Never(why) => dead(note, &why),
    };
    let (next, word, note, effect) = match outcome {
        Outcome::Done { outputs, note } => (Next::Done { outputs }, "done", note, Effect::Good),
        Outcome::Reject { note, gone } => {
            let reason = cut(&note);
            let effect = if gone {
                Effect::Gone(reason.clone())
            } else {
                Effect::Good
            };
            (Next::Dead { reason }, "reject", note, effect)
        }
        Outcome::InDoubt { note } => {
            let next = match policy.in_doubt {
                InDoubt::Retry => retry(&note, None),
                InDoubt::Dead => dead(&note, "it may have been performed"),
            };
            (next, "in_doubt", note, Effect::Bad)
        }
        Outcome::Retry { note, wait } => match wait {
            Wait::Schedule => (retry(&note, None), "retry", note, Effect::Bad),
            Wait::AtLeast(asked) => (retry(&note, Some(asked)), "retry", note, Effect::Bad),
            Wait::Destination(asked) => {
                let (next, held) = held(policy, job, age, asked, throttled, &note);
                (next, "throttled", note, Effect::Hold(held))
            }
        },
    };
    Verdict {
        next,
        word,
        note: cut(&note),
        effect,
    }
}

/// A throttled destination is left alone; the job spends no attempt, only its age ends it.
fn held(
    policy: &Policy,
    job: &Job,
    age: Duration,
    asked: Option<Duration>,
    throttled: u32,
    note: &str,
) -> (Next, Duration) {
    let waits = &policy.retry.schedule;
    let index = usize::try_from(throttled).unwrap_or(usize::MAX);
    let wait = asked.unwrap_or_else(|| {
        let known = waits.get(index).or(waits.last()).copied();
        let wait = known.or(policy.retry.repeat).unwrap_or(THROTTLE_WAIT);
        jittered(wait, job.id, throttled)
    });
    let shortest = HOLD_MIN.saturating_mul(1 << throttled.min(HOLD_DOUBLINGS_MAX));
    let wait = wait.max(shortest).min(ASKED_MAX);
    let next = if age.saturating_add(wait) > policy.retry.max_age {
        dead(
            note,
            "it would be too old by the time it could be tried again",
        )
    } else {
        Next::Retry {
            after: wait,
            counts: false,
        }
    };
    (next, wait)
}

/// How long ago a job first became ready.
pub(super) fn age(job: &Job, now: Timestamp) -> Duration {
    now.since(job.ready_at.unwrap_or(job.created_at))
}

fn dead(note: &str, why: &str) -> Next {
    Next::Dead {
        reason: cut(&format!("{why}: {note}")),
    }
}

fn cut(text: &str) -> String {
    let mut end = text.len().min(NOTE_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::{EventId, JobId};
    use crate::plan::{JobBody, JobState};

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
    const DAY: Duration = Duration::from_hours(24);

    fn job(attempts: u32, age: Duration) -> Job {
        let ready = Timestamp::from_millis(NOW.millis() - i64::try_from(age.as_millis()).unwrap());
        Job {
            id: JobId::from_bytes([3; 16]),
            event: EventId::from_bytes([1; 16]),
            event_name: "push".to_owned(),
            run: 0,
            rule: "r".to_owned(),
            action: "a".to_owned(),
            kind: "http".to_owned(),
            destination: "d".to_owned(),
            state: JobState::Leased,
            reason: None,
            attempts,
            leases_lost: 0,
            due_at: ready,
            ready_at: Some(ready),
            created_at: ready,
            item: None,
            firing: None,
            lane: None,
            body: JobBody::Unprepared,
        }
    }

    fn retry(wait: Wait) -> Outcome {
        let note = "503".to_owned();
        Outcome::Retry { note, wait }
    }

    fn of(outcome: Outcome, job: &Job) -> Verdict {
        verdict(outcome, &Policy::default(), job, NOW, 0)
    }

    #[test]
    fn done_is_done() {
        let outputs = json!({"id": 1});
        let note = "200".to_owned();
        let done = of(Outcome::Done { outputs, note }, &job(0, DAY));
        let outputs = json!({"id": 1});
        assert_eq!(done.next, Next::Done { outputs });
        assert_eq!((done.word, done.effect), ("done", Effect::Good));
    }

    #[test]
    fn a_refusal_is_a_dead_letter_and_the_destination_is_well() {
        let reject = |gone| Outcome::Reject {
            note: "404".to_owned(),
            gone,
        };
        let reason = "404".to_owned();
        let dead = of(reject(false), &job(0, DAY));
        assert_eq!(dead.next, Next::Dead { reason });
        assert_eq!(dead.effect, Effect::Good);
        let gone = of(reject(true), &job(0, DAY));
        assert_eq!(gone.effect, Effect::Gone("404".to_owned()));
    }

    #[test]
    fn a_failure_is_tried_again_until_schedule_or_age_end() {
        let first = of(retry(Wait::Schedule), &job(0, Duration::ZERO));
        let Next::Retry { after, counts } = first.next else {
            panic!("{first:?}");
        };
        assert!(counts && after >= Duration::from_secs(4) && after <= Duration::from_secs(6));
        assert_eq!(first.effect, Effect::Bad);
        let old = of(retry(Wait::Schedule), &job(20, 7 * DAY));
        assert!(matches!(old.next, Next::Dead { .. }), "{old:?}");
        let asked = of(retry(Wait::AtLeast(DAY)), &job(0, Duration::ZERO));
        let (after, counts) = (DAY, true);
        assert_eq!(asked.next, Next::Retry { after, counts });
    }

    #[test]
    fn a_throttle_spends_no_attempt_and_holds_the_destination() {
        let wait = Duration::from_secs(90);
        let held = of(
            retry(Wait::Destination(Some(wait))),
            &job(100, Duration::ZERO),
        );
        let (after, counts) = (wait, false);
        assert_eq!(held.next, Next::Retry { after, counts });
        assert_eq!(held.effect, Effect::Hold(wait));
        let unnamed = |throttled| {
            let outcome = retry(Wait::Destination(None));
            let policy = Policy::default();
            let verdict = verdict(outcome, &policy, &job(0, Duration::ZERO), NOW, throttled);
            match verdict.effect {
                Effect::Hold(wait) => wait,
                effect => panic!("{effect:?}"),
            }
        };
        assert!(unnamed(0) < Duration::from_secs(10));
        assert!(unnamed(3) > Duration::from_secs(400));
        let nothing = |throttled| {
            let outcome = retry(Wait::Destination(Some(Duration::ZERO)));
            let policy = Policy::default();
            verdict(outcome, &policy, &job(0, Duration::ZERO), NOW, throttled).effect
        };
        assert_eq!(nothing(0), Effect::Hold(HOLD_MIN));
        assert_eq!(nothing(u32::MAX), Effect::Hold(HOLD_MIN * 512));
        let policy = Policy {
            retry: crate::destinations::Retry {
                schedule: Vec::new(),
                repeat: None,
                ..crate::destinations::Retry::default()
            },
            ..Policy::default()
        };
        let unnamed_without_schedule = verdict(
            retry(Wait::Destination(None)),
            &policy,
            &job(0, Duration::ZERO),
            NOW,
            0,
        );
        let Effect::Hold(wait) = unnamed_without_schedule.effect else {
            panic!("{unnamed_without_schedule:?}");
        };
        assert!(wait <= THROTTLE_WAIT * 12 / 10, "{wait:?}");
        let old = of(retry(Wait::Destination(Some(DAY))), &job(0, 7 * DAY));
        assert!(matches!(old.next, Next::Dead { .. }), "{old:?}");
    }

    #[test]
    fn doubt_is_the_destinations_to_decide() {
        let doubt = || Outcome::InDoubt {
            note: "no answer".to_owned(),
        };
        let again = of(doubt(), &job(0, Duration::ZERO));
        assert!(matches!(again.next, Next::Retry { counts: true, .. }));
        let policy = Policy {
            in_doubt: InDoubt::Dead,
            ..Policy::default()
        };
        let dead = verdict(doubt(), &policy, &job(0, Duration::ZERO), NOW, 0);
        let reason = "it may have been performed: no answer".to_owned();
        assert_eq!(dead.next, Next::Dead { reason });
    }

    #[test]
    fn notes_are_cut_between_characters() {
        let note = "é".repeat(3_000);
        let outputs = json!(null);
        let done = of(Outcome::Done { outputs, note }, &job(0, DAY));
        assert_eq!(done.note.len(), NOTE_BYTES_MAX);
    }
}
