//! Namespaces: the rules of one root reach only what hookrule.yaml gives them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::actions;
use crate::diagnostic::{Diagnostics, code, did_you_mean};
use crate::yaml::shape::Key;
use crate::yaml::{Demand, Fields, Node, Shape, key};

use super::Rule;
use super::pattern::glob;
use super::when::texts;

/// What the rules of one root may use. All but the name are globs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namespace {
    /// Its name; a rule in it is called `name/rule`.
    pub name: String,
    /// The sources whose events its rules see.
    pub sources: Vec<String>,
    /// The destinations that its rules may name.
    pub destinations: Vec<String>,
    /// The kinds of action that its rules may have.
    pub actions: Vec<String>,
}

/// Where rules are looked for, and the namespace they are in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Root {
    /// A folder or a file.
    pub path: PathBuf,
    /// None: its rules may use everything.
    pub namespace: Option<Arc<Namespace>>,
}

impl Namespace {
    /// Its keys of an entry of `rules:`.
    pub fn keys() -> [Key; 4] {
        let globs = || Shape::one_or_list(Shape::text());
        [
            key(
                "namespace",
                Shape::matching("^[A-Za-z0-9_.-]+$"),
                "The team or customer whose rules these are: they are called `NAMESPACE/NAME`.",
                "acme",
            ),
            key(
                "sources",
                globs(),
                "The sources whose events these rules see: names or globs. `[]` is none, `[\"*\"]` any.",
                json!(["acme-*"]),
            ),
            key(
                "destinations",
                globs(),
                "The destinations that these rules may name: names or globs.",
                json!(["acme-*"]),
            ),
            key(
                "actions",
                globs(),
                "The kinds of action that these rules may have.",
                json!(["forward", "discord"]),
            ),
        ]
    }

    /// How they belong together.
    pub fn demands() -> [Demand; 4] {
        const ALL: [&str; 4] = ["namespace", "sources", "destinations", "actions"];
        ALL.map(|one| Demand::With(one, ALL.into_iter().filter(|other| *other != one).collect()))
    }

    /// Reads `namespace`, `sources`, `destinations` and `actions` of an entry of `rules:`; none where
    /// there is no namespace, or something is wrong with it.
    pub fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<Self> {
        let named = fields.optional("namespace");
        let given = ["sources", "destinations", "actions"].map(|key| (key, fields.optional(key)));
        let Some(named) = named else {
            for (key, node) in given {
                if let Some(node) = node {
                    let message =
                        format!("`{key}` says what a namespace may use, and there is none");
                    let help = "add `namespace: NAME`, the team or customer whose rules these are";
                    problems.push(node.error(code::BAD_VALUE, message).help(help));
                }
            }
            return None;
        };
        let name = named.text(problems)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if name.is_empty() || !name.chars().all(fits) {
            let message = format!("`{name}` cannot be the name of a namespace");
            let help = "use letters, digits, `_`, `-` and `.`";
            problems.push(named.error(code::BAD_VALUE, message).help(help));
            return None;
        }
        let [sources, destinations, actions] = given.map(|(key, node)| {
            if let Some(node) = node {
                return Some(globs(key, node, problems));
            }
            let message = format!("the namespace `{name}` does not say which {key} it may use");
            let help = format!("add `{key}: [NAME]`; `[]` is none, `[\"*\"]` is any");
            problems.push(named.error(code::MISSING_KEY, message).help(help));
            None
        });
        Some(Self {
            name: name.to_owned(),
            sources: sources?,
            destinations: destinations?,
            actions: actions?,
        })
    }

    /// Whether its rules see the events of a source.
    pub fn hears(&self, source: &str) -> bool {
        self.sources.iter().any(|pattern| glob(pattern, source))
    }

    /// Whether its rules may name a destination.
    pub fn reaches(&self, destination: &str) -> bool {
        let mut patterns = self.destinations.iter();
        patterns.any(|pattern| glob(pattern, destination))
    }

    /// Whether its rules may have a kind of action.
    pub fn does(&self, kind: &str) -> bool {
        self.actions.iter().any(|pattern| glob(pattern, kind))
    }
}

impl Rule {
    /// Keeps a rule to what a namespace was given.
    pub(super) fn enter(&mut self, namespace: &Arc<Namespace>) {
        self.name = format!("{}/{}", namespace.name, self.name);
        self.namespace = Some(Arc::clone(namespace));
        self.when.within = Some(Arc::clone(namespace));
        // Gates that ask for no other events stay shared.
        if self.flow.whens().next().is_some() {
            for when in Arc::make_mut(&mut self.flow).whens_mut() {
                when.within = Some(Arc::clone(namespace));
            }
        }
    }
}

