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
    let found = serde_json::from_str(&text).unwrap();
    for_code_hosts(&folder, &found);
    found
}

/// The two other forms say the same, in the order of the first.
#[track_caller]
fn for_code_hosts(folder: &Path, found: &Value) {
    let found = found["diagnostics"].as_array().unwrap();
    let output = check_in(folder, &["--format", "github"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), found.len());
    for (line, finding) in lines.iter().zip(found) {
        let (command, message) = line[2..].split_once("::").unwrap();
        let (level, properties) = command.split_once(' ').unwrap();
        assert_eq!(level, finding["severity"].as_str().unwrap(), "{line}");
        let properties: Vec<_> = properties.split(',').collect();
        for property in &properties {
            let (name, value) = property.split_once('=').unwrap();
            let known = ["file", "line", "col", "endLine", "endColumn", "title"];
            assert!(known.contains(&name) && !value.is_empty(), "{line}");
        }
        let place = format!("line={}", finding["line"]);
        let nowhere = finding["end_column"] == 1 && finding["line"] == 1;
        assert!(properties.contains(&place.as_str()) || nowhere, "{line}");
        let said = finding["message"].as_str().unwrap().replace('%', "%25");
        assert!(message.starts_with(&said), "{line}");
    }

    let output = check_in(folder, &["--format", "sarif"]);
    assert_eq!(output.status.code(), Some(1));
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    crate::sarif::valid(&log);
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), found.len());
    for (result, finding) in results.iter().zip(found) {
        assert_eq!(result["ruleId"], finding["code"]);
        let physical = &result["locations"][0]["physicalLocation"];
        if let Some(region) = physical.get("region") {
            let own = ["line", "column", "end_line", "end_column"].map(|key| &finding[key]);
            let keys = ["startLine", "startColumn", "endLine", "endColumn"];
            assert_eq!(keys.map(|key| &region[key]), own);
        }
    }
}

/// What must hold of every finding, whatever it says.
#[track_caller]
fn sound(found: &Value, folder: &str) {
    let findings = found["diagnostics"].as_array().unwrap();
    assert!(findings.len() >= 15, "only {}", findings.len());
    for finding in findings {
        let text = |key: &str| finding[key].as_str().unwrap_or_default();
        let number = |key: &str| usize::try_from(finding[key].as_u64().unwrap()).unwrap();
        let message = text("message");
        assert!(!message.is_empty() && !message.ends_with('.'), "{finding}");
        assert!(
            !text("help").is_empty(),
            "nothing says what to do: {finding}"
        );
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
        "HR0002", "HR0003", "HR0004", "HR0005", "HR0006", "HR0007", "HR0010", "HR0011", "HR0101",
        "HR0102", "HR0103", "HR0104", "HR0105", "HR0106", "HR0110", "HR0111", "HR0201", "HR0202",
        "HR0203", "HR0204", "HR0301", "HR0302", "HR0303", "HR0304", "HR0305", "HR0401", "HR0402",
        "HR0403", "HR0404", "HR0405", "HR0701",
    ] {
        assert!(codes.contains(&code), "no {code} among the mistakes");
    }
}

#[test]
fn what_people_bring_from_elsewhere_is_told_once_and_plainly() {
    let found = snapshot("newcomer");
    sound(&found, "newcomer");
}

#[test]
fn what_people_usually_write_is_not_warned_of() {
    let folder = project().join("tests/it/check/usual");
    let output = check_in(&folder, &["--strict"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(said, "ok: 30 rules in 3 files, 0 tests passed\n");
}

#[test]
fn a_file_that_is_not_utf8_is_told_so_and_nothing_else() {
    let folder = Folder::new();
    for (name, bytes) in [
        ("latin.yaml", &b"rules:\n  - name: caf\xe9\n"[..]),
        ("wide.yaml", b"\xff\xfer\0u\0l\0e\0s\0"),
    ] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let output = check_in(folder.path(), &["--format", "json", name]);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let found = found["diagnostics"].as_array().unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0]["code"], "HR0001");
        assert!(found[0]["help"].as_str().unwrap().contains("UTF-8"));
    }
}

#[test]
fn every_mistake_in_hookrule_yaml_is_found_at_once() {
    let found = snapshot("settings");
    sound(&found, "settings");
}

#[test]
fn every_mistake_in_provider_definitions_is_found_at_once() {
    let found = snapshot("definitions");
    sound(&found, "definitions");
}

#[test]
fn every_rule_that_hardly_means_what_it_says_is_found() {
    let found = snapshot("meaning");
    sound(&found, "meaning");
    let findings = found["diagnostics"].as_array().unwrap();
    for code in [
        "HR0108", "HR0109", "HR0111", "HR0113", "HR0114", "HR0115", "HR0116", "HR0205", "HR0206",
        "HR0207",
    ] {
        let known = findings.iter().any(|finding| finding["code"] == code);
        assert!(known, "no {code} among the findings");
    }
    // Only what would let everything pass stops a file from going live.
    for finding in findings {
        let open = finding["message"]
            .as_str()
            .unwrap()
            .ends_with("always holds");
        let error = finding["severity"] == "error";
        assert_eq!(error, open && finding["code"] == "HR0205", "{finding}");
    }
    let folder = project().join("tests/it/check/meaning");
    let shown = String::from_utf8(check_in(&folder, &[]).stdout).unwrap();
    assert!(!shown.contains("aB3dE5fG7hI9"), "a credential is not shown");
}

