//! FAMILY: one way of signing each.
