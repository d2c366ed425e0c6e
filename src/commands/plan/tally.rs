//! What differs over many events: counted, with some examples kept.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::event::{Event, EventId};
use crate::operator::{MASK, Masks};
use crate::plan::{
    Change, Difference, JobDifference, JobState, PathDifference, Plan, RuleDifference,
};
use crate::runtime::Timestamp;

/// Events that are kept for one rule.
pub(super) const EXAMPLES_MAX: usize = 5;
/// What all of them may hold, in bytes of their values; the rest is only counted.
const EXAMPLES_BYTES_MAX: usize = 32 * 1024 * 1024;
/// A value is kept up to so many bytes of text.
const VALUE_BYTES_MAX: usize = 2_000;

/// What differs over all events.
#[derive(Debug, Default, Serialize)]
pub(super) struct Tally {
    /// Events that went through both rule sets.
    pub(super) events: u64,
    /// Events that could not be read.
    pub(super) damaged: u64,
    /// When the oldest was received.
    pub(super) oldest: Option<Timestamp>,
    /// When the newest was received.
    pub(super) newest: Option<Timestamp>,
    /// Events of which anything differs.
    pub(super) differing: u64,
    /// Events whose sender would be answered something else.
    pub(super) answers_differ: u64,
    /// How often gates stand before what the new rules would do.
    pub(super) gates: BTreeMap<&'static str, u64>,
    /// Rules that differ, by name.
    pub(super) rules: BTreeMap<String, RuleTally>,
    /// What the examples hold.
    #[serde(skip)]
    bytes: usize,
}

/// What differs of one rule.
#[derive(Debug, Default, Serialize)]
pub(super) struct RuleTally {
    /// Events that it did not match, and would.
    pub(super) newly_matches: u64,
    /// Events that it matched, and would not.
    pub(super) no_longer_matches: u64,
    /// Events that it matches as before, and does something else about.
    pub(super) actions_differ: u64,
    /// Jobs that would be dead letters, and were none.
    pub(super) new_dead_letters: u64,
    /// Some of the events, newest first.
    pub(super) examples: Vec<Example>,
}

/// One event that a rule is different about.
#[derive(Debug, Serialize)]
pub(super) struct Example {
    /// The event.
    pub(super) event: EventId,
    /// Its most specific name.
    pub(super) name: String,
    /// The source it came in by.
    pub(super) source: String,
    /// When it was received.
    pub(super) received_at: Timestamp,
    /// In which way.
    pub(super) change: Change,
    /// Whether it is another thing to what waits for it.
    pub(super) signals: bool,
    /// The jobs that differ, masked.
    pub(super) jobs: Vec<JobDifference>,
    /// What it holds.
    #[serde(skip)]
    bytes: usize,
}

impl RuleTally {
    /// Events that it is different about.
    pub(super) fn events(&self) -> u64 {
        self.newly_matches + self.no_longer_matches + self.actions_differ
    }
}

impl Tally {
    /// Whether nothing differs.
    pub(super) fn is_none(&self) -> bool {
        self.differing == 0
    }

    /// Counts one event.
    pub(super) fn add(
        &mut self,
        event: &Event,
        new: &Plan,
        difference: Difference,
        masks: impl FnOnce() -> Masks,
    ) {
        self.events += 1;
        self.span(Some(event.received_at), Some(event.received_at));
        self.count_gates(new);
        if difference.is_none() {
            return;
        }
        self.differing += 1;
        self.answers_differ += u64::from(!difference.respond.is_empty());
        let masks = masks();
        for rule in difference.rules {
            self.add_rule(event, rule, &masks);
        }
    }

    fn add_rule(&mut self, event: &Event, difference: RuleDifference, masks: &Masks) {
        let tally = self.rules.entry(difference.rule).or_default();
        match difference.change {
            Change::NewlyMatches => tally.newly_matches += 1,
            Change::NoLongerMatches => tally.no_longer_matches += 1,
            Change::Differs => tally.actions_differ += 1,
        }
        let dying = difference.jobs.iter().filter(|job| job.dies).count();
        tally.new_dead_letters += dying as u64;
        if tally.examples.len() >= EXAMPLES_MAX || self.bytes >= EXAMPLES_BYTES_MAX {
            return;
        }
        let mut jobs = difference.jobs;
        let bytes = jobs.iter_mut().map(|job| mask(&mut job.paths, masks));
        let bytes = bytes.sum();
        self.bytes += bytes;
        tally.examples.push(Example {
            event: event.id,
            name: event.name().to_owned(),
            source: event.source.name.clone(),
            received_at: event.received_at,
            change: difference.change,
            signals: difference.signals,
            jobs,
            bytes,
        });
    }

    fn count_gates(&mut self, plan: &Plan) {
        let shadows = plan.jobs.iter().filter(|job| job.state == JobState::Shadow);
        let shadows = shadows.count() as u64;
        if shadows > 0 {
            *self.gates.entry("mode: shadow").or_default() += shadows;
        }
        for firing in &plan.firings {
            let gates = &firing.gates;
            let stands = [
                ("during", gates.held_until.is_some()),
                ("changed", gates.changed.is_some()),
                ("join", gates.join.is_some()),
                ("unless", gates.unless.is_some()),
                ("throttle", gates.throttle.is_some()),
                ("digest", gates.digest.is_some()),
                ("delay", !gates.delay.is_zero()),
            ];
            for (gate, _) in stands.into_iter().filter(|(_, stands)| *stands) {
                *self.gates.entry(gate).or_default() += 1;
            }
        }
    }

    fn span(&mut self, oldest: Option<Timestamp>, newest: Option<Timestamp>) {
        self.oldest = self.oldest.into_iter().chain(oldest).min();
        self.newest = self.newest.into_iter().chain(newest).max();
    }

    /// Adds what was counted over older events.
    pub(super) fn merge(&mut self, older: Self) {
        self.events += older.events;
        self.damaged += older.damaged;
        self.differing += older.differing;
        self.answers_differ += older.answers_differ;
        self.span(older.oldest, older.newest);
        for (gate, count) in older.gates {
            *self.gates.entry(gate).or_default() += count;
        }
        for (rule, older) in older.rules {
            let tally = self.rules.entry(rule).or_default();
            tally.newly_matches += older.newly_matches;
            tally.no_longer_matches += older.no_longer_matches;
            tally.actions_differ += older.actions_differ;
            tally.new_dead_letters += older.new_dead_letters;
            for example in older.examples {
                if tally.examples.len() < EXAMPLES_MAX && self.bytes < EXAMPLES_BYTES_MAX {
                    self.bytes += example.bytes;
                    tally.examples.push(example);
                }
            }
        }
    }
}

/// Masks values and cuts long ones short; answers what they hold, in bytes.
fn mask(paths: &mut [PathDifference], masks: &Masks) -> usize {
    let mut bytes = 0;
    for path in paths {
        let conceals = masks.conceals(&path.path);
        for value in [&mut path.before, &mut path.after].into_iter().flatten() {
            *value = if conceals {
                Value::from(MASK)
            } else {
                masks.json(value.take())
            };
            let text = value.to_string();
            bytes += text.len().min(VALUE_BYTES_MAX);
            if text.len() > VALUE_BYTES_MAX {
                *value = cut(&text).into();
            }
        }
    }
    bytes
}

fn cut(text: &str) -> String {
    let end = text.floor_char_boundary(VALUE_BYTES_MAX);
    let begin = text.get(..end).unwrap_or_default();
    format!("{begin}… ({} bytes)", text.len())
}
