//! Deliveries through the whole of intake, with a store in memory.

mod answers;
mod batches;
mod faulty;
mod jobs;
mod proofs;
mod refusals;
mod sns;
mod sources;
mod split;
mod stage;
mod trust;

pub(crate) use faulty::{FaultyStore, Verb};
