//! Turns deliveries away: counts them, remembers them for the operator, and logs some of them.

use crate::event::Delivery;
use crate::runtime::telemetry::Metric;

use super::Answer;
use super::answers;
use super::judge::Refused;
use super::receive::{Inner, Intake};
use super::refusals::{Turned, TurnedAway};
use super::source::Source;

/// The label of deliveries that belong to no source.
const NO_SOURCE: &str = "other";

impl Intake {
    /// What was turned away lately, newest first; only those for one name if it is said.
    pub fn refused(&self, name: Option<&str>, limit: usize) -> Vec<TurnedAway> {
        self.0.refusals.list(name, limit)
    }
}

impl Inner {
    /// Turns a source's delivery away.
    pub(super) fn refuse(&self, source: &Source, delivery: &Delivery, refused: Refused) -> Answer {
        self.turn_away(Some(source), None, delivery, refused)
    }

    /// Turns a delivery away that belongs to no source.
    pub(super) fn refuse_nobodys(
        &self,
        named: Option<&str>,
        delivery: &Delivery,
        refused: Refused,
    ) -> Answer {
        self.turn_away(None, named, delivery, refused)
    }

    /// Neither proven nor disproven: the sender is asked to come back.
    pub(super) fn unknown_key(&self, source: &Source, delivery: &Delivery, why: &str) -> Answer {
        let refused = Refused {
            word: "key_missing",
            reason: format!("the key that would prove it is not known: {why}"),
            advice: None,
            answer: answers::unavailable(),
        };
        self.refuse(source, delivery, refused)
    }

    fn turn_away(
        &self,
        source: Option<&Source>,
        named: Option<&str>,
        delivery: &Delivery,
        refused: Refused,
    ) -> Answer {
        let label = source.map_or(NO_SOURCE, Source::name);
        let labels = [label, refused.word];
        self.parts.telemetry.count(Metric::Refused, &labels);
        self.refusals.note(&Turned {
            source,
            named,
            delivery,
            kind: refused.word,
            reason: &refused.reason,
            advice: refused.advice.as_deref(),
        });
        let left_out = self.quiet.may_say(label, self.parts.clock.now());
        // What was looked into is said too: that is bounded as well, and a flood may not hide it.
        if let Some(left_out) = left_out.or(refused.advice.as_ref().map(|_| 0)) {
            let status = refused.answer.status;
            let mut said = vec![refused.reason];
            said.extend(refused.advice.into_iter().flat_map(Vec::from));
            // With quotes: parts of the reason are the sender's own words.
            let reason = format_args!("{:?}", said.join("; "));
            tracing::warn!(source = label, status, left_out, reason, "delivery refused");
        }
        refused.answer
    }
}
