//! What all destinations share: how often, how long, how many at once, and when to try again.

use std::time::Duration;

/// The shared part of a destination.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Whether addresses that are not public may be dialled. Default: no.
    pub allow_private: bool,
    /// Jobs performed at once. Default: 8.
    pub concurrency: usize,
    /// At most so many requests per time. Default: no limit.
    pub rate: Option<Rate>,
    /// From the first byte sent to the last byte read. Default: 15 s.
    pub timeout: Duration,
    /// The waits between attempts.
    pub retry: Retry,
    /// Which statuses are tried again.
    pub retry_on: RetryOn,
    /// What to do when a request may have been performed and no answer came. Default: retry.
    pub in_doubt: InDoubt,
}

/// So many in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In how long.
    pub per: Duration,
}

/// The waits after the first, second, … failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// One wait for each failed attempt.
    pub schedule: Vec<Duration>,
    /// The wait after those are used up; none ends in a dead letter.
    pub repeat: Option<Duration>,
    /// No attempt later than this after the job first became ready.
    pub max_age: Duration,
}

/// Statuses that are tried again: 408, 425, 429 and 500–599 but what the operator adds (`"409"`,
/// `"500-599"`) or takes away (`"!501"`); the last entry that names a status decides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetryOn {
    /// First and last status, and whether they are retried.
    pub ranges: Vec<(u16, u16, bool)>,
}

/// What to do with a job that may have been performed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InDoubt {
    /// Perform it again; twice is possible.
    Retry,
    /// Make it a dead letter for a person to decide.
    Dead,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            allow_private: false,
            concurrency: 8,
            rate: None,
            timeout: Duration::from_secs(15),
            retry: Retry::default(),
            retry_on: RetryOn::default(),
            in_doubt: InDoubt::Retry,
        }
    }
}

impl Default for Retry {
    /// 5 s, 30 s, 2 m, 10 m, 30 m, 1 h, 2 h, 4 h, 8 h, then every 12 h, for 7 days.
    fn default() -> Self {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        let waits = [
            5,
            30,
            2 * MINUTE,
            10 * MINUTE,
            30 * MINUTE,
            HOUR,
            2 * HOUR,
            4 * HOUR,
            8 * HOUR,
        ];
        Self {
            schedule: waits.map(Duration::from_secs).to_vec(),
            repeat: Some(Duration::from_secs(12 * HOUR)),
            max_age: Duration::from_secs(7 * 24 * HOUR),
        }
    }
}

impl RetryOn {
    /// Whether a status is tried again.
    pub fn retries(&self, status: u16) -> bool {
        let named = self
            .ranges
            .iter()
            .rev()
            .find(|(first, last, _)| (*first..=*last).contains(&status));
        match named {
            Some((_, _, retried)) => *retried,
            None => matches!(status, 408 | 425 | 429 | 500..=599),
        }
    }
}
