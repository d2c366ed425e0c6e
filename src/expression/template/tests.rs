//! What the module above promises, case by case.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn scope() -> Scope<'static> {
    Scope::from_tree(json!({
        "payload": {
            "user": {"name": "Ann", "nick": null, "odd name": 1},
            "items": [{"title": "a", "tags": ["x"]}, {"title": "b", "tags": []}],
            "n": 12, "long": "9".repeat(20), "yes": true, "text": "*@here* <a/b>",
            "many": (0..2000).collect::<Vec<_>>(),
        },
        "event": {"id": "evt_1", "name": "push", "names": ["push"], "provider": "github",
            "received_at": "2023-11-14T22:13:20.000Z", "verified": true},
        "headers": {"x-github-event": "push"},
        "query": {}, "source": {"name": "gh", "labels": {}},
        "rule": {"name": "r"}, "vars": {"v": "one"}, "actions": {},
    }))
}

#[track_caller]
fn check(template: &str, expected: &str) {
    let template = Template::parse(template, Escape::None).unwrap();
    assert_eq!(template.render(&scope()).as_deref(), Ok(expected));
}

#[track_caller]
fn fails(template: &str, message: &str) {
    let compiled = Template::parse(template, Escape::None).unwrap();
    let error = compiled.render(&scope()).unwrap_err();
    assert!(error.message.contains(message), "{error}");
    assert_eq!(error.template, template);
}

#[track_caller]
fn refused(template: &str, at: &str, message: &str, help: &str) {
    let error = Template::parse(template, Escape::None).unwrap_err();
    assert!(error.message.contains(message), "{error:?}");
    assert!(
        error.help.as_ref().is_some_and(|h| h.contains(help)),
        "{error:?}"
    );
    assert!(template[error.offset..].starts_with(at), "{error:?}");
}

#[test]
fn values_become_text() {
    check("no braces", "no braces");
    check("{{payload.user.name}}!", "Ann!");
    check(
        "{{payload.n}} {{payload.yes}} {{payload.user.nick}}.",
        "12 true .",
    );
    check("{{payload.items.0.title}}{{payload.items.[1].title}}", "ab");
    check("{{payload.user.[odd name]}}", "1");
    check(
        "{{headers.x-github-event}} {{headers.[x-github-event]}}",
        "push push",
    );
    check(
        "{{payload.items.0}} {{payload.items.1.tags}}",
        r#"{"title":"a","tags":["x"]} []"#,
    );
    check(r"\{{literal}} {{! gone }}{{event.id}}", "{{literal}} evt_1");
    check("{{! only }}", "");
}

#[test]
fn blocks() {
    check("{{#if payload.nothing}}a{{else}}b{{/if}}", "b");
    check(
        "{{#if (eq payload.n 12)}}a{{else if payload.yes}}b{{/if}}",
        "a",
    );
    check("{{#unless payload.yes}}a{{else}}b{{/unless}}", "b");
    check(
        "{{#each payload.items}}{{@index}}{{title}}{{this.title}}{{@root.vars.v}}{{/each}}",
        "0aaone1bbone",
    );
    check(
        "{{#each payload.items as |i n|}}{{n}}{{i.title}}{{#each i.tags}}{{this}}{{../title}}{{/each}}{{/each}}",
        "0axa1b",
    );
    check("{{#with payload.user}}{{name}}{{/with}}", "Ann");
    check(
        "{{#each (split \"x,y\" \",\")}}[{{this}}]{{/each}}",
        "[x][y]",
    );
}

#[test]
fn one_expression_keeps_its_type() {
    let value = |text: &str| {
        Template::parse(text, Escape::None)
            .unwrap()
            .value(&scope())
            .unwrap()
    };
    assert_eq!(value("{{payload.n}}"), json!(12));
    assert_eq!(value("{{{payload.items.0.tags}}}"), json!(["x"]));
    assert_eq!(value("{{payload.user.nick}}"), Value::Null);
    assert_eq!(value("{{eq payload.n 12}}"), json!(true));
    assert_eq!(value("{{math payload.n \"*\" 2}}"), json!(24));
    assert_eq!(value("{{payload.long}}"), json!("9".repeat(20)));
    assert_eq!(value(" {{payload.n}}"), json!(" 12"));
    assert_eq!(value("{{payload.n}}{{payload.n}}"), json!("1212"));
}

#[test]
fn missing_values_are_named() {
    fails("a {{payload.user.nam}}", "`payload.user.nam` is not there");
    fails("{{payload.user.nam}}", "`payload.user.nam` is not there");
    fails(
        "{{upper payload.user.nam}}",
        "`payload.user.nam` is not there",
    );
    fails(
        "{{default (upper payload.x) 1}}",
        "`payload.x` is not there",
    );
    fails(
        "{{#each payload.none}}{{/each}}",
        "`payload.none` is not there",
    );
    fails(
        "{{#if (eq payload.none 1)}}{{/if}}",
        "`payload.none` is not there",
    );
    fails(
        "{{#each payload.items}}{{event.id}}{{/each}}",
        "write `@root.event.id`",
    );
    fails("{{payload.items.title}}", "`title` is asked of a list");
    fails("{{item.x}}", "`item.x` is not there");
    check(
        "{{default payload.user.nam \"-\"}}{{default payload.user.nick \"-\"}}",
        "--",
    );
}

