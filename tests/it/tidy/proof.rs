//! No event without proof: each maker of `Proof` is named for the one room that may call it.

use super::source::{File, line, tree};
use super::{expect_breaches, expect_tidy};

/// Makers called by other rooms than the one in their name. Where they are written is the room `event`.
fn foreign_calls(files: &[File]) -> Vec<String> {
    let calls = regex::Regex::new(r"\b(fn\s+)?(\w+_by_([a-z]+))\b").unwrap();
    let makers: Vec<String> = files
        .iter()
        .filter(|file| file.path == "event/proof.rs")
        .flat_map(|file| calls.captures_iter(&file.plain))
        .filter(|found| found.get(1).is_some())
        .map(|found| found[2].to_owned())
        .collect();
    let mut breaches = Vec::new();
    for file in files {
        for found in calls.captures_iter(&file.plain) {
            let (maker, room) = (&found[2], &found[3]);
            let written_here = found.get(1).is_some() && file.path == "event/proof.rs";
            if makers.iter().any(|known| known == maker)
                && file.room() != Some(room)
                && !written_here
            {
                let line = line(&file.plain, found.get(2).unwrap().start());
                breaches.push(format!(
                    "{}:{line}: only `{room}` may call `{maker}`",
                    file.path
                ));
            }
        }
    }
    breaches
}

/// Public makers of `Proof` that are named for no room.
fn unnamed_makers(files: &[File]) -> Vec<String> {
    let makers = regex::Regex::new(r"\bpub(?:\([^)]*\))?\s+(?:const\s+)?fn\s+(\w+)\s*\(([^)]*)\)\s*->\s*(?:Self|Proof|Option<Self>|Option<Proof>)").unwrap();
    files
        .iter()
        .filter(|file| file.path == "event/proof.rs")
        .flat_map(|file| makers.captures_iter(&file.plain))
        .filter(|found| !found[1].contains("_by_") && !found[2].contains("self"))
        .map(|found| format!("event/proof.rs: `{}` is named for no room", &found[1]))
        .collect()
}

#[test]
fn only_its_room_calls_a_maker_of_proof() {
    let tree = tree();
    let proof = tree
        .iter()
        .find(|file| file.path == "event/proof.rs")
        .unwrap();
    assert!(
        proof.plain.contains("fn signed_by_providers"),
        "the makers moved"
    );
    expect_tidy(&foreign_calls(tree));
    let proof =
        "impl Proof { pub fn signed_by_providers() -> Self {} pub fn read_by_stores() -> Self {} }";
    expect_breaches(
        foreign_calls,
        &[
            ("event/proof.rs", proof),
            ("event/mod.rs", "fn f() { Proof::signed_by_providers() }"),
            (
                "providers/verify.rs",
                "fn f() { Proof::signed_by_providers() }",
            ),
            (
                "intake/mod.rs",
                "fn f() { sorted_by_key();\nProof::signed_by_providers }\n#[cfg(test)]\nmod tests { fn g() { Proof::read_by_stores() } }",
            ),
        ],
        &[
            "event/mod.rs:1: only `providers` may call `signed_by_providers`",
            "intake/mod.rs:2: only `providers` may call `signed_by_providers`",
        ],
    );
}

#[test]
fn every_maker_of_proof_is_named_for_a_room() {
    expect_tidy(&unnamed_makers(tree()));
    expect_breaches(
        unnamed_makers,
        &[(
            "event/proof.rs",
            "pub fn new() -> Self {}\npub fn made_by_x() -> Self {}\npub fn y(self) -> Self {}",
        )],
        &["event/proof.rs: `new` is named for no room"],
    );
}
