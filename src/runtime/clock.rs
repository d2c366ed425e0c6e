//! Time: read from the machine, or set by a test.
//!
//! Nothing else in the program reads the machine's clock, so a test that holds a settable [`Clock`]
//! decides when leases run out, when retries fall due and which timestamps are stale.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
/// In JSON it is RFC 3339 text, as it prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This point, `wait` later; stops at the end of time instead of overflowing.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// This point, `wait` earlier; stops at the beginning of time instead of overflowing.
    #[must_use]
    pub fn before(self, wait: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// Reads RFC 3339 with an offset: `2026-11-24T08:00:00Z`.
    pub fn parse(text: &str) -> Option<Self> {
        let time: jiff::Timestamp = text.parse().ok()?;
        Some(Self(time.as_millisecond()))
    }

    /// How long ago `earlier` was, seen from here; zero if it has not come yet.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.to_string()
    }
}

impl TryFrom<String> for Timestamp {
    type Error = String;

    /// Reads what prints: RFC 3339, or the bare number where no calendar reaches.
    fn try_from(text: String) -> Result<Self, String> {
        let bare = || text.strip_suffix("ms")?.parse().ok().map(Self);
        Self::parse(&text)
            .or_else(bare)
            .ok_or_else(|| format!("`{text}` is not a time"))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds, or the bare number where no calendar reaches.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => write!(f, "{time:.3}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

/// Where the time comes from. Cloning shares the source.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    Machine,
    Set(Arc<watch::Sender<i64>>),
}

impl Clock {
    /// The machine's own clock.
    pub fn machine() -> Self {
        Self(Source::Machine)
    }

    /// A clock that stands still at `start` until [`Clock::advance`] moves it.
    pub fn settable(start: Timestamp) -> Self {
        Self(Source::Set(Arc::new(watch::Sender::new(start.millis()))))
    }

    /// The time now.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::Machine => {
                let since = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Source::Set(now) => Timestamp(*now.borrow()),
        }
    }

    /// Moves a settable clock forward and wakes who waited for that time; a machine's clock moves
    /// by itself, so there this does nothing.
    pub fn advance(&self, by: Duration) {
        if let Source::Set(now) = &self.0 {
            now.send_modify(|now| *now = Timestamp(*now).after(by).millis());
        }
    }

    /// Waits for `wait` to pass on this clock.
    ///
    /// # Cancellation
    /// Safe: dropping it only stops the waiting.
    pub async fn sleep(&self, wait: Duration) {
        match &self.0 {
            Source::Machine => tokio::time::sleep(wait).await,
            Source::Set(now) => {
                let due = self.now().after(wait).millis();
                // The sender lives as long as `self`, so this ends only by the time having come.
                let _ = now.subscribe().wait_for(|now| *now >= due).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_rfc_3339() {
        assert_eq!(
            Timestamp::from_millis(1_700_000_000_123).to_string(),
            "2023-11-14T22:13:20.123Z"
        );
    }

    #[test]
    fn reads_rfc_3339() {
        let time = Timestamp::from_millis(1_700_000_000_123);
        assert_eq!(Timestamp::parse(&time.to_string()), Some(time));
        assert_eq!(
            Timestamp::parse("2023-11-14T23:13:20.123+01:00"),
            Some(time)
        );
        assert_eq!(Timestamp::parse("2023-11-14"), None);
    }

    #[test]
    fn what_is_written_as_json_is_read_back() {
        for millis in [0, 1_700_000_000_123, -1, i64::MAX, i64::MIN] {
            let time = Timestamp::from_millis(millis);
            let text = serde_json::to_string(&time).unwrap();
            assert_eq!(
                serde_json::from_str::<Timestamp>(&text).unwrap(),
                time,
                "{text}"
            );
        }
        assert!(serde_json::from_str::<Timestamp>("\"soon\"").is_err());
    }

    #[test]
    fn never_overflows() {
        let late = Timestamp::from_millis(i64::MAX - 1);
        assert_eq!(late.after(Duration::MAX).millis(), i64::MAX);
        assert_eq!(Timestamp::from_millis(0).since(late), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_settable_clock_wakes_its_sleepers() {
        let clock = Clock::settable(Timestamp::from_seconds(100));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.sleep(Duration::from_secs(5)).await;
                clock.now()
            }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(5));
        assert_eq!(sleeper.await.unwrap(), Timestamp::from_seconds(105));
    }
}
