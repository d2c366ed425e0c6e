//! One entry of `tests:`, read.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code, did_you_mean};
use crate::event::{ProofDemand, Strength};
use crate::expression::helpers::instant;
use crate::rule::Rule;
use crate::runtime::Timestamp;
use crate::yaml::{self, Demand, Fields, Node, Shape, key};

use super::compare::Extent;
use super::payload::Body;

/// When a test's event was received, where it does not say: 2026-01-01T00:00:00Z. A fixed time, so
/// that a test passes tomorrow if it passes today.
pub(super) const RECEIVED_AT: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// One test.
#[derive(Debug)]
pub(super) struct Case {
    /// What it shows.
    pub(super) name: String,
    /// Where it stands.
    pub(super) place: Place,
    /// The event's body, or which stored event it is.
    pub(super) body: Body,
    /// The source it came in by.
    pub(super) source: Option<String>,
    /// The provider that sent it.
    pub(super) provider: Option<String>,
    /// Its most specific name.
    pub(super) event: Option<String>,
    /// Its headers.
    pub(super) headers: Option<Vec<(String, String)>>,
    /// The query of the URL it was sent to.
    pub(super) query: Vec<(String, String)>,
    /// The labels of its source, where the test says them.
    pub(super) labels: Option<BTreeMap<String, String>>,
    /// How far it was shown to be authentic, where the test says so.
    pub(super) proof: Option<Strength>,
    /// When it was received, where the test says so.
    pub(super) at: Option<Timestamp>,
    /// What other actions are to have answered.
    pub(super) answers: Option<Answers>,
    /// What must come of it.
    pub(super) expect: Expect,
}

/// What actions are to have come to, for those that use them.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// What they answered, by name.
    pub(super) given: Map<String, Value>,
    /// Those that became dead letters.
    pub(super) dead: Vec<String>,
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
    /// Whether a part of what is rendered is enough.
    pub(super) extent: Extent,
}

/// What one entry of a rule's `tests:` looks like.
pub fn shape() -> Shape {
    entry(false)
}

/// What one entry of `tests:` looks like; `named` where it stands in a file of tests.
pub(super) fn entry(named: bool) -> Shape {
    let rule = key(
        "rule",
        Shape::matching("^."),
        "The rule that is tested, where it is not the one above `tests:`.",
        "pull-requests-to-chat",
    );
    let plain = || Shape::either([Shape::text(), Shape::number()]);
    let answers = Shape::named_by_author(
        "log",
        Shape::either([
            Shape::only(DEAD),
            Shape::named_by_author("url", Shape::any()),
        ]),
    );
    let keys = [
        key("name", Shape::text(), "What it shows.", "a draft is left alone"),
        key("payload", Shape::any(), "The payload: a map, the path of a file beside this one, or `{event: evt_…}` for one of the store. `{}` where it is left out.", json!({"action": "opened"})).like("payloads/opened.json"),
        key("provider", Shape::text(), "Who sent it. Where it is left out, one that the rule is about.", "github"),
        key("source", Shape::text(), "By which source it came in.", "github"),
        key("event", Shape::text(), "What the event is called. Where it is left out, one that the rule is about.", "pull_request.opened"),
        key("headers", Shape::headers(plain()), "Headers of the delivery.", json!({"X-GitHub-Event": "push"})),
        key("query", Shape::named_by_author("team", plain()), "The query of the URL it was sent to.", json!({"team": "build"})),
        key("labels", Shape::named_by_author("customer", plain()), "Labels of its source.", json!({"customer": "acme"})),
        key("proof", ProofDemand::word_shape(), "How far it was shown to be authentic: `signed`, `authenticated` or `unsigned`. Where it is left out, the most that its source can show and the rule takes.", "authenticated"),
        key("at", plain(), format!("When it was received: {RECEIVED_AT} where it is left out."), "2026-01-31T12:00:00Z"),
        key("answers", answers, "What other actions came to, for those that use them: a map, or `dead` for a dead letter.", json!({"log": {"text": "noted"}})).like(json!({"log": DEAD})),
        key("expect", Expect::shape(), "What must come of it.", json!({"matched": true})).required(),
    ];
    let shape = Shape::map(keys).says("A delivery, and what must come of it.");
    if named { shape.first(rule) } else { shape }
}

