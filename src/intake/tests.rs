//! Deliveries through the whole of intake, with a store in memory.
