//! Files that can be found: named for what they hold, linked, introduced, and not too long.

use std::collections::BTreeSet;

use super::source::{File, line, tree};
use super::{expect_breaches, expect_tidy};

/// The most lines of a file, without its tests.
const LINES_MAX: usize = 400;

/// Names that say nothing about what a file holds.
const EMPTY_NAMES: &[&str] = &[
    "utils", "util", "common", "manager", "misc", "shared", "types",
];

fn empty_names(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter(|file| {
            let path = file.path.strip_suffix(".rs").unwrap_or(&file.path);
            path.split('/').any(|part| EMPTY_NAMES.contains(&part))
        })
        .map(|file| format!("{}: its name does not say what it holds", file.path))
        .collect()
}

fn twins(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter_map(|file| {
            let folder = format!("{}/", file.path.strip_suffix(".rs")?);
            let beside = files.iter().any(|other| other.path.starts_with(&folder));
            beside.then(|| {
                format!(
                    "{}: stands beside {folder}; move it to {folder}mod.rs",
                    file.path
                )
            })
        })
        .collect()
}

fn without_introduction(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| format!("{}: does not begin with `//!`", file.path))
        .collect()
}

fn too_long(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter_map(|file| {
            let lines = file.text.lines().count() - file.test_lines();
            (lines > LINES_MAX).then(|| format!("{}: {lines} lines", file.path))
        })
        .collect()
}

/// Files that no `mod` reaches: the compiler does not see them, nor does any other check.
fn unlinked(files: &[File]) -> Vec<String> {
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut waiting = vec!["lib.rs".to_owned(), "main.rs".to_owned()];
    while let Some(path) = waiting.pop() {
        let Some(file) = files.iter().find(|file| file.path == path) else {
            continue;
        };
        if !reached.insert(&file.path) {
            continue;
        }
        let mut folder = file.module().join("/");
        if !folder.is_empty() {
            folder.push('/');
        }
        for name in file.declared() {
            waiting.push(format!("{folder}{name}.rs"));
            waiting.push(format!("{folder}{name}/mod.rs"));
        }
    }
    files
        .iter()
        .filter(|file| !reached.contains(file.path.as_str()))
        .map(|file| format!("{}: no `mod` leads to it", file.path))
        .collect()
}

/// `#[expect]` says why, and fails when its reason is gone; `#[allow]` does neither.
fn silenced(files: &[File]) -> Vec<String> {
    let pattern = regex::Regex::new(r"#!?\[\s*(?:cfg_attr\([^\]]*)?allow\s*\(").unwrap();
    files
        .iter()
        .flat_map(|file| {
            pattern.find_iter(&file.code).map(|found| {
                let line = line(&file.code, found.start());
                format!("{}:{line}: write `#[expect(…, reason = …)]`", file.path)
            })
        })
        .collect()
}

#[test]
fn names_say_what_files_hold() {
    expect_tidy(&empty_names(tree()));
    expect_breaches(
        empty_names,
        &[
            ("yaml/utils.rs", ""),
            ("common/mod.rs", ""),
            ("expression/helpers/mod.rs", ""),
        ],
        &[
            "yaml/utils.rs: its name does not say what it holds",
            "common/mod.rs: its name does not say what it holds",
        ],
    );
}

#[test]
fn a_folder_has_no_twin() {
    expect_tidy(&twins(tree()));
    expect_breaches(
        twins,
        &[("yaml.rs", ""), ("yaml/read.rs", ""), ("yam.rs", "")],
        &["yaml.rs: stands beside yaml/; move it to yaml/mod.rs"],
    );
}

#[test]
fn every_file_says_what_it_is_for() {
    expect_tidy(&without_introduction(tree()));
    expect_breaches(
        without_introduction,
        &[
            ("a.rs", "//! A.\n"),
            ("b.rs", "use c;\n//! B.\n"),
            ("c.rs", ""),
        ],
        &[
            "b.rs: does not begin with `//!`",
            "c.rs: does not begin with `//!`",
        ],
    );
}

#[test]
fn no_file_is_too_long() {
    expect_tidy(&too_long(tree()));
    expect_breaches(
        too_long,
        &[
            ("a.rs", &"\n".repeat(LINES_MAX)),
            ("b.rs", &"\n".repeat(LINES_MAX + 1)),
        ],
        &["b.rs: 401 lines"],
    );
}

#[test]
fn every_file_is_linked() {
    expect_tidy(&unlinked(tree()));
    expect_breaches(
        unlinked,
        &[
            ("lib.rs", "pub mod yaml;\n// mod lost;\n"),
            ("yaml/mod.rs", "mod read;\n#[cfg(test)]\nmod tests;"),
            ("yaml/read.rs", ""),
            ("yaml/tests.rs", ""),
            ("yaml/stray.rs", "mod deeper;"),
            ("yaml/stray/deeper.rs", ""),
            ("lost.rs", ""),
        ],
        &[
            "yaml/stray.rs: no `mod` leads to it",
            "yaml/stray/deeper.rs: no `mod` leads to it",
            "lost.rs: no `mod` leads to it",
        ],
    );
}

#[test]
fn no_lint_is_silenced() {
    expect_tidy(&silenced(tree()));
    expect_breaches(
        silenced,
        &[(
            "a.rs",
            "//! `#[allow(x)]`\n#[allow(dead_code)]\n#![allow(y)]\n#[expect(z)]\n#[cfg_attr(test, allow(w))]\n",
        )],
        &[
            "a.rs:2: write `#[expect(…, reason = …)]`",
            "a.rs:3: write `#[expect(…, reason = …)]`",
            "a.rs:5: write `#[expect(…, reason = …)]`",
        ],
    );
}
