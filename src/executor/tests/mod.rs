//! The executor with a scripted performer, a settable clock and a store in memory.

mod destinations;
mod life;
mod stage;
mod trouble;
