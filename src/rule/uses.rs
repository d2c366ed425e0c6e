//! What templates and conditions read of their own rule: its vars, and the outputs of other actions.

use std::collections::HashMap;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code, did_you_mean};
use crate::expression::{Program, Template};
use crate::yaml::{Node, Value};

use super::order::order;
use super::{Action, Flow, Rule};

/// One name that is read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The var or action.
    pub name: String,
    /// Where it is read.
    pub place: Place,
}

/// What the templates of one place read, each name once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// Vars by name.
    pub vars: Vec<Read>,
    /// Whether some template reads `vars` as a whole.
    pub all_vars: bool,
    /// Actions whose outputs are read.
    pub actions: Vec<Read>,
    /// Events that are joined.
    pub joined: Vec<Read>,
    /// Where `events` is read.
    pub events: Option<Place>,
    /// Where `item` is read.
    pub item: Option<Place>,
}

impl Reads {
    /// What the templates compiled from a node read. Points at values that are not escaped.
    pub(super) fn of(node: &Node, templates: &[&Template], problems: &mut Diagnostics) -> Self {
        let mut reads = Self::default();
        not_filled(node, problems);
        let mut places = HashMap::new();
        for template in templates {
            let uses = template.uses();
            if uses.paths.is_empty() && uses.unescaped.is_empty() {
                continue;
            }
            if places.is_empty() {
                texts_of(node, &mut places);
            }
            let place = places.get(template.text()).unwrap_or(&node.place);
            if !uses.unescaped.is_empty() {
                let message = "this value is put in without escaping";
                let place = within(place, "{{{");
                problems.push(
                    Diagnostic::warning(code::UNESCAPED, place, message)
                        .help("write `{{…}}`, unless the sender of the value is trusted"),
                );
            }
            for (path, _) in &uses.paths {
                reads.add(path, place, problems);
            }
        }
        reads
    }

    /// What a program reads beside the payload.
    pub(super) fn of_program(node: &Node, program: &Program, problems: &mut Diagnostics) -> Self {
        let mut reads = Self::default();
        for (path, offset) in program.reads() {
            let place = node.place_at(*offset, path.len());
            reads.add(path, &place, problems);
        }
        reads
    }

    fn add(&mut self, path: &str, place: &Place, problems: &mut Diagnostics) {
        let (root, name) = root_and_name(path);
        let known = match root {
            "vars" => &mut self.vars,
            "actions" => &mut self.actions,
            "join" => &mut self.joined,
            "events" => {
                self.events.get_or_insert_with(|| within(place, path));
                return;
            }
            "item" => {
                self.item.get_or_insert_with(|| within(place, path));
                return;
            }
            _ => return,
        };
        match name {
            None if root == "vars" => self.all_vars = true,
            None => problems.push(
                Diagnostic::error(
                    code::UNKNOWN_VARIABLE,
                    within(place, path),
                    format!("`{root}` as a whole cannot be used"),
                )
                .help(match root {
                    "join" => "name one event: `{{join.NAME.payload.id}}`",
                    _ => "name one action: `{{actions.NAME.body}}`",
                }),
            ),
            Some(name) if known.iter().any(|read| read.name == name) => {}
            Some(name) => known.push(Read {
                name: name.to_owned(),
                place: within(place, path),
            }),
        }
    }
}

/// `vars` and `amount` of `vars.amount.cents`; also as `@root.vars.[my amount]`.
fn root_and_name(path: &str) -> (&str, Option<&str>) {
    let mut path = path;
    for prefix in ["@root.", "@root/", "this.", "this/", "./", "../"] {
        while let Some(rest) = path.strip_prefix(prefix) {
            path = rest;
        }
    }
    let Some((root, rest)) = path.split_once(['.', '/']) else {
        return (path, None);
    };
    let name = match rest.strip_prefix('[') {
        Some(quoted) => quoted.split(']').next(),
        None => rest.split(['.', '/', '[']).next(),
    };
    (root, name.filter(|name| !name.is_empty()))
}

