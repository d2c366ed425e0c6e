//! FAMILY: one comparison each.
