//! From a delivery to an event on disk: verify → identify → dedupe → plan → store; only then
//! "accepted".
//!
//! Comes in: a [`Delivery`](crate::event::Delivery), read whole by a listener. Goes out: an [`Answer`]
//! for the sender. A 2xx means that the event and its jobs are on disk. What the jobs do, and who
//! performs them, is left to others: jobs go to a [`Handover`].

mod answers;
mod dedupe;
mod judge;
mod keep;
mod keys;
mod network;
mod pairing;
mod proofs;
mod quiet;
mod receive;
mod refusals;
mod refusing;
mod secrets;
mod settings;
mod shake;
mod source;
mod source_parse;
mod source_shape;
mod sources;
#[cfg(test)]
pub(crate) mod tests;
mod told;
mod turns;

use bytes::Bytes;

use crate::stores::LeasedJob;

pub use keys::Fetch;
pub use network::sender;
pub use proofs::{SecretView, SourceView, Use};
pub use receive::{Admission, Intake, Parts};
pub use refusals::TurnedAway;
pub use settings::Settings;
pub use source::Source;
pub use source_parse::Reach;
pub use sources::Sources;

/// What the sender is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers; the length is left to the listener.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

/// The right to one slot of a destination; given back when dropped.
pub type Permit = Box<dyn std::any::Any + Send>;

/// Where jobs go once they are on disk. Jobs that found no slot are found by the next claim.
pub trait Handover: Send + Sync {
    /// A free slot of a destination, if a job of it could be performed right now.
    fn reserve(&self, destination: &str) -> Option<Permit>;

    /// Performs jobs that were leased for reserved slots.
    fn run(&self, jobs: Vec<(LeasedJob, Permit)>);

    /// Says that there may be new jobs to claim.
    fn nudge(&self);
}
