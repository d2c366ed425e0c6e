//! The files that are there, right and wrong, as their schemas see them.

use std::path::{Path, PathBuf};

use hookrule::commands::schema::Which;
use hookrule::diagnostic::{Diagnostics, SourceFile, code};
use hookrule::yaml;
use serde_json::Value;

use super::validator::Validator;
use crate::codes::{Example, examples};
use crate::docs::blocks;
use crate::harness::{Folder, project, run};

fn validator(which: Which) -> Validator {
    Validator::new(serde_json::from_str(&which.text()).unwrap())
}

/// A file's values; none where it is no YAML.
fn values(text: &str) -> Option<Value> {
    let mut problems = Diagnostics::new();
    let node = yaml::read(&SourceFile::new("a.yaml", text), &mut problems)?;
    (!problems.has_errors()).then(|| node.to_json())
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Which schema a file has; none where it has none.
fn schema_of(path: &Path, value: &Value) -> Option<Which> {
    let name = path.file_name()?.to_str()?;
    if name.ends_with(".test.yaml") {
        Some(Which::Tests)
    } else if name == "hookrule.yaml" {
        None
    } else if name == "_shared.yaml" {
        Some(Which::Shared)
    } else if value["rules"][0].is_object() {
        Some(Which::Rules)
    } else {
        None
    }
}

#[test]
fn every_file_and_example_that_is_right_fits_its_schema() {
    let mut seen = [0; Which::ALL.len()];
    let mut texts = Vec::new();
    for folder in ["rules", "examples", "src/commands/init", "tests/it"] {
        for path in yaml_files(&project().join(folder)) {
            let wrong = path.to_str().unwrap().contains("/tests/it/check/");
            if !wrong {
                texts.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    for page in yaml_pages() {
        for block in blocks(&page, "") {
            let mut words = block.lines().next().unwrap_or_default().split_whitespace();
            let name = words.find(|word| {
                let ending = Path::new(word).extension();
                ending.is_some_and(|ending| ending == "yaml")
            });
            texts.push((PathBuf::from(name.unwrap_or(&page)), block.clone()));
        }
    }
    let validators = Which::ALL.map(validator);
    for (path, text) in texts {
        let Some(value) = values(&text) else {
            continue;
        };
        let Some(which) = schema_of(&path, &value) else {
            continue;
        };
        let at = Which::ALL.iter().position(|one| *one == which).unwrap();
        let objection = validators[at].objection(&value);
        assert_eq!(objection, None, "{}\n{text}", path.display());
        seen[at] += 1;
    }
    println!("{seen:?} files and examples fit");
    assert!(
        seen[0] >= 20 && seen.iter().all(|count| *count > 0),
        "{seen:?}"
    );
}

fn yaml_pages() -> Vec<String> {
    let docs = std::fs::read_dir(project().join("docs")).unwrap();
    let names = docs.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages = names.map(|name| format!("docs/{name}"));
    pages.chain(["README.md".to_owned()]).collect()
}

#[test]
fn rule_files_that_are_here_say_where_their_schema_is() {
    let mut seen = 0;
    for folder in ["rules", "examples"] {
        for path in yaml_files(&project().join(folder)) {
            let text = std::fs::read_to_string(&path).unwrap();
            if schema_of(&path, &values(&text).unwrap()).is_some() {
                names_its_schema(&path);
                seen += 1;
            }
        }
    }
    assert!(seen >= 6, "{seen}");
    let folder = Folder::new();
    let output = run(&["init", folder.path().to_str().unwrap()]);
    assert!(output.status.success());
    names_its_schema(&folder.path().join("rules/first.yaml"));
}

#[track_caller]
fn names_its_schema(path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    let first = text.lines().next().unwrap();
    let named = first.strip_prefix("# yaml-language-server: $schema=");
    let named = named.unwrap_or_else(|| panic!("{}: {first}", path.display()));
    let schema = path.parent().unwrap().join(named);
    let schema = std::fs::read_to_string(&schema)
        .unwrap_or_else(|error| panic!("{}: {named}: {error}", path.display()));
    let right = schema_of(path, &values(&text).unwrap()).unwrap();
    assert_eq!(schema, right.text(), "{}", path.display());
}

/// Codes of mistakes in the form of a file, which a schema can see.
const OF_FORM: [&str; 3] = ["HR0004", "HR0005", "HR0006"];

#[test]
fn mistakes_in_the_form_of_a_file_are_refused() {
    let validator = validator(Which::Rules);
    let (mut refused, mut passed) = (0, Vec::new());
    let folder = project().join("tests/it/check/broken");
    for path in yaml_files(&folder) {
        let text = std::fs::read_to_string(&path).unwrap();
        let Some(value) = values(&text).filter(|value| value["rules"].is_array()) else {
            continue;
        };
        let output = run(&["check", path.to_str().unwrap(), "--format", "json"]);
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        let of_form = |finding: &&Value| OF_FORM.iter().any(|code| finding["code"] == *code);
        let findings = said["diagnostics"].as_array().unwrap();
        let Some(finding) = findings.iter().find(of_form) else {
            continue;
        };
        if validator.takes(&value) {
            passed.push(format!("{}: {finding}", path.display()));
        } else {
            refused += 1;
        }
    }
    println!("{refused} broken files are refused");
    assert!(passed.is_empty(), "{}", passed.join("\n"));
    assert!(refused >= 5, "{refused}");
}

/// What the schemas object to in the files of an example; those without a schema are left out.
fn objections(example: &Example) -> Vec<String> {
    let mut objections = Vec::new();
    for (path, text) in example {
        let Some(value) = values(text) else { continue };
        if let Some(which) = schema_of(Path::new(path), &value) {
            objections.extend(validator(which).objection(&value));
        }
    }
    objections
}

#[test]
fn the_examples_of_what_check_finds_are_judged_alike() {
    for code in code::ALL {
        let Some((wrong, right)) = examples(*code) else {
            continue;
        };
        let id = code.id();
        assert_eq!(objections(&right), [""; 0], "the right example of {id}");
        if OF_FORM.contains(&id) {
            assert!(!objections(&wrong).is_empty(), "the wrong example of {id}");
        }
    }
}

#[test]
fn each_of_these_mistakes_is_refused() {
    let validator = validator(Which::Rules);
    let rule = |inner: &str| {
        format!("rules: [{{name: a, when: {{}}, actions: [{{log: {{}}}}], {inner}}}]")
    };
    let when =
        |inner: &str| format!("rules: [{{name: a, when: {{{inner}}}, actions: [{{log: {{}}}}]}}]");
    let action = |inner: &str| format!("rules: [{{name: a, when: {{}}, actions: [{inner}]}}]");
    let right = [rule("x-note: mine"), when("event: a"), action("{log: {}}")];
    for text in right {
        assert_eq!(validator.objection(&values(&text).unwrap()), None, "{text}");
    }
    let whole = WRONG.iter().map(|text| (*text).to_owned());
    let rules = WRONG_RULES.iter().map(|inner| rule(inner));
    let whens = WRONG_WHENS.iter().map(|inner| when(inner));
    let actions = WRONG_ACTIONS.iter().map(|inner| action(inner));
    for text in whole.chain(rules).chain(whens).chain(actions) {
        let value = values(&text).unwrap_or_else(|| panic!("{text}"));
        assert!(!validator.takes(&value), "{text}");
    }
}

const WRONG: &[&str] = &[
    "{}",
    "rules: {}",
    "rules: [{name: a, when: {}}]",
    "rules: [{name: a, when: {}, actions: []}]",
    "rules: [{when: {}, actions: [{log: {}}]}]",
    "rules: [{name: a, actions: [{log: {}}]}]",
];

const WRONG_RULES: &[&str] = &[
    "enabled: yes",
    "delay: 5",
    "delay: 5 minutes",
    "mode: quiet",
    "throttle: {at_most: 0, per: 1h}",
    "throttle: {at_most: 5}",
    "digest: {key: a}",
    "digest: {window: 5m, quiet: 5m}",
    "during: {tz: UTC}",
    "order_by: {on_dead: hold}",
    "join: {within: 5m, key: a, with: {b: {key: a}}}",
    "respond: {status: 100}",
    "for_each: alerts",
    "vars: {a: {jq: .a, b: 1}}",
    "tests: [{payload: {}}]",
    "tests: [{expect: {}}]",
];

const WRONG_WHENS: &[&str] = &[
    "events: push",
    "event: 1",
    "conditions: {path: $.a}",
    "conditions: [{path: $.a}]",
    "conditions: [{equals: 1}]",
    "conditions: [{path: $.a, header: b, equals: 1}]",
    "conditions: [{path: $.a, eq: 1}]",
    "conditions: [{path: a.b, equals: 1}]",
    "conditions: [{path: $.a, gte: [1]}]",
    "conditions: [{path: $.a, in: x}]",
    "conditions: [{path: $.a, exists: 1}]",
    "conditions: [{path: $.a, equals: 1, as: int}]",
    "conditions: [{any: []}]",
    "conditions: [{any: [{path: $.a, equals: 1}], path: $.b, equals: 1}]",
];

const WRONG_ACTIONS: &[&str] = &[
    "{}",
    "{name: a}",
    "{log: {}, discord: {}}",
    "{slack: {}}",
    "{log: {level: loud}}",
    "{log: {text: a}}",
    "{http: {destination: a, method: post}}",
    "{discord: {destination: a, content: b, embed: {}}}",
    "{discord: {destination: a, embeds: [{fields: [{name: a}]}]}}",
    "{discord: {destination: a, content: b, mentions: [me]}}",
    "{notion_page: {destination: a, database: b, properties: []}}",
    "{agent_task: {destination: a, message: b, deliver: {channel: c}}}",
    "{command: {destination: a, args: b}}",
    "{file: {destination: a, path: b, content: c, mode: replace}}",
];
