//! Whose refusals are looked into: it is work that anybody could cause, and nobody may keep others from
//! their turn.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::runtime::Timestamp;

use super::network::sender;

/// An address has its next turn after this long.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// The most turns in that time, of all addresses.
const TURNS_MAX: usize = 4;

/// The last turns at one source.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<Vec<(Option<IpAddr>, Timestamp)>>);

impl Turns {
    /// Whether an address has a turn now; it is taken then.
    pub(super) fn take(&self, address: Option<IpAddr>, now: Timestamp) -> bool {
        let address = address.map(sender);
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One that lies ahead was taken before the clock was set back.
        last.retain(|(_, at)| *at <= now && now.since(*at) < AGAIN_AFTER);
        if last.len() >= TURNS_MAX || last.iter().any(|(one, _)| *one == address) {
            return false;
        }
        last.push((address, now));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn takes(turns: &Turns, address: &str, millis: i64) -> bool {
        turns.take(Some(address.parse().unwrap()), at(millis))
    }

    #[test]
    fn who_sends_without_end_keeps_nobody_from_a_turn() {
        let turns = Turns::default();
        let taken = (0..10_000).filter(|n| takes(&turns, "203.0.113.7", *n / 5));
        assert_eq!(taken.count(), 2, "one a second");
        assert!(takes(&turns, "198.51.100.1", 1_999));
        assert!(!takes(&turns, "198.51.100.1", 2_998));
        assert!(takes(&turns, "198.51.100.1", 2_999));
    }

    #[test]
    fn so_many_turns_a_second_and_no_more() {
        let turns = Turns::default();
        let taken = (0..=255).filter(|n| takes(&turns, &format!("203.0.113.{n}"), 0));
        assert_eq!(taken.count(), TURNS_MAX);
        assert!(turns.take(None, at(1_000)));
        assert!(!turns.take(None, at(1_001)));
    }

    #[test]
    fn a_network_of_ipv6_is_one_sender() {
        let turns = Turns::default();
        assert!(takes(&turns, "2001:db8:0:1::1", 0));
        assert!(!takes(&turns, "2001:db8:0:1:ffff::2", 1));
        assert!(takes(&turns, "2001:db8:0:2::1", 2));
    }

    #[test]
    fn a_clock_that_is_set_back_takes_no_turn_away() {
        let turns = Turns::default();
        assert!(takes(&turns, "203.0.113.7", 100_000));
        assert!(takes(&turns, "203.0.113.7", 50_000));
    }
}
