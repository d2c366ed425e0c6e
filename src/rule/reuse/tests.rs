//! What is said of `defaults`, `templates`, `lists` and `_shared.yaml`, and what they come to.

use std::fs;
use std::path::PathBuf;

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::rule::{Loaded, Names, RuleSet};

fn load(files: &[(&str, &str)], previous: Option<&RuleSet>) -> Loaded {
    let files = files
        .iter()
        .map(|(path, text)| SourceFile::new(*path, *text));
    RuleSet::load(files.collect(), &Names::default(), previous)
}

/// Every finding: its file and code, the text it points at, and message with help.
fn findings(files: &[(&str, &str)]) -> Vec<(String, String, String)> {
    let told = |found: Diagnostic| {
        let file = &found.place.file;
        let at = file.text.get(found.place.span.clone()).unwrap_or_default();
        let what = format!("{} {}", file.path.display(), found.code.id());
        let help = found.help.unwrap_or_default();
        (what, at.to_owned(), format!("{}; {help}", found.message))
    };
    let found = load(files, None).diagnostics.sorted();
    found.into_iter().map(told).collect()
}

/// Exactly one finding, pointing at this text, saying this.
#[track_caller]
fn one(files: &[(&str, &str)], what: &str, at: &str, says: &str) {
    let found = findings(files);
    let [(found_what, found_at, message)] = found.as_slice() else {
        panic!("expected one finding, found {found:#?}");
    };
    assert_eq!(
        (found_what.as_str(), found_at.as_str()),
        (what, at),
        "{found:#?}"
    );
    assert!(message.contains(says), "{found:#?}");
}

/// The texts of the templates of every action, in order.
#[track_caller]
fn texts(files: &[(&str, &str)]) -> Vec<String> {
    let loaded = load(files, None);
    assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
    let actions = loaded.set.rules.iter().flat_map(|rule| &rule.actions);
    let templates = actions.flat_map(|action| action.configured.templates());
    templates
        .map(|template| template.text().to_owned())
        .collect()
}

fn rule(name: &str, message: &str) -> String {
    format!("  - {{name: {name}, when: {{}}, actions: [{{log: {{message: \"{message}\"}}}}]}}\n")
}

fn file(top: &str, message: &str) -> String {
    format!("{top}\nrules:\n{}", rule("r", message))
}

const A: &str = "rules/a.yaml";

#[test]
fn templates_are_put_in_as_text() {
    let text = file(
        "templates: {who: '{{payload.name}}', line: 'by {{> who}}'}",
        "new, {{> line}}!",
    );
    assert_eq!(texts(&[(A, &text)]), ["new, by {{payload.name}}!"]);
    // What they read is known: an action that uses another's outputs waits for it.
    let text = "templates: {link: '{{actions.second.url}}'}
rules:
  - name: r
    when: {}
    vars: {'x': '{{> greeting}}'}
    actions:
      - {name: first, log: {message: 'see {{> link}} {{vars.x}}'}}
      - {name: second, log: {message: a}}
";
    let text = text.replace("templates: {", "templates: {greeting: hello, ");
    let set = load(&[(A, &text)], None).set;
    let names: Vec<_> = set.rules[0]
        .actions
        .iter()
        .map(|a| a.name.as_str())
        .collect();
    assert_eq!(names, ["second", "first"]);
    let config = set.rules[0].actions[1].config.as_ref().unwrap();
    assert_eq!(config["message"], "see {{actions.second.url}} {{vars.x}}");
}

#[test]
fn texts_of_tests_stay_as_they_are() {
    let text = "templates: {a: x}
rules:
  - name: r
    when: {}
    actions: [{log: {message: '{{> a}} \\{{> c}}'}}]
    tests: [{payload: {a: '{{> b}}'}, expect: {actions: [log]}}]
";
    assert_eq!(texts(&[(A, text)]), ["x \\{{> c}}"]);
}

