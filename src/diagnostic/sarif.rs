//! Findings → SARIF 2.1.0, which code hosts and editors read.
//!
//! Source: OASIS "Static Analysis Results Interchange Format (SARIF) Version 2.1.0 Plus Errata 01".

use std::collections::BTreeSet;
use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use serde_json::{Value, json};

use super::lines::AllLines;
use super::{Code, Diagnostic, Place};

/// The schema that the log keeps to.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What is escaped in the path of a URI: all but what RFC 3986 calls unreserved, and `/`.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// Findings as a SARIF log of one run. Paths stay relative to where `check` ran, if they were.
pub fn sarif(diagnostics: &[Diagnostic]) -> Value {
    let found = diagnostics.iter().map(|found| found.code);
    let codes: Vec<Code> = found.collect::<BTreeSet<_>>().into_iter().collect();
    let mut lines = AllLines::default();
    let results: Vec<_> = diagnostics
        .iter()
        .map(|found| result(found, &codes, &mut lines))
        .collect();
    let driver = json!({
        "name": "hookrule",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": codes.into_iter().map(rule).collect::<Vec<_>>(),
    });
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": driver},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: Code) -> Value {
    let more = format!(
        "`hookrule explain {}` says more, with an example.",
        code.id()
    );
    json!({
        "id": code.id(),
        "shortDescription": message(code.title()),
        "help": message(&more),
    })
}

fn result(found: &Diagnostic, codes: &[Code], lines: &mut AllLines) -> Value {
    let said = match &found.help {
        Some(help) => format!("{}\nhelp: {help}", found.message),
        None => found.message.clone(),
    };
    let mut result = json!({
        "ruleId": found.code.id(),
        "level": found.severity.name(),
        "message": message(&said),
        "locations": [{"physicalLocation": physical(&found.place, lines)}],
    });
    let also = found.also.iter().enumerate().map(|(number, also)| {
        json!({
            "id": number + 1,
            "physicalLocation": physical(&also.place, lines),
            "message": message(&also.note),
        })
    });
    let also: Vec<_> = also.collect();
    if let Some(result) = result.as_object_mut() {
        if let Ok(index) = codes.binary_search(&found.code) {
            result.insert("ruleIndex".to_owned(), index.into());
        }
        if !also.is_empty() {
            result.insert("relatedLocations".to_owned(), also.into());
        }
    }
    result
}

/// A message, in which braces would be taken for places to fill if they stood alone (3.11.5).
fn message(text: &str) -> Value {
    json!({"text": text.replace('{', "{{").replace('}', "}}")})
}

fn physical(place: &Place, lines: &mut AllLines) -> Value {
    let mut location = json!({"artifactLocation": artifact(&place.file.path)});
    // A file that could not be read has no lines.
    if !place.file.text.is_empty() {
        let (start, end) = lines.positions(place);
        let region = json!({
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            "endColumn": end.column,
        });
        if let Some(location) = location.as_object_mut() {
            location.insert("region".to_owned(), region);
        }
    }
    location
}

fn artifact(path: &Path) -> Value {
    let bytes = path.as_os_str().as_encoded_bytes();
    let escaped = percent_encode(bytes, ESCAPED);
    if path.is_absolute() {
        return json!({"uri": format!("file://{escaped}")});
    }
    json!({"uri": escaped.to_string(), "uriBaseId": "%SRCROOT%"})
}

#[cfg(test)]
mod tests {
    use std::ops::Range;
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::{SourceFile, code};

    fn found(path: &str, text: &str, span: Range<usize>) -> Diagnostic {
        let file = SourceFile::new(path, text);
        Diagnostic::error(code::BAD_TEMPLATE, Place { file, span }, "`{{x` is open")
    }

    #[test]
    fn a_finding_is_a_result_with_its_places() {
        let first = found("rules/ü b.yaml", "# ü\nä: {{x\na: 1\n", 9..12);
        let file = Arc::clone(&first.place.file);
        let first = first
            .also(Place { file, span: 13..14 }, "and {here}")
            .help("close it");
        let mut second = first.clone();
        second.code = code::YAML;
        second.also.clear();
        second.help = None;
        let log = sarif(&[first, second]);
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let ids: Vec<_> = rules
            .iter()
            .map(|rule| rule["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, ["HR0002", "HR0302"]);
        assert_eq!(
            run["results"][0],
            json!({
                "ruleId": "HR0302",
                "level": "error",
                "message": {"text": "`{{{{x` is open\nhelp: close it"},
                "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": "rules/%C3%BC%20b.yaml", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 2, "startColumn": 4, "endLine": 2, "endColumn": 7},
                }}],
                "ruleIndex": 1,
                "relatedLocations": [{
                    "id": 1,
                    "physicalLocation": {
                        "artifactLocation":
                            {"uri": "rules/%C3%BC%20b.yaml", "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": 3, "startColumn": 1, "endLine": 3, "endColumn": 2},
                    },
                    "message": {"text": "and {{here}}"},
                }],
            })
        );
        assert_eq!(run["results"][1]["ruleIndex"], 0);
        assert!(run["results"][1].get("relatedLocations").is_none());
    }

    #[test]
    fn a_file_without_text_has_no_region_and_an_absolute_path_its_scheme() {
        let log = sarif(&[found("/etc/a:b.yaml", "", 0..0)]);
        assert_eq!(
            log["runs"][0]["results"][0]["locations"],
            json!([{"physicalLocation": {"artifactLocation": {"uri": "file:///etc/a%3Ab.yaml"}}}])
        );
    }

    #[test]
    fn nothing_found_is_a_log_too() {
        let log = sarif(&[]);
        assert_eq!(log["runs"][0]["results"], json!([]));
        assert_eq!(log["runs"][0]["tool"]["driver"]["rules"], json!([]));
    }
}
