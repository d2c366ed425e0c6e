//! What a condition looks at: a path, the item, a header, a query parameter, a var.

use serde_json::Value;

use crate::event::{QueryId, SlotId};
use crate::expression::{Path, TooMuch};

use super::Facts;

/// Where the values come from.
#[derive(Debug)]
pub enum Subject {
    /// A path that selects at most one value.
    Slot(SlotId),
    /// A path that may select several: evaluated at most once for an event.
    Several(QueryId, Box<Path>),
    /// A path into the value that `for_each` is at.
    Item(Box<Path>),
    /// A request header, its name in lower case.
    Header(Box<str>),
    /// A parameter of the request URL.
    Query(Box<str>),
    /// A var of the rule.
    Var(Box<str>),
}

impl Subject {
    /// Whether its path can select several values.
    pub(super) fn selects_several(&self) -> bool {
        match self {
            Self::Several(..) => true,
            Self::Item(path) => path.singular().is_none(),
            Self::Slot(_) | Self::Header(_) | Self::Query(_) | Self::Var(_) => false,
        }
    }

    /// Hands each value to `look` until it says stop by giving `false`.
    pub(super) fn each(
        &self,
        facts: &Facts<'_>,
        look: &mut dyn FnMut(&Value) -> bool,
    ) -> Result<(), TooMuch> {
        match self {
            Self::Slot(slot) => {
                facts.slots.get(*slot).map(look);
            }
            Self::Several(query, path) => {
                let evaluate = |root| path.try_select(root).ok();
                let selected = facts.slots.selected(*query, evaluate).ok_or(TooMuch)?;
                selected.iter().all(|value| look(value));
            }
            Self::Item(path) => {
                if let Some(item) = facts.item {
                    path.try_select(item)?.into_iter().all(look);
                }
            }
            Self::Header(name) => {
                let mut values = facts.event.headers.all(name);
                values.all(|value| look(&Value::from(value)));
            }
            Self::Query(name) => {
                let values = facts.event.query.iter();
                values
                    .filter(|(given, _)| **given == **name)
                    .all(|(_, value)| look(&Value::from(value)));
            }
            Self::Var(name) => {
                facts.vars.get(&**name).map(look);
            }
        }
        Ok(())
    }
}