#[test]
fn escapes_by_place() {
    let at = |escape, text: &str| {
        Template::parse(text, escape)
            .unwrap()
            .value(&scope())
            .unwrap()
    };
    assert_eq!(
        at(Escape::Slack, "{{payload.text}}"),
        json!("*@\u{200b}here* &lt;a/b&gt;")
    );
    assert_eq!(
        at(Escape::Slack, "<{{payload.text}}>"),
        json!("<*@\u{200b}here* &lt;a/b&gt;>")
    );
    assert_eq!(
        at(Escape::Slack, "{{{payload.text}}} "),
        json!("*@here* <a/b> ")
    );
    assert_eq!(
        at(Escape::Slack, "{{{payload.text}}}"),
        json!("*@here* <a/b>")
    );
    assert_eq!(
        at(Escape::Url, "a/{{payload.text}}"),
        json!("a/%2A%40here%2A%20%3Ca%2Fb%3E")
    );
    assert_eq!(at(Escape::Discord, "{{payload.n}}"), json!(12));
    let render = |escape, text: &str| Template::parse(text, escape).unwrap().render(&scope());
    assert!(render(Escape::Url, "x/{{replace payload.n \"12\" \"..\"}}").is_err());
    assert!(render(Escape::Url, ".{{replace payload.n \"12\" \".\"}}/x").is_err());
    assert!(
        render(
            Escape::Header,
            "{{{replace payload.n \"12\" \"a\\r\\nb\"}}}"
        )
        .is_err()
    );
    assert!(
        render(
            Escape::Header,
            "v={{{replace payload.n \"12\" \"a\\r\\nb\"}}}"
        )
        .is_err()
    );
}

#[test]
fn output_and_loops_end() {
    fails(
        "{{#each payload.many}}{{#each @root.payload.many}}{{/each}}{{/each}}",
        "rounds",
    );
    fails(
        "{{#each payload.many}}{{#each @root.payload.many}}0123456789{{/each}}{{/each}}",
        "longer than",
    );
    let deep = "{{#each payload.items}}".repeat(4) + &"{{/each}}".repeat(4);
    assert!(Template::parse(&deep, Escape::None).is_err());
    assert!(Template::parse(&"x".repeat(70_000), Escape::None).is_err());
    let calls = format!(
        "{{{{upper {}payload.n{}}}}}",
        "(upper ".repeat(5_000),
        ")".repeat(5_000)
    );
    assert!(Template::parse(&calls, Escape::None).is_err());
    let blocks = "{{#if payload.n}}".repeat(3_000);
    assert!(Template::parse(&blocks, Escape::None).is_err());
}

#[test]
fn what_never_exists_is_refused() {
    refused(
        "a {{pull_request.number}}",
        "pull_request",
        "not something",
        "`payload.pull_request.number`",
    );
    refused(
        "{{event.number}}",
        "event.number",
        "`event` has no `number`",
        "`payload.number`",
    );
    refused("{{event.nam}}", "event.nam", "has no `nam`", "`event.name`");
    refused(
        "{{payloat.a}}",
        "payloat",
        "not something",
        "did you mean `payload`",
    );
    refused("{{$.a}}", "$.a", "not something", "write `payload.a`");
    refused(
        "${{ github.event.number }}",
        "github",
        "not something",
        "`payload.number`",
    );
    refused("{{env.TOKEN}}", "env", "not something", "hookrule.yaml");
    refused("{{this}}", "this", "only inside", "payload");
    refused("{{json ../this}}", "../this", "leads out", "`../`");
    refused(
        "{{#each payload.items}}{{payload.n}}{{/each}}",
        "payload.n",
        "belongs to the item",
        "@root.payload.n",
    );
    refused("{{@index}}", "@index", "never exists", "@index");
    refused(
        "{{#if payload.a}}{{x.y}}{{/if}}",
        "x.y",
        "not something",
        "payload.x.y",
    );
}

