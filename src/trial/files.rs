//! Files of tests that stand beside rule files: `NAME.test.yaml`.
//!
//! They hold what `tests:` of a rule holds, and say which rule each test is about.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use crate::diagnostic::{Diagnostics, SourceFile, code, did_you_mean};
use crate::rule::{Rule, RuleSet, TestFile, tests_of};
use crate::yaml::{self, Fields, Node, Shape, key};

use super::case;

/// What a file of tests looks like.
pub fn file_shape() -> Shape {
    let example = json!([{"rule": "pushes", "payload": {}, "expect": {"matched": true}}]);
    Shape::map([
        key(
            "rule",
            Shape::matching("^."),
            "The rule that is tested, unless a test names another.",
            "pull-requests-to-chat",
        ),
        key(
            "tests",
            Shape::list(case::entry(true)),
            "Deliveries, and what must come of each.",
            example,
        )
        .required(),
    ])
    .free()
    .says("Tests of rules that stand beside this file. `hookrule test` runs them.")
}

/// A file of tests, read.
pub(super) struct ReadFile {
    pub(super) file: TestFile,
    /// The rule of those tests that name none.
    rule: Option<Node>,
    pub(super) tests: Vec<Node>,
    /// What is wrong with it as a whole.
    pub(super) problems: Diagnostics,
}

impl ReadFile {
    pub(super) fn read(file: &TestFile) -> Self {
        let mut problems = Diagnostics::new();
        let node = yaml::read(&file.file, &mut problems);
        let mut read = Self {
            file: file.clone(),
            rule: None,
            tests: Vec::new(),
            problems: Diagnostics::new(),
        };
        if let Some(node) = node {
            read.entries(&node, &mut problems);
        }
        read.problems = problems;
        read
    }

    fn entries(&mut self, node: &Node, problems: &mut Diagnostics) {
        if matches!(node.value, yaml::Value::Null) {
            problems.push(
                node.error(code::MISSING_KEY, "there are no tests in this file")
                    .help("begin with `tests:` and a list; delete the file if it is to have none"),
            );
            return;
        }
        let Some(mut fields) = Fields::of(node, problems) else {
            return;
        };
        fields.free("x-");
        let rule = fields.optional("rule");
        self.rule = rule.filter(|node| node.text(problems).is_some()).cloned();
        let tests = fields.required("tests", problems);
        self.tests = tests
            .and_then(|node| node.list(problems))
            .unwrap_or_default()
            .to_vec();
        fields.finish(problems);
    }

    /// The rule files that depend on the file as a whole: those that are named like it.
    pub(super) fn dependants(&self) -> Vec<PathBuf> {
        let path = &self.file.file.path;
        let stem = path.with_extension("").with_extension("");
        let mut name = stem.file_name().unwrap_or_default().to_owned();
        name.push(".x");
        let beside = path.with_file_name(name);
        let named = ["yaml", "yml"].map(|ending| beside.with_extension(ending));
        let own = named
            .into_iter()
            .filter(|rules| tests_of(rules).contains(path));
        own.collect()
    }
}

/// The rules that files of tests may be about, by name.
pub(super) struct Tested<'s> {
    by_name: HashMap<&'s str, Vec<&'s Arc<Rule>>>,
    /// Rule files with errors: rules that they name cannot be found.
    missing: &'s [Arc<SourceFile>],
}

impl<'s> Tested<'s> {
    pub(super) fn of(set: &'s RuleSet, missing: &'s [Arc<SourceFile>]) -> Self {
        let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
        for rule in &set.rules {
            by_name.entry(rule.name.as_str()).or_default().push(rule);
            // In a namespace the author writes the name without it.
            let prefix = rule.namespace.as_ref().map(|namespace| &namespace.name);
            let own = prefix.and_then(|prefix| rule.name.strip_prefix(prefix.as_str()));
            if let Some(own) = own.and_then(|own| own.strip_prefix('/')) {
                by_name.entry(own).or_default().push(rule);
            }
        }
        Self { by_name, missing }
    }

    /// The rule that a test of a file is about; none where it is left out, or a problem is told. A file
    /// tests rules of its folder and of those below it: nobody's test stops a rule of somebody else.
    pub(super) fn rule(
        &self,
        read: &ReadFile,
        test: &Node,
        problems: &mut Diagnostics,
    ) -> Option<&'s Arc<Rule>> {
        let named = test.get("rule").or(read.rule.as_ref());
        let Some(named) = named else {
            problems.push(
                test.error(code::MISSING_KEY, "`rule` is missing here")
                    .help(
                        "name the rule that is tested: `rule: NAME`, in the test or above `tests:`",
                    ),
            );
            return None;
        };
        let name = named.text(problems)?;
        let folder = read.file.file.path.parent().unwrap_or(Path::new(""));
        let near = |rule: &&&Arc<Rule>| rule.place.file.path.starts_with(folder);
        let mut known = self.by_name.get(name).into_iter().flatten();
        let Some(rule) = known.find(near) else {
            if read.file.of.is_none() && !self.missing.iter().any(|file| file.text.contains(name)) {
                let near = self
                    .by_name
                    .iter()
                    .filter(|(_, rules)| rules.iter().any(|r| near(&r)));
                let near: BTreeSet<_> = near.map(|(name, _)| *name).collect();
                let help = match did_you_mean(name, near) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "a test is about a rule of its folder, or of one below it".to_owned(),
                };
                let message = format!("there is no rule `{name}` here");
                problems.push(named.error(code::UNKNOWN_RULE, message).help(help));
            }
            return None;
        };
        let fits = read
            .file
            .of
            .as_ref()
            .is_none_or(|of| rule.place.file.path == *of);
        fits.then_some(rule)
    }
}
