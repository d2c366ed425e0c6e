//! Gates that ask about events of their own rule.

use std::time::Duration;

use serde_json::{Value, json};

use crate::diagnostic::{Diagnostics, code};
use crate::expression::shapes::template;
use crate::runtime::calendar::Cron;
use crate::yaml::{Demand, Fields, Node, Shape, key};

use super::during::{finding, zone_key, zone_of};
use super::key::Key;
use super::{window, window_key};

/// The most that a throttle lets through in its time.
const AT_MOST_MAX: u64 = 10_000;
/// The most events of one digest that a rule may ask for.
pub const DIGEST_EVENTS_MAX: u32 = 1_000;
/// Events that a digest gathers where its rule does not say.
const EVENTS_DEFAULT: u32 = 100;

/// Passes when the value of a key differs from the last seen.
#[derive(Debug, Clone)]
pub struct ChangedGate {
    /// Whose value it is.
    pub key: Key,
    /// The value.
    pub value: Key,
    /// What it must have been.
    pub from: Option<Value>,
    /// What it must be now.
    pub to: Option<Value>,
}

/// Passes at most so often.
#[derive(Debug, Clone)]
pub struct ThrottleGate {
    /// What is counted together.
    pub key: Key,
    /// How often.
    pub at_most: u32,
    /// In which time, sliding.
    pub per: Duration,
}

/// Gathers events of one key.
#[derive(Debug, Clone)]
pub struct DigestGate {
    /// What is gathered together.
    pub key: Key,
    /// When it closes.
    pub closes: Closing,
    /// It closes at once with so many.
    pub max: u32,
    /// With fewer it comes to nothing.
    pub min: u32,
}

/// When a digest closes.
#[derive(Debug, Clone, PartialEq)]
pub enum Closing {
    /// So long after the first.
    Window(Duration),
    /// So long after the last.
    Quiet(Duration),
    /// At the next time of a cron expression.
    At {
        /// The expression.
        cron: String,
        /// The time zone it is meant in.
        tz: String,
    },
}

/// Jobs of a destination and key run one at a time.
#[derive(Debug, Clone)]
pub struct OrderBy {
    /// The key.
    pub key: Key,
    /// Whether a dead letter holds those behind it.
    pub hold: bool,
}

/// The key of a gate that needs none.
fn key_of(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<Key> {
    match fields.optional("key") {
        Some(node) => Key::parse(node, problems),
        None => Some(Key::none()),
    }
}

fn count(
    fields: &mut Fields<'_>,
    name: &'static str,
    (least, most): (u64, u64),
    problems: &mut Diagnostics,
) -> Option<u32> {
    let node = fields.optional(name)?;
    let found = node.count(problems)?;
    if (least..=most).contains(&found) {
        return u32::try_from(found).ok();
    }
    let message = format!("`{name}` is a number from {least} to {most}");
    problems.push(
        node.error(code::BAD_GATE, message)
            .help(format!("write a number from {least} to {most}, in digits")),
    );
    None
}

/// What a gate that needs no key says of it.
const KEYED: &str =
    "What is counted together: a template. All events of the rule where it is left out.";

impl ChangedGate {
    pub(super) fn shape() -> Shape {
        let plain = "A plain value, no template.";
        Shape::map([
            Key::shape_key(
                "Whose value it is: a template. All events of the rule share one where it is left out.",
            ),
            key(
                "value",
                template(),
                "What is compared with the last one of its key: a template.",
                "{{payload.status}}",
            )
            .required(),
            key(
                "from",
                Shape::any(),
                format!("What the value must have been. {plain}"),
                "firing",
            ),
            key(
                "to",
                Shape::any(),
                format!("What the value must be now. {plain}"),
                "resolved",
            ),
        ])
    }

    pub(super) fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let key = key_of(&mut fields, problems);
        let value = fields.required("value", problems);
        let value = value.and_then(|node| {
            let value = Key::parse(node, problems)?;
            if value.is_literal() {
                let message = "this is the same for every event, so it never changes";
                let help = "write a template, such as \"{{payload.status}}\"";
                problems.push(node.error(code::BAD_GATE, message).help(help));
            }
            Some(value)
        });
        let from = fields.optional("from");
        let to = fields.optional("to");
        if let (Some(from), Some(to)) = (from, to)
            && from.to_json() == to.to_json()
        {
            let message = "what is `from` cannot change `to` the same";
            problems.push(
                to.error(code::BAD_GATE, message)
                    .help("leave one of them out, or write two different values"),
            );
        }
        for node in [from, to].into_iter().flatten() {
            if node.as_str().is_some_and(|text| text.contains("{{")) {
                let message = "this is a plain value, not a template";
                problems.push(node.error(code::BAD_GATE, message).help(
                    "write the value itself; `value:` is the template that is compared with it",
                ));
            }
        }
        fields.finish(problems);
        Some(Self {
            key: key?,
            value: value?,
            from: from.map(Node::to_json),
            to: to.map(Node::to_json),
        })
    }
}

impl ThrottleGate {
    pub(super) fn shape() -> Shape {
        Shape::map([
            Key::shape_key(KEYED),
            key(
                "at_most",
                Shape::count(1, AT_MOST_MAX),
                "How many events of one key pass; the others end here.",
                5,
            )
            .required(),
            window_key("per", "In which time, sliding.", "1h").required(),
        ])
    }

