//! The one door for hashes, keys and comparisons.
//!
//! Comes in: bytes and keys. Goes out: digests, yes or no. What is signed, and where the signature
//! stands, is left to `providers`.
