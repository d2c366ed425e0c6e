//! `during`: only at these hours.

use serde_json::json;

use crate::diagnostic::{Diagnostic, Diagnostics, code};
use crate::runtime::Timestamp;
use crate::runtime::calendar::{CalendarError, Hours, Minutes, Zone, days, minutes};
use crate::yaml::shape::Key as ShapeKey;
use crate::yaml::{Demand, Fields, Node, Shape, key};

use super::super::when::texts;

/// The most parts of a day.
const TIMES_MAX: usize = 24;

/// What becomes of an event that comes at another hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// Nothing is done about it.
    Skip,
    /// It waits for the hour.
    Hold,
}

/// Hours, and what is done outside of them.
#[derive(Debug, Clone, PartialEq)]
pub struct During {
    hours: Hours,
    /// What is done outside of them.
    pub otherwise: Otherwise,
}

impl During {
    pub(super) fn shape() -> Shape {
        let days = Shape::one_or_list(Shape::text());
        let times = Shape::one_or_list(Shape::text());
        Shape::map([
            key("weekdays", days, "Days, or spans of days, by their first three letters. Every day where it is left out.", json!(["mon-fri"]))
                .like("sat"),
            key("times", times, format!("Parts of the day, each from a time up to another, at most {TIMES_MAX}. The whole day where it is left out."), json!(["09:00-12:00", "13:00-17:30"])),
            zone_key("The time zone that days and times are meant in.").required(),
            key("otherwise", Shape::choice(["skip", "hold"]), "What becomes of an event at another hour: nothing is done about it, or it waits for the hour.", "hold")
                .or("skip"),
        ])
        .demand(Demand::Some(vec!["weekdays", "times"]))
    }

    pub(super) fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let weekdays = match fields.optional("weekdays") {
            Some(node) => weekdays(node, problems),
            None => [true; 7],
        };
        let times = match fields.optional("times") {
            Some(node) => times(node, problems),
            None => minutes("00:00-24:00").into_iter().collect(),
        };
        if fields.optional("weekdays").is_none() && fields.optional("times").is_none() {
            let message = "`during` does not say when";
            problems.push(
                node.error(code::BAD_GATE, message)
                    .help("write `weekdays: [mon-fri]`, `times: [\"09:00-17:30\"]`, or both"),
            );
        }
        let zone = fields.required("tz", problems);
        let zone = zone.and_then(|node| zone_of(node, problems));
        let otherwise = fields.optional("otherwise");
        let otherwise = otherwise.map(|node| otherwise_of(node, problems));
        fields.finish(problems);
        Some(Self {
            hours: Hours {
                weekdays,
                times,
                zone: zone?,
            },
            otherwise: otherwise.unwrap_or(Otherwise::Skip),
        })
    }

    /// When an event that was received then may be acted on; none if never.
    pub fn opening(&self, received_at: Timestamp) -> Option<Timestamp> {
        self.hours.next_opening(received_at)
    }
}

fn weekdays(node: &Node, problems: &mut Diagnostics) -> [bool; 7] {
    let mut named = [false; 7];
    for (item, text) in texts(node, problems) {
        if let Err(error) = days(text, &mut named) {
            problems.push(finding(item, &error));
        }
    }
    named
}

fn times(node: &Node, problems: &mut Diagnostics) -> Vec<Minutes> {
    let mut parts = Vec::new();
    for (item, text) in texts(node, problems) {
        if parts.len() == TIMES_MAX {
            let message = format!("a day has at most {TIMES_MAX} parts here");
            problems.push(
                item.error(code::TOO_LARGE, message)
                    .help("put parts together that touch, or write a second rule"),
            );
            break;
        }
        match minutes(text) {
            Ok(part) => parts.push(part),
            Err(error) => problems.push(finding(item, &error)),
        }
    }
    parts
}

pub(super) fn zone_key(help: &str) -> ShapeKey {
    key("tz", Shape::text(), help, "Europe/Berlin").like("UTC")
}

/// A time zone by its name.
pub(super) fn zone_of(node: &Node, problems: &mut Diagnostics) -> Option<Zone> {
    match Zone::named(node.text(problems)?) {
        Ok(zone) => Some(zone),
        Err(error) => {
            problems.push(finding(node, &error));
            None
        }
    }
}

fn otherwise_of(node: &Node, problems: &mut Diagnostics) -> Otherwise {
    match node.text(problems) {
        Some("skip") | None => {}
        Some("hold") => return Otherwise::Hold,
        Some(other) => {
            let message = format!("`{other}` is not what can be done outside of these hours");
            let help = "write `skip` (nothing is done) or `hold` (it waits for the hour)";
            problems.push(node.error(code::BAD_VALUE, message).help(help));
        }
    }
    Otherwise::Skip
}

/// What is wrong inside a text about times.
pub(super) fn finding(node: &Node, error: &CalendarError) -> Diagnostic {
    let place = node.place_at(error.offset, error.len);
    Diagnostic::error(code::BAD_GATE, place, error.message.clone()).help(error.help)
}
