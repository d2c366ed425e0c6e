//! What SARIF 2.1.0 asks of a log, as far as `check` writes one.
//!
//! Source: OASIS "Static Analysis Results Interchange Format (SARIF) Version 2.1.0 Plus Errata 01"; the
//! numbers are its sections.

use serde_json::Value;

/// The keys an object may have here, those that must be there first.
#[track_caller]
fn keys(object: &Value, required: &[&str], others: &[&str]) {
    let found = object
        .as_object()
        .unwrap_or_else(|| panic!("no object: {object}"));
    for key in required {
        assert!(found.contains_key(*key), "no {key} in {object}");
    }
    for key in found.keys() {
        let known = required.iter().chain(others).any(|known| known == key);
        assert!(known, "{key} in {object}");
    }
}

/// 3.11: a text in which every brace is doubled, since nothing is filled in.
#[track_caller]
fn message(message: &Value) {
    keys(message, &["text"], &[]);
    let text = message["text"].as_str().unwrap();
    assert!(!text.is_empty());
    let rest = text.replace("{{", "").replace("}}", "");
    assert!(!rest.contains(['{', '}']), "{text}");
}

/// 3.28, 3.29, 3.30, 3.4.
#[track_caller]
fn location(location: &Value) {
    let physical = &location["physicalLocation"];
    keys(physical, &["artifactLocation"], &["region"]);
    let artifact = &physical["artifactLocation"];
    keys(artifact, &["uri"], &["uriBaseId"]);
    let uri = artifact["uri"].as_str().unwrap();
    let absolute = uri.starts_with("file:///");
    assert_eq!(artifact.get("uriBaseId").is_none(), absolute, "{artifact}");
    let path = uri.strip_prefix("file://").unwrap_or(uri);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/%".contains(c);
    assert!(!path.is_empty() && path.chars().all(plain), "{uri}");
    let Some(region) = physical.get("region") else {
        return;
    };
    let places = ["startLine", "startColumn", "endLine", "endColumn"];
    keys(region, &places, &[]);
    let [line, column, end_line, end_column] = places.map(|key| region[key].as_u64().unwrap());
    assert!(line >= 1 && column >= 1 && end_column >= 1, "{region}");
    assert!((line, column) <= (end_line, end_column), "{region}");
}

/// 3.27: a result of one of the rules.
#[track_caller]
fn result(result: &Value, ids: &[&str]) {
    let required = ["ruleId", "ruleIndex", "level", "message", "locations"];
    keys(result, &required, &["relatedLocations"]);
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(ids[index], result["ruleId"].as_str().unwrap());
    assert!(["error", "warning"].contains(&result["level"].as_str().unwrap()));
    message(&result["message"]);
    let locations = result["locations"].as_array().unwrap();
    assert_eq!(locations.len(), 1);
    keys(&locations[0], &["physicalLocation"], &[]);
    location(&locations[0]);
    let related = result
        .get("relatedLocations")
        .map(|list| list.as_array().unwrap());
    for (number, place) in related.into_iter().flatten().enumerate() {
        keys(place, &["id", "physicalLocation", "message"], &[]);
        assert_eq!(place["id"], number + 1, "ids are unique");
        message(&place["message"]);
        location(place);
    }
}

/// That a log is a valid one.
#[track_caller]
pub fn valid(log: &Value) {
    // 3.13
    keys(log, &["$schema", "version", "runs"], &[]);
    assert_eq!(log["version"], "2.1.0");
    assert!(
        log["$schema"]
            .as_str()
            .unwrap()
            .ends_with("sarif-schema-2.1.0.json")
    );
    let runs = log["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1);
    // 3.14, 3.18, 3.19
    keys(&runs[0], &["tool", "results"], &["columnKind"]);
    assert_eq!(runs[0]["columnKind"], "unicodeCodePoints");
    keys(&runs[0]["tool"], &["driver"], &[]);
    let driver = &runs[0]["tool"]["driver"];
    keys(driver, &["name", "rules"], &["semanticVersion"]);
    assert_eq!(driver["semanticVersion"], env!("CARGO_PKG_VERSION"));
    // 3.49
    let rules = driver["rules"].as_array().unwrap();
    let mut ids = Vec::new();
    for rule in rules {
        keys(rule, &["id", "shortDescription", "help"], &[]);
        message(&rule["shortDescription"]);
        message(&rule["help"]);
        ids.push(rule["id"].as_str().unwrap());
    }
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    for one in runs[0]["results"].as_array().unwrap() {
        result(one, &ids);
    }
}
