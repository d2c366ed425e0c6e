//! One entry of `actions:`.

use std::sync::Arc;

use serde_json::json;

use crate::actions::{self, Configured, Kind};
use crate::condition::{Conditions, Reading};
use crate::diagnostic::{Diagnostic, Diagnostics, Place, code, did_you_mean};
use crate::expression::Template;
use crate::yaml::{Demand, Fields, Key, Node, Shape, Value, key};

use super::routed::To;
use super::uses::{Read, Reads, vars_of_conditions};
use super::when::{Foreign, tell, texts};

/// The most destinations of one action.
pub(super) const DESTINATIONS_MAX: usize = 100;

/// One action of a rule.
#[derive(Clone)]
pub struct Action {
    /// Unique in the rule; the kind's name where the author gave none.
    pub name: String,
    /// Where its kind stands.
    pub place: Place,
    /// Its kind.
    pub kind: &'static dyn Kind,
    /// The destinations, one job each; empty where the kind needs none.
    pub destinations: Vec<To>,
    /// Its own conditions.
    pub conditions: Conditions,
    /// The vars that its conditions read.
    pub condition_vars: Vec<Read>,
    /// Its configuration, compiled.
    pub configured: Arc<dyn Configured>,
    /// Its configuration as JSON without the destination, where it must be rendered later: only for
    /// actions that use the outputs of others, or other events.
    pub config: Option<Box<serde_json::Value>>,
    /// The vars and actions that its templates read.
    pub reads: Arc<Reads>,
}

/// A destination as an action names it.
#[derive(Clone)]
pub(super) struct NamedDestination {
    pub(super) name: String,
    pub(super) place: Place,
    /// What names it, where that are labels.
    pub(super) template: Option<Template>,
    /// The kind of action that names it.
    pub(super) kind: &'static dyn Kind,
}

impl std::fmt::Debug for NamedDestination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NamedDestination({}: {})", self.name, self.kind.name())
    }
}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Action({}: {})", self.name, self.kind.name())
    }
}

impl Action {
    /// Reads one entry. The destinations it names are kept also where the rest cannot be used. `defers`
    /// where its rule has gates that bring other events.
    pub(super) fn parse(
        node: &Node,
        defers: bool,
        reading: &mut Reading<'_>,
        destinations: &mut Vec<NamedDestination>,
        problems: &mut Diagnostics,
    ) -> Option<Self> {
        if let Some(problem) = beside_its_kind(node) {
            problems.push(problem);
            return None;
        }
        let mut fields = Fields::of(node, problems)?;
        tell(&mut fields, FOREIGN, problems);
        let name = match fields.optional("name") {
            Some(node) => Some(node.text(problems)?.to_owned()),
            None => None,
        };
        let own = fields.optional("conditions");
        let (key, kind, block) = kind(node, problems)?;
        fields.optional(kind.name());
        fields.finish(problems);
        let mut action = configure(kind, node.key_place(key), block, destinations, problems)?;
        if let Some(name) = name {
            action.name = name;
        }
        if defers || !action.reads.actions.is_empty() {
            action.config = Some(Box::new(without_destination(block)));
        }
        if *action.reads == Reads::default()
            && let Some(none) = reading
                .paths
                .compiled("reads nothing", || Some(Reads::default()))
        {
            action.reads = none;
        }
        if let Some(node) = own {
            action.conditions = Conditions::parse(node, reading, problems);
            action.condition_vars = vars_of_conditions(node);
        }
        Some(action)
    }
}

/// What one entry of `actions:` looks like.
pub(super) fn shape() -> Shape {
    let name = "Its name, unique in the rule; the kind's name where it is left out. Others use what it came to as `actions.NAME`.";
    let conditions = "What must hold for this action besides; a list, all of which must hold.";
    let kinds = actions::LIST.iter().map(|kind| {
        let block = Shape::either([block_shape(*kind), Shape::only(())]);
        key(kind.name(), block, kind.help(), kind.example())
    });
    Shape::map([
        key("name", Shape::matching("^."), name, "tell"),
        key(
            "conditions",
            Conditions::shape(),
            conditions,
            json!([{"path": "$.action", "equals": "opened"}]),
        ),
    ])
    .and(kinds)
    .demand(Demand::OneOf(
        actions::LIST.iter().map(|kind| kind.name()).collect(),
    ))
    .says("One thing that is done: exactly one kind of action.")
}