#[test]
fn templates_inside_a_block_see_its_item() {
    let text = file(
        "templates: {commit: '{{this.id}}'}",
        "{{#each payload.commits}}{{> commit}}{{/each}}",
    );
    assert_eq!(
        texts(&[(A, &text)]),
        ["{{#each payload.commits}}{{this.id}}{{/each}}"]
    );
    // Outside of one there is none: said once, where the template stands.
    let twice = "templates: {commit: 'id {{this.id}}'}\nrules:\n".to_owned()
        + &rule("a", "{{> commit}}")
        + &rule("b", "{{> commit}}");
    one(
        &[(A, &twice)],
        "rules/a.yaml HR0303",
        "this.id",
        "not something",
    );
}

#[test]
fn what_is_wrong_with_templates() {
    for (top, message, code, at, says) in [
        (
            "templates: {invoice: x}",
            "{{> invoice}} {{> invoise}}",
            "HR0110",
            "{{> invoise}}",
            "did you mean `invoice`?",
        ),
        (
            "x-a: 1",
            "{{> invoice}}",
            "HR0110",
            "{{> invoice}}",
            "under `templates:`",
        ),
        (
            "templates: {a: x}",
            "{{> a b=1}}",
            "HR0302",
            "{{> a b=1}}",
            "write {{> a}}",
        ),
        (
            "templates: {a: '{{> b}}', b: '{{> a}}'}",
            "{{> a}}",
            "HR0110",
            "{{> a}}",
            "takes in itself",
        ),
        (
            "templates: {a: '{{#if payload.x}}'}",
            "{{> a}}",
            "HR0302",
            "{{#if payload.x}}",
            "",
        ),
        (
            "templates: {a: '{{uper payload.x}}'}",
            "{{> a}}",
            "HR0304",
            "uper",
            "did you mean `upper`?",
        ),
        ("templates: {a: 1}", "x", "HR0006", "1", "expected text"),
        (
            "templates: {'a b': x}",
            "x",
            "HR0007",
            "'a b'",
            "letters, digits",
        ),
        (
            "templates: {a: x}",
            "x",
            "HR0111",
            "x",
            "uses the template `a`",
        ),
    ] {
        let text = file(top, message);
        one(&[(A, &text)], &format!("{A} {code}"), at, says);
    }
}

#[test]
fn templates_that_grow_without_end_are_stopped() {
    let double = |n: u32| format!("  t{}: '{{{{> t{n}}}}}{{{{> t{n}}}}}'\n", n + 1);
    let doubles: String = (0..59).map(double).collect();
    let mut text = format!("templates:\n  t0: '0123456789'\n{doubles}");
    text.push_str("rules:\n");
    text.push_str(&rule("r", "{{> t59}}"));
    one(
        &[(A, &text)],
        &format!("{A} HR0008"),
        "{{> t12}}",
        "over 65536 bytes",
    );
}

#[test]
fn defaults_fill_what_is_left_out() {
    let text = "defaults:
  http: {destination: ci, headers: {a: '1', b: '2'}, query: {q: '{{> q}}'}}
templates: {q: '{{payload.q}}'}
rules:
  - name: r
    when: {}
    actions:
      - {name: one, http: ~}
      - {name: two, http: {destination: [erp, crm], headers: {b: '3', c: '4'}, query: null, body: [x]}}
";
    let loaded = load(&[(A, text)], None);
    assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
    let actions = &loaded.set.rules[0].actions;
    let to = |at: usize| -> Vec<&str> {
        let destinations = actions[at].destinations.iter();
        destinations.map(crate::rule::To::written).collect()
    };
    assert_eq!(to(0), ["ci"]);
    assert_eq!(to(1), ["erp", "crm"]);
    let texts = |at: usize| -> Vec<&str> {
        let templates = actions[at].configured.templates();
        templates.iter().map(|template| template.text()).collect()
    };
    assert!(texts(0).contains(&"{{payload.q}}") && texts(0).contains(&"2"));
    let two = texts(1);
    assert!(two.contains(&"3") && two.contains(&"1") && two.contains(&"4"));
    assert!(
        !two.contains(&"2") && !two.contains(&"{{payload.q}}"),
        "{two:?}"
    );
}

