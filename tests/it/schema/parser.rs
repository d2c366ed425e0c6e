//! What the program itself says of documents, many at a time.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

use hookrule::commands::schema::Which;
use hookrule::commands::{self, World};
use hookrule::runtime::Clock;
use serde_json::{Value, json};

use crate::harness::Folder;

/// One finding, as `check` prints it for programs.
pub(super) type Finding = Value;

/// What `check` says of each document.
pub(super) fn findings(which: Which, documents: &[Value]) -> Vec<Vec<Finding>> {
    let folder = Folder::new();
    beside(&folder);
    let paths: Vec<_> = documents
        .iter()
        .enumerate()
        .map(|(number, document)| put(&folder, which, number, document.clone()))
        .collect();
    let said = check(&folder);
    let mut by_file: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for finding in said["diagnostics"].as_array().unwrap() {
        let file = finding["file"].as_str().unwrap().to_owned();
        by_file.entry(file).or_default().push(finding.clone());
    }
    let found = |path: &String| by_file.get(path).cloned().unwrap_or_default();
    paths.iter().map(found).collect()
}

/// What the examples name beside themselves.
fn beside(folder: &Folder) {
    folder.write("rules/lists/vips.txt", "ada\n");
    folder.write("rules/payloads/opened.json", "{}");
}

fn put(folder: &Folder, which: Which, number: usize, document: Value) -> String {
    let path = match which {
        Which::Rules => {
            let name = format!("rules/{number}.yaml");
            folder.write(&name, &framed(document, number).to_string())
        }
        Which::Tests => {
            if number == 0 {
                let rule = |name: &str| {
                    json!({"name": name, "when": {}, "actions": [{"log": {}}],
                           "respond": {"body": {"text": "ok"}}})
                };
                let rules = json!({"rules": [rule("pushes"), rule("pull-requests-to-chat")]});
                folder.write("rules/rules.yaml", &rules.to_string());
            }
            let name = format!("rules/{number}.test.yaml");
            let mut document = document;
            if document.get("rule").is_none() {
                document["rule"] = "pull-requests-to-chat".into();
            }
            folder.write(&name, &document.to_string())
        }
        Which::Shared => {
            let rules = json!({"rules": [{"name": number.to_string(), "when": {}, "actions": [{"log": {}}]}]});
            folder.write(&format!("rules/{number}/a.yaml"), &rules.to_string());
            let name = format!("rules/{number}/_shared.yaml");
            folder.write(&format!("rules/{number}/lists/vips.txt"), "ada\n");
            folder.write(&name, &document.to_string())
        }
    };
    path.to_str().unwrap().to_owned()
}

/// The document with a name of its own, and with what some of its keys need beside them.
fn framed(mut document: Value, number: usize) -> Value {
    let text = document.to_string();
    let Some(rule) = document
        .get_mut("rules")
        .and_then(|rules| rules.get_mut(0))
        .filter(|rule| rule.is_object())
    else {
        return document;
    };
    if rule["name"].is_string() {
        rule["name"] = format!("rule {number}").into();
    }
    if text.contains("\"item\":") && rule.get("for_each").is_none() {
        rule["for_each"] = "$.alerts[*]".into();
    }
    if text.contains("\"var\":") && rule.get("vars").is_none() {
        rule["vars"] = json!({"total": 1});
    }
    let defaults = document.get("defaults").and_then(Value::as_object);
    let of_kind = defaults.and_then(|kinds| kinds.iter().next());
    if let Some((kind, given)) = of_kind.map(|(kind, given)| (kind.clone(), given.clone())) {
        // Defaults are read where an action takes them.
        let mut block =
            hookrule::actions::find(&kind).map_or(json!({}), hookrule::actions::Kind::example);
        if let Some(block) = block.as_object_mut() {
            block.retain(|key, _| given.get(key).is_none());
        }
        document["rules"][0]["actions"] = json!([{kind: block}]);
    }
    if text.contains("{\"list\":") && document.get("lists").is_none() {
        document["lists"] = json!({"vips": ["10.0.0.0/8"]});
    }
    document
}

fn check(folder: &Folder) -> Value {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let world = World {
        out: &mut out,
        err: &mut err,
        terminal: false,
        err_terminal: false,
        environment: Arc::new(BTreeMap::new()),
        clock: Clock::machine(),
    };
    let rules = folder.path().join("rules");
    let arguments = [
        "hookrule",
        "check",
        rules.to_str().unwrap(),
        "--format",
        "json",
    ];
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    runtime.block_on(commands::run(arguments.map(OsString::from), world));
    serde_json::from_slice(&out)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&err)))
}

/// Whether the program takes a document; a test that fails is no mistake in writing.
pub(super) fn taken(findings: &[Finding]) -> bool {
    findings
        .iter()
        .all(|finding| finding["severity"] != "error" || finding["code"] == "HR0701")
}
