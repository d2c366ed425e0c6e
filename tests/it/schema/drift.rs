//! The schemas and the parsers are of one mind: every map of every schema is tried with both.

use std::collections::BTreeSet;

use hookrule::commands::schema::Which;
use hookrule::yaml::shape::{Demand, Map};
use serde_json::{Value, json};

use super::parser::{Finding, findings, taken};
use super::validator::Validator;
use super::walk::{samples, smallest, walk};

/// A key that means nothing anywhere.
const BOGUS: &str = "zzzzzzzz";

struct Try {
    what: String,
    document: Value,
}

fn validator(which: Which) -> Validator {
    Validator::new(serde_json::from_str(&which.text()).unwrap())
}

#[test]
fn the_keys_of_every_map_are_those_that_its_parser_reads() {
    for which in Which::ALL {
        let mut tries = Vec::new();
        let mut wanted = Vec::new();
        walk(&which.shape(), &mut |spot| {
            if spot.map.others.is_none() {
                let bogus = smallest(spot.map, Some((BOGUS, json!(1))));
                wanted.push((expected(spot.map), unlisted(spot.map)));
                tries.push(Try {
                    what: spot.place.to_owned(),
                    document: (spot.whole)(bogus),
                });
            }
        });
        let validator = validator(which);
        let documents: Vec<_> = tries.iter().map(|one| one.document.clone()).collect();
        let said = findings(which, &documents);
        for ((one, found), (keys, unlisted)) in tries.iter().zip(&said).zip(&wanted) {
            let (what, document) = (&one.what, &one.document);
            assert!(!validator.takes(document), "{what} takes {document}");
            match known(found) {
                Some(known) => assert_eq!(&known, keys, "{what} in {document}"),
                None => assert!(
                    *unlisted && !taken(found),
                    "{what} in {document}: {found:?}"
                ),
            }
        }
        println!(
            "{}: {} maps have the keys of their parsers",
            which.name(),
            tries.len()
        );
        assert!(!tries.is_empty());
    }
}

/// The keys that the parser asks for, beside the one of several that is there.
fn expected(map: &Map) -> BTreeSet<String> {
    let mut keys: BTreeSet<String> = map.keys.iter().map(|key| key.name.to_owned()).collect();
    for demand in &map.demands {
        // An action is read with the keys of its kind only.
        if let Demand::OneOf(names) = demand
            && names.contains(&"discord")
            && keys.contains("conditions")
        {
            let others: Vec<_> = names.iter().skip(1).copied().collect();
            keys.retain(|key| !others.contains(&key.as_str()));
        }
    }
    keys
}

/// Maps whose parser names no keys: conditions have a test of their own, the others one key.
fn unlisted(map: &Map) -> bool {
    let names: Vec<_> = map.keys.iter().map(|key| key.name).collect();
    names.contains(&"quantifier")
        || matches!(
            names.as_slice(),
            ["path" | "list"] | ["header", "json", "query", "form"]
        )
}

fn known(findings: &[Finding]) -> Option<BTreeSet<String>> {
    let help = findings.iter().find_map(|finding| {
        let about = finding["message"].as_str()?.contains(BOGUS);
        finding["help"].as_str().filter(|_| about)
    })?;
    let names = help
        .strip_prefix("known here: ")
        .or_else(|| help.strip_prefix("known kinds: "))?;
    Some(names.split(", ").map(str::to_owned).collect())
}

#[test]
fn keys_of_the_author_s_own_may_stand_where_the_parser_lets_them() {
    for which in Which::ALL {
        let mut tries = Vec::new();
        walk(&which.shape(), &mut |spot| {
            if spot.map.others.is_none() {
                let own = smallest(spot.map, Some(("x-zzzzzzzz", json!(1))));
                tries.push((spot.map.free, (spot.whole)(own)));
            }
        });
        let validator = validator(which);
        let documents: Vec<_> = tries.iter().map(|(_, document)| document.clone()).collect();
        for ((free, document), found) in tries.iter().zip(findings(which, &documents)) {
            assert_eq!(taken(&found), *free, "{document}: {found:?}");
            assert_eq!(validator.takes(document), *free, "{document}");
        }
        let some = tries.iter().any(|(free, _)| *free);
        assert_eq!(some, !matches!(which, Which::Config | Which::Provider));
    }
}

