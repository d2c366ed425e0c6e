//! The ids of events, jobs and firings.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An event's id: a time-ordered UUID (version 7), shown as `evt_` and 32 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct EventId(Uuid);

/// A job's id: a UUID (version 5) of what it is, so that planning twice gives the same id; shown as
/// `job_` and 32 hex digits. It goes out as the idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct JobId(Uuid);

/// A firing's id: a UUID (version 5) of what it is, as a job's; shown as `fir_` and 32 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct FiringId(Uuid);

/// Text that is not such an id.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not an id of the form {1}…")]
pub struct BadId(String, &'static str);

impl EventId {
    /// A new id; later ones sort after earlier ones.
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

impl JobId {
    /// The id of one action of one rule for one event. `run` is 0 at intake and counts replays;
    /// `part` tells apart the jobs of one action (its destination, its item), empty where there is
    /// one.
    pub fn derive(event: EventId, run: u32, rule: &str, action: &str, part: &str) -> Self {
        let name = serde_json::json!([run, rule, action, part]).to_string();
        Self(Uuid::new_v5(&event.0, name.as_bytes()))
    }
}

impl FiringId {
    /// The id of what one rule does about one event in one run, and about one item of it where the rule
    /// has a `for_each`.
    pub fn derive(event: EventId, run: u32, rule: &str, item: Option<u32>) -> Self {
        let name = serde_json::json!(["firing", run, rule, item]).to_string();
        Self(Uuid::new_v5(&event.0, name.as_bytes()))
    }
}

macro_rules! printed {
    ($type:ident, $prefix:literal) => {
        impl $type {
            /// The sixteen bytes, as stores keep them.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// From the sixteen bytes that a store kept.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0.simple())
            }
        }

        impl FromStr for $type {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                text.strip_prefix($prefix)
                    .and_then(|hex| Uuid::try_parse(hex).ok())
                    .map(Self)
                    .ok_or_else(|| BadId(text.to_owned(), $prefix))
            }
        }

        impl From<$type> for String {
            fn from(id: $type) -> String {
                id.to_string()
            }
        }

        impl TryFrom<String> for $type {
            type Error = BadId;

            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }
    };
}

printed!(EventId, "evt_");
printed!(JobId, "job_");
printed!(FiringId, "fir_");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn print_and_parse() {
        let id = EventId::generate();
        assert_eq!(id.to_string().parse::<EventId>().unwrap(), id);
        assert!("evt_zz".parse::<EventId>().is_err());
        assert!(id.to_string().parse::<JobId>().is_err());
    }

    #[test]
    fn a_job_is_named_by_what_it_is() {
        let event = EventId::from_bytes([7; 16]);
        let id = |run, rule: &str, action: &str| JobId::derive(event, run, rule, action, "");
        assert_eq!(id(0, "r", "a"), id(0, "r", "a"));
        assert_ne!(id(0, "r", "a"), id(1, "r", "a"));
        assert_ne!(id(0, "ra", ""), id(0, "r", "a"));
    }
}
