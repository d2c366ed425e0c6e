//! The first minutes of a newcomer, as README.md tells them.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use crate::harness::{Folder, Process, project};

/// A copy of an example on a free port.
struct Example {
    folder: Folder,
    config: PathBuf,
    port: u16,
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            if entry.file_name() != "data" {
                copy(&from, &to);
            }
        } else {
            std::fs::copy(from, to).unwrap();
        }
    }
}

fn quickstart() -> Example {
    let folder = Folder::new();
    let example = folder.path().join("examples/quickstart");
    copy(&project().join("examples/quickstart"), &example);
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let config = example.join("hookrule.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.contains("8443"));
    std::fs::write(&config, text.replace("8443", &port.to_string())).unwrap();
    Example {
        folder,
        config,
        port,
    }
}

/// Runs a text of README.md with this port and this program.
fn shell(example: &Example, script: &str) -> String {
    let program = format!("{} ", env!("CARGO_BIN_EXE_hookrule"));
    let script = script
        .replace("cargo run --release -- ", &program)
        .replace("8443", &example.port.to_string());
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(example.folder.path())
        .output()
        .expect("bash runs");
    assert!(
        output.status.success(),
        "{script}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The shell blocks of README.md, in order.
fn readme_blocks() -> Vec<String> {
    let readme = std::fs::read_to_string(project().join("README.md")).unwrap();
    let blocks = readme.split("```sh\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let blocks = readme_blocks();
    let [serve, curl, by_hand] = blocks.as_slice() else {
        panic!("README.md has changed: {blocks:#?}")
    };
    assert_eq!(
        serve.trim(),
        "cargo run --release -- serve --config examples/quickstart/hookrule.yaml"
    );

    let example = quickstart();
    let server = Process::start(&example.config);
    let answer: serde_json::Value = serde_json::from_str(&shell(&example, curl)).unwrap();
    assert_eq!(answer["status"], "accepted");
    server.wait_for_log("no rule took unknown from github");

    let printed = shell(&example, by_hand);
    server.wait_for_log("acme/shop main");
    server.wait_for_log("heard again what was passed on");
    assert!(printed.contains("push"), "{printed}");
}

#[test]
fn an_unsigned_push_gets_401_and_the_log_says_how_to_sign() {
    let example = quickstart();
    let server = Process::start(&example.config);
    let push = "curl -s -o /dev/null -w '%{http_code}' -X POST http://localhost:8443/webhook \
        -H 'Content-Type: application/json' -H 'X-GitHub-Event: push' \
        -d '{\"repository\": {\"full_name\": \"test/repo\"}, \"ref\": \"refs/heads/main\", \"commits\": [{\"message\": \"test\"}]}'";
    assert_eq!(shell(&example, push), "401");
    let line = server.wait_for_log("X-Hub-Signature-256 is missing");
    assert!(line.contains("sha256="), "it says how to sign: {line}");
}
