//! What stands behind an event, in a word.

use serde::{Deserialize, Serialize};

/// What stands behind an event; the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// Made by hookrule itself.
    Internal,
    /// The sender's signature covers the body.
    Signed,
    /// The sender is known, but its signature or token does not cover the body.
    Authenticated,
    /// Nothing: the source allows unsigned events.
    Unsigned,
}

impl Strength {
    /// What a delivery can have been shown to be, the strongest first.
    pub const SHOWN: [Self; 3] = [Self::Signed, Self::Authenticated, Self::Unsigned];

    /// Its name, as it is written and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Signed => "signed",
            Self::Authenticated => "authenticated",
            Self::Unsigned => "unsigned",
        }
    }

    /// What a delivery can have been shown to be, by that word.
    pub fn called(word: &str) -> Option<Self> {
        Self::SHOWN.into_iter().find(|one| one.word() == word)
    }
}
