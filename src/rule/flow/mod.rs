//! The gates of a rule: what stands between a match and what is done about it.

mod during;
mod gates;
mod key;
mod others;

use std::time::Duration;

use serde_json::json;

use crate::condition::Reading;
use crate::diagnostic::{Diagnostics, code};
use crate::yaml::shape::Key as ShapeKey;
use crate::yaml::{Fields, Node, Shape, key};

use super::When;
use super::uses::Read;

pub use during::{During, Otherwise};
pub use gates::{ChangedGate, Closing, DIGEST_EVENTS_MAX, DigestGate, OrderBy, ThrottleGate};
pub use key::Key;
pub use others::{JoinGate, Other, UnlessGate};

/// The longest time that a gate may look back or wait.
pub const WINDOW_MAX: Duration = Duration::from_hours(30 * 24);

/// The gates of a rule, in the order in which a firing passes them.
#[derive(Debug, Clone, Default)]
pub struct Flow {
    /// Whether it is matched, rendered and recorded, and never performed.
    pub shadow: bool,
    /// Only at these hours.
    pub during: Option<During>,
    /// Only what differs from the last seen.
    pub changed: Option<ChangedGate>,
    /// Only together with other events.
    pub join: Option<JoinGate>,
    /// Only if another event does not come.
    pub unless: Option<UnlessGate>,
    /// Only so often.
    pub throttle: Option<ThrottleGate>,
    /// Together with others of its kind.
    pub digest: Option<DigestGate>,
    /// And then so much later.
    pub delay: Duration,
    /// One at a time, in order of arrival.
    pub order_by: Option<OrderBy>,
}

impl Flow {
    /// Whether there is nothing at all between a match and its actions.
    pub(super) fn is_plain(&self) -> bool {
        let Self {
            shadow,
            during,
            changed,
            join,
            unless,
            throttle,
            digest,
            delay,
            order_by,
        } = self;
        let gates = during.is_some()
            || changed.is_some()
            || join.is_some()
            || unless.is_some()
            || throttle.is_some()
            || digest.is_some()
            || order_by.is_some();
        !shadow && !gates && delay.is_zero()
    }

    /// The keys of a rule that are gates.
    pub(super) fn shape_keys() -> [ShapeKey; 9] {
        [
            key(
                "mode",
                Shape::choice(["live", "shadow"]),
                "`shadow`: the rule matches, is rendered and recorded, and nothing is done.",
                "shadow",
            )
            .or("live"),
            key(
                "during",
                During::shape(),
                "Only at these hours.",
                json!({"weekdays": ["mon-fri"], "times": ["09:00-17:30"], "tz": "Europe/Berlin"}),
            ),
            key(
                "changed",
                ChangedGate::shape(),
                "Only when a value differs from the last seen of its key.",
                json!({"key": "{{payload.id}}", "value": "{{payload.status}}", "to": "resolved"}),
            ),
            key(
                "join",
                JoinGate::shape(),
                "Only together with other events, whichever comes first. Not beside `digest`.",
                json!({"within": "10m", "key": "{{payload.id}}", "with": {"paid": {"when": {"event": "invoice.paid"}, "key": "{{payload.id}}"}}}),
            ),
            key(
                "unless",
                UnlessGate::shape(),
                "Waits, and does nothing if another event comes in that time.",
                json!({"within": "15m", "key": "{{payload.id}}", "when": {"event": "alert.resolved"}}),
            ),
            key(
                "throttle",
                ThrottleGate::shape(),
                "At most so often; what comes beyond that ends here.",
                json!({"key": "{{payload.sender.login}}", "at_most": 5, "per": "1h"}),
            ),
            key(
                "digest",
                DigestGate::shape(),
                "Gathers events and does one thing about all of them: templates see `events`.",
                json!({"window": "10m", "max": 50}),
            ),
            window_key("delay", "Does it so much later.", "30s"),
            key(
                "order_by",
                OrderBy::shape(),
                "Jobs of one key and destination run one at a time, in order of arrival.",
                "{{payload.id}}",
            )
            .like(json!({"key": "{{payload.id}}", "on_dead": "hold"})),
        ]
    }

