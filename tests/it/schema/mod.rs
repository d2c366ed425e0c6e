//! The JSON Schemas that editors complete and check by.

mod drift;
mod files;
mod parser;
mod shown;
mod validator;
mod walk;

use hookrule::commands::schema::Which;
use serde_json::Value;

use crate::harness::{Folder, project, run};
use validator::Validator;

fn printed(which: Which) -> String {
    let output = run(&["schema", which.name()]);
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_committed_schemas_are_what_the_command_prints() {
    for which in Which::ALL {
        let path = project().join("schemas").join(which.file_name());
        let printed = printed(which);
        if std::env::var_os("HOOKRULE_TEST_UPDATE").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &printed).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        let name = path.display();
        assert!(
            committed == printed,
            "{name} is stale: HOOKRULE_TEST_UPDATE=1 writes it"
        );
    }
}

#[test]
fn all_of_them_are_written_into_a_folder() {
    let folder = Folder::new();
    let into = folder.path().join("made/schemas");
    let output = run(&["schema", "--output", into.to_str().unwrap()]);
    assert!(output.status.success());
    for which in Which::ALL {
        let written = std::fs::read_to_string(into.join(which.file_name())).unwrap();
        assert_eq!(written, printed(which));
    }
    let file = folder.write("a-file", "");
    let output = run(&["schema", "--output", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(run(&["schema"]).status.code(), Some(2));
}

#[test]
fn the_schemas_are_schemas() {
    let validator = Validator::of_schemas();
    assert!(!validator.takes(&serde_json::json!({"type": "text"})));
    for which in Which::ALL {
        let schema: Value = serde_json::from_str(&printed(which)).unwrap();
        assert_eq!(validator.objection(&schema), None, "{}", which.name());
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
    }
}
