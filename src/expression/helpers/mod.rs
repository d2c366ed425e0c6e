//! FAMILY: what templates can call.
