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
    ("jaq_core", &["expression/program/"]),
