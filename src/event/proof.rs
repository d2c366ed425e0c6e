//! How far a delivery was shown to be authentic.
//!
//! A [`Proof`] cannot be written down by hand: each constructor is named for the one room that may
//! call it, and `tests/it/tidy.rs` fails if another does.

use super::Strength;

/// That an event may exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof(Strength);

impl Proof {
    /// For `providers`: a signature that covers the body was right.
    pub fn signed_by_providers() -> Self {
        Self(Strength::Signed)
    }

    /// For `providers`: a token, or a signature that does not cover the body, was right.
    pub fn authenticated_by_providers() -> Self {
        Self(Strength::Authenticated)
    }

    /// For `providers`: the source says `verify: none`.
    pub fn unsigned_by_providers() -> Self {
        Self(Strength::Unsigned)
    }

    /// For `stores`: an event read back.
    pub fn restored_by_stores(strength: Strength) -> Self {
        Self(strength)
    }

    /// For `trial`: an event made up by a test in a rule file; it is planned and never stored.
    pub fn imagined_by_trial(strength: Strength) -> Self {
        Self(strength)
    }

    /// What it is worth.
    pub fn strength(self) -> Strength {
        self.0
    }

    /// Whether the sender's signature covers the body.
    pub fn verified(self) -> bool {
        matches!(self.0, Strength::Signed | Strength::Internal)
    }
}
