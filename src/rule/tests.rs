//! What is said about rule files, finding by finding.

use crate::diagnostic::{Diagnostic, SourceFile};

use super::{Names, RuleSet, To};

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
    let to: Vec<_> = rule.actions[1]
        .destinations
        .iter()
        .map(To::written)
        .collect();
    assert_eq!(to, ["erp", "crm"]);
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
    one(&with("event: a..b", LOG), "HR0007", ".", "empty part");
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
    one(
        &actions(template),
        "HR0007",
        "source.name",
        "cannot depend on `source.name`",
    );
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
    let vars = |vars: &str, message| with("", &format!("    vars: {{{vars}}}\n{}", log(message)));
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
        let log =
            |name, message| format!("      - {{name: {name}, log: {{message: '{message}'}}}}\n");
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

#[test]
fn items_are_there_only_where_there_are_items() {
    let log = |message: &str| format!("    actions: [{{log: {{message: '{message}'}}}}]\n");
    let each = |rest: &str| with("", &format!("    for_each: $.a[*]\n{rest}"));
    assert_eq!(findings(&each(&log("{{item.x}}"))), []);
    let conditions = "    actions: [{conditions: [{item: $.x, equals: 1}], log: {message: m}}]\n";
    assert_eq!(findings(&each(conditions)), []);
    one(
        &with("", &log("{{item.x}}")),
        "HR0303",
        "item.x",
        "add `for_each:",
    );
    one(&with("", conditions), "HR0204", "item", "under `for_each`");
    one(
        &each(&log("same")),
        "HR0111",
        "$.a[*]",
        "nothing here uses `item`",
    );
    let one_value = each(&log("{{item.x}}")).replace("$.a[*]", "$.a");
    one(&one_value, "HR0301", "$.a", "write `$.a[*]`");
    let bad = each(&log("{{item.x}}")).replace("$.a[*]", "a.b");
    one(&bad, "HR0301", "a.b", "starts with `$`");
    let early = with(
        "conditions: [{var: y, exists: true}]",
        &format!(
            "    for_each: $.a[*]\n    vars: {{x: '{{{{item.x}}}}', y: '{{{{vars.x}}}}'}}\n{}",
            log("{{vars.y}}")
        ),
    );
    one(&early, "HR0303", "y", "there is none yet");
    let answer = each(&format!(
        "    respond: {{body: '{{{{item.x}}}}'}}\n{}",
        log("{{item.x}}")
    ));
    one(&answer, "HR0303", "item.x", "one answer is given");
}

#[test]
fn answers_that_cannot_be_given() {
    let respond = |respond: &str| with("", &format!("    respond: {{{respond}}}\n{LOG}"));
    for (text, code, at, says) in [
        ("status: 100", "HR0007", "100", "between 200 and 599"),
        ("status: 204, body: x", "HR0007", "x", "has no body"),
        ("stauts: 200", "HR0004", "stauts", "did you mean `status`?"),
        (
            "headers: {content-length: '1'}",
            "HR0007",
            "content-length",
            "content-length",
        ),
        ("headers: {X-A: a, x-a: b}", "HR0007", "x-a", "twice"),
        ("headers: {'a b': a}", "HR0007", "'a b'", "valid name"),
        (
            "body: '{{actions.log.text}}'",
            "HR0303",
            "actions.log",
            "before any action",
        ),
        ("body: '{{vars.x}}'", "HR0303", "vars.x", "no `vars.x`"),
        (
            "headers: {Content-Type: application/json}, body: '{{payload.a}}'",
            "HR0305",
            "'{{payload.a}}'",
            "a map or list",
        ),
        (
            r#"body: '{"a": "{{payload.a}}"}'"#,
            "HR0305",
            r#"'{"a""#,
            "JSON text",
        ),
        (
            "headers: {Content-Type: text/html}, body: '<b>{{payload.a}}'",
            "HR0305",
            "'<b>",
            "plain text",
        ),
    ] {
        one(&respond(text), code, at, says);
    }
    for text in [
        "status: 200",
        "body: ok",
        "status: 204",
        "headers: {Content-Type: text/html}, body: '<b>hi'",
        "body: {text: '{{payload.a}}'}",
    ] {
        assert_eq!(findings(&respond(text)), [], "{text}");
    }
}

#[test]
fn a_set_knows_whether_it_runs_programs() {
    let runs = |vars: &str| {
        let text = with("provider: github", &format!("    vars: {{{vars}}}\n{LOG}"));
        let file = SourceFile::new("rules/a.yaml", &text);
        RuleSet::load(vec![file], &Names::default(), None)
            .set
            .programs
    };
    assert!(runs("a: one, n: {jq: '.a | length'}"));
    assert!(!runs("a: '{{payload.jq}}', b: {other: .a}"));
}
