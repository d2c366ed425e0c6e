//! How firings pass their gates: decided here, the same for every store, which only keeps things.
//!
//! A firing that is due goes as far as it can. It ends at a gate, waits there until a moment or another
//! event, or comes through all of them: then its jobs are ready. All of it happens in the transaction
//! of a claim, so that a crash leaves either nothing or everything of it.

mod walk;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::{EventId, FiringId};
use crate::plan::{Gates, JobState};
use crate::runtime::Timestamp;

pub(super) use walk::open_due;

/// The most firings that one claim looks at; the next claim goes on.
pub const FIRINGS_PER_CLAIM: usize = 500;

/// How much later than a window's end it is decided that no other event has come in it: one that was
/// received in time may still be on its way to the disk.
pub const SETTLING: Duration = Duration::from_secs(1);

/// How much longer than its time a pass is kept, for events that were received in it and come late. One
/// that lies further ahead is of a clock that was set back, and counts no more.
pub const LATE_MAX: Duration = Duration::from_hours(1);

/// Where a firing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FiringState {
    /// At a gate.
    Waiting,
    /// It leads a digest that is open.
    Gathering,
    /// Its jobs were let go.
    Opened,
    /// Its jobs will not be performed.
    Ended,
}

impl FiringState {
    /// Every state with its name.
    pub const ALL: [(FiringState, &'static str); 4] = [
        (Self::Waiting, "waiting"),
        (Self::Gathering, "gathering"),
        (Self::Opened, "opened"),
        (Self::Ended, "ended"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(state, _)| *state == self);
        found.map_or("", |(_, name)| name)
    }
}

/// The gates that need to know more than one event, in the order in which they are passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// `during`, where it holds.
    During,
    /// `changed`.
    Changed,
    /// `join`.
    Join,
    /// `unless`.
    Unless,
    /// `throttle`.
    Throttle,
    /// `digest`.
    Digest,
}

impl Gate {
    /// Every gate with its key in a rule.
    pub const ALL: [(Gate, &'static str); 6] = [
        (Self::During, "during"),
        (Self::Changed, "changed"),
        (Self::Join, "join"),
        (Self::Unless, "unless"),
        (Self::Throttle, "throttle"),
        (Self::Digest, "digest"),
    ];

    /// Its key in a rule.
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(gate, _)| *gate == self);
        found.map_or("", |(_, name)| name)
    }
}

/// A firing as a store keeps it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing {
    /// Where the store finds it; later ones are greater.
    pub(super) seq: i64,
    pub(super) id: FiringId,
    pub(super) event: EventId,
    pub(super) rule: String,
    pub(super) received_at: Timestamp,
    pub(super) body_bytes: u64,
    pub(super) gates: Gates,
    pub(super) state: FiringState,
    /// Where it waits.
    pub(super) gate: Gate,
    /// The key of the gate where it waits.
    pub(super) key: String,
    /// When it is to be looked at.
    pub(super) due_at: Timestamp,
    /// When it came through the gates before.
    pub(super) at: Timestamp,
    /// Of a digest: the firings so far, their bytes, and the last one's time.
    pub(super) gathered: u32,
    pub(super) gathered_bytes: u64,
    pub(super) last_at: Timestamp,
}

/// A signal as a store keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signalled {
    pub(super) event: EventId,
    pub(super) received_at: Timestamp,
}

impl Signalled {
    /// How far from a moment it was received, in milliseconds.
    pub(super) fn apart(&self, moment: Timestamp) -> u64 {
        self.received_at.millis().abs_diff(moment.millis())
    }
}

/// What a store has to keep and find for it.
pub(super) trait Desk {
    /// Why it cannot.
    type Fault;

    /// The firing that is due first: by the moment, then as stored.
    fn due(&mut self, now: Timestamp) -> Result<Option<Standing>, Self::Fault>;

    /// The firing that leads the open digest of a key.
    fn leader(&mut self, rule: &str, key: &str) -> Result<Option<Standing>, Self::Fault>;

    /// The last value of a key.
    fn seen(&mut self, rule: &str, key: &str) -> Result<Option<Value>, Self::Fault>;

    /// Remembers the value of a key.
    fn see(
        &mut self,
        rule: &str,
        key: &str,
        value: &Value,
        now: Timestamp,
    ) -> Result<(), Self::Fault>;

    /// Of the signals of other events received in a time, both ends included, the one nearest to the
    /// moment at which the firing's own was received; of two as near, the one that was stored first.
    fn nearest(
        &mut self,
        firing: &Standing,
        name: &str,
        key: &str,
        between: (Timestamp, Timestamp),
    ) -> Result<Option<Signalled>, Self::Fault>;

    /// The latest pass of a key, of those up to a moment.
    fn latest_pass(
        &mut self,
        rule: &str,
        key: &str,
        by: Timestamp,
    ) -> Result<Option<Timestamp>, Self::Fault>;

    /// How often a key passed after a moment, and up to another.
    fn passes(
        &mut self,
        rule: &str,
        key: &str,
        between: (Timestamp, Timestamp),
    ) -> Result<u64, Self::Fault>;

    /// Counts a pass, for as long as it may matter.
    fn pass(
        &mut self,
        rule: &str,
        key: &str,
        at: Timestamp,
        until: Timestamp,
    ) -> Result<(), Self::Fault>;

    /// Keeps another event beside a firing: under a name, or as the firing that it is a member by.
    fn accompany(
        &mut self,
        firing: &Standing,
        name: &str,
        event: EventId,
        member: Option<FiringId>,
    ) -> Result<(), Self::Fault>;

    /// Keeps a firing as it stands now.
    fn keep(&mut self, firing: &Standing) -> Result<(), Self::Fault>;

    /// Lets a firing's jobs go: due then.
    fn open(&mut self, firing: &Standing, due: Timestamp) -> Result<(), Self::Fault>;

    /// Ends a firing: its waiting jobs get that state, and why.
    fn end(&mut self, firing: &Standing, state: JobState, reason: &str) -> Result<(), Self::Fault>;
}
