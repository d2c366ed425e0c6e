//! What the program itself says of documents, many at a time.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

use hookrule::commands::schema::Which;
use hookrule::commands::{self, World};
use hookrule::diagnostic::{Diagnostic, Diagnostics, Severity, SourceFile};
use hookrule::providers::Provider;
use hookrule::runtime::Clock;
use hookrule::yaml;
use serde_json::{Value, json};

use crate::harness::Folder;

/// One finding, as `check` prints it for programs.
pub(super) type Finding = Value;

/// What the program says of each document.
pub(super) fn findings(which: Which, documents: &[Value]) -> Vec<Vec<Finding>> {
    match which {
        Which::Rules | Which::Tests | Which::Shared => of_rules(which, documents),
        Which::Config => of_config(documents),
        Which::Provider => documents.iter().map(of_provider).collect(),
    }
}

fn said(problems: Diagnostics) -> Vec<Finding> {
    let one = |found: &Diagnostic| {
        let error = found.severity == Severity::Error;
        json!({"severity": if error { "error" } else { "warning" }, "code": found.code.id(),
               "message": found.message, "help": found.help})
    };
    problems.sorted().iter().map(one).collect()
}

fn of_config(documents: &[Value]) -> Vec<Vec<Finding>> {
    let folder = Folder::new();
    for path in ["rules/a.yaml", "rules-acme/a.yaml"] {
        folder.write(path, "rules: []");
    }
    folder.write("providers/.keep", "");
    folder.write("conf.d/acme.yaml", "sources: {}");
    let one = |document: &Value| {
        let config = folder.write(
            "hookrule.yaml",
            &framed_config(document.clone()).to_string(),
        );
        let environment = BTreeMap::<String, String>::new();
        said(hookrule::app::load(&config, &environment, None, &hookrule::runtime::nobody).problems)
    };
    documents.iter().map(one).collect()
}

/// The document with what some of its keys need beside them.
fn framed_config(mut document: Value) -> Value {
    let sources = document.get_mut("sources").and_then(Value::as_object_mut);
    for source in sources.into_iter().flat_map(|sources| sources.values_mut()) {
        let Some(source) = source.as_object_mut() else {
            continue;
        };
        let has = |key: &str| source.contains_key(key);
        let unsigned = source.get("verify").is_some_and(|verify| verify == "none");
        let secret = !has("secrets") && !has("pairing") && !unsigned;
        let provider = match source.get("provider").and_then(Value::as_str) {
            Some("github") if has("url") => Some("trello"),
            Some("github") if has("settings") => Some("meta"),
            Some("github") if has("tolerance") => Some("slack"),
            Some("github") if has("split") => Some("line"),
            Some("github") if has("pairing") => Some("asana"),
            Some("github") if GENERIC.iter().any(|key| has(key)) => Some("generic"),
            _ => None,
        };
        let timed = has("timestamp") && !has("content");
        if let Some(provider) = provider {
            source.insert("provider".to_owned(), provider.into());
        }
        if secret {
            source.insert("secrets".to_owned(), "a-secret-for-examples".into());
        }
        if timed {
            source.insert("content".to_owned(), "{timestamp}.{body}".into());
        }
    }
    let text = document.to_string();
    if text.contains("\"args_max\":") && !text.contains("\"args_match\":") {
        let beside = text.replace("\"args_max\":", "\"args_match\":\".\",\"args_max\":");
        return serde_json::from_str(&beside).unwrap();
    }
    document
}

/// What a source may say of any sender.
const GENERIC: [&str; 8] = [
    "header",
    "algorithm",
    "encoding",
    "prefix",
    "content",
    "timestamp",
    "event",
    "delivery_id",
];

fn of_provider(document: &Value) -> Vec<Finding> {
    let mut problems = Diagnostics::new();
    let file = SourceFile::new("a.yaml", framed_provider(document.clone()).to_string());
    if let Some(node) = yaml::read(&file, &mut problems) {
        Provider::parse(&node, &mut problems);
    }
    said(problems)
}

fn framed_provider(mut document: Value) -> Value {
    let schemes = match &mut document["verify"] {
        Value::Array(schemes) => schemes.as_mut_slice(),
        one => std::slice::from_mut(one),
    };
    for scheme in schemes.iter_mut().filter_map(Value::as_object_mut) {
        let content = if scheme.contains_key("timestamp") {
            "{timestamp}.{body}"
        } else if scheme.contains_key("bind") {
            "{header:X-Host}.{body}"
        } else if scheme.get("scheme").is_some_and(|name| name == "hash") {
            "{secret}{body}"
        } else {
            continue;
        };
        scheme.entry("content").or_insert_with(|| content.into());
    }
    if document.to_string().contains("{setting:host?}") && document.get("settings").is_none() {
        document["settings"] = json!({"host": "its own name"});
    }
    document
}

fn of_rules(which: Which, documents: &[Value]) -> Vec<Vec<Finding>> {
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
        Which::Config | Which::Provider => panic!("{} is read by itself", which.name()),
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