#[test]
fn what_is_wrong_with_defaults() {
    let two = |top: &str| format!("{top}\nrules:\n{}{}", rule("a", "x"), rule("b", "y"));
    for (top, code, at, says) in [
        (
            "defaults: {discrod: {destination: x}}",
            "HR0401",
            "discrod",
            "did you mean `discord`?",
        ),
        (
            "defaults: {log: {mesage: x}}",
            "HR0004",
            "mesage",
            "did you mean `message`?",
        ),
        (
            "defaults: {discord: {destination: x}}",
            "HR0111",
            "discord",
            "defaults for `discord`",
        ),
        ("defaults: {log: info}", "HR0006", "info", "expected a map"),
    ] {
        one(&[(A, &two(top))], &format!("{A} {code}"), at, says);
    }
}

#[test]
fn keys_of_the_authors_own_and_anchors() {
    let text = "x-quiet: &quiet {enabled: true, x-owner: team-a}
x-tests:
  - &live {path: $.livemode, equals: true}
rules:
  - <<: *quiet
    name: r
    when: {conditions: [*live]}
    actions: [{log: {message: a}}]
  - {<<: *quiet, enabled: false, name: s, when: {}, actions: [{log: {message: a}}]}
";
    let loaded = load(&[(A, text)], None);
    assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
    let enabled: Vec<_> = loaded.set.rules.iter().map(|rule| rule.enabled).collect();
    assert_eq!(enabled, [true, false]);
    assert_eq!(
        loaded.set.rules[0].when.conditions.subjects(),
        ["$.livemode"]
    );
}

#[test]
fn shared_templates_belong_to_a_folder_and_those_below() {
    let top = "templates: {hi: top, name: '{{payload.name}}'}\n";
    let near = "templates: {hi: 'near {{> name}}'}\n";
    let own = file("templates: {hi: own}", "{{> hi}}");
    let plain = |name: &str| format!("rules:\n{}", rule(name, "{{> hi}}"));
    let (far, below, beside) = (plain("far"), plain("below"), plain("beside"));
    let files: &[(&str, &str)] = &[
        ("rules/_shared.yaml", top),
        ("rules/team/_shared.yml", near),
        ("rules/a.yaml", &far),
        ("rules/team/b.yaml", &below),
        ("rules/team/deep/c.yaml", &beside),
        ("rules/team/own.yaml", &own),
    ];
    assert_eq!(
        texts(files),
        [
            "top",
            "near {{payload.name}}",
            "near {{payload.name}}",
            "own"
        ]
    );
    let outside = plain("r");
    one(
        &[
            ("rules/team/_shared.yaml", near),
            (A, &outside),
            ("rules/_shared.yaml", "templates: {name: x}\n"),
        ],
        "rules/a.yaml HR0110",
        "{{> hi}}",
        "no template `hi`",
    );
}

#[test]
fn what_is_wrong_in_shared_files() {
    let using = file("", "{{> a}}");
    let shared = "rules/_shared.yaml";
    for (text, code, at, says) in [
        (
            "rules: []\ntemplates: {a: x}\n",
            "HR0004",
            "rules",
            "files of their own",
        ),
        (
            "defaults: {log: {}}\ntemplates: {a: x}\n",
            "HR0004",
            "defaults",
            "in the rule file",
        ),
        (
            "templates: {a: x, b: '{{> c}}'}\n",
            "HR0110",
            "{{> c}}",
            "no template `c`",
        ),
        (
            "templates: {a: '{{uper payload.x}}'}\n",
            "HR0304",
            "uper",
            "upper",
        ),
    ] {
        one(
            &[(shared, text), (A, &using)],
            &format!("{shared} {code}"),
            at,
            says,
        );
    }
    let empty = file("", "x");
    assert_eq!(findings(&[(shared, "# nothing\n"), (A, &empty)]), []);
}

