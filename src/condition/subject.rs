//! What a condition looks at: a path, a header, a query parameter, a var.

use serde_json::Value;

use crate::event::SlotId;
use crate::expression::TooMuch;

use super::evaluate::Run;

/// Where the values come from.
#[derive(Debug)]
pub(super) enum Subject {
    /// A path that selects at most one value.
    Slot(SlotId),
    /// A path that may select several, by its number among the rule's.
    Path(usize),
    Header(String),
    Query(String),
    Var(String),
}

impl Subject {
    /// Hands each value to `look` until it says stop by giving `false`.
    pub(super) fn each(
        &self,
        run: &Run<'_, '_>,
        look: &mut dyn FnMut(&Value) -> bool,
    ) -> Result<(), TooMuch> {
        let facts = run.facts;
        match self {
            Self::Slot(slot) => {
                facts.slots.get(*slot).map(look);
            }
            Self::Path(number) => {
                run.selected(*number)?.iter().all(|value| look(value));
            }
            Self::Header(name) => {
                let mut values = facts.event.headers.all(name);
                values.all(|value| look(&Value::from(value)));
            }
            Self::Query(name) => {
                let values = facts.event.query.iter();
                values
                    .filter(|(given, _)| given == name)
                    .all(|(_, value)| look(&Value::from(value)));
            }
            Self::Var(name) => {
                facts.vars.get(name).map(look);
            }
        }
        Ok(())
    }
}
