//! An operator whose operand is another value of the payload: `equals: {path: $.other}`.

use serde_json::Value;

use crate::event::SlotId;

use super::{Around, Options, Test};

/// Whether a value passes against an operand.
pub type Compare = fn(value: &Value, operand: &Value, options: Options) -> bool;

/// A comparison with whatever the payload has there. Where it has nothing, nothing passes.
#[derive(Debug)]
pub(in crate::condition) struct Against {
    pub(in crate::condition) compare: Compare,
    pub(in crate::condition) slot: SlotId,
    pub(in crate::condition) options: Options,
}

impl Test for Against {
    fn passes(&self, value: &Value, around: &Around<'_>) -> bool {
        let operand = around.slots.get(self.slot);
        operand.is_some_and(|operand| (self.compare)(value, operand, self.options))
    }
}
