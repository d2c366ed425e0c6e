//! The engine finds exactly the rules that the plain evaluator finds: with drawn rules and events, and
//! with real payloads and rules drawn from their own fields.
//!
//! A few thousand cases run here; the rest in `cargo bench --bench matching -- equivalence 100000`.

pub mod draw;
pub mod plain;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use hookrule::diagnostic::SourceFile;
use hookrule::event::{
    Event, EventId, Headers, MediaKind, Payload, Proof, Query, SourceRef, Strength,
};
use hookrule::rule::{Names, RuleSet};
use hookrule::runtime::Timestamp;

use draw::Dice;
use plain::Seen;

/// Events that each drawn set of rules is asked about.
const EVENTS: usize = 8;

/// Compares on so many drawn cases of a seed; how many matches there were in all.
pub fn compare_drawn(seed: u64, cases: usize) -> usize {
    let mut matches = 0;
    for set in 0..cases.div_ceil(EVENTS) {
        let mut dice = Dice::new(seed + set as u64);
        let files = draw::files(&mut dice, &[]);
        let events: Vec<Seen> = (0..EVENTS).map(|_| draw::event(&mut dice)).collect();
        matches += compare(&files, &events);
    }
    matches
}

/// Compares on so many cases of rules drawn from real payloads; how many matches there were in all.
pub fn compare_real(seed: u64, cases: usize) -> usize {
    let payloads = real_payloads();
    let mut matches = 0;
    for set in 0..cases.div_ceil(EVENTS) {
        let mut dice = Dice::new(seed + set as u64);
        let few: Vec<&Value> = (0..3)
            .map(|_| &payloads[dice.below(payloads.len())])
            .collect();
        let files = draw::files(&mut dice, &few);
        let events: Vec<Seen> = (0..EVENTS)
            .map(|_| Seen {
                payload: few[dice.below(few.len())].clone(),
                ..draw::event(&mut dice)
            })
            .collect();
        matches += compare(&files, &events);
    }
    matches
}

fn compare(files: &[Value], events: &[Seen]) -> usize {
    let rules = rule_set(files);
    let mut matches = 0;
    for seen in events {
        let event = event(seen);
        let wanted = plain::matched(files, seen);
        let found = hookrule::plan::matched(&rules, &event);
        assert_eq!(found, wanted, "{}", shown(files, seen, &found, &wanted));
        let planned = hookrule::plan::plan(&rules, &event, 0).matched;
        assert_eq!(planned, wanted, "planned otherwise than matched");
        matches += wanted.len();
    }
    matches
}

/// The rules about which they differ.
fn shown(files: &[Value], seen: &Seen, found: &[&str], wanted: &[String]) -> String {
    let rules = files.iter().filter_map(|file| file["rules"].as_array());
    let differ = |rule: &&Value| {
        let name = rule["name"].as_str().unwrap_or_default();
        found.contains(&name) != wanted.iter().any(|wanted| wanted == name)
    };
    let rules: Vec<String> = rules
        .flatten()
        .filter(differ)
        .map(Value::to_string)
        .collect();
    format!("{}\n{seen:?}\npayload: {}", rules.join("\n"), seen.payload)
}

fn rule_set(files: &[Value]) -> RuleSet {
    let named = (0..).zip(files).map(|(number, file)| {
        // JSON is YAML.
        SourceFile::new(format!("{number}.yaml"), file.to_string())
    });
    let loaded = RuleSet::load(named.collect(), &Names::default(), None);
    let errors = loaded.diagnostics.has_errors();
    assert!(!errors, "{:#?}\n{files:#?}", loaded.diagnostics);
    loaded.set
}

fn event(seen: &Seen) -> Event {
    let query: String = form(&seen.query);
    Event {
        id: EventId::from_bytes([1; 16]),
        source: SourceRef {
            name: seen.source.clone(),
            labels: BTreeMap::new(),
        },
        provider: seen.provider.clone(),
        names: seen.names.clone(),
        delivery_id: None,
        received_at: Timestamp::from_seconds(1_700_000_000),
        nonce: [0; 16],
        headers: Headers::new(
            seen.headers
                .iter()
                .map(|(name, value)| (name, value.as_str())),
        ),
        query: Query::decode(query.as_bytes()),
        payload: Payload::new(seen.payload.to_string().into(), MediaKind::Json).unwrap(),
        proof: Proof::imagined_by_trial(Strength::called(&seen.proof).unwrap()),
    }
}

fn form(pairs: &[(String, String)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs);
    form.finish()
}

/// Those of the repository, and those in `shared/payloads` beside the project where they are.
fn real_payloads() -> Vec<Value> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = project
        .ancestors()
        .map(|place| place.join("shared/payloads"));
    let mut folders: Vec<PathBuf> = vec![project.join("rules"), project.join("examples")];
    folders.extend(shared.into_iter().find(|folder| folder.is_dir()));
    let mut payloads = Vec::new();
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<PathBuf> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "json") {
                let text = std::fs::read(&path).unwrap();
                payloads.extend(serde_json::from_slice::<Value>(&text).ok());
            }
        }
    }
    assert!(!payloads.is_empty());
    payloads
}

#[test]
fn drawn_rules_match_as_the_docs_say() {
    let matches = compare_drawn(1, 1_500);
    assert!(matches > 1_000, "only {matches} matches: nothing was shown");
}

#[test]
fn rules_from_real_payloads_match_as_the_docs_say() {
    let matches = compare_real(1_000_000, 500);
    assert!(matches > 200, "only {matches} matches: nothing was shown");
}