#[test]
fn a_broken_shared_file_keeps_its_last_good_version() {
    let using = file("", "{{> a}}");
    let with = |text: &str, previous| load(&[("rules/_shared.yaml", text), (A, &using)], previous);
    let shown = |loaded: &Loaded| {
        let templates = loaded.set.rules[0].actions[0].configured.templates();
        templates[0].text().to_owned()
    };
    let first = with("templates: {a: one}\n", None);
    assert_eq!(shown(&first), "one");
    let second = with("templates: {a: [}\n", Some(&first.set));
    assert_eq!(shown(&second), "one");
    assert_eq!(second.stale, [PathBuf::from("rules/_shared.yaml")]);
    assert_eq!(second.set.hash, first.set.hash);
    let third = with("templates: {a: two}\n", Some(&second.set));
    assert_eq!((shown(&third).as_str(), third.stale.len()), ("two", 0));
    assert_ne!(third.set.hash, first.set.hash);
    // A file that uses what is no longer there keeps what it had.
    let fourth = with("templates: {b: two}\n", Some(&third.set));
    assert_eq!(
        (shown(&fourth).as_str(), fourth.stale),
        ("two", vec![PathBuf::from(A)])
    );
    // What is kept of a set gives the same set, whatever stands on disk.
    for set in [&third.set, &fourth.set] {
        let again = RuleSet::of_text(&set.text()).unwrap();
        assert_eq!(
            (shown(&again).as_str(), &again.set.hash),
            ("two", &set.hash)
        );
    }
}

