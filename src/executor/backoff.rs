//! How long a job waits before its next attempt.
//!
//! Pure: the waiting itself is the store's, which keeps when a job is due.

use std::time::Duration;

use crate::destinations::Retry;
use crate::event::JobId;

/// The longest wait that another side can ask for.
pub(super) const ASKED_MAX: Duration = Duration::from_hours(24);

/// What follows a failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Again {
    /// Another, after this wait.
    After(Duration),
    /// None, and why.
    Never(String),
}

/// What follows the `failed`th failed attempt (counted from 1) of a job that became ready `age` ago.
/// No wait is shorter than `asked`; the last attempt comes when `max_age` is reached, not later.
pub(super) fn again(
    retry: &Retry,
    job: JobId,
    failed: u32,
    age: Duration,
    asked: Option<Duration>,
) -> Again {
    let Some(wait) = scheduled(retry, failed) else {
        return Again::Never("all attempts of its retry schedule are used up".to_owned());
    };
    let asked = asked.unwrap_or_default().min(ASKED_MAX);
    let wait = jittered(wait, job, failed).max(asked);
    let left = retry.max_age.saturating_sub(age);
    if left.is_zero() || asked > left {
        let days = retry.max_age.as_secs_f64() / (24.0 * 60.0 * 60.0);
        return Again::Never(format!("it is tried for {days:.1} days at most"));
    }
    Again::After(wait.min(left))
}

fn scheduled(retry: &Retry, failed: u32) -> Option<Duration> {
    let index = usize::try_from(failed.saturating_sub(1)).ok()?;
    retry.schedule.get(index).copied().or(retry.repeat)
}

/// ×0.8 to ×1.2, so that jobs which failed together do not come back together; the same for the same
/// job and attempt.
pub(super) fn jittered(wait: Duration, job: JobId, attempt: u32) -> Duration {
    let mut seed = u64::from(attempt);
    for byte in job.as_bytes() {
        seed = mixed(seed ^ u64::from(*byte));
    }
    let thousandths = 800 + u32::try_from(mixed(seed) % 401).unwrap_or(200);
    wait.saturating_mul(thousandths) / 1000
}

/// `SplitMix64`. Source: <https://prng.di.unimi.it/splitmix64.c>
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn job(number: u8) -> JobId {
        JobId::from_bytes([number; 16])
    }

    fn seconds(schedule: &[u64], repeat: Option<u64>, max_age: u64) -> Retry {
        Retry {
            schedule: schedule.iter().copied().map(Duration::from_secs).collect(),
            repeat: repeat.map(Duration::from_secs),
            max_age: Duration::from_secs(max_age),
        }
    }

    #[track_caller]
    fn check(found: &Again, around: u64) {
        let around = Duration::from_secs(around);
        let Again::After(wait) = found else {
            panic!("{found:?}");
        };
        assert!(
            *wait >= around * 8 / 10 && *wait <= around * 12 / 10,
            "{wait:?}"
        );
    }

    #[test]
    fn waits_follow_the_schedule_then_repeat() {
        let retry = seconds(&[300, 120], Some(60), 100_000);
        let after = |failed| again(&retry, job(1), failed, Duration::ZERO, None);
        check(&after(1), 300);
        check(&after(2), 120);
        check(&after(3), 60);
        check(&after(u32::MAX), 60);
    }

    #[test]
    fn a_schedule_without_repeat_ends() {
        let retry = seconds(&[1], None, 100_000);
        check(&again(&retry, job(1), 1, Duration::ZERO, None), 1);
        let ended = again(&retry, job(1), 2, Duration::ZERO, None);
        assert!(matches!(ended, Again::Never(_)));
    }

    #[test]
    fn never_earlier_than_asked() {
        let retry = seconds(&[5], Some(5), 7 * 24 * 3600);
        let wait = |asked| again(&retry, job(1), 1, Duration::ZERO, Some(asked));
        assert_eq!(wait(HOUR), Again::After(HOUR));
        check(&wait(Duration::from_secs(1)), 5);
        assert_eq!(wait(Duration::MAX), Again::After(ASKED_MAX));
    }

    #[test]
    fn the_last_attempt_comes_at_the_age_limit() {
        let retry = seconds(&[], Some(12 * 3600), 24 * 3600);
        let at = |age, asked| again(&retry, job(1), 9, age, asked);
        assert_eq!(at(HOUR * 23, None), Again::After(HOUR));
        assert!(matches!(at(HOUR * 24, None), Again::Never(_)));
        assert!(matches!(at(HOUR * 30, None), Again::Never(_)));
        assert!(matches!(at(HOUR * 23, Some(HOUR * 2)), Again::Never(_)));
    }

    #[test]
    fn jitter_is_the_same_for_the_same_and_spreads_others() {
        let waits: std::collections::BTreeSet<_> =
            (0..100).map(|n| jittered(HOUR, job(n), 1)).collect();
        assert!(waits.len() > 80, "{}", waits.len());
        assert!(
            waits
                .iter()
                .all(|w| *w >= HOUR * 8 / 10 && *w <= HOUR * 12 / 10)
        );
        assert_eq!(jittered(HOUR, job(7), 3), jittered(HOUR, job(7), 3));
        assert_ne!(jittered(HOUR, job(7), 3), jittered(HOUR, job(7), 4));
        assert!(jittered(Duration::MAX, job(7), 3) > HOUR);
    }
}
