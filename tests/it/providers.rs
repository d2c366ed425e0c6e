//! The page of providers says what the definitions say, and what it gives to copy works.

use std::collections::BTreeMap;

use hookrule::diagnostic::{Diagnostics, SourceFile};
use hookrule::providers::Providers;
use hookrule::providers::guide::page::page;
use hookrule::yaml;
use serde_json::Value;

use crate::harness::{Folder, command, project};

#[test]
fn the_page_of_providers_is_what_the_definitions_say() {
    let file = project().join("docs/providers.md");
    let page = page(&Providers::builtin());
    if std::env::var_os("HOOKRULE_TEST_UPDATE").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == page,
        "docs/providers.md is stale: HOOKRULE_TEST_UPDATE=1 cargo test --test it providers"
    );
}

/// The sources of the page, each as it stands there.
fn sources() -> Vec<String> {
    let page = page(&Providers::builtin());
    let blocks = page.split("```yaml\nsources:\n").skip(1);
    blocks
        .map(|block| block.split("\n```").next().unwrap().to_owned())
        .collect()
}

/// A delivery of a definition that is accepted by the scheme that a source uses first.
fn accepted(text: &str) -> Option<Value> {
    let file = SourceFile::new("definition.yaml", text);
    let definition = yaml::read(&file, &mut Diagnostics::new())?.to_json();
    let verify = &definition["verify"];
    let first = if verify.is_array() {
        &verify[0]
    } else {
        verify
    };
    let by_first = |vector: &&Value| {
        vector["expect"] == "valid"
            && (vector["scheme"].is_null() || vector["scheme"] == first["name"])
    };
    let vectors = definition["vectors"].as_array()?;
    vectors.iter().find(by_first).cloned()
}

/// The variables of a block, with what fits them.
fn variables(block: &str, vector: Option<&Value>) -> BTreeMap<String, String> {
    let names = block.lines().filter_map(|line| {
        let (key, rest) = line.split_once("${env:")?;
        let key = key.trim().split(':').next()?.to_owned();
        Some((key, rest.split('}').next()?.to_owned()))
    });
    let fitting = |key: &str| match (key, vector) {
        ("secrets", Some(vector)) => vector["secrets"][0].as_str(),
        (setting, Some(vector)) => vector["settings"][setting].as_str(),
        (_, None) => None,
    };
    let value = |key: &str| fitting(key).unwrap_or("a-text-for-tests-only").to_owned();
    names.map(|(key, name)| (name, value(&key))).collect()
}

#[test]
fn what_the_page_gives_to_copy_into_hookrule_yaml_passes_check() {
    let (providers, sources) = (Providers::builtin(), sources());
    assert_eq!(sources.len(), providers.names().len());
    let folder = Folder::new();
    folder.write("rules/a.yaml", "rules: []\n");
    let config = format!("rules: [rules]\nsources:\n{}\n", sources.join("\n"));
    let config = folder.write("hookrule.yaml", &config);
    let mut command = command(&["check", "--config"]);
    command.arg(config);
    for (name, block) in providers.names().into_iter().zip(&sources) {
        assert!(block.starts_with(&format!("  {name}:\n")), "{block}");
        let vector = providers.text(name).and_then(accepted);
        command.envs(variables(block, vector.as_ref()));
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let lacking: Vec<_> = said
        .lines()
        .filter(|line| line.contains("not set"))
        .collect();
    assert!(lacking.is_empty(), "{lacking:?}");
}

#[test]
fn a_forgotten_part_of_a_source_fails_check() {
    for (name, needed) in [
        ("github", "secrets:"),
        ("twilio", "url:"),
        ("aws-sns", "topic:"),
        ("asana", "pairing:"),
    ] {
        let block = sources()
            .into_iter()
            .find(|block| block.starts_with(&format!("  {name}:")));
        let block = block.unwrap();
        let without = block
            .lines()
            .filter(|line| !line.trim().starts_with(needed));
        let without: Vec<_> = without.collect();
        assert!(without.len() < block.lines().count(), "{block}");
        let folder = Folder::new();
        folder.write("rules/a.yaml", "rules: []\n");
        let text = format!("rules: [rules]\nsources:\n{}\n", without.join("\n"));
        let config = folder.write("hookrule.yaml", &text);
        let mut command = command(&["check", "--config"]);
        let output = command.arg(config).envs(variables(&block, None)).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}");
    }
}
