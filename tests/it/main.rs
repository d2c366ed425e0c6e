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
    clippy::print_stderr,
    reason = "tests print their figures, and why they were skipped"
)]

mod check;
mod crash;
mod deliver;
mod docs;
mod harness;
mod payloads;
mod quickstart;
mod recipes;
mod reload;
mod tidy;
mod vectors;
