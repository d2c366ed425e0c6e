//! One program, a chapter per behaviour.
