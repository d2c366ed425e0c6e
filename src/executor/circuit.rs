//! When a destination is left alone, and when it is asked again.
//!
//! Pure. An open circuit delays jobs and never discards one.

use std::collections::VecDeque;
use std::time::Duration;

use crate::runtime::Timestamp;

/// So many failures in a row open it.
const IN_A_ROW: u32 = 10;
/// So many attempts are needed before their share of failures says anything.
const SHARE_OF: u32 = 10;
/// That share of failures opens it, in percent.
const SHARE_PERCENT: u32 = 70;
/// The share is of the attempts that ended within so long.
const WINDOW: Duration = Duration::from_mins(5);
/// Attempts are counted in slices of this length, in milliseconds: a tenth of the window.
const SLICE_MS: i64 = 30_000;
/// The wait before the first probe; doubles with each that fails.
const PROBE_FIRST: Duration = Duration::from_secs(30);
/// No wait between probes is longer.
const PROBE_MAX: Duration = Duration::from_mins(5);
/// So many good probes in a row close it.
const PROBES_GOOD: u32 = 3;

/// How far a destination is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Fully.
    Closed,
    /// Not before `probe_at`.
    Open { probe_at: Timestamp, wait: Duration },
    /// With one job at a time, until enough of them were good.
    Probing { wait: Duration, good: u32 },
}

/// What may pass now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passage {
    /// As many as its other limits let through.
    All,
    /// One, if no other is under way.
    One,
    /// Nothing before this.
    NotBefore(Timestamp),
}

/// What a result changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It opened; the first probe comes after this wait.
    Opened(Duration),
    /// It closed.
    Closed,
}

/// Attempts that ended in one slice of time.
#[derive(Debug, Clone, Copy)]
struct Slice {
    number: i64,
    good: u32,
    bad: u32,
}

/// One destination's circuit.
#[derive(Debug)]
pub(super) struct Circuit {
    state: State,
    bad_in_a_row: u32,
    slices: VecDeque<Slice>,
}

impl Default for Circuit {
    fn default() -> Self {
        Self {
            state: State::Closed,
            bad_in_a_row: 0,
            slices: VecDeque::new(),
        }
    }
}

impl Circuit {
    /// What may pass now.
    pub(super) fn passage(&self, now: Timestamp) -> Passage {
        match self.state {
            State::Closed => Passage::All,
            // Further off than the wait was, it is of a clock that was set back, and is due.
            State::Open { probe_at, wait } if now < probe_at && probe_at.since(now) <= wait => {
                Passage::NotBefore(probe_at)
            }
            State::Open { .. } | State::Probing { .. } => Passage::One,
        }
    }

    /// When the next probe may come, while it is open.
    pub(super) fn open_until(&self) -> Option<Timestamp> {
        match self.state {
            State::Open { probe_at, .. } => Some(probe_at),
            State::Closed | State::Probing { .. } => None,
        }
    }

    /// Whether it is anything but closed.
    pub(super) fn is_open(&self) -> bool {
        self.state != State::Closed
    }

    /// One passes. While it is open that is a probe.
    pub(super) fn pass(&mut self) {
        if let State::Open { wait, .. } = self.state {
            self.state = State::Probing { wait, good: 0 };
        }
    }

    /// An attempt showed that the destination works.
    pub(super) fn good(&mut self, now: Timestamp) -> Option<Change> {
        self.bad_in_a_row = 0;
        self.count(now, true);
        let State::Probing { wait, good } = self.state else {
            return None;
        };
        if good + 1 < PROBES_GOOD {
            let good = good + 1;
            self.state = State::Probing { wait, good };
            return None;
        }
        *self = Self::default();
        Some(Change::Closed)
    }

    /// An attempt showed that it does not.
    pub(super) fn bad(&mut self, now: Timestamp) -> Option<Change> {
        self.bad_in_a_row = self.bad_in_a_row.saturating_add(1);
        self.count(now, false);
        match self.state {
            State::Closed if self.is_enough() => Some(self.open(now, PROBE_FIRST)),
            State::Probing { wait, .. } => {
                let wait = wait.saturating_mul(2).min(PROBE_MAX);
                // Told only once: it was open all the while.
                self.open(now, wait);
                None
            }
            // Those under way when it opened end as they end.
            State::Closed | State::Open { .. } => None,
        }
    }

    fn open(&mut self, now: Timestamp, wait: Duration) -> Change {
        let probe_at = now.after(wait);
        self.state = State::Open { probe_at, wait };
        Change::Opened(wait)
    }

