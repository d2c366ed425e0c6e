//! The text of one rule file → its rules, and everything that is wrong in it.

use std::collections::HashSet;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile, code};
use crate::event::PathSet;
use crate::expression::{Escape, Tree};
use crate::yaml::{self, Fields, Node};

use super::uses::{self, Reads};
use super::when::{tell, texts};
use super::{Action, Rule, Var, When};

/// The longest name of a rule or action, in characters.
pub(super) const NAME_CHARS_MAX: usize = 200;

/// Reads one rule file. Rules with errors are left out; any error means that the file cannot be used.
pub(super) fn parse(
    file: &Arc<SourceFile>,
    paths: &mut PathSet,
    problems: &mut Diagnostics,
) -> Vec<Rule> {
    let Some(node) = yaml::read(file, problems) else {
        return Vec::new();
    };
    if matches!(node.value, yaml::Value::Null) {
        problems.push(
            node.error(code::MISSING_KEY, "there are no rules in this file")
                .help("begin with `rules:` and a list; delete the file if it is to have none"),
        );
        return Vec::new();
    }
    let Some(mut fields) = Fields::of(&node, problems) else {
        return Vec::new();
    };
    tell(&mut fields, FILE_FOREIGN, problems);
    let rules = fields
        .required("rules", problems)
        .and_then(|rules| rules.list(problems));
    let rules = rules.unwrap_or_default();
    let parsed = rules
        .iter()
        .filter_map(|node| rule(node, paths, problems))
        .collect();
    fields.finish(problems);
    parsed
}

const FILE_FOREIGN: &[(&str, &str)] = &[
    (
        "on",
        "write `rules:` with a list of rules; each has `when:` and `actions:`",
    ),
    (
        "jobs",
        "write `rules:` with a list of rules; each has `when:` and `actions:`",
    ),
    (
        "hooks",
        "write `rules:` with a list of rules; each has `when:` and `actions:`",
    ),
    ("rule", "write `rules:` with a list of rules"),
    ("sources", "sources stand in hookrule.yaml"),
    ("destinations", "destinations stand in hookrule.yaml"),
];

const RULE_FOREIGN: &[(&str, &str)] = &[
    ("on", "write `when: {provider: …, event: …}`"),
    ("event", "write it inside `when:`"),
    ("provider", "write it inside `when:`"),
    ("source", "write it inside `when:`"),
    ("trigger", "write `when: {provider: …, event: …}`"),
    (
        "if",
        "write `conditions:` inside `when:`, with a list of tests",
    ),
    ("conditions", "write it inside `when:`"),
    ("do", "write `actions:` with a list"),
    ("then", "write `actions:` with a list"),
    ("steps", "write `actions:` with a list"),
    (
        "to",
        "write `destination:` inside an action: `discord: {destination: team-chat, …}`",
    ),
    (
        "destination",
        "write it inside an action: `discord: {destination: team-chat, …}`",
    ),
    (
        "needs",
        "leave it out: an action that uses `{{actions.NAME…}}` runs after it",
    ),
    (
        "env",
        "rules cannot read the environment; credentials stand in hookrule.yaml",
    ),
];

fn rule(node: &Node, paths: &mut PathSet, problems: &mut Diagnostics) -> Option<Rule> {
    let mut fields = Fields::of(node, problems)?;
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
        Some(node) => When::parse(node, paths, problems),
        None => When::default(),
    };
    let vars = fields.optional("vars").map(|n| vars(n, problems));
    let actions = actions(&mut fields, paths, problems);
    let tests = fields.optional("tests").and_then(|n| n.list(problems));
    let tests = tests.unwrap_or_default().to_vec();
    fields.finish(problems);
    let name_node = name?;
    let mut rule = Rule {
        name: checked_name(name_node, problems)?.to_owned(),
        description,
        place: name_node.place.clone(),
        enabled,
        stop,
        tags: tags.iter().map(|(_, tag)| (*tag).to_owned()).collect(),
        when,
        vars: vars.unwrap_or_default(),
        actions: actions?,
        tests,
    };
    uses::check(&mut rule, problems);
    Some(rule)
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
    problems.push(node.error(code::BAD_VALUE, message));
    None
}

