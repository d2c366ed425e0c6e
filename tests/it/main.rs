//! One program, a chapter per behaviour.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![expect(unreachable_pub, reason = "nothing outside reads the harness")]
#![expect(
    clippy::print_stdout,
    reason = "tests print their figures, and why they were skipped"
)]

mod adnanh;
mod by_hand;
mod canary;
mod chains;
mod check;
mod codes;
mod crash;
mod deliver;
mod disk;
mod docs;
mod drain;
mod encodings;
mod equivalence;
mod explain;
mod flow;
mod harness;
mod hostile;
mod jsonpath;
mod payloads;
mod places;
mod plan;
mod power;
mod providers;
mod quickstart;
mod recipes;
mod reload;
mod retry;
mod sarif;
mod schema;
mod send;
mod start;
mod tenants;
mod test_command;
mod tidy;
mod vectors;