/// A folder of its own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("hookrule-{}-lists-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(path.join("lists")).unwrap();
        Self(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.0.join(path), text).unwrap();
    }

    fn load(&self, previous: Option<&RuleSet>) -> Loaded {
        let found = crate::rule::read_rule_files(std::slice::from_ref(&self.0)).unwrap();
        RuleSet::load(found.files, &Names::default(), previous)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn what_is_wrong_with_lists() {
    let folder = Folder::new("wrong");
    folder.write("lists/map.json", "{\"a\": 1}");
    folder.write("lists/deep.json", "[[1]]");
    let using = "rules:\n  - {name: r, when: {conditions: [{path: $.a, in: {list: l}}]}, actions: [{log: {message: m}}]}\n";
    for (list, code, says) in [
        (
            "lists/none.txt",
            "HR0001",
            "the list `lists/none.txt` cannot be read",
        ),
        ("../secret.txt", "HR0001", "is not below the folder"),
        ("/etc/passwd", "HR0001", "is not below the folder"),
        ("lists", "HR0001", "is not a file"),
        ("lists/map.json", "HR0006", "expected a list"),
        ("lists/deep.json", "HR0006", "expected text or a number"),
        ("{a: 1}", "HR0006", "expected a list or the path of a file"),
        ("[[1]]", "HR0006", "expected text or a number"),
    ] {
        folder.write("a.yaml", &format!("lists: {{l: {list}}}\n{using}"));
        let loaded = folder.load(None);
        let found: Vec<_> = loaded.diagnostics.iter().collect();
        assert_eq!(found.len(), 1, "{list}: {found:#?}");
        assert_eq!(found[0].code.id(), code, "{list}");
        assert!(found[0].message.contains(says), "{list}: {found:#?}");
        assert_eq!(loaded.stale, [folder.0.join("a.yaml")], "{list}");
    }
    folder.write("a.yaml", &format!("lists: {{l: [a], m: [b]}}\n{using}"));
    let found = folder.load(None).diagnostics;
    let messages: Vec<_> = found.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(messages, ["no rule of this file uses the list `m`"]);
}

const USING: &str = "lists: {vips: lists/vips.txt, off: [a, 2]}
rules:
  - name: r
    when: {conditions: [{path: $.who, in: {list: vips}}, {path: $.who, not_in: {list: off}}]}
    actions: [{log: {message: m}}]
";

#[test]
fn a_changed_list_makes_another_set_and_a_lost_one_stays() {
    let folder = Folder::new("change");
    folder.write("a.yaml", USING);
    folder.write("b.yaml", &format!("rules:\n{}", rule("b", "x")));
    folder.write("lists/vips.txt", "ann\nbob # the boss\n");
    let first = folder.load(None);
    assert!(first.diagnostics.is_empty(), "{:#?}", first.diagnostics);
    assert!(first.set.beside.contains(&folder.0.join("lists/vips.txt")));
    let unchanged = folder.load(Some(&first.set));
    assert_eq!(unchanged.set.hash, first.set.hash);
    assert!(std::sync::Arc::ptr_eq(
        &unchanged.set.rules[0],
        &first.set.rules[0]
    ));

    folder.write("lists/vips.txt", "cy\n");
    let second = folder.load(Some(&first.set));
    assert_ne!(second.set.hash, first.set.hash);
    assert!(std::sync::Arc::ptr_eq(
        &second.set.rules[1],
        &first.set.rules[1]
    ));
    assert!(!std::sync::Arc::ptr_eq(
        &second.set.rules[0],
        &first.set.rules[0]
    ));

    fs::remove_file(folder.0.join("lists/vips.txt")).unwrap();
    let third = folder.load(Some(&second.set));
    assert_eq!(third.set.hash, second.set.hash);
    assert_eq!(third.stale, [folder.0.join("a.yaml")]);
    for set in [&first.set, &second.set, &third.set] {
        let again = RuleSet::of_text(&set.text()).unwrap();
        assert!(again.diagnostics.is_empty(), "{:#?}", again.diagnostics);
        assert_eq!(again.set.hash, set.hash);
    }
}

#[test]
fn a_list_is_live_although_its_rule_file_is_being_edited() {
    let folder = Folder::new("edit");
    folder.write("a.yaml", USING);
    folder.write("lists/vips.txt", "ann\n");
    let first = folder.load(None);
    folder.write("a.yaml", &format!("{USING}  - {{name: s, wh"));
    folder.write("lists/vips.txt", "bob\n");
    let second = folder.load(Some(&first.set));
    assert_eq!(second.stale, [folder.0.join("a.yaml")]);
    assert_eq!(second.set.rules.len(), 1);
    assert_ne!(second.set.hash, first.set.hash);
}

#[test]
fn lists_in_yaml_are_no_rule_files() {
    let folder = Folder::new("yaml");
    folder.write("a.yaml", &USING.replace("vips.txt", "vips.yaml"));
    folder.write("lists/vips.yaml", "- ann\n- 2\n");
    let loaded = folder.load(None);
    assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
    assert_eq!(loaded.set.files.len(), 1);
}

#[test]
fn many_reloads_keep_lists_and_shared_templates() {
    let folder = Folder::new("many");
    folder.write("_shared.yaml", "templates: {hi: hello}\n");
    let text = USING.replace("message: m", "message: '{{> hi}}'");
    folder.write("a.yaml", &text);
    folder.write("lists/vips.txt", "ann\n");
    let mut loaded = folder.load(None);
    let hash = loaded.set.hash.clone();
    for _ in 0..220 {
        loaded = folder.load(Some(&loaded.set));
        assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
        assert_eq!(loaded.set.hash, hash);
    }
}

#[test]
fn one_file_of_a_folder_is_read_with_what_the_folder_shares() {
    let folder = Folder::new("above");
    fs::create_dir_all(folder.0.join("team/deep")).unwrap();
    folder.write("_shared.yaml", "templates: {hi: hello}\n");
    folder.write("team/_shared.yaml", "templates: {name: ann}\n");
    let rules = format!("rules:\n{}", rule("r", "{{> hi}} {{> name}}"));
    folder.write("team/deep/a.yaml", &rules);
    let roots = [folder.0.clone()];
    for path in ["team", "team/deep", "team/deep/a.yaml"] {
        let paths = crate::rule::with_shared_above(&folder.0.join(path), &roots);
        let found = crate::rule::read_rule_files(&paths).unwrap();
        let loaded = RuleSet::load(found.files, &Names::default(), None);
        assert!(
            loaded.diagnostics.is_empty(),
            "{path}: {:#?}",
            loaded.diagnostics
        );
        assert_eq!(loaded.set.rules.len(), 1, "{path}");
    }
    folder.write("a.yaml", &format!("rules:\n{}", rule("s", "{{> hi}}")));
    let found = crate::rule::read_rule_files(&[folder.0.join("a.yaml")]).unwrap();
    assert_eq!(found.files.len(), 2);
    folder.write("_shared.yml", "templates: {hi: hello}\n");
    let two = folder.load(None);
    assert_eq!(two.stale, [folder.0.join("_shared.yml")]);
}
