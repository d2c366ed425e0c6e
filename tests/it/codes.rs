//! Each code that `check` gives is explained, and the examples of its explanation say what is so.

use std::collections::{BTreeMap, BTreeSet};

use hookrule::app;
use hookrule::diagnostic::{Code, code, human};
use hookrule::runtime::nobody;

use crate::harness::{Folder, run};

/// Codes whose mistake no example can show, and why.
const WITHOUT_EXAMPLE: &[(&str, &str)] = &[
    ("HR0008", "the example would be longer than anybody reads"),
    ("HR0507", "what is wrong is not in the text of a file"),
    ("HR0801", "it is found in files of other programs"),
];

/// What stands in hookrule.yaml where an example has none of its own.
const CONFIG: &str = "
sources:
  github: {provider: github, secrets: [\"${env:GITHUB_WEBHOOK_SECRET}\"]}
  stripe: {provider: stripe, secrets: [\"${env:SHOP_SECRET}\"]}
  shop: {provider: shopify, secrets: [\"${env:SHOP_SECRET}\"]}
  mail: {provider: mailgun, secrets: [\"${env:SHOP_SECRET}\"]}
destinations:
  ci: {http: {url: \"https://ci.example.com/hooks\"}}
  team-chat: {discord: {url: \"https://discord.com/api/webhooks/1/abc\"}}
  reviewer: {agent: {openclaw: {url: \"https://agent.example.com\", token: \"a-token-for-tests-only\"}}}
";

/// The files of one example: those of one explanation behind a heading.
pub(crate) type Example = Vec<(String, String)>;

/// The wrong example and the right one.
pub(crate) fn examples(code: Code) -> Option<(Example, Example)> {
    let (wrong, right) = code.explanation().split_once("\nRight:\n")?;
    let files = |text: &str| {
        let blocks = text.split("```yaml\n").skip(1);
        let blocks = blocks.map(|block| {
            let block = block.split("```").next().unwrap();
            let (path, _) = block.strip_prefix("# ").unwrap().split_once('\n').unwrap();
            (path.to_owned(), block.to_owned())
        });
        blocks.collect::<Vec<_>>()
    };
    Some((files(wrong), files(right)))
}

/// The codes that are found in an example, and what is said.
fn found(example: &Example) -> (BTreeSet<&'static str>, String) {
    let folder = Folder::new();
    let config = folder.write("hookrule.yaml", CONFIG);
    folder.write("rules/README", "no rules here");
    for (path, text) in example {
        folder.write(path, text);
    }
    let secret = |name: &str| (name.to_owned(), "a-secret-for-tests-only".to_owned());
    let environment: BTreeMap<_, _> = ["GITHUB_WEBHOOK_SECRET", "SHOP_SECRET"]
        .map(secret)
        .into_iter()
        .collect();
    let mut problems = app::load(&config, &environment, None, &nobody)
        .problems
        .sorted();
    // No example uses every source and destination that stands there for all of them.
    problems.retain(|found| found.place.file.path != config || found.code != code::UNUSED);
    let codes = problems.iter().map(|found| found.code.id()).collect();
    (codes, human(&problems, false))
}

#[test]
fn every_code_is_explained_with_examples_that_say_what_is_so() {
    for code in code::ALL {
        let id = code.id();
        let text = code.explanation();
        assert!(text.len() > 100, "{id} is hardly explained");
        assert!(
            text.lines().all(|line| line.chars().count() <= 110),
            "{id} has long lines"
        );
        let shown = examples(*code);
        let Some((wrong, right)) = shown else {
            let known = WITHOUT_EXAMPLE.iter().any(|(known, _)| *known == id);
            assert!(
                known,
                "{id} has no example of what is wrong and what is right"
            );
            continue;
        };
        let (codes, said) = found(&wrong);
        assert!(
            codes.contains(id),
            "the wrong example of {id} has {codes:?}\n{said}"
        );
        let (codes, said) = found(&right);
        assert!(
            codes.is_empty(),
            "the right example of {id} has {codes:?}\n{said}"
        );
    }
    for (id, _) in WITHOUT_EXAMPLE {
        let code = code::ALL.iter().find(|code| code.id() == *id).unwrap();
        assert!(examples(*code).is_none(), "{id} has an example after all");
    }
}

#[test]
fn explain_prints_what_a_code_means() {
    let output = run(&["explain", "hr0101"]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with("HR0101: two rules with one name\n\n"),
        "{text}"
    );
    assert!(
        text.contains("\nWrong:\n") && text.contains("\nRight:\n"),
        "{text}"
    );

    let output = run(&["explain", "HR0101", "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["code"], "HR0101");
    assert_eq!(shown["explanation"], code::DUPLICATE_RULE.explanation());

    let output = run(&["explain", "HR0100"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("did you mean HR0"), "{said}");
}
