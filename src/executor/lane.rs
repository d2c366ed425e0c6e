//! One destination's jobs: how many may begin now, and when the next.
//!
//! Pure but for the counting: the loop and intake's fast path ask the same lanes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::destinations::{Policy, Rate};
use crate::runtime::Timestamp;

use super::Destinations;
use super::circuit::{Change, Circuit, Passage};
use super::claim::Look;
use super::rate::Starts;
use super::verdict::Effect;

/// Jobs of kinds that need no destination, performed at once.
const NAMELESS_CONCURRENCY: usize = 16;

/// What may begin now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Free {
    /// So many jobs.
    pub slots: usize,
    /// When to look again, where time alone is what is missing.
    pub again_at: Option<Timestamp>,
}

/// One destination's state in this process.
#[derive(Debug, Default)]
pub(super) struct Lane {
    concurrency: usize,
    rate: Option<Rate>,
    running: usize,
    starts: Starts,
    circuit: Circuit,
    held_until: Option<Timestamp>,
    /// When it first asked for that.
    held_at: Option<Timestamp>,
    /// How often in a row it asked to be left alone; those of one time count as one.
    throttled: u32,
    /// Whether the store may hold due jobs that have waited longer than a new one.
    pub backlog: bool,
    /// Whether hookrule.yaml still has it.
    configured: bool,
}

impl Lane {
    /// What may begin now.
    pub(super) fn free(&mut self, now: Timestamp) -> Free {
        let full = Free {
            slots: 0,
            again_at: None,
        };
        if !self.configured || self.running >= self.concurrency {
            return full;
        }
        let later = |at| Free {
            slots: 0,
            again_at: Some(at),
        };
        if let Some(until) = self.held(now) {
            return later(until);
        }
        let left = self.starts.left(self.rate, now);
        if let Some(next) = left.next {
            return later(next);
        }
        let slots = (self.concurrency - self.running).min(left.count);
        match self.circuit.passage(now) {
            Passage::All => Free {
                slots,
                again_at: None,
            },
            Passage::NotBefore(at) => later(at),
            Passage::One if self.running > 0 => full,
            Passage::One => Free {
                slots: slots.min(1),
                again_at: None,
            },
        }
    }

    /// Until when it is left alone, if it is.
    fn held(&self, now: Timestamp) -> Option<Timestamp> {
        // A hold of a time that has not come is of a clock that was set back: its end means nothing.
        let begun = self.held_at.is_none_or(|held| held <= now);
        self.held_until.filter(|until| begun && now < *until)
    }

    /// One begins.
    pub(super) fn take(&mut self, now: Timestamp) {
        self.running += 1;
        self.starts.begin(self.rate, now);
        self.circuit.pass();
    }

    /// One ended; `unused` where nothing was performed.
    pub(super) fn give_back(&mut self, unused: bool) {
        self.running = self.running.saturating_sub(1);
        if unused {
            self.starts.take_back();
        }
    }

    /// Whether somebody may be waiting for one to end.
    pub(super) fn is_awaited(&self) -> bool {
        self.backlog || self.running >= self.concurrency || self.circuit.is_open()
    }

    /// How often in a row it had asked to be left alone before that attempt. Those that were under
    /// way together are told the same.
    pub(super) fn throttled_before(&self, began: Timestamp) -> u32 {
        if self.held_at.is_some_and(|held| began <= held) {
            return self.throttled.saturating_sub(1);
        }
        self.throttled
    }

    /// Takes in what an attempt says of the destination.
    pub(super) fn learn(
        &mut self,
        effect: &Effect,
        began: Timestamp,
        now: Timestamp,
    ) -> Option<Change> {
        match effect {
            Effect::Good => {
                self.throttled = 0;
                self.held_at = None;
                self.circuit.good(now)
            }
            Effect::Bad => self.circuit.bad(now),
            Effect::Hold(wait) => {
                let set_back = self.held_at.is_some_and(|held| now < held);
                if set_back {
                    self.held_until = None;
                }
                if set_back || self.held_at.is_none_or(|held| began > held) {
                    self.throttled = self.throttled.saturating_add(1);
                    self.held_at = Some(now);
                }
                let until = now.after(*wait);
                self.held_until = self.held_until.max(Some(until));
                None
            }
            // It is paused, which the store keeps.
            Effect::Gone(_) => None,
        }
    }