    fn is_enough(&self) -> bool {
        let (good, bad) = self.slices.iter().fold((0_u32, 0_u32), |sum, slice| {
            (
                sum.0.saturating_add(slice.good),
                sum.1.saturating_add(slice.bad),
            )
        });
        let all = good.saturating_add(bad);
        let share = u64::from(bad) * 100 >= u64::from(all) * u64::from(SHARE_PERCENT);
        self.bad_in_a_row >= IN_A_ROW || (all >= SHARE_OF && share)
    }

    /// Counts one attempt in the slice of now; slices out of the window are dropped.
    fn count(&mut self, now: Timestamp, good: bool) {
        let number = now.millis().div_euclid(SLICE_MS);
        let kept = i64::try_from(WINDOW.as_millis()).unwrap_or(i64::MAX) / SLICE_MS;
        self.slices
            .retain(|slice| slice.number > number - kept && slice.number <= number);
        let (more_good, more_bad) = (u32::from(good), u32::from(!good));
        match self.slices.back_mut() {
            Some(slice) if slice.number == number => {
                slice.good = slice.good.saturating_add(more_good);
                slice.bad = slice.bad.saturating_add(more_bad);
            }
            _ => self.slices.push_back(Slice {
                number,
                good: more_good,
                bad: more_bad,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    /// A circuit that opened at `at(0)`.
    fn opened() -> Circuit {
        let mut circuit = Circuit::default();
        for _ in 1..IN_A_ROW {
            assert_eq!(circuit.bad(at(0)), None);
        }
        assert_eq!(circuit.bad(at(0)), Some(Change::Opened(PROBE_FIRST)));
        circuit
    }

    #[test]
    fn opens_at_so_many_failures_in_a_row() {
        let circuit = opened();
        assert_eq!(circuit.passage(at(29)), Passage::NotBefore(at(30)));
        assert_eq!(circuit.passage(at(30)), Passage::One);
    }

    #[test]
    fn one_success_begins_the_row_anew() {
        let mut circuit = Circuit::default();
        // Two in three fail: under the share, and never ten in a row.
        for round in 0..100 {
            assert_eq!(circuit.good(at(round)), None);
            assert_eq!(circuit.bad(at(round)), None);
            assert_eq!(circuit.bad(at(round)), None);
        }
        assert_eq!(circuit.passage(at(100)), Passage::All);
    }

    #[test]
    fn opens_at_a_share_of_failures_within_the_window() {
        let mut circuit = Circuit::default();
        for _ in 0..3 {
            circuit.good(at(0));
        }
        let changes: Vec<_> = (0..7).map(|_| circuit.bad(at(60))).collect();
        assert_eq!(changes.iter().flatten().count(), 1);
        assert!(changes[6].is_some(), "7 of 10 is the first that is enough");

        let mut circuit = Circuit::default();
        for _ in 0..3 {
            circuit.bad(at(0));
        }
        for _ in 0..6 {
            assert_eq!(
                circuit.bad(at(400)),
                None,
                "the first three are too old to count"
            );
            assert_eq!(circuit.good(at(0)), None);
        }
    }

    #[test]
    fn probes_come_ever_later_and_one_at_a_time() {
        let mut circuit = opened();
        let mut now = at(0);
        for expected in [30, 60, 120, 240, 300, 300] {
            let Passage::NotBefore(probe) = circuit.passage(now) else {
                panic!("{circuit:?}");
            };
            assert_eq!(probe.since(now), Duration::from_secs(expected));
            now = probe;
            assert_eq!(circuit.passage(now), Passage::One);
            circuit.pass();
            assert_eq!(circuit.bad(now), None);
        }
    }

    #[test]
    fn closes_after_so_many_good_probes() {
        let mut circuit = opened();
        circuit.pass();
        assert_eq!(circuit.good(at(30)), None);
        assert_eq!(circuit.good(at(31)), None);
        assert_eq!(circuit.passage(at(31)), Passage::One);
        assert_eq!(circuit.good(at(32)), Some(Change::Closed));
        assert_eq!(circuit.passage(at(32)), Passage::All);
        assert_eq!(circuit.bad(at(33)), None, "old failures are forgotten");
    }

    #[test]
    fn a_clock_set_back_keeps_nobody_waiting() {
        let circuit = opened();
        assert_eq!(circuit.passage(at(-3600)), Passage::One);
        assert_eq!(circuit.passage(at(0)), Passage::NotBefore(at(30)));
    }

    #[test]
    fn those_under_way_when_it_opened_change_nothing() {
        let mut circuit = opened();
        assert_eq!(circuit.bad(at(1)), None);
        assert_eq!(circuit.good(at(2)), None);
        assert_eq!(circuit.passage(at(3)), Passage::NotBefore(at(30)));
    }
}