#[test]
fn every_example_default_and_choice_is_taken_by_schema_and_parser() {
    for which in Which::ALL {
        // A form that stands in several places may mean something in one of them only.
        let mut tries: Vec<(String, Vec<Value>)> = Vec::new();
        walk(&which.shape(), &mut |spot| {
            for key in &spot.map.keys {
                for sample in samples(key) {
                    let inner = smallest(spot.map, Some((key.name, sample.clone())));
                    let what = format!("{}.{}: {sample}", tail(spot.place), key.name);
                    let document = (spot.whole)(inner);
                    match tries.iter_mut().find(|(other, _)| *other == what) {
                        Some((_, documents)) => documents.push(document),
                        None => tries.push((what, vec![document])),
                    }
                }
            }
        });
        let validator = validator(which);
        let documents: Vec<_> = tries.iter().flat_map(|(_, all)| all.clone()).collect();
        let mut said = findings(which, &documents).into_iter();
        let mut wrong = Vec::new();
        for (what, documents) in &tries {
            let found: Vec<_> = said.by_ref().take(documents.len()).collect();
            for document in documents {
                if let Some(objection) = validator.objection(document) {
                    wrong.push(format!(
                        "the schema refuses {what}\n{document}\n{objection}"
                    ));
                }
            }
            if !found.iter().any(|findings| taken(findings)) {
                wrong.push(format!(
                    "the parser refuses {what}\n{}\n{:?}",
                    documents[0], found[0]
                ));
            }
        }
        println!(
            "{}: {} examples, defaults and choices",
            which.name(),
            tries.len()
        );
        assert!(
            wrong.is_empty(),
            "{}: {}\n{}",
            which.name(),
            wrong.len(),
            wrong.join("\n\n")
        );
    }
}

/// The last part of a place: the same form may stand in several.
fn tail(place: &str) -> &str {
    place.rsplit_once('.').map_or(place, |(_, tail)| tail)
}

#[test]
fn what_a_parser_takes_its_schema_takes_too() {
    let probes = [
        json!(true),
        json!(7),
        json!(1.5),
        json!("zzz"),
        json!("10m"),
        json!(["zzz"]),
        json!([7]),
        json!({"zzz": 1}),
        json!({"zzz": "zzz"}),
        json!([]),
        json!({}),
    ];
    for which in Which::ALL {
        let mut tries = Vec::new();
        walk(&which.shape(), &mut |spot| {
            for key in &spot.map.keys {
                for probe in &probes {
                    let inner = smallest(spot.map, Some((key.name, probe.clone())));
                    tries.push(Try {
                        what: format!("{}.{}: {probe}", spot.place, key.name),
                        document: (spot.whole)(inner),
                    });
                }
            }
        });
        let validator = validator(which);
        let documents: Vec<_> = tries.iter().map(|one| one.document.clone()).collect();
        let (mut wrong, mut both) = (Vec::new(), 0);
        for (one, found) in tries.iter().zip(findings(which, &documents)) {
            match validator.objection(&one.document) {
                Some(objection) if taken(&found) => {
                    wrong.push(format!("{}\n{}\n{objection}", one.what, one.document));
                }
                Some(_) => both += 1,
                None => {}
            }
        }
        println!(
            "{}: {} values tried, {both} refused by both",
            which.name(),
            tries.len()
        );
        assert!(
            wrong.is_empty(),
            "{}: {}\n{}",
            which.name(),
            wrong.len(),
            wrong.join("\n\n")
        );
        assert!(both > 0);
    }
}
