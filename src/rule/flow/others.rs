//! `join` and `unless`: gates that ask about other events.

use std::time::Duration;

use serde_json::json;

use crate::condition::Reading;
use crate::diagnostic::{Diagnostic, Diagnostics, code};
use crate::yaml::shape::Key as ShapeKey;
use crate::yaml::{Fields, Node, Shape, key};

use super::super::When;
use super::key::Key;
use super::{window, window_key};

/// The most events that one is joined with.
const JOINED_MAX: usize = 10;

/// Another event that a rule asks about.
#[derive(Debug, Clone)]
pub struct Other {
    /// Its name under `join`; empty for `unless`.
    pub name: String,
    /// Which events it may be.
    pub when: When,
    /// What it shares with the rule's own.
    pub key: Key,
}

/// Passes when for each name another event has come.
#[derive(Debug, Clone)]
pub struct JoinGate {
    /// What they share.
    pub key: Key,
    /// How far apart they may have been received.
    pub within: Duration,
    /// The others.
    pub with: Vec<Other>,
}

/// Passes when no other event has come.
#[derive(Debug, Clone)]
pub struct UnlessGate {
    /// How long is waited.
    pub within: Duration,
    /// What must not come.
    pub other: Other,
}

const WITHIN: &str = "How long is waited, and how far apart the events may have been received.";
const EVENT: &str = "Which events are meant; `unmatched` means nothing here.";

fn other_key() -> ShapeKey {
    Key::shape_key("What it shares with the rule's own event: a template over this other event.")
        .required()
}

impl JoinGate {
    pub(super) fn shape() -> Shape {
        let when = key(
            "when",
            When::shape(),
            EVENT,
            json!({"event": "invoice.paid"}),
        );
        let other = Shape::map([when.required(), other_key()]);
        let help = format!(
            "The other events, each by a name of yours, at most {JOINED_MAX}; templates see them as `join.NAME.payload`."
        );
        let example = json!({"paid": {"when": {"event": "invoice.paid"}, "key": "{{payload.id}}"}});
        Shape::map([
            window_key("within", WITHIN, "10m").required(),
            Key::shape_key("What the rule's own event shares with the others: a template.")
                .required(),
            key("with", Shape::named_by_author("paid", other), help, example).required(),
        ])
    }

    pub(super) fn parse(
        node: &Node,
        reading: &mut Reading<'_>,
        problems: &mut Diagnostics,
    ) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let within = fields.required("within", problems);
        let within = within.and_then(|node| window(node, problems));
        let key = fields.required("key", problems);
        let key = key.and_then(|node| Key::parse(node, problems));
        let with = fields.required("with", problems);
        let entries = with.and_then(|node| node.map(problems)).unwrap_or_default();
        let mut others = Vec::new();
        for (name, block) in entries {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            let problem = if name.text.is_empty() || !name.text.chars().all(fits) {
                let message = format!("`{}` cannot be the name of an event", name.text);
                Some((message, "use letters, digits, `_` and `-`"))
            } else if others.len() == JOINED_MAX {
                let message = format!("an event is joined with at most {JOINED_MAX} others");
                Some((message, "leave some of them out"))
            } else {
                None
            };
            if let Some((message, help)) = problem {
                let place = node.key_place(name);
                problems.push(Diagnostic::error(code::BAD_GATE, place, message).help(help));
                continue;
            }
            others.extend(Other::parse(&name.text, block, reading, problems));
        }
        if let (Some(node), true) = (with, entries.is_empty()) {
            let message = "there is nothing to join with";
            problems.push(node.error(code::BAD_GATE, message).help(
                "give each other event a name: `with: {paid: {when: {event: invoice.paid}, key: \"{{payload.id}}\"}}`",
            ));
        }
        fields.finish(problems);
        Some(Self {
            key: key?,
            within: within?,
            with: others,
        })
    }
}

impl Other {
    fn parse(
        name: &str,
        node: &Node,
        reading: &mut Reading<'_>,
        problems: &mut Diagnostics,
    ) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let when = fields.required("when", problems);
        let when = when.map(|node| when_of(node, reading, problems));
        let key = fields.required("key", problems);
        let key = key.and_then(|node| Key::parse(node, problems));
        fields.finish(problems);
        Some(Self {
            name: name.to_owned(),
            when: when?,
            key: key?,
        })
    }
}

impl UnlessGate {
    pub(super) fn shape() -> Shape {
        let help = "How long is waited for the event that calls this one off.";
        let key_help = "What both events share: a template over either of them.";
        Shape::map([
            window_key("within", help, "15m").required(),
            Key::shape_key(key_help).required(),
            key(
                "when",
                When::shape(),
                EVENT,
                json!({"event": "alert.resolved"}),
            )
            .required(),
        ])
    }

    pub(super) fn parse(
        node: &Node,
        reading: &mut Reading<'_>,
        problems: &mut Diagnostics,
    ) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let within = fields.required("within", problems);
        let within = within.and_then(|node| window(node, problems));
        let key = fields.required("key", problems);
        let key = key.and_then(|node| Key::parse(node, problems));
        let when = fields.required("when", problems);
        let when = when.map(|node| when_of(node, reading, problems));
        fields.finish(problems);
        Some(Self {
            within: within?,
            other: Other {
                name: String::new(),
                when: when?,
                key: key?,
            },
        })
    }
}

fn when_of(node: &Node, reading: &mut Reading<'_>, problems: &mut Diagnostics) -> When {
    let when = When::parse(node, reading, problems);
    if let (true, Some(node)) = (when.unmatched, node.get("unmatched")) {
        let message = "`unmatched` is about rules, and here is none";
        let help = "say which events are meant: provider, source, event, conditions";
        problems.push(node.error(code::BAD_GATE, message).help(help));
    }
    when
}