    pub(super) fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let key = key_of(&mut fields, problems);
        fields.required("at_most", problems);
        let at_most = count(&mut fields, "at_most", (1, AT_MOST_MAX), problems);
        let per = fields.required("per", problems);
        let per = per.and_then(|node| window(node, problems));
        fields.finish(problems);
        Some(Self {
            key: key?,
            at_most: at_most?,
            per: per?,
        })
    }
}

impl DigestGate {
    pub(super) fn shape() -> Shape {
        let most = u64::from(DIGEST_EVENTS_MAX);
        Shape::map([
            Key::shape_key(KEYED),
            window_key("window", "It closes so long after its first event.", "10m"),
            window_key(
                "quiet",
                "It closes when so long no further event has come.",
                "5m",
            ),
            key(
                "at",
                at_shape(),
                "It closes at the next time of a cron expression.",
                json!({"cron": "0 8 * * *", "tz": "Europe/Berlin"}),
            ),
            key(
                "max",
                Shape::count(1, most),
                "With so many events it closes at once.",
                50,
            )
            .or(EVENTS_DEFAULT),
            key(
                "min",
                Shape::count(1, most),
                "With fewer events it comes to nothing.",
                2,
            )
            .or(1),
        ])
        .demand(Demand::OneOf(vec!["window", "quiet", "at"]))
    }

    pub(super) fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let key = key_of(&mut fields, problems);
        let most = u64::from(DIGEST_EVENTS_MAX);
        let max = count(&mut fields, "max", (1, most), problems);
        let max = max.unwrap_or(EVENTS_DEFAULT);
        let min = count(&mut fields, "min", (1, u64::from(max)), problems);
        let closes = closes(node, &mut fields, problems);
        fields.finish(problems);
        Some(Self {
            key: key?,
            closes: closes?,
            max,
            min: min.unwrap_or(1),
        })
    }
}

fn closes(node: &Node, fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<Closing> {
    let (after, quiet, at) = (
        fields.optional("window"),
        fields.optional("quiet"),
        fields.optional("at"),
    );
    match (after, quiet, at) {
        (Some(node), None, None) => window(node, problems).map(Closing::Window),
        (None, Some(node), None) => window(node, problems).map(Closing::Quiet),
        (None, None, Some(node)) => at_of(node, problems),
        (None, None, None) => {
            let problem = node.error(code::BAD_GATE, "this digest never closes").help(
                "add one of `window: 10m`, `quiet: 10m` and `at: {cron: \"0 8 * * *\", tz: UTC}`",
            );
            fields.miss("window", problem, problems);
            None
        }
        _ => {
            let message = "a digest closes in one way: `window`, `quiet` or `at`";
            problems.push(node.error(code::BAD_GATE, message).help("keep one of them"));
            None
        }
    }
}

fn at_shape() -> Shape {
    let cron = "Minute, hour, day of the month, month, day of the week.";
    Shape::map([
        key("cron", Shape::text(), cron, "0 8 * * mon-fri").required(),
        zone_key("The time zone that it is meant in.").required(),
    ])
}

fn at_of(node: &Node, problems: &mut Diagnostics) -> Option<Closing> {
    if let Some(text) = node.as_str() {
        let message = "a digest that closes by the clock says in which time zone";
        let help = format!("write `at: {{cron: \"{text}\", tz: UTC}}`");
        problems.push(node.error(code::WRONG_TYPE, message).help(help));
        return None;
    }
    let mut fields = Fields::of(node, problems)?;
    let cron = fields.required("cron", problems);
    let tz = fields.required("tz", problems);
    fields.finish(problems);
    let zone = tz.and_then(|node| zone_of(node, problems));
    let (cron, tz) = (cron?, tz?);
    let text = cron.text(problems)?;
    if let Err(error) = Cron::parse(text, zone?) {
        problems.push(finding(cron, &error));
        return None;
    }
    Some(Closing::At {
        cron: text.to_owned(),
        tz: tz.as_str()?.to_owned(),
    })
}

impl OrderBy {
    pub(super) fn shape() -> Shape {
        let on_dead = "What a dead letter does to those behind it: they go on, or are held until it is requeued or discarded.";
        Shape::either([
            template(),
            Shape::map([
                Key::shape_key(
                    "Jobs of one destination whose key this is run one at a time: a template.",
                )
                .required(),
                key("on_dead", Shape::choice(["go", "hold"]), on_dead, "hold").or("go"),
            ]),
        ])
    }

    pub(super) fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        if node.as_map().is_none() {
            let key = Key::parse(node, problems)?;
            return Some(Self { key, hold: false });
        }
        let mut fields = Fields::of(node, problems)?;
        let key = fields.required("key", problems);
        let key = key.and_then(|node| Key::parse(node, problems));
        let hold = fields.optional("on_dead").is_some_and(|node| {
            let text = node.text(problems);
            if !matches!(text, Some("go" | "hold") | None) {
                let message = format!("`{}` is not `go` or `hold`", text.unwrap_or_default());
                let help =
                    "`hold` keeps those behind a dead letter until it is requeued or discarded";
                problems.push(node.error(code::BAD_VALUE, message).help(help));
            }
            text == Some("hold")
        });
        fields.finish(problems);
        Some(Self { key: key?, hold })
    }
}
