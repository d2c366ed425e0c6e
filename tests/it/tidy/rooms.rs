//! One direction: a room names only rooms before it.

use super::source::{File, tree};
use super::{expect_breaches, expect_tidy};

/// The rooms in the order in which they may know of one another.
const ROOMS: &[&str] = &[
    "secret",
    "crypto",
    "runtime",
    "diagnostic",
    "yaml",
    "net",
    "event",
    "providers",
    "expression",
    "condition",
    "destinations",
    "actions",
    "rule",
    "plan",
    "trial",
    "stores",
    "intake",
    "feeds",
    "executor",
    "operator",
    "server",
    "config",
    "app",
    "commands",
];

fn rank(room: &str) -> Option<usize> {
    ROOMS.iter().position(|known| *known == room)
}

/// Rooms that name later rooms, or climb out through `super`.
fn wrong_directions(files: &[File]) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in files {
        let Some(room) = file.room() else { continue };
        let Some(own) = rank(room) else {
            breaches.push(format!(
                "{}: `{room}` is not in the order of rooms",
                file.path
            ));
            continue;
        };
        for name in file.names() {
            let place = format!("{}:{}", file.path, name.line);
            let first = name.segments.first().map_or("", String::as_str);
            let supers = name
                .segments
                .iter()
                .take_while(|part| *part == "super")
                .count();
            if supers >= file.module().len() {
                breaches.push(format!(
                    "{place}: `super` climbs out of `{room}`; write `crate::`"
                ));
            }
            let (true, Some(other)) = (first == "crate", name.segments.get(1)) else {
                continue;
            };
            match rank(other) {
                None => breaches.push(format!("{place}: `crate::{other}` is no room")),
                Some(rank) if rank > own => {
                    breaches.push(format!("{place}: `{room}` names `{other}`, a later room"));
                }
                Some(rank) if rank != own && name.passed_on => {
                    breaches.push(format!("{place}: `{room}` passes on what `{other}` owns"));
                }
                Some(_) => {}
            }
        }
    }
    breaches
}

/// `use …::*` outside tests.
fn globs(files: &[File]) -> Vec<String> {
    files
        .iter()
        .flat_map(|file| {
            let names = file.names().iter();
            names
                .filter(|name| name.segments.last().is_some_and(|last| last == "*"))
                .map(|name| format!("{}:{}: a glob hides what is used", file.path, name.line))
        })
        .collect()
}

#[test]
fn rooms_name_only_rooms_before_them() {
    expect_tidy(&wrong_directions(tree()));
    expect_breaches(
        wrong_directions,
        &[
            (
                "yaml/mod.rs",
                "use crate::diagnostic::Place;\nuse crate::{event::Event, secret::Secret};\n",
            ),
            (
                "secret.rs",
                "fn f() { json!(crate::yaml::read()) }\n#[cfg(test)]\nmod tests { use crate::app::x; }",
            ),
            (
                "event/ids.rs",
                "use super::super::yaml::Node;\nuse super::Event;\n",
            ),
            (
                "rule/mod.rs",
                "pub use crate::yaml::Node;\npub use crate::rule::x::Y;\n",
            ),
            ("extra/mod.rs", ""),
            ("app.rs", "use crate::nowhere::X;"),
            ("lib.rs", "pub use crate::commands::run;"),
        ],
        &[
            "yaml/mod.rs:2: `yaml` names `event`, a later room",
            "secret.rs:1: `secret` names `yaml`, a later room",
            "event/ids.rs:1: `super` climbs out of `event`; write `crate::`",
            "rule/mod.rs:1: `rule` passes on what `yaml` owns",
            "extra/mod.rs: `extra` is not in the order of rooms",
            "app.rs:1: `crate::nowhere` is no room",
        ],
    );
}

#[test]
fn nothing_is_imported_unnamed() {
    expect_tidy(&globs(tree()));
    expect_breaches(
        globs,
        &[
            (
                "yaml/mod.rs",
                "use a::*;\nuse b::{c, d::*};\nfn f() { a * b }\n#[cfg(test)]\nmod tests { use super::*; }",
            ),
            ("rule/mod.rs", "#[cfg(test)]\npub(crate) mod rig;\n"),
            ("rule/rig/inner.rs", "use super::*;"),
        ],
        &[
            "yaml/mod.rs:1: a glob hides what is used",
            "yaml/mod.rs:2: a glob hides what is used",
        ],
    );
}