impl Case {
    /// Reads one entry; `named` says whether it stands in a file of tests and has a `rule:` of its own.
    pub(super) fn parse(
        node: &Node,
        rule: &Rule,
        named: bool,
        problems: &mut Diagnostics,
    ) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        if named {
            fields.optional("rule");
        }
        let mut found = Diagnostics::new();
        let mut text = |key| {
            let node = fields.optional(key)?;
            node.text(&mut found).map(str::to_owned)
        };
        let (name, source) = (text("name"), text("source"));
        let (provider, event) = (text("provider"), text("event"));
        problems.extend(found);
        let body = Body::parse(fields.optional("payload"), node, problems);
        let headers = fields.optional("headers").map(|n| pairs(n, problems));
        let query = fields.optional("query").map(|n| pairs(n, problems));
        let labels = fields.optional("labels").map(|n| pairs(n, problems));
        let proof = fields.optional("proof");
        let proof = proof.map(|n| ProofDemand::word(n, problems));
        let at = fields.optional("at").map(|n| at(n, problems));
        let answers = fields.optional("answers");
        let answers = answers.map(|n| Answers::parse(n, rule, problems));
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
            headers,
            query: query.unwrap_or_default(),
            labels: labels.map(|labels| labels.into_iter().collect()),
            proof: match proof {
                Some(proof) => Some(proof?),
                None => None,
            },
            at: match at {
                Some(at) => Some(at?),
                None => None,
            },
            answers,
            expect: expect?,
        })
    }
}

/// The word for an action that became a dead letter.
const DEAD: &str = "dead";

impl Answers {
    fn parse(node: &Node, rule: &Rule, problems: &mut Diagnostics) -> Self {
        let mut answers = Self::default();
        for (key, value) in node.map(problems).unwrap_or_default() {
            known_action(&key.text, &node.key_place(key), rule, problems);
            match &value.value {
                yaml::Value::Map(_) => {
                    answers.given.insert(key.text.clone(), value.to_json());
                }
                yaml::Value::String(text) if text == DEAD => answers.dead.push(key.text.clone()),
                _ => problems.push(
                    value
                        .error(code::BAD_VALUE, "this is not what an action comes to")
                        .help("write what it answers, as a map such as `{id: \"1\"}`, or `dead`"),
                ),
            }
        }
        answers
    }
}

/// Names with texts; numbers are taken as they are written.
fn pairs(node: &Node, problems: &mut Diagnostics) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (key, value) in node.map(problems).unwrap_or_default() {
        let text = match &value.value {
            yaml::Value::Number(number) => Some(number.to_string()),
            _ => value.text(problems).map(str::to_owned),
        };
        pairs.extend(text.map(|text| (key.text.clone(), text)));
    }
    pairs
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
    let problem = Diagnostic::error(code::BAD_VALUE, place.clone(), message);
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
    fn shape() -> Shape {
        let rendered = Shape::named_by_author("log", Shape::any());
        let answer = Shape::map([
            key("status", Shape::any(), "The status of the answer.", 200),
            key(
                "headers",
                Shape::any(),
                "Some of its headers.",
                json!({"content-type": "application/json"}),
            ),
            key(
                "body",
                Shape::any(),
                "A part of its body.",
                json!({"text": "ok"}),
            ),
        ]);
        Shape::map([
            key("matched", Shape::flag(), "Whether the rule matches.", true),
            key("because", Shape::text(), "What decided that it does not: the subject of a condition as it is written, or `provider`, `source`, `event`, `proof`.", "$.action"),
            key("actions", Shape::one_or_list(Shape::text()), "The actions that run, by name, in this order.", json!(["log"])),
            key("rendered", rendered, "Parts of what actions are rendered to, by name. A list says it of each item of `for_each`.", json!({"log": {"level": "info"}})),
            key("respond", answer, "A part of what the sender is answered.", json!({"status": 200})),
            key("exact", Shape::flag(), "Whether `rendered` and `respond` say all there is, not a part of it.", true).or(false),
        ])
        .demand(Demand::Some(vec!["matched", "because", "actions", "rendered", "respond"]))
    }

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
        let exact = fields.optional("exact").and_then(|n| n.bool(problems));
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
            extent: if exact == Some(true) {
                Extent::Whole
            } else {
                Extent::Part
            },
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
