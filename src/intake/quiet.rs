//! Keeps a flood of refusals from becoming a flood of log lines.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::runtime::Timestamp;

/// Between two lines about one source.
const INTERVAL: Duration = Duration::from_secs(1);

/// When a line about each source was last written, and how many were left out since.
#[derive(Debug, Default)]
pub(super) struct Quiet(Mutex<BTreeMap<String, (Timestamp, u64)>>);

impl Quiet {
    /// Whether a line about a source may be written now, and how many were left out before it.
    /// Callers pass names of configured sources only, so there are never many.
    pub(super) fn may_say(&self, source: &str, now: Timestamp) -> Option<u64> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match said.get_mut(source) {
            Some((last, left_out)) if now.since(*last) < INTERVAL && now >= *last => {
                *left_out += 1;
                None
            }
            Some((last, left_out)) => {
                *last = now;
                Some(std::mem::take(left_out))
            }
            None => {
                said.insert(source.to_owned(), (now, 0));
                Some(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Quiet;
    use crate::runtime::Timestamp;

    #[test]
    fn one_line_a_second_and_source() {
        let quiet = Quiet::default();
        let at = Timestamp::from_millis;
        assert_eq!(quiet.may_say("a", at(0)), Some(0));
        assert_eq!(quiet.may_say("b", at(0)), Some(0));
        assert_eq!(quiet.may_say("a", at(999)), None);
        assert_eq!(quiet.may_say("a", at(1000)), Some(1));
        assert_eq!(
            quiet.may_say("a", at(500)),
            Some(0),
            "the clock was set back"
        );
    }
}
