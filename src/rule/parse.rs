//! The values of one rule file → its rules, and everything that is wrong in it.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::json;

use crate::condition::Reading;
use crate::diagnostic::{Diagnostic, Diagnostics, code};
use crate::event::PathSet;
use crate::yaml::{self, Fields, Node, Shape, key};

use super::action::{self, NamedDestination};
use super::beside::Library;
use super::reuse::{Listed, Reuse, Shared};
use super::uses;
use super::when::{Foreign, tell, texts};
use super::{Action, Flow, ForEach, Namespace, Respond, Rule, When, items, vars};

/// The longest name of a rule or action, in characters.
pub(super) const NAME_CHARS_MAX: usize = 200;

/// What a rule file comes to.
#[derive(Default)]
pub(super) struct Parsed {
    pub(super) rules: Vec<Rule>,
    /// The files of its lists.
    pub(super) listed: Vec<Listed>,
}

/// Reads the rules of one file. Any error means that the file cannot be used; what could be read of its
/// rules is there all the same, so that their names can be checked too.
pub(super) fn parse(
    node: &Node,
    namespace: Option<&Arc<Namespace>>,
    shared: &[Arc<Shared>],
    library: &mut Library,
    paths: &mut PathSet,
    problems: &mut Diagnostics,
) -> Parsed {
    if matches!(node.value, yaml::Value::Null) {
        problems.push(
            node.error(code::MISSING_KEY, "there are no rules in this file")
                .help("begin with `rules:` and a list; delete the file if it is to have none"),
        );
        return Parsed::default();
    }
    if let Some(problem) = other_file(node) {
        problems.push(problem);
        return Parsed::default();
    }
    let Some(mut fields) = Fields::of(node, problems) else {
        return Parsed::default();
    };
    fields.free("x-");
    tell(&mut fields, FILE_FOREIGN, problems);
    let mut reuse = Reuse::parse(&mut fields, shared, library, problems);
    let rules = fields
        .required("rules", problems)
        .and_then(|rules| rules.list(problems));
    let parsed = rules.unwrap_or_default().iter().filter_map(|node| {
        let node = reuse.fill(node, problems);
        let mut reading = Reading {
            paths,
            lists: reuse.lists(),
            item: false,
        };
        let mut rule = rule(&node, &mut reading, problems)?;
        if let Some(namespace) = namespace {
            rule.enter(namespace);
        }
        Some(rule)
    });
    let parsed = parsed.collect();
    fields.finish(problems);
    let listed = reuse.listed().to_vec();
    reuse.finish(problems);
    Parsed {
        rules: parsed,
        listed,
    }
}

/// What is said of a file that was not meant as a rule file.
fn other_file(node: &Node) -> Option<Diagnostic> {
    if let yaml::Value::List(entries) = &node.value {
        let is_hook = |entry: &Node| entry.get("execute-command").is_some();
        let (message, help) = if entries.iter().any(is_hook) {
            let help = "`hookrule import adnanh FILE` turns them into rules";
            ("these are hooks of adnanh/webhook", help)
        } else {
            let help = "write `rules:` above it, and indent the list";
            ("this is a list, and a rule file is a map", help)
        };
        return Some(node.error(code::WRONG_TYPE, message).help(help));
    }
    let is_workflow = node.get("jobs").is_some() && node.get("on").is_some();
    (is_workflow && node.get("rules").is_none()).then(|| {
        let message = "this is a workflow of GitHub Actions, not a rule file";
        node.error(code::WRONG_TYPE, message).help(RULES)
    })
}

const FILE_FOREIGN: &[Foreign] = &[
    ("on", "rules", RULES),
    ("jobs", "rules", RULES),
    ("hooks", "rules", RULES),
    ("rule", "rules", "write `rules:` with a list of rules"),
    ("sources", "", "sources stand in hookrule.yaml"),
    ("destinations", "", "destinations stand in hookrule.yaml"),
];

const RULES: &str = "write `rules:` with a list of rules; each has `when:` and `actions:`";

