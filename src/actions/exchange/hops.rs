//! How often an event has already been through a hookrule: what it sends may come back as an event.

use serde_json::Value;

use crate::event::Event;

use super::{Draft, Outcome, reject};

const HEADER: &str = "x-hookrule-hops";

/// Hookrules that an event has been through before this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::actions) struct Hops(u64);

impl Hops {
    /// From the header that a hookrule before us has set.
    pub(in crate::actions) fn of(event: &Event) -> Self {
        // A header that says nothing we can read is not from us, and ends nothing.
        let seen = event.headers.all(HEADER);
        let seen = seen.filter_map(|value| value.trim().parse().ok());
        Self(seen.max().unwrap_or(0))
    }

    /// From prepared data.
    pub(in crate::actions) fn read(data: &Value) -> Self {
        Self(data.get("hops").and_then(Value::as_u64).unwrap_or(0))
    }

    /// For prepared data.
    pub(in crate::actions) fn value(self) -> Value {
        self.0.into()
    }

    /// Says in a request that it has been through one more.
    ///
    /// # Errors
    /// Where that would be more than `hops_max`: the event goes in circles.
    pub(in crate::actions) fn onward(
        self,
        hops_max: u64,
        draft: &mut Draft,
    ) -> Result<(), Outcome> {
        let next = self.0.saturating_add(1);
        if next > hops_max {
            return Err(reject(format!(
                "this event has been through hookrule {} times already: it goes in circles",
                self.0
            )));
        }
        draft.headers.set(HEADER, next.to_string());
        Ok(())
    }
}
