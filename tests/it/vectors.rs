//! Deliveries with known answers: each sender's documented examples, and the forgeries of them.

use std::path::PathBuf;

use hookrule::providers::{Providers, replay};
use hookrule::runtime::nobody;

use crate::harness::project;

/// Senders that no definition describes, and why.
const LEFT_OUT: &[(&str, &str)] = &[(
    "ebay",
    "its keys are given out to its own customers only, with OAuth, and sign with ECDSA over SHA-1, which is \
     not believed here",
)];

#[test]
fn every_vector_of_the_providers_we_have_gives_what_it_should() {
    let Some(file) = file() else {
        println!("shared/contracts is not here: only the definitions' own vectors are run");
        return;
    };
    let lines = std::fs::read_to_string(file).unwrap();
    let providers = Providers::builtin();
    let replay = replay(&providers, &lines, &nobody);
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

/// The file beside the project, or beside the folder that it stands in.
fn file() -> Option<PathBuf> {
    let project = project();
    let places = project.ancestors().skip(1).take(2);
    places
        .map(|place| place.join("shared/contracts/vectors.jsonl"))
        .find(|file| file.exists())
}
