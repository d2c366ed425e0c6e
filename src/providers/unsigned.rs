//! Deliveries that nobody signs.

use crate::event::Proof;

/// What stands behind a delivery of a source that says `verify: none`.
pub fn unsigned() -> Proof {
    Proof::unsigned_by_providers()
}
