//! Is this delivery from whom it says?

use std::time::Duration;

use crate::event::{Delivery, Proof};
use crate::runtime::Timestamp;
use crate::secret::Secret;

use super::definition::Provider;
use super::fetched::{Keyring, NoKeys};
use super::identify::unparsed;
use super::reading::{Absent, Why};

/// Why a delivery was turned away. For the operator's log; the sender is told nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The signature is not there. `hint` says how to sign.
    #[error("{what} is missing; {hint}")]
    Missing {
        /// The header or field.
        what: String,
        /// How the provider signs.
        hint: String,
    },
    /// It stands there more than once.
    #[error("{0} is there more than once")]
    Repeated(String),
    /// It is not of the right form.
    #[error("{what} is malformed: {why}")]
    Malformed {
        /// The header or field.
        what: String,
        /// What is wrong with its form.
        why: String,
    },
    /// It is of the right form and wrong.
    #[error("{what} does not match any of the source's secrets; {hint}")]
    Mismatch {
        /// The header or field.
        what: String,
        /// How the provider signs.
        hint: String,
    },
    /// Too old or too far ahead.
    #[error("the timestamp is {by:?} {direction} (at most {tolerance:?} is allowed)")]
    Stale {
        /// How far off.
        by: Duration,
        /// `in the past` or `in the future`.
        direction: &'static str,
        /// What is allowed.
        tolerance: Duration,
    },
    /// A key must be fetched first.
    #[error("the key {0} is not known yet")]
    KeyMissing(String),
    /// The source has no usable secret.
    #[error("the source has no secret")]
    NoSecret,
    /// Nobody signs it, and a page in a browser sent it.
    #[error("it has the header {0}: a page in a browser sent it, and nobody signed it")]
    Browser(&'static str),
}

impl Refusal {
    /// What sort of refusal it is, in a word that metrics and vectors use.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing",
            Self::Repeated(_) => "repeated",
            Self::Malformed { .. } => "malformed",
            Self::Mismatch { .. } => "mismatch",
            Self::Stale { .. } => "stale",
            Self::KeyMissing(_) => "key_missing",
            Self::NoSecret => "no_secret",
            Self::Browser(_) => "browser",
        }
    }

    pub(super) fn absent(absent: &Absent<'_>, hint: &str) -> Self {
        let what = absent.place.to_string();
        match absent.why {
            Why::Missing => {
                let hint = hint.to_owned();
                Self::Missing { what, hint }
            }
            Why::Repeated => Self::Repeated(what),
            Why::Unfit => Self::Malformed {
                what,
                why: format!("one plain value is wanted there; {hint}"),
            },
        }
    }
}

/// Checks a delivery against a source's secrets, any of which will do.
///
/// # Errors
/// A [`Refusal`] for whatever is not proven.
pub fn verify(
    provider: &Provider,
    scheme: Option<&str>,
    secrets: &[Secret],
    delivery: &Delivery,
    now: Timestamp,
) -> Result<Proof, Refusal> {
    verify_with(provider, scheme, secrets, delivery, now, &NoKeys)
}

/// The same with keys that have been fetched, where the source has none of its own.
///
/// # Errors
/// A [`Refusal`]; [`Refusal::KeyMissing`] names a key that must be fetched first.
pub fn verify_with(
    provider: &Provider,
    scheme: Option<&str>,
    secrets: &[Secret],
    delivery: &Delivery,
    now: Timestamp,
    keyring: &dyn Keyring,
) -> Result<Proof, Refusal> {
    let scheme = provider.scheme(scheme).map_err(|why| Refusal::Malformed {
        what: "the source".to_owned(),
        why,
    })?;
    let mut reading = unparsed(provider, delivery);
    reading.keyring = keyring;
    scheme.verify(secrets, reading, now)
}
