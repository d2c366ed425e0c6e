//! Every example in the documentation reads without an error.

use hookrule::commands::schema::Which;

use crate::harness::{Folder, project, run};

/// The YAML blocks of a page that are whole rule files, or whole configurations.
pub(crate) fn blocks(page: &str, first_line: &str) -> Vec<String> {
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

/// The file that is shown next after a block, if its name ends so.
fn behind<'p>(page: &'p str, block: &str, ending: &str) -> Option<&'p str> {
    let (_, behind) = page.split_once(block)?;
    let next = behind.split("```yaml\n").nth(1)?.split("```").next()?;
    let (first, _) = next.split_once('\n')?;
    first.ends_with(ending).then_some(next)
}

fn check(folder: &Folder, what: &str) {
    let output = run(&["check", folder.path().to_str().unwrap()]);
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{what}\n{said}\n{complained}");
}

/// The rule files of the documentation, each with the files that are shown behind it.
fn rule_examples() -> Vec<(String, Vec<(Which, String)>)> {
    let mut examples = Vec::new();
    for page in [
        "README.md",
        "docs/rules.md",
        "docs/actions.md",
        "docs/check.md",
    ] {
        let text = std::fs::read_to_string(project().join(page)).unwrap();
        for block in [blocks(page, "rules:"), blocks(page, "defaults:")].concat() {
            let given = behind(&text, &block, "_shared.yaml");
            let tests = behind(&text, &block, ".test.yaml");
            let given = given.map(|given| (Which::Shared, given.to_owned()));
            let tests = tests.map(|tests| (Which::Tests, tests.to_owned()));
            let files = [Some((Which::Rules, block)), given, tests];
            examples.push((page.to_owned(), files.into_iter().flatten().collect()));
        }
    }
    examples
}

/// The files of those examples, which are all checked and tested.
pub(crate) fn run_examples() -> Vec<(Which, String)> {
    let examples = rule_examples().into_iter();
    examples.flat_map(|(_, files)| files).collect()
}

