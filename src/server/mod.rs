//! The doors: the intake listener for senders, the admin listener for operators.
//!
//! Comes in: connections. Goes out: whole deliveries to intake, and its answers back. Limits on size,
//! time and number are kept here; what a delivery means is left to `intake`.

mod admin;
mod answers;
mod body;
mod connection;
mod crowd;
mod door;
mod inflate;
mod listener;
mod settings;
#[cfg(test)]
mod tests;

use crate::event::{Delivery, Headers};
use crate::intake::{Admission, Answer, Intake};
use crate::runtime::BoxFuture;

pub use admin::{Admin, Health, Readiness};
pub use door::IntakeDoor;
pub use listener::bind;
pub use settings::Settings;

/// Who takes deliveries in; tests script their own.
pub trait Receive: Send + Sync {
    /// What holds for a delivery before its body is read; `None` is the nameless route.
    fn admission(&self, source: Option<&str>, headers: &Headers) -> Admission;

    /// Takes in one delivery, read whole.
    ///
    /// # Cancellation
    /// Dropping it leaves open whether the event was stored.
    fn receive<'a>(&'a self, source: Option<&'a str>, delivery: Delivery) -> BoxFuture<'a, Answer>;
}

impl Receive for Intake {
    fn admission(&self, source: Option<&str>, headers: &Headers) -> Admission {
        self.admission(source, headers)
    }

    fn receive<'a>(&'a self, source: Option<&'a str>, delivery: Delivery) -> BoxFuture<'a, Answer> {
        Box::pin(self.receive(source, delivery))
    }
}
