//! Who sent a delivery, and whether to believe it.
//!
//! Comes in: a [`Delivery`](crate::event::Delivery), the source's secrets, the time. Goes out: a
//! [`Proof`](crate::event::Proof) or a [`Refusal`], the answer to a handshake, and the names and
//! delivery id of the event. Everything one sender does differently from another is data: one YAML
//! definition each, in `builtin/` or the user's own folder. Pure: no network, no clock.

#[cfg(test)]
mod attacks;
pub mod batch;
mod builtin;
pub mod canonical;
mod covered;
pub mod definition;
mod definition_shape;
pub mod doctor;
pub mod each;
pub mod events;
pub mod fetched;
mod fields;
pub mod filter;
pub mod finder;
#[cfg(test)]
mod forgeries;
pub mod freshness;
pub mod fuzz;
pub mod guide;
pub mod handshake;
mod headers;
pub mod identify;
pub mod jwt;
pub mod key;
pub mod letter;
pub mod media;
pub mod overrides;
mod parse;
pub mod parts;
pub mod public_key;
pub mod reading;
pub mod registry;
pub mod replay;
pub mod reply;
pub mod sample;
pub mod schemes;
pub mod shapes;
pub mod sign;
pub mod signature;
pub mod signed;
mod signed_shape;
mod stamp;
pub mod unsigned;
mod vector_keys;
pub mod vectors;
pub mod verify;
pub mod when;
mod worth;
mod written;

pub use definition::{Overrides, Provider};
pub use definition_shape::shape;
pub use identify::Identity;
pub use registry::Providers;
pub use replay::{Replay, replay};
pub use reply::Reply;
pub use sample::Sample;
pub use shapes::Shapes;
pub use verify::Refusal;