const RULE_FOREIGN: &[Foreign] = &[
    ("on", "when", "write `when: {provider: …, event: …}`"),
    ("event", "when", "write it inside `when:`"),
    ("provider", "when", "write it inside `when:`"),
    ("source", "when", "write it inside `when:`"),
    ("trigger", "when", "write `when: {provider: …, event: …}`"),
    (
        "if",
        "when",
        "write `conditions:` inside `when:`, with a list of tests",
    ),
    ("conditions", "when", "write it inside `when:`"),
    ("do", "actions", "write `actions:` with a list"),
    ("then", "actions", "write `actions:` with a list"),
    ("steps", "actions", "write `actions:` with a list"),
    (
        "to",
        "",
        "write `destination:` inside an action: `discord: {destination: team-chat, …}`",
    ),
    (
        "destination",
        "",
        "write it inside an action: `discord: {destination: team-chat, …}`",
    ),
    (
        "needs",
        "",
        "leave it out: an action that uses `{{actions.NAME…}}` runs after it",
    ),
    (
        "env",
        "",
        "rules cannot read the environment; credentials stand in hookrule.yaml",
    ),
];

/// What a rule file looks like; `test` is what its tests look like.
pub fn shape(test: &Shape) -> Shape {
    let help = "The rules of this file, considered in this order.";
    let example = json!([{"name": "pushes", "when": {"provider": "github", "event": "push"}, "actions": [{"log": {"message": "a push"}}]}]);
    Shape::map(Reuse::keys())
        .and([key("rules", Shape::list(rule_shape(test)), help, example).required()])
        .free()
        .says("A rule file of hookrule: which events are looked for, and what is done about them.")
}

fn rule_shape(test: &Shape) -> Shape {
    let when = json!({"provider": "github", "event": "pull_request.opened"});
    let vars = "Values computed for the rule, by names of yours, each only when it is read. Texts are templates; `{jq: …}` is a program.";
    let actions = "What is done when the rule matches. An action that uses `actions.NAME` runs after that one; the others at once.";
    Shape::map([
        key("name", Shape::matching("^."), format!("Its name, unique among all rule files: one line, at most {NAME_CHARS_MAX} characters."), "pull-requests-to-chat").required(),
        key("description", Shape::text(), "What it is for, for people.", "Every pull request is announced"),
        key("enabled", Shape::flag(), "Whether it is considered at all.", false).or(true),
        key("stop", Shape::flag(), "Once it matched, the later rules of this file are left out for the event.", true).or(false),
        key("tags", Shape::one_or_list(Shape::matching("^.")), "Words to find it by.", json!(["chat"])),
        key("when", When::shape(), "Which events it is about.", when).required(),
        key("vars", vars::shape(), vars, json!({"title": "{{payload.pull_request.title}}"})).like(json!({"names": {"jq": "[.commits[].author.name] | unique"}})),
    ])
    .and(Flow::shape_keys())
    .and([
        ForEach::key(),
        key("respond", Respond::shape(), "What the sender is answered. Taken from the first matching rule that has one; 202 with the event's id otherwise.", json!({"status": 200, "body": "ok"})),
        key("actions", Shape::list(action::shape()).items(1, None), actions, json!([{"log": {"message": "{{payload.action}}"}}])).required(),
        key("tests", Shape::list(test.clone()), "Deliveries, and what must come of each. `hookrule test` runs them; a rule file whose test fails does not go live.", json!([{"name": "another action is left alone", "payload": {}, "expect": {"matched": true}}])),
    ])
    .free()
    .says("A rule: which events it is about, and what is done about them.")
}

/// What a `_shared.yaml` looks like.
pub fn given_shape() -> Shape {
    Shape::map(Reuse::shared_keys())
        .free()
        .says("Templates and lists for the rule files of this folder and those below it.")
}

