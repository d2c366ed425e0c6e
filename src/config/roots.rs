//! `rules:` — where rules are looked for, and the namespaces that they are in.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostics, code};
use crate::rule::{Namespace, Root};
use crate::yaml::{Fields, Node, Shape, key};

use super::document::RULES;

/// What `rules:` looks like.
pub(super) fn shape() -> Shape {
    let path = || Shape::matching(".");
    let own = key(
        "path",
        path(),
        "A folder of rule files, or one file; relative to this file.",
        "rules-acme",
    );
    let mut root = Shape::map([own.required()]).and(Namespace::keys());
    for demand in Namespace::demands() {
        root = root.demand(demand);
    }
    Shape::one_or_list(Shape::either([path(), root]))
}

/// Reads a list of paths, each a string or `{path, namespace, sources, destinations, actions}`.
pub(super) fn roots(node: &Node, problems: &mut Diagnostics) -> Option<Vec<Root>> {
    let mut roots = Vec::new();
    let mut known = BTreeSet::new();
    for item in node.one_or_list() {
        let root = root(item, problems)?;
        if let Some(namespace) = &root.namespace
            && !known.insert(namespace.name.clone())
        {
            let message = format!("there is a namespace `{}` already", namespace.name);
            let help = "give each its own folder of rules, and a name of its own";
            problems.push(item.error(code::BAD_VALUE, message).help(help));
        }
        roots.push(root);
    }
    Some(roots)
}

fn root(item: &Node, problems: &mut Diagnostics) -> Option<Root> {
    let (path, namespace) = if item.as_map().is_some() {
        let mut fields = Fields::of(item, problems)?;
        let path = fields.required("path", problems);
        let meant = fields.optional("namespace").is_some();
        let namespace = Namespace::parse(&mut fields, problems).map(Arc::new);
        fields.finish(problems);
        if meant && namespace.is_none() {
            return None;
        }
        (path?.text(problems)?, namespace)
    } else {
        (item.text(problems)?, None)
    };
    if path.is_empty() {
        problems.push(item.error(code::BAD_VALUE, "an empty path names nothing"));
        return None;
    }
    Some(Root {
        path: PathBuf::from(path),
        namespace,
    })
}

/// The roots with their paths from `folder` on; the usual one where none are written.
pub(super) fn located(roots: Option<Vec<Root>>, folder: &Path) -> Vec<Root> {
    let usual = || {
        vec![Root {
            path: RULES.into(),
            namespace: None,
        }]
    };
    let roots = roots.unwrap_or_else(usual).into_iter();
    let join = |root: Root| Root {
        path: folder.join(root.path),
        ..root
    };
    roots.map(join).collect()
}
