//! One program, a chapter per behaviour.

mod harness;
