//! What `hookrule check` says of a folder full of mistakes, word for word.
//!
//! Each folder under `check/` is read as it is; what is said of it stands beside it, for people in
//! NAME.txt and for programs in NAME.json.txt. `HOOKRULE_TEST_UPDATE=1 cargo test --test it check`
//! writes them anew: the difference is the review.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::harness::{Folder, project, run};

fn check_in(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hookrule"))
        .arg("check")
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env_remove("HOOKRULE_TEST_UNSET")
        .output()
        .expect("the program runs")
}

#[track_caller]
fn compare(name: &str, said: &str) {
    let path = project().join("tests/it/check").join(name);
    if std::env::var_os("HOOKRULE_TEST_UPDATE").is_some() {
        std::fs::write(&path, said).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = said
        .lines()
        .zip(expected.lines())
        .position(|(a, b)| a != b)
        .unwrap_or_else(|| said.lines().count().min(expected.lines().count()));
    let line = |text: &str| text.lines().nth(differs).unwrap_or("(the end)").to_owned();
    assert!(
        said == expected,
        "{name}:{} is\n  {}\nand check says\n  {}\nHOOKRULE_TEST_UPDATE=1 takes what it says",
        differs + 1,
        line(&expected),
        line(said),
    );
}

#[track_caller]
fn snapshot(name: &str) -> Value {
    let folder = project().join("tests/it/check").join(name);
    let human = check_in(&folder, &[]);
    assert_eq!(human.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&human.stderr), "");
    compare(
        &format!("{name}.txt"),
        &String::from_utf8(human.stdout).unwrap(),
    );
    let json = check_in(&folder, &["--format", "json"]);
    assert_eq!(json.status.code(), Some(1));
    let text = String::from_utf8(json.stdout).unwrap();
    compare(&format!("{name}.json.txt"), &text);
    serde_json::from_str(&text).unwrap()
}

/// What must hold of every finding, whatever it says.
#[track_caller]
fn sound(found: &Value, folder: &str) {
    let findings = found["diagnostics"].as_array().unwrap();
    assert!(findings.len() >= 30, "only {}", findings.len());
    for finding in findings {
        let text = |key: &str| finding[key].as_str().unwrap_or_default();
        let number = |key: &str| usize::try_from(finding[key].as_u64().unwrap()).unwrap();
        let message = text("message");
        assert!(!message.is_empty() && !message.ends_with('.'), "{finding}");
        for jargon in [
            "expected one of",
            "at position",
            "unexpected",
            "token",
            "parse",
        ] {
            assert!(!message.contains(jargon), "`{jargon}` in {finding}");
        }
        let path = project()
            .join("tests/it/check")
            .join(folder)
            .join(text("file"));
        let source = std::fs::read_to_string(path).unwrap_or_default();
        let line = source.lines().nth(number("line") - 1).unwrap_or_default();
        assert!(
            number("column") <= line.chars().count() + 1,
            "the place is beyond its line: {finding}"
        );
        assert!(
            number("end_line") >= number("line"),
            "it ends before it begins: {finding}"
        );
    }
    let said = |finding: &Value| {
        let keys = ["file", "line", "column", "message"];
        keys.map(|key| finding[key].to_string())
    };
    let mut all: Vec<_> = findings.iter().map(said).collect();
    all.sort();
    let before = all.len();
    all.dedup();
    assert_eq!(all.len(), before, "nothing is said twice");
}

#[test]
fn every_mistake_in_rule_files_is_found_at_once() {
    let found = snapshot("broken");
    sound(&found, "broken");
    let codes: Vec<_> = found["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["code"].as_str().unwrap())
        .collect();
    for code in [
        "HR0002", "HR0003", "HR0004", "HR0005", "HR0006", "HR0007", "HR0101", "HR0102", "HR0103",
        "HR0104", "HR0105", "HR0106", "HR0110", "HR0111", "HR0201", "HR0202", "HR0203", "HR0204",
        "HR0301", "HR0302", "HR0303", "HR0304", "HR0305", "HR0401", "HR0402", "HR0403", "HR0404",
        "HR0405", "HR0701",
    ] {
        assert!(codes.contains(&code), "no {code} among the mistakes");
    }
}

#[test]
fn every_mistake_in_hookrule_yaml_is_found_at_once() {
    let found = snapshot("settings");
    sound(&found, "settings");
}

/// The exit codes, and what they stand for.
#[test]
fn exit_codes_tell_problems_from_not_running() {
    let folder = Folder::new();
    let rule = "rules:\n  - {name: a, when: {}, actions: [{log: {message: hi}}]}\n";
    folder.write("rules/a.yaml", rule);
    let config = folder.write("hookrule.yaml", "rules: [rules]\n");
    let config = config.to_str().unwrap();
    let code = |arguments: &[&str]| {
        let output = run(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    };

    let (exit, out, err) = code(&["check", "--config", config]);
    assert_eq!(exit, Some(0), "{err}");
    assert_eq!(out, "ok: 1 rule in 1 file, 0 tests passed\n");

    folder.write(
        "rules/b.yaml",
        &rule
            .replace("message", "mesage")
            .replace("name: a", "name: b"),
    );
    let (exit, out, _) = code(&["check", "--config", config]);
    assert_eq!(exit, Some(1));
    assert!(
        out.contains("did you mean `message`?") && out.ends_with("1 error\n"),
        "{out}"
    );

    for arguments in [
        &["check", "--config", "/nowhere/hookrule.yaml"][..],
        &["check", "/nowhere"],
        &["check", "--format", "xml"],
        &["chekc"],
    ] {
        let (exit, out, err) = code(arguments);
        assert_eq!((exit, out.as_str()), (Some(2), ""), "{arguments:?}: {err}");
        assert!(!err.is_empty(), "{arguments:?} says why");
    }
}

#[test]
fn rules_alone_are_checked_without_the_names_in_hookrule_yaml() {
    let folder = Folder::new();
    let rules = folder.write(
        "a.yaml",
        "rules:\n  - {name: a, when: {source: anybody}, actions: [{forward: {destination: anywhere}}]}\n",
    );
    let output = check_in(folder.path(), &[rules.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(
        note.contains("sources and destinations are not checked"),
        "{note}"
    );
}