#[test]
fn rules_in_the_documentation_pass_check() {
    let examples = rule_examples();
    for (page, files) in &examples {
        let folder = Folder::new();
        for (which, text) in files {
            let name = match which {
                Which::Shared => "_shared.yaml",
                Which::Tests => "rules.test.yaml",
                _ => "rules.yaml",
            };
            folder.write(name, text);
        }
        check(&folder, &format!("{page}:\n{}", files[0].1));
    }
    let seen = examples.len();
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

/// The table of template helpers, as the list of helpers gives it.
fn helpers_table() -> String {
    let mut table = "| helper | gives | for example |\n|---|---|---|\n".to_owned();
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    for helper in hookrule::expression::helpers::LIST {
        let example = helper.examples.first().expect("each has one");
        let with = match example.payload {
            "{}" => String::new(),
            payload => format!(", payload `{}`", cell(payload)),
        };
        let gives = match example.gives {
            "" => "nothing".to_owned(),
            gives => format!("`{}`", cell(gives)),
        };
        let row = format!(
            "| `{}` | {} | `{}` → {gives}{with} |\n",
            cell(helper.usage),
            cell(helper.help),
            cell(example.template),
        );
        table.push_str(&row);
    }
    table
}

#[test]
fn every_template_helper_stands_in_the_documentation() {
    let path = project().join("docs/rules.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once("<!-- helpers").unwrap();
    let (mark, rest) = rest.split_once("-->\n").unwrap();
    let (table, after) = rest.split_once("<!-- end of helpers -->").unwrap();
    let wanted = helpers_table();
    if std::env::var_os("HOOKRULE_TEST_UPDATE").is_some() {
        let page = format!("{before}<!-- helpers{mark}-->\n{wanted}<!-- end of helpers -->{after}");
        std::fs::write(&path, page).unwrap();
        return;
    }
    assert_eq!(table, wanted, "HOOKRULE_TEST_UPDATE=1 writes it");
}

/// The keys that `check` names as known beside one that is not, and the page that must explain them.
#[test]
fn every_key_stands_in_the_documentation() {
    let folder = Folder::new();
    let nonsense = "zzzzzzzz: 1";
    let action = |kind: &str| {
        format!("rules: [{{name: a, when: {{}}, actions: [{{{kind}: {{{nonsense}}}}}]}}]")
    };
    let in_rules = [
        nonsense.to_owned(),
        format!("rules: [{{{nonsense}}}]"),
        format!("rules: [{{name: a, when: {{{nonsense}}}, actions: []}}]"),
        format!("rules: [{{name: a, when: {{}}, actions: [{{log: {{message: x}}, {nonsense}}}]}}]"),
        format!(
            "rules: [{{name: a, when: {{}}, actions: [{{log: {{message: x}}}}], tests: [{{{nonsense}}}]}}]"
        ),
    ];
    let kinds = [
        "forward",
        "http",
        "discord",
        "notion_page",
        "agent_task",
        "command",
        "file",
        "log",
    ];
    let destinations = ["http", "discord", "notion", "agent", "command", "file"];
    let in_config = [
        nonsense.to_owned(),
        format!("policy: {{{nonsense}}}"),
        format!("rules: [{{{nonsense}}}]"),
        format!("admin: {{{nonsense}}}"),
        format!("sources: {{a: {{provider: generic, {nonsense}}}}}"),
        format!("destinations: {{a: {{{nonsense}}}}}"),
    ];
    let in_config = in_config
        .into_iter()
        .chain(destinations.map(|kind| format!("destinations: {{a: {{{kind}: {{{nonsense}}}}}}}")));
    let rules = in_rules
        .into_iter()
        .map(|text| ("docs/rules.md", "rules.yaml", text));
    let actions = kinds.map(|kind| ("docs/actions.md", "rules.yaml", action(kind)));
    let config = in_config.map(|text| ("docs/config.md", "hookrule.yaml", text));
    for (page, file, text) in rules.chain(actions).chain(config) {
        let path = folder.write(file, &text);
        let output = run(&["check", path.to_str().unwrap(), "--format", "json"]);
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let known = found["diagnostics"]
            .as_array()
            .unwrap()
            .iter()
            .find_map(|finding| {
                let about = finding["message"].as_str().unwrap().contains("`zzzzzzzz`");
                let help = finding["help"].as_str().filter(|_| about)?;
                help.strip_prefix("known here: ").map(str::to_owned)
            });
        let known = known.unwrap_or_else(|| panic!("{text}: {found}"));
        let page_text = std::fs::read_to_string(project().join(page)).unwrap();
        let words: Vec<_> = page_text
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .collect();
        for key in known.split(", ") {
            assert!(
                words.contains(&key),
                "{page} does not have `{key}`, known in {text}"
            );
        }
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn configurations_in_the_documentation_pass_check() {
    for (first_line, least) in [
        ("listen:", 1),
        ("rules:", 1),
        ("sources:", 1),
        ("destinations:", 1),
        ("policy:", 1),
    ] {
        let found = blocks("docs/config.md", first_line);
        assert!(found.len() >= least, "{first_line}");
        for block in found {
            let folder = Folder::new();
            folder.write("rules/a.yaml", "rules: []\n");
            folder.write("rules-acme/a.yaml", "rules: []\n");
            folder.write("conf.d/.keep", "");
            folder.write("providers/.keep", "");
            let config = folder.write("hookrule.yaml", &block);
            let mut command = crate::harness::command(&["check", "--config"]);
            for variable in ["GITHUB_WEBHOOK_SECRET", "SHOP_FLOOR_SECRET", "CI_TOKEN"] {
                command.env(variable, "a-secret-for-tests-only");
            }
            command.env("CI_SIGNING_SECRET", crate::harness::WHSEC);
            command.env(
                "DISCORD_WEBHOOK_URL",
                "https://discord.com/api/webhooks/1/abc",
            );
            let output = command.arg(config).output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{block}\n{said}");
        }
    }
}

#[test]
fn every_example_says_what_it_is_and_passes_check() {
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(project().join("examples")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let readme = std::fs::read_to_string(folder.join("README.md"))
            .unwrap_or_else(|error| panic!("examples/{name}/README.md: {error}"));
        let own = format!("examples/{name}");
        assert!(
            readme.contains(&format!("hookrule check {own}")),
            "{own}/README.md"
        );
        assert!(
            readme.contains(&format!("--config {own}/hookrule.yaml")),
            "{own}/README.md"
        );
        let mut command = crate::harness::command(&["check", &own]);
        command.current_dir(project());
        // What its README exports, and nothing else.
        for word in readme.split_whitespace() {
            if let Some(variable) = word.strip_suffix("=…") {
                let url = "https://discord.com/api/webhooks/1/abc";
                let value = if variable.ends_with("URL") {
                    url
                } else {
                    "a-secret-for-tests-only"
                };
                command.env(variable, value);
            }
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{own}\n{said}");
        seen.push(name);
    }
    seen.sort();
    // Each is run from end to end: by the chapters `quickstart` and `recipes`.
    assert_eq!(seen, ["quickstart", "starter"]);
}
