//! The doors: the intake listener for senders, the admin listener for operators.
//!
//! Comes in: connections. Goes out: whole deliveries to intake, and its answers back. Limits on size,
//! time and number are kept here; what a delivery means is left to `intake`.

mod admin;
mod listener;
mod settings;

pub use admin::{Admin, Health, Readiness};
pub use listener::{IntakeDoor, bind};
pub use settings::Settings;
