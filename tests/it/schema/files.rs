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
    } else if matches!(name, "hookrule.yaml" | "config.md") {
        Some(Which::Config)
    } else if value.get("verify").is_some() {
        Some(Which::Provider)
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
    let folders = [
        "rules",
        "examples",
        "src/commands/init",
        "src/providers/builtin",
        "tests/it",
    ];
    for folder in folders {
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
    let least = [30, 5, 190, 1, 1];
    let enough = seen.iter().zip(least).all(|(seen, least)| *seen >= least);
    assert!(enough, "{seen:?} of at least {least:?}");
}

fn yaml_pages() -> Vec<String> {
    let docs = std::fs::read_dir(project().join("docs")).unwrap();
    let names = docs.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages = names.map(|name| format!("docs/{name}"));
    pages.chain(["README.md".to_owned()]).collect()
}

#[test]
fn files_that_are_here_say_where_their_schema_is() {
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
    names_its_schema(&folder.path().join("hookrule.yaml"));
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
    let (mut refused, mut passed) = (0, Vec::new());
    let folder = project().join("tests/it/check");
    for path in yaml_files(&folder) {
        let text = std::fs::read_to_string(&path).unwrap();
        let value = values(&text).filter(Value::is_object);
        let Some((value, which)) = value.and_then(|value| {
            let which = schema_of(&path, &value)?;
            Some((value, which))
        }) else {
            continue;
        };
        // `check FILE` reads rule files and hookrule.yaml; wrong definitions have a list of their own.
        if which == Which::Provider {
            continue;
        }
        let option = if which == Which::Config {
            &["--config"][..]
        } else {
            &[]
        };
        let arguments = [
            &["check"],
            option,
            &[path.to_str().unwrap(), "--format", "json"],
        ];
        let output = run(&arguments.concat());
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        let here = |finding: &&Value| path.ends_with(finding["file"].as_str().unwrap());
        let of_form = |finding: &&Value| OF_FORM.iter().any(|code| finding["code"] == *code);
        let findings = said["diagnostics"].as_array().unwrap();
        let Some(finding) = findings.iter().filter(here).find(of_form) else {
            continue;
        };
        if validator(which).takes(&value) {
            passed.push(format!("{}: {finding}", path.display()));
        } else {
            refused += 1;
        }
    }
    println!("{refused} broken files are refused");
    assert!(passed.is_empty(), "{}", passed.join("\n"));
    assert!(refused >= 9, "{refused}");
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

#[test]
fn each_of_these_mistakes_in_other_files_is_refused() {
    for (which, right, wrong) in [
        (Which::Config, RIGHT_CONFIGS, WRONG_CONFIGS),
        (Which::Provider, RIGHT_PROVIDERS, WRONG_PROVIDERS),
    ] {
        let validator = validator(which);
        for text in right {
            let value = values(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(validator.objection(&value), None, "{text}");
        }
        for text in wrong {
            let value = values(text).unwrap_or_else(|| panic!("{text}"));
            assert!(!validator.takes(&value), "{text}");
        }
    }
}

const RIGHT_CONFIGS: &[&str] = &[
    "{}",
    "{listen: '${env:LISTEN}', policy: {lease: '${env:LEASE:-30s}'}}",
    "destinations: {a: {http: {url: '${env:URL}'}, rate: '${env:RATE}'}}",
    "sources: {a: {provider: gitlab, secrets: [{value: '${env:A}', until: 2026-12-31T00:00:00Z}, '${file:b}']}}",
];

const WRONG_CONFIGS: &[&str] = &[
    "listen: 8443",
    "port: 1",
    "admin: {token: a}",
    "rules: [{namespace: a, path: b}]",
    "rules: [{path: a, sources: [b]}]",
    "sources: {a: {secrets: [b]}}",
    "sources: {a: {provider: github, secret: b}}",
    "sources: {a: {provider: github, verify: off}}",
    "sources: {a: {provider: generic, algorithm: md5}}",
    "sources: {a: {provider: github, dedupe: {for: 5m}}}",
    "sources: {a: {provider: github, body_max: 2MB}}",
    "destinations: {a: {}}",
    "destinations: {a: {http: {}}}",
    "destinations: {a: {slack: {url: 'https://a.example'}}}",
    "destinations: {a: {http: {url: 'https://a.example'}, discord: {url: 'https://a.example'}}}",
    "destinations: {a: {http: {url: 'ftp://a.example'}}}",
    "destinations: {a: {http: {url: 'https://a.example', sign: {}}}}",
    "destinations: {a: {http: {url: 'https://a.example'}, timeout: 15}}",
    "destinations: {a: {http: {url: 'https://a.example'}, rate: 10/second}}",
    "destinations: {a: {http: {url: 'https://a.example'}, retry: [5s]}}",
    "destinations: {a: {http: {url: 'https://a.example'}, retry_on: [200]}}",
    "destinations: {a: {http: {url: 'https://a.example'}, concurrency: 0}}",
    "destinations: {a: {agent: {openclaw: {url: 'https://a.example'}}}}",
    "destinations: {a: {command: {argv: deploy}}}",
    "destinations: {a: {command: {argv: []}}}",
    "destinations: {a: {command: {argv: [b], args_max: 100}}}",
    "policy: {lease: 30}",
    "policy: {timeout: 30s}",
];

const RIGHT_PROVIDERS: &[&str] = &["{name: a, verify: none, delivery_id: none}"];

const WRONG_PROVIDERS: &[&str] = &[
    "{verify: none, delivery_id: none}",
    "{name: a, delivery_id: none}",
    "{name: a, verify: none}",
    "{name: Shop, verify: none, delivery_id: none}",
    "{name: a, verify: md5, delivery_id: none}",
    "{name: a, verify: {scheme: md5}, delivery_id: none}",
    "{name: a, verify: {scheme: hmac}, delivery_id: none}",
    "{name: a, verify: {scheme: basic, from: b}, delivery_id: none}",
    "{name: a, verify: {scheme: hmac, signature: {from: 'header:A', list: ' ', field: b}}, delivery_id: none}",
    "{name: a, verify: {scheme: jwt, from: 'header:A', algorithms: none}, delivery_id: none}",
    "{name: a, verify: none, delivery_id: none, methods: [PATCH]}",
    "{name: a, verify: none, delivery_id: none, response: 10}",
    "{name: a, verify: none, delivery_id: none, handshakes: [{name: b, reply: {}}]}",
    "{name: a, verify: none, delivery_id: none, handshakes: [{name: b, when: {}, reply: {}}]}",
    "{name: a, verify: none, delivery_id: none, samples: [{event: b}]}",
    "{name: a, verify: none, delivery_id: none, vectors: [{name: b}]}",
    "{name: a, verify: none, delivery_id: none, content_types: [csv]}",
];
