//! How far long work has come, on a terminal.

use std::io;
use std::time::Duration;

use crate::runtime::Timestamp;

use super::output::Output;

/// It is not told more often than this.
const PAUSE: Duration = Duration::from_millis(100);

/// One line that is written over and over.
#[derive(Debug)]
pub(super) struct Progress {
    what: &'static str,
    begun: Option<Timestamp>,
    shown: Option<Timestamp>,
}

impl Progress {
    /// `what` is counted: `events judged`.
    pub(super) fn new(what: &'static str) -> Self {
        Self {
            what,
            begun: None,
            shown: None,
        }
    }

    /// Tells how many there are now, if somebody looks and it was not told just before.
    pub(super) fn show(&mut self, count: u64, output: &mut Output<'_>) -> io::Result<()> {
        let now = output.clock().now();
        let begun = *self.begun.get_or_insert(now);
        if self.shown.is_some_and(|shown| now.since(shown) < PAUSE) {
            return Ok(());
        }
        self.shown = Some(now);
        let seconds = now.since(begun).as_secs();
        output.passing(Some(&format!("{count} {}, {seconds} s", self.what)))
    }

    /// Takes the line away.
    pub(super) fn end(self, output: &mut Output<'_>) -> io::Result<()> {
        if self.shown.is_some() {
            output.passing(None)?;
        }
        Ok(())
    }
}
