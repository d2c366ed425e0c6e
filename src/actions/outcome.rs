//! What one attempt came to.

use std::time::Duration;

use serde_json::Value;

/// What one attempt came to. The executor decides what follows.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is done.
    Done {
        /// For followers: `status headers body text` and the kind's own, at most 16 KiB.
        outputs: Value,
        /// For people: status and the beginning of the answer.
        note: String,
    },
    /// It was not done and may be tried again.
    Retry {
        /// Why.
        note: String,
        /// What the other side asked for.
        wait: Wait,
    },
    /// It was refused and would be again.
    Reject {
        /// Why.
        note: String,
        /// Whether the destination itself is gone: it is paused.
        gone: bool,
    },
    /// It may have been done: no answer came.
    InDoubt {
        /// What happened.
        note: String,
    },
}

/// How long to wait before the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wait {
    /// As the retry schedule says.
    #[default]
    Schedule,
    /// At least so long, for this job; one attempt is spent.
    AtLeast(Duration),
    /// So long for the whole destination; no attempt is spent. None: as the schedule says.
    Destination(Option<Duration>),
}
