//! Which events a rule is about: `when:`.

use std::sync::Arc;

use serde_json::json;

use crate::condition::{self, Conditions, Reading};
use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};
use crate::event::{Event, ProofDemand};
use crate::yaml::{Fields, Node, Shape, Value, key, shape};

use super::Namespace;
use super::pattern;
use super::uses::{Read, vars_of_conditions};

/// Which events a rule is about. No providers, sources or events mean any.
#[derive(Debug, Clone, Default)]
pub struct When {
    /// Globs over provider names.
    pub providers: Vec<String>,
    /// Globs over source names.
    pub sources: Vec<String>,
    /// Patterns over dotted event names.
    pub events: Vec<String>,
    /// How much proof it asks for.
    pub proof: ProofDemand,
    /// Where that was written.
    pub(super) proof_place: Option<Place>,
    /// Only what no other rule matched.
    pub unmatched: bool,
    /// The conditions.
    pub conditions: Conditions,
    /// The vars that the conditions read.
    pub vars: Vec<Read>,
    /// The namespace whose sources it is kept to.
    pub(super) within: Option<Arc<Namespace>>,
    /// Where the providers were written, one for each.
    pub(super) provider_places: Box<[Place]>,
    /// Where the sources were written, one for each.
    pub(super) source_places: Box<[Place]>,
    /// Where the events were written, one for each.
    pub(super) event_places: Box<[Place]>,
}

/// What decided that a rule is not about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAbout {
    /// Its provider.
    Provider,
    /// Its source.
    Source,
    /// Its names.
    Event,
    /// How little is proven of it.
    Proof,
}

impl When {
    /// Whether its namespace sees the events of a source.
    pub fn hears(&self, source: &str) -> bool {
        self.within
            .as_ref()
            .is_none_or(|namespace| namespace.hears(source))
    }

    /// What keeps a rule from being about an event: its provider, its source, none of its names or too
    /// little proof. None if all fit; conditions are not looked at.
    pub fn objection(&self, event: &Event) -> Option<NotAbout> {
        let any = |patterns: &[String], text: &str| {
            patterns.is_empty() || patterns.iter().any(|p| pattern::glob(p, text))
        };
        let named = |p: &String| event.names.iter().any(|name| pattern::event(p, name));
        if !any(&self.providers, &event.provider) {
            Some(NotAbout::Provider)
        } else if !any(&self.sources, &event.source.name) || !self.hears(&event.source.name) {
            Some(NotAbout::Source)
        } else if !self.events.is_empty() && !self.events.iter().any(named) {
            Some(NotAbout::Event)
        } else if !self.proof.takes(event.proof.strength()) {
            Some(NotAbout::Proof)
        } else {
            None
        }
    }

    /// What `when:` looks like.
    pub(super) fn shape() -> Shape {
        Shape::named("when", || {
            Shape::map(keys()).says(
                "Which events the rule is about: all that is said here must hold. What is left out does not matter.",
            )
        })
    }

    /// Reads `when:`; the singular paths of its conditions are interned in `reading`.
    pub(super) fn parse(
        node: &Node,
        reading: &mut Reading<'_>,
        problems: &mut Diagnostics,
    ) -> Self {
        let Some(mut fields) = Fields::of(node, problems) else {
            return Self::default();
        };
        tell(&mut fields, FOREIGN, problems);
        tell_loose_condition(&mut fields, problems);
        let mut names = |key, problems: &mut Diagnostics| match fields.optional(key) {
            Some(node) => texts(node, problems),
            None => Vec::new(),
        };
        let providers = names("provider", problems);
        let sources = names("source", problems);
        let events = names("event", problems);
        for (node, event) in &events {
            check_event(node, event, problems);
        }
        let (providers, provider_places) = apart(&providers);
        let (sources, source_places) = apart(&sources);
        let (events, event_places) = apart(&events);
        let proof = fields.optional("proof");
        let mut when = Self {
            proof: proof.map_or_else(ProofDemand::default, |n| ProofDemand::parse(n, problems)),
            proof_place: proof.map(|node| node.place.clone()),
            providers,
            sources,
            events,
            unmatched: fields.optional("unmatched").and_then(|n| n.bool(problems)) == Some(true),
            provider_places,
            source_places,
            event_places,
            ..Self::default()
        };
        if let Some(node) = fields.optional("conditions") {
            when.conditions = Conditions::parse(node, reading, problems);
            when.vars = vars_of_conditions(node);
        }
        fields.finish(problems);
        when
    }
}

/// Reports a condition whose keys stand in `when:` itself, once for all of them.
fn tell_loose_condition(fields: &mut Fields<'_>, problems: &mut Diagnostics) {
    let node = fields.node();
    let subjects = ["path", "header", "query", "var"];
    let belongs = |key: &str| subjects.contains(&key) || condition::is_operator(key);
    let entries = node.as_map().unwrap_or_default();
    let mut loose = entries.iter().filter(|(key, _)| belongs(&key.text));
    let Some((first, _)) = loose.next() else {
        return;
    };
    fields.tell(first);
    loose.for_each(|(key, _)| fields.tell(key));
    let message = format!("`{}` belongs into a condition", first.text);
    let help = "write an entry of `conditions:` for each test: \
                `conditions: [{path: $.ref, equals: refs/heads/main}]`";
    let place = node.key_place(first);
    problems.push(Diagnostic::error(code::UNKNOWN_KEY, place, message).help(help));
}

