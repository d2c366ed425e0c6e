//! The house keeps its shape: rooms in one direction, one door for each outside package, plain files.
//!
//! Reads `src/` as text. Each check is also shown a made-up tree that breaks it.

mod doors;
mod files;
mod proof;
mod rooms;
mod source;

use source::{File, tree, without_test_files};

/// Fails with one line for each breach.
#[track_caller]
fn expect_tidy(breaches: &[String]) {
    assert!(
        breaches.is_empty(),
        "{} breaches:\n{}",
        breaches.len(),
        breaches.join("\n")
    );
}

/// A made-up tree.
fn made_up(files: &[(&str, &str)]) -> Vec<File> {
    let files = files.iter().map(|(path, text)| File::new(path, text));
    without_test_files(files.collect())
}

/// Checks that a made-up tree has exactly these breaches.
#[track_caller]
fn expect_breaches(check: fn(&[File]) -> Vec<String>, files: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(check(&made_up(files)), expected);
}

#[test]
fn the_tree_is_read() {
    let tree = tree();
    assert!(tree.len() > 20, "only {} files under src/", tree.len());
    assert!(tree.iter().any(|file| file.path == "lib.rs"));
}
