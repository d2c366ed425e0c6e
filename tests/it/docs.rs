//! Every example in the documentation reads without an error.

use crate::harness::{Folder, project, run};

/// The YAML blocks of a page that are whole rule files, or whole configurations.
fn blocks(page: &str, first_line: &str) -> Vec<String> {
    let text = std::fs::read_to_string(project().join(page)).unwrap();
    let blocks = text
        .split("```yaml\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap());
    blocks
        .filter(|block| block.starts_with(first_line))
        .map(str::to_owned)
        .collect()
}

fn check(folder: &Folder, what: &str) {
    let output = run(&["check", folder.path().to_str().unwrap()]);
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{what}\n{said}\n{complained}");
}

#[test]
fn rules_in_the_documentation_pass_check() {
    let mut seen = 0;
    for page in ["README.md", "docs/rules.md", "docs/actions.md"] {
        for block in blocks(page, "rules:") {
            let folder = Folder::new();
            folder.write("rules.yaml", &block);
            check(&folder, &format!("{page}:\n{block}"));
            seen += 1;
        }
    }
    assert!(seen >= 9, "only {seen} examples were found");
}

#[test]
fn the_starter_rules_and_the_quickstart_pass_check() {
    for folder in ["rules", "examples/quickstart/rules"] {
        let path = project().join(folder);
        let output = run(&["check", path.to_str().unwrap()]);
        assert!(
            output.status.success(),
            "{folder}\n{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
    let config = project().join("examples/quickstart/hookrule.yaml");
    let output = run(&["check", "--config", config.to_str().unwrap()]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}