/// What stands under a kind's key, in an action and in `defaults`.
pub(super) fn block_shape(kind: &'static dyn Kind) -> Shape {
    Shape::named(format!("action.{}", kind.name()), move || {
        let mut block = kind.shape();
        if let Some(wanted) = kind.destination_kind() {
            let names = Shape::one_or_list(Shape::matching("^."));
            let help = format!(
                "Where to: the name of a destination of kind `{wanted}` in hookrule.yaml, or a list of at most {DESTINATIONS_MAX}, one job each. A name may have `{{{{source.labels.NAME}}}}` in it."
            );
            let example = key("destination", names, help, "example").like(json!(["one", "two"]));
            block = block.first(example.required());
        }
        block
            .lenient("Required here or under `defaults`.")
            .says(kind.help())
    })
}

/// Keys that other systems have in an action.
const FOREIGN: &[Foreign] = &[
    (
        "to",
        "",
        "write `destination:` inside the action's kind: `discord: {destination: team-chat, …}`",
    ),
    (
        "destination",
        "",
        "write it inside the action's kind: `discord: {destination: team-chat, …}`",
    ),
    (
        "needs",
        "",
        "leave it out: an action that uses `{{actions.NAME…}}` runs after it",
    ),
    (
        "if",
        "",
        "write `conditions:` with a list of tests, such as `{path: $.action, equals: opened}`",
    ),
    (
        "uses",
        "",
        "write the kind as a key: `- discord: {destination: team-chat, …}`",
    ),
    (
        "type",
        "",
        "write the kind as a key: `- discord: {destination: team-chat, …}`",
    ),
    (
        "with",
        "",
        "write the settings under the kind: `- discord: {destination: team-chat, …}`",
    ),
];

/// What is said once where the settings of an action stand beside its kind instead of under it.
fn beside_its_kind(node: &Node) -> Option<Diagnostic> {
    let entries = node.as_map()?;
    let (kind, _) = entries.iter().find(|(key, block)| {
        actions::find(&key.text).is_some() && matches!(block.value, Value::Null)
    })?;
    let own = |key: &str| key == kind.text || matches!(key, "name" | "conditions");
    let (first, _) = entries.iter().find(|(key, _)| !own(&key.text))?;
    let (first, place, kind) = (&first.text, node.key_place(first), &kind.text);
    let message = format!("`{first}` stands beside `{kind}:` instead of under it");
    let help = format!("indent it by two blanks more than `{kind}:`, and what follows with it");
    Some(Diagnostic::error(code::UNKNOWN_KEY, place, message).help(help))
}

/// The one key of an entry that names its kind.
fn kind<'n>(
    node: &'n Node,
    problems: &mut Diagnostics,
) -> Option<(&'n Key, &'static dyn Kind, &'n Node)> {
    let entries = node.as_map()?;
    let mut found = None;
    let mut unknown = None;
    for (key, block) in entries {
        match actions::find(&key.text) {
            Some(kind) if found.is_none() => found = Some((key, kind, block)),
            Some(kind) => {
                let first = found.map_or("", |(_, kind, _): (_, &dyn Kind, _)| kind.name());
                let message = format!(
                    "this action is `{first}` already, it cannot be `{}` too",
                    kind.name()
                );
                let place = node.key_place(key);
                problems.push(
                    Diagnostic::error(code::UNKNOWN_ACTION, place, message)
                        .help("make two entries of it, each with its own `-`"),
                );
                return None;
            }
            None if matches!(key.text.as_str(), "name" | "conditions") => {}
            None if FOREIGN.iter().any(|(foreign, ..)| *foreign == key.text) => {}
            None => unknown = unknown.or(Some(key)),
        }
    }
    if found.is_none() {
        problems.push(no_kind(node, unknown));
    }
    found
}

