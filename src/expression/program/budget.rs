//! What one run of a program may spend. Steps and bytes are counted, never time, so that the same
//! program does the same with the same event on any machine.

use std::cell::Cell;

use serde_json::Value;

use super::value::VALUE_DEPTH_MAX;

/// The most steps of one run: less than a tenth of a second.
pub(super) const STEPS_MAX: usize = 500_000;
/// The most bytes that one run may copy or make, roughly reckoned.
pub(super) const BYTES_MAX: usize = 32 * 1024 * 1024;
/// The most steps that may stand inside each other: each takes a piece of the thread's stack.
pub(super) const NESTING_MAX: usize = 300;
/// What a value takes beside its text, in bytes.
const NODE_BYTES: usize = 64;

/// Why a run does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// An error of the program, which `try` can catch.
    Error(Value),
    /// `break`, and the end of `first` and `limit`.
    Break(usize),
    /// An output was not taken; the reason is known to whoever refused it.
    NotTaken,
    /// A bound was reached. Nothing catches this.
    Spent(String),
}

impl Stop {
    pub(super) fn error(message: impl Into<String>) -> Self {
        Self::Error(Value::String(message.into()))
    }
}

/// What is left.
#[derive(Debug)]
pub(super) struct Budget {
    steps: Cell<usize>,
    bytes: Cell<usize>,
    nesting: Cell<usize>,
}

impl Default for Budget {
    fn default() -> Self {
        Self::of(STEPS_MAX)
    }
}

impl Budget {
    /// So many steps, and all else as usual.
    pub(super) fn of(steps: usize) -> Self {
        Self {
            steps: Cell::new(steps),
            bytes: Cell::new(BYTES_MAX),
            nesting: Cell::new(0),
        }
    }
}

/// One step inside others; it ends when this is dropped.
pub(super) struct Inside<'b>(&'b Budget);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.nesting.set(self.0.nesting.get().saturating_sub(1));
    }
}

impl Budget {
    /// Begins a step inside those that are under way.
    pub(super) fn enter(&self) -> Result<Inside<'_>, Stop> {
        self.spend(1)?;
        let nesting = self.nesting.get() + 1;
        if nesting > NESTING_MAX {
            let message = format!(
                "its steps stand more than {NESTING_MAX} deep inside each other; `until`, `while`, \
                 `range` and `reduce` go round without that"
            );
            return Err(Stop::Spent(message));
        }
        self.nesting.set(nesting);
        Ok(Inside(self))
    }

    pub(super) fn spend(&self, steps: usize) -> Result<(), Stop> {
        let Some(left) = self.steps.get().checked_sub(steps) else {
            let message = format!("it takes more than {STEPS_MAX} steps");
            return Err(Stop::Spent(message));
        };
        self.steps.set(left);
        Ok(())
    }

    /// So many bytes are about to be made.
    pub(super) fn make(&self, bytes: usize) -> Result<(), Stop> {
        let Some(left) = self.bytes.get().checked_sub(bytes) else {
            let message = format!("it makes more than {} MiB of values", BYTES_MAX >> 20);
            return Err(Stop::Spent(message));
        };
        self.bytes.set(left);
        self.spend(bytes / 256)
    }

    /// A copy of a value.
    pub(super) fn copy(&self, value: &Value) -> Result<Value, Stop> {
        let bytes = size(value, self.bytes.get(), VALUE_DEPTH_MAX).unwrap_or(usize::MAX);
        self.make(bytes)?;
        Ok(value.clone())
    }

    /// A value was made.
    pub(super) fn made(&self, value: &Value) -> Result<(), Stop> {
        let bytes = size(value, self.bytes.get(), VALUE_DEPTH_MAX).unwrap_or(usize::MAX);
        self.make(bytes)
    }

    /// A value is about to be gone through, perhaps all of it.
    pub(super) fn read(&self, value: &Value) -> Result<usize, Stop> {
        let max = self.steps.get().saturating_mul(1024);
        let bytes = size(value, max, VALUE_DEPTH_MAX).unwrap_or(usize::MAX);
        self.spend(bytes / 1024)?;
        Ok(bytes)
    }
}

/// What the digits of a number count for: endless ones are slow to reckon with and to compare.
fn digits(len: usize) -> usize {
    len + len.saturating_sub(64).saturating_mul(16)
}

/// The rough size of a value in bytes; none over a bound, or nested deeper than values may be.
fn size(value: &Value, max: usize, depth: usize) -> Option<usize> {
    let left = |sum: usize| max.checked_sub(sum);
    let own = match value {
        Value::Null | Value::Bool(_) => NODE_BYTES,
        Value::Number(number) => NODE_BYTES + digits(number.as_str().len()),
        Value::String(text) => NODE_BYTES + text.len(),
        Value::Array(items) => items.iter().try_fold(NODE_BYTES, |sum, item| {
            Some(sum + size(item, left(sum)?, depth.checked_sub(1)?)?)
        })?,
        Value::Object(members) => members.iter().try_fold(NODE_BYTES, |sum, (name, item)| {
            let sum = sum + NODE_BYTES + name.len();
            Some(sum + size(item, left(sum)?, depth.checked_sub(1)?)?)
        })?,
    };
    (own <= max).then_some(own)
}
