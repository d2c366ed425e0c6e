//! One entry of `tests:`, read.

use serde_json::Value;

use crate::diagnostic::{Diagnostics, Place, code, did_you_mean};
use crate::expression::helpers::instant;
use crate::rule::Rule;
use crate::runtime::Timestamp;
use crate::yaml::{self, Fields, Node};

use super::payload::Body;

/// When a test's event was received, where it does not say: 2026-01-01T00:00:00Z. A fixed time, so
/// that a test passes tomorrow if it passes today.
const RECEIVED_AT: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// One test.
#[derive(Debug)]
pub(super) struct Case {
    /// What it shows.
    pub(super) name: String,
    /// Where it stands.
    pub(super) place: Place,
    /// The event's body.
    pub(super) body: Body,
    /// The source it came in by.
    pub(super) source: Option<String>,
    /// The provider that sent it.
    pub(super) provider: Option<String>,
    /// Its most specific name.
    pub(super) event: Option<String>,
    /// Its headers.
    pub(super) headers: Vec<(String, String)>,
    /// When it was received.
    pub(super) at: Timestamp,
    /// What other actions are to have answered, by name.
    pub(super) answers: Option<Value>,
    /// What must come of it.
    pub(super) expect: Expect,
}

/// What must come of an event. What is none is not looked at.
#[derive(Debug)]
pub(super) struct Expect {
    /// Where it stands.
    pub(super) place: Place,
    /// Whether the rule matches.
    pub(super) matched: bool,
    /// What decided that it does not.
    pub(super) because: Option<(String, Place)>,
    /// The actions that run, in order.
    pub(super) actions: Option<(Vec<String>, Place)>,
    /// Parts of what actions are rendered to.
    pub(super) rendered: Vec<(String, Node)>,
    /// A part of what the sender is answered.
    pub(super) respond: Option<Node>,
}

impl Case {
    /// Reads one entry.
    pub(super) fn parse(node: &Node, rule: &Rule, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let mut found = Diagnostics::new();
        let mut text = |key| {
            let node = fields.optional(key)?;
            node.text(&mut found).map(str::to_owned)
        };
        let (name, source) = (text("name"), text("source"));
        let (provider, event) = (text("provider"), text("event"));
        problems.extend(found);
        let body = Body::parse(fields.optional("payload"), node, problems);
        let headers = fields.optional("headers").map(|n| headers(n, problems));
        let at = fields.optional("at").map(|n| at(n, problems));
        let answers = fields
            .optional("answers")
            .map(|n| answers(n, rule, problems));
        let expect = fields
            .required("expect", problems)
            .and_then(|node| Expect::parse(node, rule, problems));
        fields.finish(problems);
        Some(Self {
            name: name.unwrap_or_else(|| "without a name".to_owned()),
            place: node.get("name").unwrap_or(node).place.clone(),
            body: body?,
            source,
            provider,
            event,
            headers: headers.unwrap_or_default(),
            at: at.unwrap_or(Some(RECEIVED_AT))?,
            answers,
            expect: expect?,
        })
    }
}

fn headers(node: &Node, problems: &mut Diagnostics) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for (key, value) in node.map(problems).unwrap_or_default() {
        let text = match &value.value {
            yaml::Value::Number(number) => Some(number.to_string()),
            _ => value.text(problems).map(str::to_owned),
        };
        headers.extend(text.map(|text| (key.text.clone(), text)));
    }
    headers
}

fn at(node: &Node, problems: &mut Diagnostics) -> Option<Timestamp> {
    let time = instant(&node.to_json());
    if time.is_none() {
        problems.push(
            node.error(code::BAD_VALUE, "this is not a time")
                .help("write it as 2026-01-31T12:00:00Z, or in seconds since 1970"),
        );
    }
    time
}

fn answers(node: &Node, rule: &Rule, problems: &mut Diagnostics) -> Value {
    for (key, _) in node.map(problems).unwrap_or_default() {
        known_action(&key.text, &node.key_place(key), rule, problems);
    }
    node.to_json()
}

/// Reports the name of an action that the rule does not have.
fn known_action(name: &str, place: &Place, rule: &Rule, problems: &mut Diagnostics) {
    let known = || rule.actions.iter().map(|action| action.name.as_str());
    if known().any(|known| known == name) {
        return;
    }
    let message = format!("the rule has no action `{name}`");
    let help = match did_you_mean(name, known()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("its actions: {}", known().collect::<Vec<_>>().join(", ")),
    };
    let problem = crate::diagnostic::Diagnostic::error(code::BAD_VALUE, place.clone(), message);
    problems.push(problem.help(help));
}

/// Reads `{status, headers, body}` for what means nothing in it.
fn check_respond(node: &Node, problems: &mut Diagnostics) {
    let Some(mut fields) = Fields::of(node, problems) else {
        return;
    };
    for key in ["status", "headers", "body"] {
        fields.optional(key);
    }
    fields.finish(problems);
}

impl Expect {
    fn parse(node: &Node, rule: &Rule, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let matched = fields.optional("matched").and_then(|n| n.bool(problems));
        let because = fields.optional("because");
        let because = because.and_then(|n| Some((n.text(problems)?.to_owned(), n.place.clone())));
        let actions = fields.optional("actions").map(|node| {
            let mut names = Vec::new();
            for item in node.one_or_list() {
                if let Some(name) = item.text(problems) {
                    known_action(name, &item.place, rule, problems);
                    names.push(name.to_owned());
                }
            }
            (names, node.place.clone())
        });
        let mut rendered = Vec::new();
        if let Some(node) = fields.optional("rendered") {
            for (key, value) in node.map(problems).unwrap_or_default() {
                known_action(&key.text, &node.key_place(key), rule, problems);
                rendered.push((key.text.clone(), value.clone()));
            }
        }
        let respond = fields.optional("respond");
        if let Some(node) = respond {
            check_respond(node, problems);
        }
        fields.finish(problems);
        let asks = respond.is_some() || !rendered.is_empty();
        if matched.is_none() && because.is_none() && actions.is_none() && !asks {
            problems.push(
                node.error(
                    code::MISSING_KEY,
                    "nothing is expected here, so nothing can fail",
                )
                .help("write `matched`, `because`, `actions`, `rendered` or `respond`"),
            );
            return None;
        }
        let expect = Self {
            place: node.place.clone(),
            matched: matched.unwrap_or(because.is_none()),
            because,
            actions,
            rendered,
            respond: respond.cloned(),
        };
        let wants_jobs = expect.actions.is_some() || asks;
        if expect.matched && expect.because.is_some() || !expect.matched && wants_jobs {
            problems.push(
                node.error(code::BAD_VALUE, "these cannot be so together").help(
                    "`because` says why a rule does not match; `actions` and `rendered` what it does when it does",
                ),
            );
            return None;
        }
        Some(expect)
    }
}
