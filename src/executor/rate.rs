//! So many attempts in so long, and no more. Pure.

use std::collections::VecDeque;

use crate::destinations::Rate;
use crate::runtime::Timestamp;

/// When the latest attempts began: in any stretch of `per` there are at most `count` of them.
#[derive(Debug, Default)]
pub(super) struct Starts(VecDeque<Timestamp>);

/// What a rate still lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    /// How many may begin now.
    pub count: usize,
    /// When the next may, where none may now.
    pub next: Option<Timestamp>,
}

impl Starts {
    /// What may begin now.
    pub(super) fn left(&mut self, rate: Option<Rate>, now: Timestamp) -> Left {
        let Some(rate) = rate else {
            self.0.clear();
            let (count, next) = (usize::MAX, None);
            return Left { count, next };
        };
        // Those of a time that has not come are of a clock that was set back: they mean nothing.
        self.0
            .retain(|start| *start <= now && now < start.after(rate.per));
        let most = usize::try_from(rate.count).unwrap_or(usize::MAX);
        let count = most.saturating_sub(self.0.len());
        // Where the rate was lowered there may be more than `most`; enough of them must pass.
        let blocking = self.0.len().checked_sub(most);
        let next = blocking.and_then(|index| self.0.get(index));
        let next = next.map(|start| start.after(rate.per));
        Left { count, next }
    }

    /// One begins.
    pub(super) fn begin(&mut self, rate: Option<Rate>, now: Timestamp) {
        if rate.is_some() {
            self.0.push_back(now);
        }
    }

    /// The one begun last was none after all.
    pub(super) fn take_back(&mut self) {
        self.0.pop_back();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const RATE: Option<Rate> = Some(Rate {
        count: 3,
        per: Duration::from_secs(1),
    });

    #[test]
    fn never_more_than_so_many_in_any_stretch() {
        let mut starts = Starts::default();
        let mut begun = Vec::new();
        for millis in (0..5_000).step_by(10) {
            let now = Timestamp::from_millis(millis);
            while starts.left(RATE, now).count > 0 {
                starts.begin(RATE, now);
                begun.push(millis);
            }
        }
        assert_eq!(begun.len(), 15);
        assert!(begun.windows(4).all(|four| four[3] - four[0] >= 1_000));
    }

    #[test]
    fn says_when_the_next_may_begin() {
        let mut starts = Starts::default();
        let at = Timestamp::from_millis;
        for millis in [0, 100, 200] {
            starts.begin(RATE, at(millis));
        }
        let left = starts.left(RATE, at(300));
        assert_eq!((left.count, left.next), (0, Some(at(1_000))));
        starts.take_back();
        assert_eq!(starts.left(RATE, at(300)).count, 1);
        let lowered = Some(Rate {
            count: 1,
            ..RATE.unwrap()
        });
        assert_eq!(starts.left(lowered, at(300)).next, Some(at(1_100)));
    }

    #[test]
    fn a_clock_set_back_blocks_nobody() {
        let mut starts = Starts::default();
        for _ in 0..3 {
            starts.begin(RATE, Timestamp::from_seconds(1_000));
        }
        assert_eq!(starts.left(RATE, Timestamp::from_seconds(10)).count, 3);
    }

    #[test]
    fn no_rate_is_no_limit() {
        let mut starts = Starts::default();
        let now = Timestamp::from_seconds(1);
        starts.begin(None, now);
        let left = starts.left(None, now);
        assert_eq!((left.count, left.next), (usize::MAX, None));
    }
}
