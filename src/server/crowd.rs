//! How many there are at once: connections in all and of one address, bytes of bodies.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::intake::sender;

use super::Settings;

/// Open connections, counted.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    by_address: Mutex<(u64, HashMap<IpAddr, u64>)>,
}

/// One counted connection; uncounted when dropped.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Arc<Crowd>,
    address: IpAddr,
}

/// Which limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Crowded {
    /// Too many connections in all.
    All,
    /// Too many of one address.
    Address,
}

impl Crowd {
    /// Counts one more connection, if there is room for it. All addresses of an IPv6 network count as
    /// one: who has one of them has them all.
    pub(super) fn enter(
        self: &Arc<Self>,
        address: IpAddr,
        settings: &Settings,
    ) -> Result<Place, Crowded> {
        let address = sender(address);
        let mut counts = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (all, by_address) = &mut *counts;
        if *all >= settings.connections_max {
            return Err(Crowded::All);
        }
        let here = by_address.entry(address).or_default();
        if *here >= settings.connections_per_address_max {
            if *here == 0 {
                by_address.remove(&address);
            }
            return Err(Crowded::Address);
        }
        *here += 1;
        *all += 1;
        let crowd = Arc::clone(self);
        Ok(Place { crowd, address })
    }

    /// How many there are now.
    pub(super) fn count(&self) -> u64 {
        let counts = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        counts.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self
            .crowd
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (all, by_address) = &mut *counts;
        *all = all.saturating_sub(1);
        if let Some(here) = by_address.get_mut(&self.address) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}

/// Bytes of all bodies that are held now.
#[derive(Debug, Default)]
pub(super) struct Budget(AtomicU64);

/// A part of the budget; given back when dropped.
#[derive(Debug)]
pub(super) struct Share {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Budget {
    /// Nothing taken yet.
    pub(super) fn share(self: &Arc<Self>) -> Share {
        let budget = Arc::clone(self);
        Share { budget, bytes: 0 }
    }

    /// Bytes taken by all shares.
    pub(super) fn taken(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Share {
    /// Takes so many more bytes; false where that would be more than `max` in all.
    pub(super) fn take(&mut self, bytes: u64, max: u64) -> bool {
        let added = |taken: u64| taken.checked_add(bytes).filter(|sum| *sum <= max);
        let fits = self
            .budget
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, added)
            .is_ok();
        if fits {
            self.bytes = self.bytes.saturating_add(bytes);
        }
        fits
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(all: u64, per_address: u64) -> Settings {
        Settings {
            connections_max: all,
            connections_per_address_max: per_address,
            ..Settings::default()
        }
    }

    #[test]
    fn one_address_cannot_take_all_places() {
        let crowd = Arc::new(Crowd::default());
        let limits = limits(3, 2);
        let one: IpAddr = [10, 0, 0, 1].into();
        let mapped: IpAddr = "::ffff:10.0.0.1".parse().unwrap();
        let first = crowd.enter(one, &limits).unwrap();
        let _second = crowd.enter(mapped, &limits).unwrap();
        assert_eq!(crowd.enter(one, &limits).unwrap_err(), Crowded::Address);
        let _third = crowd.enter([10, 0, 0, 2].into(), &limits).unwrap();
        let fourth: IpAddr = [10, 0, 0, 3].into();
        assert_eq!(crowd.enter(fourth, &limits).unwrap_err(), Crowded::All);
        drop(first);
        assert!(crowd.enter(one, &limits).is_ok());
        assert_eq!(crowd.count(), 2);
    }

    #[test]
    fn a_network_of_ipv6_is_one_sender() {
        let crowd = Arc::new(Crowd::default());
        let limits = limits(10, 2);
        let at = |text: &str| crowd.enter(text.parse().unwrap(), &limits);
        let _first = at("2001:db8:0:1::1").unwrap();
        let second = at("2001:db8:0:1:ffff::2").unwrap();
        assert_eq!(at("2001:db8:0:1::3").unwrap_err(), Crowded::Address);
        assert!(at("2001:db8:0:2::1").is_ok());
        drop(second);
        assert!(at("2001:db8:0:1::3").is_ok());
    }

    #[test]
    fn bodies_share_a_budget() {
        let budget = Arc::new(Budget::default());
        let mut first = budget.share();
        let mut second = budget.share();
        assert!(first.take(60, 100) && !second.take(41, 100) && second.take(40, 100));
        assert_eq!(budget.taken(), 100);
        drop(first);
        assert_eq!(budget.taken(), 40);
        assert!(!second.take(u64::MAX, 100));
    }
}
