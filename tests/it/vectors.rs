//! Deliveries with known answers: each sender's documented examples, and the forgeries of them.

use std::path::PathBuf;

use hookrule::providers::{Providers, replay};

use crate::harness::project;

#[test]
fn every_vector_of_the_providers_we_have_gives_what_it_should() {
    let Some(file) = file() else {
        println!("shared/contracts is not here: only the definitions' own vectors are run");
        return;
    };
    let lines = std::fs::read_to_string(file).unwrap();
    let replay = replay(&Providers::builtin(), &lines);
    println!(
        "{} vectors of {} providers passed, {} failed, {} skipped",
        replay.passed,
        replay.providers.len(),
        replay.failures.len(),
        replay.skipped
    );
    let failures: Vec<_> = replay
        .failures
        .iter()
        .map(|(id, why)| format!("{id}: {why}"))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(replay.passed >= 193, "{} passed", replay.passed);
    assert_eq!(replay.providers.len(), 13, "{:?}", replay.providers);
}

/// The file beside the project, or beside the folder that it stands in.
fn file() -> Option<PathBuf> {
    let project = project();
    let places = project.ancestors().skip(1).take(2);
    places
        .map(|place| place.join("shared/contracts/vectors.jsonl"))
        .find(|file| file.exists())
}