#[test]
fn what_nothing_uses_is_found_in_includes_too() {
    let folder = Folder::new();
    folder.write(
        "hookrule.yaml",
        "rules: [rules]\ninclude: [conf.d/*.yaml]\n\
         sources:\n  heard: {provider: github, verify: none}\n  spare: {provider: gitlab, verify: none}\n\
         destinations:\n  idle: {http: {url: \"https://idle.example.com\"}}\n",
    );
    folder.write(
        "conf.d/acme.yaml",
        "sources:\n  acme-spare: {provider: shopify, verify: none}\n\
         destinations:\n  acme-idle: {http: {url: \"https://a.example.com\"}}\n  \
         acme-used: {http: {url: \"https://b.example.com\"}}\n",
    );
    folder.write(
        "rules/a.yaml",
        "rules:\n  - {name: a, when: {provider: github, event: release}, \
         actions: [{http: {destination: acme-used, body: {}}}]}\n",
    );
    let run = check_in(folder.path(), &["--format", "json"]);
    let found: Value = serde_json::from_slice(&run.stdout).unwrap();
    let unused: Vec<_> = found["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["code"] == "HR0111")
        .map(|finding| {
            let message = finding["message"].as_str().unwrap();
            let name = message.split('`').nth(1).unwrap();
            let file = Path::new(finding["file"].as_str().unwrap());
            let file = file.file_name().unwrap().to_str().unwrap();
            format!("{file}:{}: {name}", finding["line"])
        })
        .collect();
    assert_eq!(
        unused,
        [
            "acme.yaml:2: acme-spare",
            "acme.yaml:4: acme-idle",
            "hookrule.yaml:5: spare",
            "hookrule.yaml:7: idle"
        ],
        "{found:#}"
    );
}

/// The exit codes, and what they stand for.
#[test]
fn exit_codes_tell_problems_from_not_running() {
    let folder = Folder::new();
    let rule = "rules:\n  - {name: a, when: {event: a}, actions: [{log: {message: hi}}]}\n";
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

/// A rule that is warned about once, with a comment behind it.
fn warned(comment: &str) -> String {
    format!(
        "rules:\n  - name: a\n    when: {{event: a}}\n    actions:\n      \
         - log: {{message: \"{{{{{{payload.x}}}}}}\"}} {comment}\n"
    )
}

#[test]
fn warnings_are_problems_only_to_the_strict() {
    let folder = Folder::new();
    folder.write("hookrule.yaml", "rules: [rules]\n");
    folder.write("rules/a.yaml", &warned(""));
    let output = check_in(folder.path(), &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.ends_with("ok: 1 rule in 1 file, 0 tests passed, 1 warning\n"),
        "{text}"
    );
    for format in ["human", "json", "sarif", "github"] {
        let output = check_in(folder.path(), &["--strict", "--format", format]);
        assert_eq!(output.status.code(), Some(1), "{format}");
    }
    let output = check_in(folder.path(), &["--strict"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.ends_with("\n1 warning, and --strict takes none\n"),
        "{text}"
    );
    folder.write("rules/a.yaml", "rules: []\n");
    assert_eq!(
        check_in(folder.path(), &["--strict"]).status.code(),
        Some(0)
    );
}

#[test]
fn a_comment_with_a_reason_silences_one_warning() {
    let folder = Folder::new();
    folder.write("hookrule.yaml", "rules: [rules]\n");
    let said = |comment: &str| {
        folder.write("rules/a.yaml", &warned(comment));
        let output = check_in(folder.path(), &["--format", "json"]);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let list = found["diagnostics"].as_array().unwrap().clone();
        let said = list
            .iter()
            .map(|d| format!("{} {}", d["code"], d["severity"]));
        said.collect::<Vec<_>>().join(", ")
    };
    let (unescaped, idle) = ("\"HR0305\" \"warning\"", "\"HR0009\" \"warning\"");
    assert_eq!(said(""), unescaped);
    assert_eq!(said("# hookrule: allow HR0305 the log is ours"), "");
    assert_eq!(
        said("# hookrule: allow HR0305"),
        format!("{unescaped}, {idle}")
    );
    assert_eq!(
        said("# hookrule: allow HR0302 x"),
        format!("{unescaped}, {idle}")
    );
    folder.write(
        "hookrule.yaml",
        "rules: [rules] # hookrule: allow HR0504 nothing is shared here\n",
    );
    assert_eq!(said("# hookrule: allow HR0305 the log is ours"), idle);
}