fn vars(node: &Node, problems: &mut Diagnostics) -> Vec<Var> {
    let mut vars = Vec::new();
    for (key, value) in node.map(problems).unwrap_or_default() {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if key.text.is_empty() || !key.text.chars().all(fits) {
            let message = format!("`{}` cannot be the name of a var", key.text);
            problems.push(
                Diagnostic::error(code::BAD_VALUE, node.key_place(key), message)
                    .help("use letters, digits, `_` and `-`"),
            );
            continue;
        }
        // A map with this one key will be a program; until then it must not pass for a literal.
        if let Some([(only, _)]) = value.as_map()
            && only.text == "jq"
        {
            let message = "`jq` means nothing here";
            problems.push(
                Diagnostic::error(code::UNKNOWN_KEY, value.key_place(only), message)
                    .help("write a template, such as \"{{math payload.amount '/' 100}}\""),
            );
            continue;
        }
        let tree = Tree::parse(value, Escape::None, problems);
        let reads = Reads::of(value, &tree.templates(), problems);
        vars.push(Var {
            name: key.text.clone(),
            tree,
            reads,
        });
    }
    vars
}

fn actions(
    fields: &mut Fields<'_>,
    paths: &mut PathSet,
    problems: &mut Diagnostics,
) -> Option<Vec<Action>> {
    let entries = match fields.optional("actions") {
        Some(node) => node.list(problems)?,
        None => &[],
    };
    if entries.is_empty() {
        let node = fields.optional("actions").or(fields.optional("name"));
        let node = node.unwrap_or(fields.node());
        problems.push(
            node.error(code::NO_ACTIONS, "this rule does nothing")
                .help("add `actions:` with at least one entry, such as `- log: {message: …}`"),
        );
        return None;
    }
    let mut names = HashSet::new();
    let mut actions = Vec::new();
    let mut whole = true;
    for entry in entries {
        if let Some(name) = entry.get("name").filter(|name| name.as_str().is_some()) {
            whole &= checked_name(name, problems).is_some();
        }
        let Some(action) = Action::parse(entry, paths, problems) else {
            whole = false;
            continue;
        };
        if names.contains(&action.name) {
            let message = format!("there is an action `{}` in this rule already", action.name);
            let place = entry.get("name").map_or(&action.place, |name| &name.place);
            problems.push(
                Diagnostic::error(code::DUPLICATE_ACTION, place.clone(), message)
                    .help("give one of them another `name:`"),
            );
        }
        names.insert(action.name.clone());
        actions.push(action);
    }
    whole.then_some(actions)
}

#[cfg(test)]
mod tests {
    use super::super::RuleSet;
    use super::super::check::Names;
    use super::*;

    /// The findings in one file: code, the text they point at, and message with help.
    fn findings(text: &str) -> Vec<(&'static str, String, String)> {
        let file = SourceFile::new("rules/a.yaml", text);
        let found = RuleSet::load(vec![file], &Names::default(), None).diagnostics;
        let told = |problem: Diagnostic| {
            let at = text.get(problem.place.span.clone()).unwrap_or_default();
            let help = problem.help.unwrap_or_default();
            let message = format!("{}; {help}", problem.message);
            (problem.code.id(), at.to_owned(), message)
        };
        found.sorted().into_iter().map(told).collect()
    }

    /// Exactly one finding, with this code, pointing at this text, saying this.
    #[track_caller]
    fn one(text: &str, code: &str, at: &str, says: &str) {
        let found = findings(text);
        let [(found_code, found_at, message)] = found.as_slice() else {
            panic!("expected one finding, found {found:#?}");
        };
        assert_eq!(*found_code, code, "{found:#?}");
        assert!(found_at.starts_with(at), "{found:#?}");
        assert!(message.contains(says), "{found:#?}");
    }

    fn with(when: &str, rest: &str) -> String {
        format!("rules:\n  - name: r\n    when: {{{when}}}\n{rest}")
    }

    const LOG: &str = "    actions: [{log: {message: hello}}]\n";

    #[test]
    fn a_whole_rule() {
        let text = "rules:
  - name: big
    description: why
    tags: [money, alert]
    stop: true
    when:
      provider: [stripe, 'git*']
      source: shop
      event: invoice.*
      conditions: [{path: $.a, gte: 1}, {var: total, gt: 2}]
    vars: {base: '{{payload.a}}', total: '{{math vars.base \"*\" 2}}'}
    actions:
      - name: note
        conditions: [{path: $.b, exists: true}]
        log: {message: 'it is {{vars.total}}'}
      - forward: {destination: [erp, crm]}
";
        let file = SourceFile::new("rules/a.yaml", text);
        let loaded = RuleSet::load(vec![file], &Names::default(), None);
        assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
        let rule = loaded.set.lookup("big").unwrap();
        assert_eq!((rule.line(), rule.enabled, rule.stop), (2, true, true));
        assert_eq!(rule.tags, ["money", "alert"]);
        assert_eq!(rule.when.providers, ["stripe", "git*"]);
        assert_eq!(rule.when.vars[0].name, "total");
        let names: Vec<_> = rule.actions.iter().map(|a| a.name.as_str()).collect();
        assert_eq!(names, ["note", "forward"]);
        assert_eq!(rule.actions[1].destinations, ["erp", "crm"]);
        assert!(loaded.set.lookup("small").is_none());
    }

