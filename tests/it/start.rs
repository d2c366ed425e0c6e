//! A folder to start from, and what a shell completes.

use std::os::unix::fs::PermissionsExt as _;

use crate::harness::{Folder, run};

#[test]
fn a_folder_to_start_from_passes_check_and_its_tests() {
    let folder = Folder::new();
    let into = folder.path().join("new/hooks");
    let into = into.to_str().unwrap();
    let output = run(&["init", into]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("hookrule serve --config"), "{said}");
    let config = format!("{into}/hookrule.yaml");
    let output = run(&["check", "--strict", "--config", &config]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, "ok: 2 rules in 1 file, 2 tests passed\n");

    let secret = format!("{into}/secrets/github");
    let mode = std::fs::metadata(&secret).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let own = std::fs::read_to_string(&secret).unwrap();
    assert_eq!(own.trim().len(), 64);

    // Nothing is overwritten, and where one file is there none is written.
    std::fs::remove_file(&config).unwrap();
    let output = run(&["init", into]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("is there already"), "{said}");
    assert!(!std::path::Path::new(&config).exists());
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), own);
}

#[test]
fn shells_complete_every_command() {
    for (shell, sign) in [
        ("bash", "complete -F _hookrule"),
        ("zsh", "#compdef hookrule"),
        ("fish", "complete -c hookrule"),
    ] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).unwrap();
        for what in [sign, "check", "explain", "import", "dead"] {
            assert!(text.contains(what), "{shell} completes {what}");
        }
    }
    assert_eq!(run(&["completions", "cmd"]).status.code(), Some(2));
}
