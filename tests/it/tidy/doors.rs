//! Outside packages enter by one door each, so that each can be replaced in one place.

use std::fs;

use super::source::{File, tree};
use super::{expect_tidy, made_up};

/// Packages that may be used anywhere.
const FREE: &[&str] = &[
    "serde",
    "serde_json",
    "thiserror",
    "tracing",
    "bytes",
    "tokio",
];

/// Each other package, and the paths under `src/` that may use it.
const DOORS: &[(&str, &[&str])] = &[
    ("hmac", &["crypto/"]),
    ("sha1", &["crypto/"]),
    ("sha2", &["crypto/"]),
    ("subtle", &["crypto/"]),
    ("ring", &["crypto/"]),
    ("base64", &["crypto/", "expression/"]),
    (
        "hex",
        &["crypto/", "expression/helpers/", "intake/", "rule/"],
    ),
    ("croner", &["runtime/calendar/cron.rs"]),
    ("notify", &["runtime/watch.rs"]),
    ("tracing_subscriber", &["runtime/telemetry.rs"]),
    ("tokio_util", &["runtime/shutdown.rs"]),
    (
        "jiff",
        &[
            "runtime/clock.rs",
            "runtime/calendar/",
            "expression/",
            "actions/",
        ],
    ),
    ("annotate_snippets", &["diagnostic/human.rs"]),
    ("strsim", &["diagnostic/"]),
    ("serde_yaml", &["yaml/"]),
    ("saphyr_parser", &["yaml/"]),
    ("reqwest", &["net/"]),
    ("rustls", &["net/"]),
    ("ipnet", &["net/"]),
    ("httpdate", &["net/"]),
    (
        "url",
        &[
            "net/",
            "expression/",
            "destinations/",
            "actions/",
            "commands/",
        ],
    ),
    (
        "form_urlencoded",
        &["event/", "providers/", "actions/", "operator/"],
    ),
    (
        "percent_encoding",
        &["diagnostic/sarif.rs", "expression/", "actions/", "server/"],
    ),
    ("uuid", &["event/ids.rs"]),
    ("jsonpath_rust", &["expression/path/"]),
    ("handlebars", &["expression/"]),
    ("flate2", &["server/inflate.rs"]),
    ("quick_xml", &["event/payload/xml.rs"]),
    ("jaq_core", &["expression/program/"]),
    ("regex", &["expression/", "condition/", "destinations/"]),
    ("regex_syntax", &["expression/pattern.rs"]),
    ("rusqlite", &["stores/sqlite/"]),
    ("hyper", &["server/", "operator/"]),
    ("hyper_util", &["server/", "operator/"]),
    ("http_body_util", &["server/", "operator/"]),
    ("clap", &["commands/"]),
    ("clap_complete", &["commands/completions.rs"]),
    ("indicatif", &["commands/progress.rs"]),
];

/// The names of the packages that `Cargo.toml` lists for the program, as Rust spells them.
fn packages(manifest: &str) -> Vec<String> {
    manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim().replace('-', "_"))
        .collect()
}

/// Packages that nobody has given a door, and doors of packages that are gone.
fn unlisted(packages: &[String]) -> Vec<String> {
    let listed = |package: &str| DOORS.iter().any(|(known, _)| *known == package);
    let without_door = packages
        .iter()
        .filter(|package| !FREE.contains(&package.as_str()) && !listed(package))
        .map(|package| format!("Cargo.toml: `{package}` has no door"));
    let gone = DOORS
        .iter()
        .filter(|(known, _)| !packages.iter().any(|package| package == known))
        .map(|(known, _)| format!("the door of `{known}` leads nowhere"));
    without_door.chain(gone).collect()
}

/// Packages used beside their doors.
fn beside_doors(files: &[File]) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in files {
        let names = file.names();
        let mut local = file.declared();
        let brought = names
            .iter()
            .filter(|name| name.imported && name.segments.len() > 1);
        local.extend(brought.filter_map(|name| name.segments.last().cloned()));
        for name in names {
            let Some(root) = name.segments.first() else {
                continue;
            };
            let Some((package, doors)) = DOORS.iter().find(|(known, _)| known == root) else {
                continue;
            };
            let open = doors.iter().any(|door| file.path.starts_with(door));
            if !open && !local.contains(root) {
                breaches.push(format!(
                    "{}:{}: `{package}` enters only by {}",
                    file.path,
                    name.line,
                    doors.join(", ")
                ));
            }
        }
    }
    breaches.dedup();
    breaches
}

#[test]
fn packages_enter_by_their_doors() {
    expect_tidy(&beside_doors(tree()));
    let files = made_up(&[
        ("yaml/raw.rs", "use serde_yaml::Value;\nuse tokio::sync;"),
        (
            "rule/mod.rs",
            "use serde_yaml::{Value, Error};\nfn f() { regex::Regex::new(1) }",
        ),
        ("providers/schemes/mod.rs", "mod hmac;\nuse hmac::Hmac;"),
        (
            "net/client.rs",
            "use rustls::crypto::{ring};\nfn f() { ring::x() }",
        ),
        ("rule/load.rs", "#[cfg(test)]\nmod tests;"),
        ("rule/load/tests.rs", "use serde_yaml::Value;"),
    ]);
    assert_eq!(
        beside_doors(&files),
        [
            "rule/mod.rs:1: `serde_yaml` enters only by yaml/",
            "rule/mod.rs:2: `regex` enters only by expression/, condition/, destinations/",
        ]
    );
}

#[test]
fn every_package_has_a_door() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let listed = packages(&fs::read_to_string(manifest).unwrap());
    assert!(listed.contains(&"serde_json".to_owned()), "{listed:?}");
    expect_tidy(&unlisted(&listed));

    let all = DOORS
        .iter()
        .skip(1)
        .map(|(package, _)| (*package).to_owned());
    let made_up: Vec<_> = all.chain(["left_pad".to_owned()]).collect();
    assert_eq!(
        unlisted(&made_up),
        [
            "Cargo.toml: `left_pad` has no door",
            "the door of `hmac` leads nowhere"
        ]
    );
    assert_eq!(
        packages("[dependencies]\na-b = \"1\"\nc = {}\n\n[dev-dependencies]\nd = \"1\"\n"),
        ["a_b", "c"]
    );
}
