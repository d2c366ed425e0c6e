//! What every process needs from its surroundings: time, the order to stop, files that change,
//! logs and counts.
//!
//! Comes in: nothing of ours. Goes out: [`Clock`], [`Timestamp`], [`BoxFuture`]. Other rooms decide
//! what the time, a changed file or a count means.

pub mod calendar;
pub mod clock;
pub mod shutdown;
pub mod steps;
pub mod telemetry;
pub mod watch;

use std::future::Future;
use std::pin::Pin;

pub use clock::{Clock, Timestamp};
pub use steps::{Step, Told, nobody};

/// A future with its type erased, as the object-safe traits of other rooms return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