    #[test]
    fn files_without_rules() {
        one("", "HR0005", "", "delete the file");
        one("# nothing\n", "HR0005", "", "delete the file");
        one("rules: []\nrule: []\n", "HR0004", "rule", "write `rules:`");
        one("rules: {a: 1}\n", "HR0006", "{a: 1}", "expected a list");
        assert!(findings("rules: []\n").is_empty());
    }

    #[test]
    fn rules_that_do_nothing() {
        one(&with("", ""), "HR0103", "r", "this rule does nothing");
        one(
            &with("", "    actions: []\n"),
            "HR0103",
            "[]",
            "this rule does nothing",
        );
    }

    #[test]
    fn keys_of_other_systems() {
        for (key, says) in [
            ("on: push", "when: {provider"),
            ("if: x", "`conditions:` inside `when:`"),
            ("do: []", "write `actions:`"),
            ("to: chat", "`destination:` inside an action"),
            ("needs: [a]", "runs after it"),
        ] {
            let (name, _) = key.split_once(':').unwrap();
            one(
                &with("", &format!("    {key}\n{LOG}")),
                "HR0004",
                name,
                says,
            );
        }
        let to = "    actions: [{to: chat, log: {message: x}}]\n";
        one(&with("", to), "HR0004", "to", "inside the action's kind");
    }

    #[test]
    fn what_is_not_built_is_not_known() {
        for key in [
            "for_each: $.a",
            "respond: {status: 200}",
            "mode: shadow",
            "delay: 5s",
        ] {
            let (name, _) = key.split_once(':').unwrap();
            one(
                &with("", &format!("    {key}\n{LOG}")),
                "HR0004",
                name,
                "means nothing here",
            );
        }
        let vars = format!("    vars: {{a: {{jq: .a}}}}\n{LOG}");
        one(&with("", &vars), "HR0004", "jq", "write a template");
        let text = format!("defaults: {{log: {{}}}}\n{}", with("", LOG));
        one(&text, "HR0004", "defaults", "means nothing here");
    }

    #[test]
    fn event_names_in_the_senders_spelling() {
        one(
            &with("event: orders/create", LOG),
            "HR0106",
            "orders/create",
            "`orders.create`",
        );
        one(
            &with("event: [push, 'repo:push']", LOG),
            "HR0106",
            "'repo:push'",
            "`repo.push`",
        );
        one(
            &with("event: Push Hook", LOG),
            "HR0106",
            "Push Hook",
            "write `push`",
        );
        one(
            &with("event: PullRequest", LOG),
            "HR0106",
            "PullRequest",
            "`pull_request`",
        );
        one(&with("event: a..b", LOG), "HR0007", "a..b", "empty part");
        one(&with("event: '*'", LOG), "HR0007", "'*'", "write `**`");
        one(&with("event: []", LOG), "HR0007", "[]", "leave the key out");
    }

    #[test]
    fn actions_of_no_kind_or_several() {
        let actions = |text: &str| with("", &format!("    actions: [{text}]\n"));
        one(
            &actions("{lgo: {message: x}}"),
            "HR0401",
            "lgo",
            "did you mean `log`?",
        );
        one(
            &actions("{teleport: {}}"),
            "HR0401",
            "teleport",
            "known kinds: forward",
        );
        one(
            &actions("{name: x}"),
            "HR0401",
            "{name: x}",
            "does not say what to do",
        );
        let two = "{log: {message: x}, forward: {destination: a}}";
        one(&actions(two), "HR0401", "forward", "make two entries");
        one(
            &actions("{forward: {}}"),
            "HR0404",
            "forward",
            "destination: NAME",
        );
        one(
            &actions("{log: {message: x}, colour: red}"),
            "HR0004",
            "colour",
            "known here",
        );
        one(
            &actions("{log: {message: x, colour: red}}"),
            "HR0004",
            "colour",
            "known here",
        );
        let twice = "{log: {message: x}}, {name: log, log: {message: y}}";
        one(&actions(twice), "HR0102", "log", "another `name:`");
        let template = "{forward: {destination: 'books-{{source.name}}'}}";
        one(&actions(template), "HR0007", "'books-", "not a template");
        one(
            &actions("{forward: {destination: [a, a]}}"),
            "HR0007",
            "a",
            "twice",
        );
    }

