//! One entry of `actions:`.

use std::sync::Arc;

use crate::actions::{self, Configured, Kind};
use crate::condition::Conditions;
use crate::diagnostic::{Diagnostic, Diagnostics, Place, code, did_you_mean};
use crate::event::PathSet;
use crate::yaml::{Fields, Key, Node};

use super::uses::{Read, Reads, vars_of_conditions};
use super::when::{tell, texts};

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
    pub destinations: Vec<String>,
    /// Where the destinations were written, one for each.
    pub(super) destination_places: Vec<Place>,
    /// Its own conditions.
    pub conditions: Conditions,
    /// The vars that its conditions read.
    pub condition_vars: Vec<Read>,
    /// Its configuration, compiled.
    pub configured: Arc<dyn Configured>,
    /// Its configuration as JSON without the destination, where it must be rendered later: only for
    /// actions that use the outputs of others.
    pub config: Option<serde_json::Value>,
    /// The vars and actions that its templates read.
    pub reads: Reads,
}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Action({}: {})", self.name, self.kind.name())
    }
}

impl Action {
    /// Reads one entry.
    pub(super) fn parse(
        node: &Node,
        paths: &mut PathSet,
        problems: &mut Diagnostics,
    ) -> Option<Self> {
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
        let mut action = configure(kind, node.key_place(key), block, problems)?;
        if let Some(name) = name {
            action.name = name;
        }
        if let Some(node) = own {
            action.conditions = Conditions::parse(node, paths, problems);
            action.condition_vars = vars_of_conditions(node);
        }
        Some(action)
    }
}

/// Keys that other systems have in an action.
const FOREIGN: &[(&str, &str)] = &[
    (
        "to",
        "write `destination:` inside the action's kind: `discord: {destination: team-chat, …}`",
    ),
    (
        "destination",
        "write it inside the action's kind: `discord: {destination: team-chat, …}`",
    ),
    (
        "needs",
        "leave it out: an action that uses `{{actions.NAME…}}` runs after it",
    ),
    (
        "if",
        "write `conditions:` with a list of tests, such as `{path: $.action, equals: opened}`",
    ),
    (
        "uses",
        "write the kind as a key: `- discord: {destination: team-chat, …}`",
    ),
    (
        "type",
        "write the kind as a key: `- discord: {destination: team-chat, …}`",
    ),
    (
        "with",
        "write the settings under the kind: `- discord: {destination: team-chat, …}`",
    ),
];

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
            None if FOREIGN.iter().any(|(foreign, _)| *foreign == key.text) => {}
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
    problems: &mut Diagnostics,
) -> Option<Action> {
    let mut fields = Fields::of(block, problems)?;
    let (mut destinations, mut destination_places) = (Vec::new(), Vec::new());
    if let Some(wanted) = kind.destination_kind() {
        match fields.optional("destination") {
            Some(node) => (destinations, destination_places) = destinations_of(node, problems),
            None => problems.push(
                Diagnostic::error(
                    code::NO_DESTINATION,
                    place.clone(),
                    format!("`{}` does not say where to", kind.name()),
                )
                .help(format!(
                    "add `destination: NAME`, the name of a {wanted} destination in hookrule.yaml"
                )),
            ),
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
        destination_places,
        conditions: Conditions::default(),
        condition_vars: Vec::new(),
        config: (!reads.actions.is_empty()).then(|| without_destination(block)),
        configured,
        reads,
    })
}

fn destinations_of(node: &Node, problems: &mut Diagnostics) -> (Vec<String>, Vec<Place>) {
    let (mut names, mut places): (Vec<String>, _) = (Vec::new(), Vec::new());
    for (item, name) in texts(node, problems) {
        if name.contains("{{") {
            problems.push(
                item.error(
                    code::BAD_VALUE,
                    "a destination is a plain name, not a template",
                )
                .help("write one rule for each destination, or a list of names"),
            );
        } else if names.iter().any(|known| known == name) {
            let message = format!("`{name}` stands here twice");
            problems.push(item.error(code::BAD_VALUE, message));
        } else if names.len() == DESTINATIONS_MAX {
            let message = format!("an action has at most {DESTINATIONS_MAX} destinations");
            problems.push(item.error(code::TOO_LARGE, message));
            break;
        } else {
            names.push(name.to_owned());
            places.push(item.place.clone());
        }
    }
    (names, places)
}

fn without_destination(block: &Node) -> serde_json::Value {
    let mut config = block.to_json();
    if let Some(map) = config.as_object_mut() {
        map.shift_remove("destination");
    }
    config
}
