//! Deliveries with known answers: each sender's documented examples, and the forgeries of them.

use std::fmt::Write as _;
use std::path::PathBuf;

use hookrule::providers::definition::Confidence;
use hookrule::providers::{Providers, replay};

use crate::harness::project;

/// Senders that no definition describes, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("contentful", "signs a list of headers that a header names"),
    (
        "ebay",
        "its keys are given out to its own customers, with OAuth",
    ),
    (
        "jira-connect",
        "signs a hash of the whole request, which needs code of its own",
    ),
    ("kinde", "its body is a token, and no payload"),
    (
        "paddle-classic",
        "signs PHP's serialization of its fields, and is retired",
    ),
    (
        "plivo",
        "glues URL, query and form together by rules of its own",
    ),
];

#[test]
fn every_vector_of_the_providers_we_have_gives_what_it_should() {
    let Some(file) = file() else {
        println!("shared/contracts is not here: only the definitions' own vectors are run");
        return;
    };
    let lines = std::fs::read_to_string(file).unwrap();
    let providers = Providers::builtin();
    let replay = replay(&providers, &lines);
    println!(
        "{} vectors of {} providers passed, {} failed, {} skipped",
        replay.passed,
        replay.providers.len(),
        replay.failures.len(),
        replay.skipped.len()
    );
    let failures = replay.failures.iter();
    let failures: Vec<_> = failures.map(|(id, why)| format!("{id}: {why}")).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(replay.passed >= 1_500, "{} passed", replay.passed);
    assert!(replay.providers.len() >= 197, "{:?}", replay.providers);
    for name in &replay.skipped {
        assert!(
            LEFT_OUT.iter().any(|(known, _)| known == name),
            "{name} is left out"
        );
    }
    for (name, _) in LEFT_OUT {
        assert!(providers.find(name).is_none(), "{name} is there by now");
    }
}

#[test]
fn there_are_many_built_in_providers() {
    assert!(Providers::builtin().names().len() >= 190);
}

/// The page that lists the built-in providers, from their definitions.
fn provider_list() -> String {
    let mut page = String::from(
        "# Built-in providers\n\nWritten from the definitions in src/providers/builtin/ by a test; `hookrule providers show NAME` \
         says more,\nand what to paste where.\n\n| provider | also | schemes | known by | waits | facts |\n|---|---|---|---|---|---|\n",
    );
    let providers = Providers::builtin();
    let listed = |texts: Vec<&str>| match texts.as_slice() {
        [] => "-".to_owned(),
        texts => texts.join(", "),
    };
    for name in providers.names() {
        let provider = providers.find(name).unwrap();
        let aliases = provider.aliases().iter().map(|alias| alias.name.as_str());
        let known_by = provider.recognise().iter().map(String::as_str);
        let waits = provider.response();
        let waits = waits.map_or_else(|| "-".to_owned(), |wait| format!("{} s", wait.as_secs()));
        let facts = match provider.confidence() {
            Confidence::High => "from the sender",
            Confidence::Medium => "from documents",
            Confidence::Low => "experimental",
        };
        let docs = match provider.docs() {
            link if link.starts_with("https://") => format!("[{name}]({link})"),
            _ => name.to_owned(),
        };
        let (also, schemes) = (listed(aliases.collect()), listed(provider.schemes()));
        let known_by = listed(known_by.collect());
        writeln!(
            page,
            "| {docs} | {also} | {schemes} | {known_by} | {waits} | {facts} |"
        )
        .unwrap();
    }
    page
}

#[test]
fn the_page_of_providers_is_what_the_definitions_say() {
    let file = project().join("docs/providers.md");
    let page = provider_list();
    if std::env::var_os("HOOKRULE_TEST_UPDATE").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == page,
        "docs/providers.md is stale: HOOKRULE_TEST_UPDATE=1 cargo test --test it vectors"
    );
}

/// The file beside the project, or beside the folder that it stands in.
fn file() -> Option<PathBuf> {
    let project = project();
    let places = project.ancestors().skip(1).take(2);
    places
        .map(|place| place.join("shared/contracts/vectors.jsonl"))
        .find(|file| file.exists())
}