fn no_kind(node: &Node, unknown: Option<&Key>) -> Diagnostic {
    let kinds = || actions::LIST.iter().map(|kind| kind.name());
    let known = format!("known kinds: {}", kinds().collect::<Vec<_>>().join(", "));
    let Some(key) = unknown else {
        return node
            .error(code::UNKNOWN_ACTION, "this action does not say what to do")
            .help(known);
    };
    let message = format!("there is no action `{}`", key.text);
    let help = match did_you_mean(&key.text, kinds()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => known,
    };
    Diagnostic::error(code::UNKNOWN_ACTION, node.key_place(key), message).help(help)
}

/// Reads the value under a kind's key.
fn configure(
    kind: &'static dyn Kind,
    place: Place,
    block: &Node,
    named: &mut Vec<NamedDestination>,
    problems: &mut Diagnostics,
) -> Option<Action> {
    if block.as_map().is_none() {
        problems.push(not_a_map(kind, block));
        return None;
    }
    let mut fields = Fields::of(block, problems)?;
    let mut destinations = Vec::new();
    if let Some(wanted) = kind.destination_kind() {
        if let Some(node) = fields.optional("destination") {
            for (to, place) in destinations_of(node, problems) {
                named.push(NamedDestination {
                    name: to.written().to_owned(),
                    template: match &to {
                        To::Name(_) => None,
                        To::Labels(template) => Some(template.clone()),
                    },
                    place,
                    kind,
                });
                destinations.push(to);
            }
        } else {
            let message = format!("`{}` does not say where to", kind.name());
            let help = format!(
                "add `destination: NAME`, the name of a destination of kind `{wanted}` in hookrule.yaml"
            );
            let problem = Diagnostic::error(code::NO_DESTINATION, place.clone(), message);
            fields.miss("destination", problem.help(help), problems);
        }
    }
    let configured = kind.parse(&mut fields, problems);
    fields.finish(problems);
    let configured = configured?;
    let reads = Reads::of(block, &configured.templates(), problems);
    Some(Action {
        name: kind.name().to_owned(),
        place,
        kind,
        destinations,
        conditions: Conditions::default(),
        condition_vars: Vec::new(),
        config: None,
        configured,
        reads: Arc::new(reads),
    })
}

fn not_a_map(kind: &dyn Kind, block: &Node) -> Diagnostic {
    let name = kind.name();
    let message = format!("expected a map, found {}", block.type_name());
    let key = match kind.destination_kind() {
        Some(_) => "destination",
        None => "message",
    };
    let value = block.as_str().unwrap_or("…");
    block
        .error(code::WRONG_TYPE, message)
        .help(format!("write `{name}: {{{key}: {value}}}`"))
}

fn destinations_of(node: &Node, problems: &mut Diagnostics) -> Vec<(To, Place)> {
    let mut named: Vec<(To, Place)> = Vec::new();
    for (item, name) in texts(node, problems) {
        if named.iter().any(|(known, _)| known.written() == name) {
            let message = format!("`{name}` stands here twice");
            problems.push(
                item.error(code::BAD_VALUE, message)
                    .help("name it once: it is sent there once"),
            );
        } else if named.len() == DESTINATIONS_MAX {
            let message = format!("an action has at most {DESTINATIONS_MAX} destinations");
            problems.push(
                item.error(code::TOO_LARGE, message)
                    .help("write a second action for the others"),
            );
            break;
        } else {
            let to = To::parse(item, name, problems);
            named.extend(to.map(|to| (to, item.place.clone())));
        }
    }
    named
}

fn without_destination(block: &Node) -> serde_json::Value {
    let mut config = block.to_json();
    if let Some(map) = config.as_object_mut() {
        map.shift_remove("destination");
    }
    config
}