#[test]
fn unknown_helpers_are_refused() {
    refused(
        "{{uper payload.a}}",
        "uper",
        "no helper `uper`",
        "did you mean `upper`",
    );
    refused(
        "{{payload.a | upper}}",
        "{{payload.a |",
        "cannot be read",
        "a helper comes first",
    );
    refused(
        "{{upper}}",
        "upper",
        "cannot be called with 0 values",
        "upper TEXT",
    );
    refused(
        "{{upper payload.a payload.b}}",
        "upper",
        "2 values",
        "upper TEXT",
    );
    refused("{{json payload.a x=1}}", "json", "no `x=`", "json VALUE");
    refused(
        "{{#upper payload.a}}{{/upper}}",
        "upper",
        "not a block",
        "{{#if}}",
    );
    refused("{{log payload.a}}", "log", "no helper `log`", "");
    refused("{{#raw payload.a}}{{/raw}}", "raw", "no block `raw`", "");
    refused("{{if payload.a 1}}", "if", "opens a block", "{{#if");
    refused(
        "{{default (uper payload.a) 1}}",
        "uper",
        "no helper",
        "upper",
    );
    refused(
        "{{regex_extract payload.a \"(\"}}",
        "(",
        "cannot read the pattern",
        "`)`",
    );
    refused(
        "{{regex_extract payload.a payload.b}}",
        "regex_extract",
        "in quotes",
        "",
    );
}

#[test]
fn what_cannot_be_read_is_refused() {
    refused("a {{payload.a", "{{payload.a", "never closed", "}}");
    refused(
        "x {{payload.a[0]}}",
        "{{payload.a[0]}}",
        "cannot be read",
        "payload.items.[0]",
    );
    refused(
        "{{#if payload.a == 1}}{{/if}}",
        "{{#if",
        "cannot be read",
        "(eq ",
    );
    refused(
        "{{#if payload.a}}{{/each}}",
        "{{/each}}",
        "`#if` was opened",
        "{{/if}}",
    );
    refused(
        "{{#if payload.a payload.b}}{{/if}}",
        "if",
        "takes one value",
        "(eq ",
    );
    refused(
        "{{payload.a || 1}}",
        "{{payload.a ||",
        "cannot be read",
        "default",
    );
    let partial = Template::parse("a {{> invoice}}", Escape::None).unwrap_err();
    assert_eq!(partial.offset, 2);
}

#[test]
fn uses_are_listed_with_places() {
    let text = "{{payload.[odd name]}} {{#each payload.items as |i|}}{{i.a}}{{title}}{{@root.vars.v}}{{../rule.name}}{{/each}} {{{default payload.b (upper vars.c)}}}";
    let template = Template::parse(text, Escape::None).unwrap();
    let at = |word: &str| text.find(word).unwrap();
    let paths = [
        ("payload.odd name", at("payload.[")),
        ("payload.items", at("payload.items")),
        ("vars.v", at("@root.vars.v")),
        ("rule.name", at("../rule.name")),
        ("payload.b", at("payload.b")),
        ("vars.c", at("vars.c")),
    ];
    let paths: Vec<_> = paths.map(|(p, at)| (p.to_owned(), at)).into();
    assert_eq!(template.uses().paths, paths);
    let helpers = vec![
        ("default".to_owned(), at("default")),
        ("upper".to_owned(), at("upper")),
    ];
    assert_eq!(template.uses().helpers, helpers);
    assert_eq!(template.uses().unescaped, [at("{{{")]);
    assert!(
        !template.is_literal()
            && Template::parse(r"\{{a}}", Escape::None)
                .unwrap()
                .is_literal()
    );
}

const PIECES: [&str; 40] = [
    "{{",
    "}}",
    "{{{",
    "}}}",
    "{{#if ",
    "{{#each ",
    "{{#with ",
    "{{else}}",
    "{{else if ",
    "{{/if}}",
    "{{/each}}",
    "{{/with}}",
    "{{^}}",
    "{{~",
    "~}}",
    "(",
    ")",
    "payload",
    ".user",
    ".name",
    ".items",
    " ",
    "this",
    "../",
    "@index",
    "@root.",
    "upper ",
    "default ",
    "\"a\"",
    "1",
    "é",
    "\n",
    "\\",
    "{{!",
    "--}}",
    " as |x|",
    "=",
    "[0]",
    "{{> p}}",
    "{{{{raw}}}}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn no_text_is_too_odd(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..12)) {
        let text = pieces.concat();
        match Template::parse(&text, Escape::Discord) {
            Ok(template) => {
                let _ = template.value(&scope());
                let uses = template.uses();
                let all = uses.paths.iter().chain(&uses.helpers).map(|(_, at)| *at);
                prop_assert!(all.chain(uses.unescaped.iter().copied()).all(|at| text.is_char_boundary(at)));
            }
            Err(error) => {
                let end = error.offset + error.len;
                prop_assert!(text.get(error.offset..end).is_some(), "{:?}", error);
            }
        }
    }

    #[test]
    fn texts_come_through_as_they_are(text in any::<String>()) {
        let scope = Scope::from_tree(json!({"payload": {"x": text}}));
        let single = Template::parse("{{payload.x}}", Escape::None).unwrap();
        prop_assert_eq!(single.value(&scope).unwrap(), json!(text));
        let mixed = Template::parse("a{{payload.x}}b", Escape::None).unwrap();
        prop_assert_eq!(mixed.render(&scope).unwrap(), format!("a{text}b"));
    }
}