/// The place of every text in a node, by its value; the first where several are equal.
fn texts_of<'n>(node: &'n Node, places: &mut HashMap<&'n str, Place>) {
    match &node.value {
        Value::String(text) => {
            places.entry(text).or_insert_with(|| node.place.clone());
        }
        Value::List(items) => items.iter().for_each(|item| texts_of(item, places)),
        Value::Map(entries) => {
            for (key, value) in entries {
                let place = || node.key_place(key);
                places.entry(&key.text).or_insert_with(place);
                texts_of(value, places);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Points at `${env:…}`, which is filled in only in hookrule.yaml.
fn not_filled(node: &Node, problems: &mut Diagnostics) {
    match &node.value {
        Value::String(text) => {
            let found = ["${env:", "${file:"].into_iter().find(|p| text.contains(p));
            if let Some(piece) = found {
                let message = "this is sent as it stands: rules cannot read the environment";
                let place = within(&node.place, piece);
                problems.push(
                    Diagnostic::warning(code::BAD_VALUE, place, message)
                        .help("credentials stand in hookrule.yaml, in the destination"),
                );
            }
        }
        Value::List(items) => items.iter().for_each(|item| not_filled(item, problems)),
        Value::Map(entries) => {
            for (_, value) in entries {
                not_filled(value, problems);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Where a piece of a text stands, if it stands in the file as it does in the value.
fn within(place: &Place, piece: &str) -> Place {
    let written = place.file.text.get(place.span.clone()).unwrap_or_default();
    match written.find(piece) {
        Some(at) => {
            let start = place.span.start + at;
            Place {
                span: start..start + piece.len(),
                ..place.clone()
            }
        }
        None => place.clone(),
    }
}

/// The vars that a `conditions:` list reads (`{var: NAME, …}`, at any depth).
pub(super) fn vars_of_conditions(node: &Node) -> Vec<Read> {
    let mut found = Vec::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match &node.value {
            Value::List(items) => open.extend(items),
            Value::Map(entries) => {
                for (key, value) in entries {
                    match value.as_str() {
                        Some(name) if key.text == "var" => found.push(Read {
                            name: name.to_owned(),
                            place: value.place.clone(),
                        }),
                        // What stands behind an operator is compared with, not read.
                        _ if matches!(key.text.as_str(), "all" | "any" | "none" | "not") => {
                            open.push(value);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// Reports vars and actions that a rule reads and does not have, and puts its actions in the order in
/// which they can run: each after those whose outputs it uses. Where not all actions could be read,
/// nothing is said of those that others use.
pub(super) fn check(rule: &mut Rule, whole: bool, problems: &mut Diagnostics) {
    let vars: Vec<&str> = rule.vars.iter().map(|var| var.name.as_str()).collect();
    for (at, var) in rule.vars.iter().enumerate() {
        let (earlier, later) = vars.split_at(at);
        known_vars(&var.reads.vars, earlier, later, problems);
        for read in &var.reads.actions {
            let message = "vars are computed before any action runs";
            let help = "use `{{actions.…}}` in the action itself";
            let place = read.place.clone();
            problems.push(Diagnostic::error(code::UNKNOWN_VARIABLE, place, message).help(help));
        }
        no_others(&var.reads, problems);
    }
    known_vars(&rule.when.vars, &vars, &[], problems);
    if let Some(respond) = &rule.respond {
        known_vars(&respond.reads.vars, &vars, &[], problems);
        no_others(&respond.reads, problems);
        for read in &respond.reads.actions {
            let message = "the sender is answered before any action runs";
            let help = "answer with what the event holds; tell the rest with an action";
            let place = read.place.clone();
            problems.push(Diagnostic::error(code::UNKNOWN_VARIABLE, place, message).help(help));
        }
    }
    for reads in rule.flow.reads() {
        known_vars(reads, &vars, &[], problems);
    }
    for (_, key) in rule.flow.keys() {
        no_others(&key.reads, problems);
    }
    for action in &rule.actions {
        known_events(&rule.flow, &action.reads, problems);
        known_vars(&action.condition_vars, &vars, &[], problems);
        known_vars(&action.reads.vars, &vars, &[], problems);
    }
    if !whole {
        return;
    }
    let mut sound = true;
    for action in &rule.actions {
        for read in &action.reads.actions {
            if let Some(problem) = unusable(&rule.actions, action, read) {
                problems.push(problem);
                sound = false;
            }
        }
    }
    if sound
        && rule
            .actions
            .iter()
            .any(|action| !action.reads.actions.is_empty())
    {
        order(rule, problems);
    }
}

/// Reports other events where there are none yet: before the gates are passed.
fn no_others(reads: &Reads, problems: &mut Diagnostics) {
    let joined = reads.joined.iter().map(|read| (&read.place, "join"));
    let events = reads.events.iter().map(|place| (place, "events"));
    for (place, what) in joined.chain(events) {
        let message =
            format!("there is no `{what}` here: other events come after this is computed");
        let help = "use it in the action itself";
        let problem = Diagnostic::error(code::UNKNOWN_VARIABLE, place.clone(), message);
        problems.push(problem.help(help));
    }
}

/// Reports other events that the gates of a rule do not bring.
fn known_events(flow: &Flow, reads: &Reads, problems: &mut Diagnostics) {
    let error = |place: &Place, message: String| {
        Diagnostic::error(code::UNKNOWN_VARIABLE, place.clone(), message)
    };
    if let (Some(place), None) = (&reads.events, &flow.digest) {
        let message = "there is no `events` here: this rule gathers none".to_owned();
        let help = "add a gate to the rule, such as `digest: {window: 10m}`";
        problems.push(error(place, message).help(help));
    }
    let names = flow.join.iter().flat_map(|join| &join.with);
    let names: Vec<&str> = names.map(|other| other.name.as_str()).collect();
    for read in &reads.joined {
        let name = &read.name;
        if !names.contains(&name.as_str()) {
            let message = format!("there is no `join.{name}`");
            let none = "this rule joins no other event; add `join: {within, key, with}` to it";
            problems.push(error(&read.place, message).help(suggestion(name, &names, none)));
        }
    }
}

fn known_vars(reads: &[Read], known: &[&str], later: &[&str], problems: &mut Diagnostics) {
    for read in reads
        .iter()
        .filter(|read| !known.contains(&read.name.as_str()))
    {
        let name = &read.name;
        let (message, help) = if later.contains(&name.as_str()) {
            let message = format!("`vars.{name}` is not computed yet here");
            (
                message,
                format!("move `{name}` up: vars are computed in order"),
            )
        } else {
            let message = format!("there is no `vars.{name}`");
            (
                message,
                suggestion(name, known, "this rule has no vars that could be used here"),
            )
        };
        let place = read.place.clone();
        problems.push(Diagnostic::error(code::UNKNOWN_VARIABLE, place, message).help(help));
    }
}

fn suggestion(name: &str, known: &[&str], none: &str) -> String {
    match did_you_mean(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() => none.to_owned(),
        None => format!("known here: {}", known.join(", ")),
    }
}

/// Why the outputs of another action cannot be used.
fn unusable(actions: &[Action], user: &Action, read: &Read) -> Option<Diagnostic> {
    let name = &read.name;
    let error =
        |message: String| Diagnostic::error(code::UNKNOWN_VARIABLE, read.place.clone(), message);
    if *name == user.name {
        let help = "they are there when it has been carried out: use them in another action";
        return Some(error(format!("`{name}` cannot use its own outputs")).help(help));
    }
    match actions.iter().find(|action| action.name == *name) {
        None => {
            let known: Vec<_> = actions.iter().map(|action| action.name.as_str()).collect();
            let others: Vec<_> = known
                .into_iter()
                .filter(|known| *known != user.name)
                .collect();
            let help = suggestion(name, &others, "this rule has no other action");
            Some(error(format!("there is no action `{name}` in this rule")).help(help))
        }
        Some(action) if action.destinations.len() > 1 => {
            let many = action.destinations.len();
            let help = "make an action of its own for the destination whose answer is meant";
            Some(
                error(format!(
                    "`{name}` has {many} destinations, so `actions.{name}` is not one thing"
                ))
                .help(help),
            )
        }
        Some(_) => None,
    }
}