    #[test]
    fn vars_and_outputs_that_never_exist() {
        let log = |message: &str| format!("    actions: [{{log: {{message: \"{message}\"}}}}]\n");
        let vars =
            |vars: &str, message| with("", &format!("    vars: {{{vars}}}\n{}", log(message)));
        one(
            &vars("total: 1", "{{vars.totl}}"),
            "HR0303",
            "vars.totl",
            "did you mean `total`?",
        );
        one(
            &vars("a: '{{vars.b}}', b: 1", "{{vars.a}}"),
            "HR0303",
            "vars.b",
            "move `b` up",
        );
        let conditions = "conditions: [{any: [{var: x, equals: 1}]}]";
        one(
            &with(conditions, LOG),
            "HR0303",
            "x",
            "there is no `vars.x`",
        );
        one(
            &with("", &log("{{actions.a.url}}")),
            "HR0303",
            "actions.a",
            "no action `a`",
        );
        one(
            &with("", &log("{{actions.log.url}}")),
            "HR0303",
            "actions.log",
            "its own outputs",
        );
        one(
            &vars("a: '{{actions.log.url}}'", "x"),
            "HR0303",
            "actions.log",
            "before any action",
        );
        one(
            &with("", &log("{{{payload.a}}}")),
            "HR0305",
            "{{{",
            "without escaping",
        );
    }

    #[test]
    fn actions_are_put_in_order_unless_they_wait_in_a_circle() {
        let rule = |a: &str, b: &str, c: &str| {
            let log = |name, message| {
                format!("      - {{name: {name}, log: {{message: '{message}'}}}}\n")
            };
            with(
                "",
                &format!(
                    "    actions:\n{}{}{}",
                    log("a", a),
                    log("b", b),
                    log("c", c)
                ),
            )
        };
        let text = rule("{{actions.c.x}}", "plain", "{{actions.b.x}}");
        let file = SourceFile::new("a.yaml", text);
        let loaded = RuleSet::load(vec![file], &Names::default(), None);
        let names: Vec<_> = loaded.set.rules[0]
            .actions
            .iter()
            .map(|a| a.name.as_str())
            .collect();
        assert_eq!(names, ["b", "c", "a"]);
        let circle = rule("{{actions.c.x}}", "plain", "{{actions.a.x}}");
        one(
            &circle,
            "HR0303",
            "actions.c",
            "`a` and `c` wait for each other",
        );
        let several = with(
            "",
            "    actions: [{forward: {destination: [x, y]}}, {log: {message: '{{actions.forward.body}}'}}]\n",
        );
        one(&several, "HR0303", "actions.forward", "2 destinations");
    }

    #[test]
    fn everything_is_said_at_once() {
        let text = "rules:
  - name: a
    whne: {}
    when: {event: orders/create, conditions: [{path: $.a, eqals: 1}]}
    actions: [{lgo: {}}, {forward: {}}]
  - {when: {}, actions: [{log: {message: '{{vars.x}}'}}]}
";
        let codes: Vec<_> = findings(text)
            .into_iter()
            .map(|(code, _, _)| code)
            .collect();
        for code in ["HR0004", "HR0106", "HR0201", "HR0401", "HR0404", "HR0005"] {
            assert!(codes.contains(&code), "{code} not in {codes:?}");
        }
    }

    #[test]
    fn a_thousand_rules_are_read_in_one_go() {
        let rule = |n: usize| {
            format!(
                "  - name: rule-{n}
    when: {{provider: github, event: push, conditions: [{{path: $.repository.id, equals: {n}}}]}}
    vars: {{who: '{{{{payload.sender.login}}}}'}}
    actions: [{{log: {{message: 'pushed by {{{{vars.who}}}} to {n}'}}}}]
"
            )
        };
        let text: String = (0..1_000).map(rule).collect();
        let file = SourceFile::new("many.yaml", format!("rules:\n{text}"));
        let loaded = RuleSet::load(vec![file], &Names::default(), None);
        assert!(loaded.diagnostics.is_empty());
        assert_eq!(loaded.set.rules.len(), 1_000);
    }
}
