//! Deliveries through the whole of intake, with a store in memory.

mod answers;
mod faulty;
mod jobs;
mod sources;
mod stage;
mod trust;

pub(crate) use faulty::{FaultyStore, Verb};