    fn trouble(&self, name: &str, now: Timestamp) -> Option<String> {
        if let Some(until) = self.circuit.open_until() {
            return Some(format!(
                "destination `{name}` keeps failing; it is tried again at {until}"
            ));
        }
        if self.circuit.is_open() {
            return Some(format!(
                "destination `{name}` kept failing; it is being tried"
            ));
        }
        let until = self.held(now)?;
        Some(format!(
            "destination `{name}` asked to be left alone until {until}"
        ))
    }
}

/// Every lane; `""` is that of kinds without destination.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    all: BTreeMap<String, Lane>,
    /// Paused destinations, and why.
    pub paused: BTreeMap<String, String>,
    /// Whether nothing may begin any more.
    pub closed: bool,
}

impl Lanes {
    /// Follows a reload. Lanes of removed destinations stay while jobs of theirs run.
    pub(super) fn follow(&mut self, destinations: &Destinations) {
        for lane in self.all.values_mut() {
            lane.configured = false;
        }
        let nameless = Policy {
            concurrency: NAMELESS_CONCURRENCY,
            ..Policy::default()
        };
        let named = destinations
            .iter()
            .map(|(name, d)| (name.as_str(), &d.policy));
        for (name, policy) in named.chain([("", &nameless)]) {
            let lane = self.all.entry(name.to_owned()).or_insert_with(|| Lane {
                // What earlier process runs left is found by the first claim.
                backlog: true,
                ..Lane::default()
            });
            lane.configured = true;
            lane.concurrency = policy.concurrency.max(1);
            lane.rate = policy.rate;
        }
        self.all
            .retain(|_, lane| lane.configured || lane.running > 0);
    }

    /// One lane.
    pub(super) fn get(&mut self, name: &str) -> Option<&mut Lane> {
        self.all.get_mut(name)
    }

    /// A slot for one new job, unless older ones wait for it.
    pub(super) fn reserve(&mut self, name: &str, now: Timestamp) -> bool {
        if self.closed || self.paused.contains_key(name) {
            return false;
        }
        let Some(lane) = self.all.get_mut(name) else {
            return false;
        };
        if lane.backlog || lane.free(now).slots == 0 {
            lane.backlog = true;
            return false;
        }
        lane.take(now);
        true
    }

    /// Takes every free slot of the lanes looked at. Answers how many of each, and when the next lane
    /// that waits for time alone has one.
    pub(super) fn take_free(
        &mut self,
        look: Look,
        now: Timestamp,
    ) -> (Vec<(String, usize)>, Option<Timestamp>) {
        let mut taken = Vec::new();
        let mut again_at: Option<Timestamp> = None;
        for (name, lane) in &mut self.all {
            if look == Look::WhereJobsWait && !lane.backlog {
                continue;
            }
            let free = lane.free(now);
            for _ in 0..free.slots {
                lane.take(now);
            }
            if free.slots > 0 {
                taken.push((name.clone(), free.slots));
            }
            again_at = match (again_at, free.again_at) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        (taken, again_at)
    }

    /// What does not work as it should.
    pub(super) fn troubles(&self, now: Timestamp) -> Vec<String> {
        let paused = self
            .paused
            .iter()
            .map(|(name, why)| format!("destination `{name}` is paused: {why}"));
        let lanes = self.all.iter();
        let troubled = lanes.filter_map(|(name, lane)| lane.trouble(name, now));
        paused.chain(troubled).collect()
    }
}

/// A destination as a job of its lane sees it.
pub(super) fn policy_of(destination: Option<&Arc<crate::destinations::Destination>>) -> Policy {
    destination.map_or_else(Policy::default, |found| found.policy.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_set_back_holds_no_destination() {
        let at = Timestamp::from_seconds;
        let mut lane = Lane {
            configured: true,
            concurrency: 1,
            ..Lane::default()
        };
        let wait = std::time::Duration::from_mins(1);
        lane.learn(&Effect::Hold(wait), at(90_000), at(90_000));
        assert_eq!(lane.free(at(90_000)).again_at, Some(at(90_060)));
        assert_eq!(lane.free(at(89_999)).slots, 1);
        lane.learn(&Effect::Hold(wait), at(0), at(0));
        assert_eq!(lane.free(at(59)).again_at, Some(at(60)));
        assert_eq!((lane.free(at(60)).slots, lane.throttled), (1, 2));
    }
}