fn rule(node: &Node, reading: &mut Reading<'_>, problems: &mut Diagnostics) -> Option<Rule> {
    let mut fields = Fields::of(node, problems)?;
    fields.free("x-");
    tell(&mut fields, RULE_FOREIGN, problems);
    let name = fields.required("name", problems);
    let description = fields.optional("description");
    let description = description
        .and_then(|n| n.text(problems))
        .map(str::to_owned);
    let flag = |node: Option<&Node>, default: bool, problems: &mut Diagnostics| {
        node.and_then(|n| n.bool(problems)).unwrap_or(default)
    };
    let enabled = flag(fields.optional("enabled"), true, problems);
    let stop = flag(fields.optional("stop"), false, problems);
    let tags = fields.optional("tags").map(|n| texts(n, problems));
    let tags = tags.unwrap_or_default();
    let when = match fields.required("when", problems) {
        Some(node) => When::parse(node, reading, problems),
        None => When::default(),
    };
    let vars = fields.optional("vars").map(|n| vars::vars(n, problems));
    let flow = Flow::parse(&mut fields, reading, problems);
    let for_each = fields.optional("for_each");
    let for_each = for_each.and_then(|node| ForEach::parse(node, problems));
    let respond = fields.optional("respond");
    let respond = respond.and_then(|node| Respond::parse(node, problems));
    reading.item = fields.optional("for_each").is_some();
    let defers = flow.defers();
    let (actions, whole, named_destinations) = actions(&mut fields, defers, reading, problems);
    let tests = fields.optional("tests").and_then(|n| n.list(problems));
    fields.finish(problems);
    let name_node = name?;
    let mut rule = Rule {
        name: checked_name(name_node, problems)?.to_owned(),
        namespace: None,
        description,
        place: name_node.place.clone(),
        enabled,
        stop,
        tags: tags.iter().map(|(_, tag)| (*tag).to_owned()).collect(),
        when,
        flow: shared(flow, reading.paths),
        for_each: for_each.map(Box::new),
        respond,
        vars: vars.unwrap_or_default(),
        actions,
        named_destinations: named_destinations.into(),
        tests: tests.unwrap_or_default().into(),
    };
    uses::check(&mut rule, whole, problems);
    items::check(&mut rule, reading.item, problems);
    Some(rule)
}

/// Gates take much room, and most rules have none: those share one.
fn shared(flow: Flow, paths: &mut PathSet) -> Arc<Flow> {
    if flow.is_plain()
        && let Some(plain) = paths.compiled("no gates", || Some(Flow::default()))
    {
        return plain;
    }
    Arc::new(flow)
}

/// The text of a name that people will read in logs and lists.
fn checked_name<'n>(node: &'n Node, problems: &mut Diagnostics) -> Option<&'n str> {
    let name = node.text(problems)?;
    let message = if name.trim().is_empty() {
        "a name has at least one letter".to_owned()
    } else if name.chars().count() > NAME_CHARS_MAX {
        format!("a name has at most {NAME_CHARS_MAX} characters")
    } else if name.chars().any(char::is_control) {
        "a name stands on one line, without control characters".to_owned()
    } else {
        return Some(name);
    };
    problems.push(
        node.error(code::BAD_VALUE, message)
            .help("write a short name, such as `pull-requests-to-chat`"),
    );
    None
}

/// The actions that could be read, whether those are all, and every destination that they name.
fn actions(
    fields: &mut Fields<'_>,
    defers: bool,
    reading: &mut Reading<'_>,
    problems: &mut Diagnostics,
) -> (Vec<Action>, bool, Vec<NamedDestination>) {
    let node = fields.optional("actions");
    let entries = match node.map(|node| node.list(problems)) {
        Some(None) => return (Vec::new(), false, Vec::new()),
        Some(Some(entries)) => entries,
        None => &[],
    };
    if entries.is_empty() {
        let at = node.or(fields.optional("name")).unwrap_or(fields.node());
        let problem = at
            .error(code::NO_ACTIONS, "this rule does nothing")
            .help("add `actions:` with at least one entry, such as `- log: {message: …}`");
        fields.miss("actions", problem, problems);
    }
    let mut names = HashMap::new();
    let mut destinations = Vec::new();
    // Nearly every rule has one action, and a vector that grows takes room for four.
    let mut actions = Vec::with_capacity(entries.len());
    let mut whole = true;
    for entry in entries {
        if let Some(name) = entry.get("name").filter(|name| name.as_str().is_some()) {
            whole &= checked_name(name, problems).is_some();
        }
        let action = Action::parse(entry, defers, reading, &mut destinations, problems);
        let Some(action) = action else {
            whole = false;
            continue;
        };
        let place = entry.get("name").map_or(&action.place, |name| &name.place);
        if let Some(first) = names.insert(action.name.clone(), place.clone()) {
            let message = format!("there is an action `{}` in this rule already", action.name);
            problems.push(
                Diagnostic::error(code::DUPLICATE_ACTION, place.clone(), message)
                    .also(first, "the other stands here")
                    .help("give one of them another `name:`"),
            );
        }
        actions.push(action);
    }
    (actions, whole, destinations)
}