fn keys() -> [shape::Key; 6] {
    let names = || Shape::one_or_list(Shape::matching("^."));
    [
        key("provider", names(), "Who sent it: the name of a provider, a list of names, or globs over them (`*`). `hookrule providers list` shows them.", "github")
            .like(json!(["gitlab", "github"])),
        key("source", names(), "By which source of hookrule.yaml it came in: a name, a list, or globs. Where `provider` stands too, both must hold.", "shop")
            .like("acme-*"),
        key("event", names(), "What the event is called: a name, a list, or patterns over dotted names. `*` is one part, a final `.*` one part or more, `**` any number.", "pull_request.opened")
            .like(json!(["push", "release.published"]))
            .like("invoice.*"),
        key("proof", ProofDemand::shape(), "How far it was shown to be authentic, one word or a list: `signed` (its signature covers the body), `authenticated` (a token, or a signature that leaves the body out), `unsigned`.", "signed")
            .like(json!(["signed", "authenticated"])),
        key("unmatched", Shape::flag(), "Only events that no other enabled rule matched.", true).or(false),
        key("conditions", Conditions::shape(), "What must hold of the event besides: a list, all of which must hold.", json!([{"path": "$.livemode", "equals": true}])),
    ]
}

/// The texts of a list, or of one value where one stands for a list.
pub(super) fn texts<'n>(node: &'n Node, problems: &mut Diagnostics) -> Vec<(&'n Node, &'n str)> {
    if matches!(&node.value, Value::List(items) if items.is_empty()) {
        problems.push(
            node.error(code::BAD_VALUE, "an empty list names nothing")
                .help("leave the key out where anything will do"),
        );
    }
    let mut texts = Vec::new();
    for item in node.one_or_list() {
        match item.text(problems) {
            Some("") => problems.push(
                item.error(code::BAD_VALUE, "this name is empty")
                    .help("write a name, or leave it out"),
            ),
            Some(text) => texts.push((item, text)),
            None => {}
        }
    }
    texts
}

fn apart(texts: &[(&Node, &str)]) -> (Vec<String>, Box<[Place]>) {
    let one = |(node, text): &(&Node, &str)| ((*text).to_owned(), node.place.clone());
    let (mut names, places): (Vec<_>, Vec<_>) = texts.iter().map(one).unzip();
    names.shrink_to_fit();
    (names, places.into())
}

fn check_event(node: &Node, event: &str, problems: &mut Diagnostics) {
    if let Some(ours) = pattern::dotted(event) {
        problems.push(
            node.error(
                code::FOREIGN_EVENT_NAME,
                format!("`{event}` is not how events are named here"),
            )
            .help(format!("write `{ours}`")),
        );
    } else if event.split('.').any(str::is_empty) {
        let message = format!("`{event}` has an empty part");
        let odd = event.find("..").map(|at| at + 1);
        let last = event
            .len()
            .saturating_sub(usize::from(event.ends_with('.')));
        let odd = odd.unwrap_or(if event.starts_with('.') { 0 } else { last });
        let place = node.place_at(odd, usize::from(!event.is_empty()));
        let problem = Diagnostic::error(code::BAD_VALUE, place, message);
        problems.push(
            problem.help("event names are parts with one dot between them: `pull_request.opened`"),
        );
    } else if event == "*" {
        problems.push(
            node.warning(code::BAD_VALUE, "`*` is a name of one part only")
                .help("for every event, write `**` or leave `event` out"),
        );
    }
}

/// Keys that other systems have where this one has `when`.
const FOREIGN: &[Foreign] = &[
    ("events", "", "write `event:`; it takes a list too"),
    ("providers", "", "write `provider:`; it takes a list too"),
    ("sources", "", "write `source:`; it takes a list too"),
    ("type", "", "write `event:`"),
    ("verified", "proof", "write `proof: signed`"),
    ("signed", "proof", "write `proof: signed`"),
    ("trusted", "proof", "write `proof: signed`"),
    ("authenticated", "proof", "write `proof: authenticated`"),
    ("unsigned", "proof", "write `proof: unsigned`"),
    ("if", "", "write `conditions:` with a list of tests"),
    ("filters", "", "write `conditions:` with a list of tests"),
    ("all", "", "write `conditions:`; all of them must hold"),
    ("any", "", "write `conditions: [{any: […]}]`"),
];

/// A key of another system, the key here that it stands for (or none), and what to write.
pub(super) type Foreign = (&'static str, &'static str, &'static str);

/// Reports keys that mean nothing here but whose writer can be told what to write.
pub(super) fn tell(fields: &mut Fields<'_>, keys: &[Foreign], problems: &mut Diagnostics) {
    let node = fields.node();
    for (key, _) in node.as_map().unwrap_or_default() {
        let Some((foreign, meant, help)) = keys.iter().find(|(name, ..)| *name == key.text) else {
            continue;
        };
        fields.tell(key);
        fields.excuse(meant);
        let message = format!("`{foreign}` means nothing here");
        let place = node.key_place(key);
        problems.push(Diagnostic::error(code::UNKNOWN_KEY, place, message).help(*help));
    }
}