fn globs(key: &str, node: &Node, problems: &mut Diagnostics) -> Vec<String> {
    // An empty list is a namespace that has none of them.
    if node.one_or_list().is_empty() {
        return Vec::new();
    }
    let texts = texts(node, problems);
    for (item, text) in texts.iter().filter(|_| key == "actions") {
        let mut kinds = actions::LIST.iter().map(|kind| kind.name());
        if !kinds.any(|kind| glob(text, kind)) {
            let message = format!("there is no action `{text}`");
            let kinds = actions::LIST.iter().map(|kind| kind.name());
            let help = match did_you_mean(text, kinds.clone()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("known kinds: {}", kinds.collect::<Vec<_>>().join(", ")),
            };
            problems.push(item.error(code::UNKNOWN_ACTION, message).help(help));
        }
    }
    texts.into_iter().map(|(_, text)| text.to_owned()).collect()
}

/// The namespace of a file: that of the deepest root it lies in.
pub(super) fn namespace_of(roots: &[Root], path: &Path) -> Option<Arc<Namespace>> {
    if roots.iter().all(|root| root.namespace.is_none()) {
        return None;
    }
    let path = real(path);
    let root_of = |root: &Root| fs::canonicalize(&root.path).unwrap_or_else(|_| real(&root.path));
    let around = roots
        .iter()
        .map(|root| (root_of(root), root))
        .filter(|(root, _)| path.starts_with(root));
    let nearest = around.max_by_key(|(root, _)| root.components().count());
    nearest.and_then(|(_, root)| root.namespace.clone())
}

/// Where a file lies, whatever links lead to its folder: by another name of its folder it would be in
/// no namespace. The file itself may be a link, and belongs where the link lies.
fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().and_then(|it| fs::canonicalize(it).ok());
    match (folder, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_name_of_its_folder_does_not_lead_out_of_a_namespace() {
        let name = format!("hookrule-{}-namespace", std::process::id());
        let top = std::env::temp_dir().join(name);
        fs::create_dir_all(top.join("rules/acme")).unwrap();
        fs::create_dir_all(top.join("other")).unwrap();
        fs::write(top.join("other/a.yaml"), "rules: []").unwrap();
        std::os::unix::fs::symlink("rules/acme", top.join("link")).unwrap();
        std::os::unix::fs::symlink("../../other/a.yaml", top.join("rules/acme/b.yaml")).unwrap();
        let acme = Namespace {
            name: "acme".to_owned(),
            sources: Vec::new(),
            destinations: Vec::new(),
            actions: Vec::new(),
        };
        let root = |path: &str, namespace| Root {
            path: top.join(path),
            namespace,
        };
        let roots = [root("rules", None), root("link", Some(Arc::new(acme)))];
        let found = |path: &str| namespace_of(&roots, &top.join(path)).is_some();
        let all = [
            "link/a.yaml",
            "rules/acme/a.yaml",
            "rules/acme/b.yaml",
            "rules/a.yaml",
        ];
        let all = all.map(found);
        fs::remove_dir_all(&top).unwrap();
        assert_eq!(all, [true, true, true, false]);
    }

    #[test]
    fn the_deepest_root_counts() {
        let named = |name: &str| {
            Some(Arc::new(Namespace {
                name: name.to_owned(),
                sources: Vec::new(),
                destinations: Vec::new(),
                actions: Vec::new(),
            }))
        };
        let root = |path: &str, namespace| Root {
            path: path.into(),
            namespace,
        };
        let roots = [
            root("rules", None),
            root("rules/acme", named("acme")),
            root("rules/acme/deep", named("deep")),
            root("./beta", named("beta")),
        ];
        for (path, expected) in [
            ("rules/a.yaml", None),
            ("rules/acme/a.yaml", Some("acme")),
            ("rules/acme/deep/a.yaml", Some("deep")),
            ("rules/acme-2/a.yaml", None),
            ("beta/x/a.yaml", Some("beta")),
            ("elsewhere/a.yaml", None),
        ] {
            let found = namespace_of(&roots, Path::new(path));
            assert_eq!(
                found.as_ref().map(|ns| ns.name.as_str()),
                expected,
                "{path}"
            );
        }
    }
}