    /// Reads the gates of a rule.
    pub(super) fn parse(
        fields: &mut Fields<'_>,
        reading: &mut Reading<'_>,
        problems: &mut Diagnostics,
    ) -> Self {
        let shadow = fields.optional("mode").is_some_and(|n| shadow(n, problems));
        let during = fields.optional("during");
        let during = during.and_then(|n| During::parse(n, problems));
        let changed = fields.optional("changed");
        let changed = changed.and_then(|n| ChangedGate::parse(n, problems));
        let join_node = fields.optional("join");
        let join = join_node.and_then(|n| JoinGate::parse(n, reading, problems));
        let unless = fields.optional("unless");
        let unless = unless.and_then(|n| UnlessGate::parse(n, reading, problems));
        let throttle_node = fields.optional("throttle");
        let throttle = throttle_node.and_then(|n| ThrottleGate::parse(n, problems));
        let digest_node = fields.optional("digest");
        let digest = digest_node.and_then(|n| DigestGate::parse(n, problems));
        let delay = fields.optional("delay");
        let delay = delay.and_then(|n| window(n, problems));
        let order_by = fields.optional("order_by");
        let order_by = order_by.and_then(|n| OrderBy::parse(n, problems));
        if let (Some(_), Some(node)) = (join_node, digest_node) {
            let message = "a rule cannot both join events and gather them";
            problems.push(
                node.error(code::BAD_GATE, message)
                    .help("make two rules: one that joins, and one that gathers"),
            );
        }
        if let (Some(node), Some(_)) = (throttle_node, digest_node) {
            let message = "`throttle` stands before `digest`: it counts events, not digests";
            problems.push(
                node.warning(code::BAD_GATE, message)
                    .help("events over the limit are not in the digest; leave `throttle` out if they should be"),
            );
        }
        Self {
            shadow,
            during,
            changed,
            join,
            unless,
            throttle,
            digest,
            delay: delay.unwrap_or_default(),
            order_by,
        }
    }

    /// Whether what it does is rendered when it has opened, with events that are not known before.
    pub fn defers(&self) -> bool {
        self.join.is_some() || self.digest.is_some()
    }

    /// The other events that it waits for, or is called off by.
    pub fn others(&self) -> impl Iterator<Item = &Other> + Clone {
        let joined = self.join.iter().flat_map(|join| &join.with);
        joined.chain(self.unless.iter().map(|unless| &unless.other))
    }

    /// Which events the others may be.
    pub(super) fn whens_mut(&mut self) -> impl Iterator<Item = &mut When> {
        let joined = self.join.iter_mut().flat_map(|join| &mut join.with);
        let unless = self.unless.iter_mut().map(|unless| &mut unless.other);
        joined.chain(unless).map(|other| &mut other.when)
    }

    /// Every key and value that is rendered for an event that the rule matches, each with its gate.
    pub fn keys(&self) -> Vec<(&'static str, &Key)> {
        let mut keys = Vec::new();
        if let Some(gate) = &self.changed {
            keys.extend([("changed", &gate.key), ("changed", &gate.value)]);
        }
        keys.extend(self.join.iter().map(|gate| ("join", &gate.key)));
        keys.extend(self.unless.iter().map(|gate| ("unless", &gate.other.key)));
        keys.extend(self.throttle.iter().map(|gate| ("throttle", &gate.key)));
        keys.extend(self.digest.iter().map(|gate| ("digest", &gate.key)));
        keys.extend(self.order_by.iter().map(|gate| ("order_by", &gate.key)));
        keys
    }

    /// The vars that gates read of their rule.
    pub(super) fn reads(&self) -> impl Iterator<Item = &[Read]> {
        let own = self.keys().into_iter();
        let own = own.map(|(_, key)| key.reads.vars.as_slice());
        let others = self.others();
        let others = others.flat_map(|other| [&*other.when.vars, &*other.key.reads.vars]);
        own.chain(others)
    }

    /// The `when`s besides the rule's own.
    pub(super) fn whens(&self) -> impl Iterator<Item = &When> {
        self.others().map(|other| &other.when)
    }
}

fn shadow(node: &Node, problems: &mut Diagnostics) -> bool {
    match node.text(problems) {
        Some("shadow") => true,
        Some("live") | None => false,
        Some(other) => {
            let message = format!("`{other}` is not a mode");
            problems.push(
                node.error(code::BAD_VALUE, message)
                    .help("write `shadow`, or leave it out; `enabled: false` turns a rule off"),
            );
            false
        }
    }
}

fn window_key(name: &'static str, help: &str, example: &str) -> ShapeKey {
    key(
        name,
        Shape::duration(),
        format!("{help} A duration, at most 30d."),
        example,
    )
}

/// A duration that a gate may look back or wait.
fn window(node: &Node, problems: &mut Diagnostics) -> Option<Duration> {
    let found = node.duration(problems)?;
    let message = if found.is_zero() {
        "this is no time at all"
    } else if found > WINDOW_MAX {
        "gates look back and wait for 30d at most"
    } else {
        return Some(found);
    };
    problems.push(
        node.error(code::BAD_GATE, message)
            .help("write a duration from 1ms to 30d, such as 10m"),
    );
    None
}
