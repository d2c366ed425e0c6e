//! hookrule.yaml and its includes as they stand on disk, nothing filled in yet.
//!
//! Commands that need no credentials (which store is it?) stop here, so that they also run in a shell
//! that does not have them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, SourceFile, code};
use crate::rule::Root;
use crate::yaml::{Fields, Node, Shape, Value, key, read};

use super::environment::Environment;
use super::fill::Filler;
use super::roots::{located, roots};

/// Where hookrule listens if nothing is said.
pub(super) const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);
/// The store's folder if nothing is said.
pub(super) const STORE: &str = "data";
/// The rules' folder if nothing is said.
pub(super) const RULES: &str = "rules";

/// hookrule.yaml as it stands on disk.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file.
    pub file: Arc<SourceFile>,
    /// What paths in it are relative to.
    pub folder: PathBuf,
    pub(super) root: Node,
    /// What is wrong with its YAML; what could be read is there all the same.
    pub(super) problems: Diagnostics,
}

impl Document {
    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read, or nothing in it can be understood.
    pub fn read(path: &Path) -> Result<Self, Diagnostics> {
        let mut problems = Diagnostics::new();
        let file = read_text(path).map_err(|problem| {
            let help = "name another file with --config FILE, or write one: see docs/config.md";
            one_problem(problem.help(help))
        })?;
        let Some(root) = read(&file, &mut problems) else {
            return Err(problems);
        };
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Self {
            file,
            folder,
            root,
            problems,
        })
    }

    /// The address that webhooks come in by.
    ///
    /// # Errors
    /// What is written there is none.
    pub fn listen(&self, environment: &dyn Environment) -> Result<SocketAddr, Diagnostics> {
        self.one("listen", environment, |node, problems| {
            address(node, problems)
        })
        .map(|listen| listen.unwrap_or(LISTEN))
    }

    /// The store's folder.
    ///
    /// # Errors
    /// What is written there names none.
    pub fn store(&self, environment: &dyn Environment) -> Result<PathBuf, Diagnostics> {
        self.one("store", environment, store)
            .map(|store| self.folder.join(store.unwrap_or_else(|| STORE.into())))
    }

    /// The folders and files that hold rules.
    ///
    /// # Errors
    /// What is written there names none.
    pub fn rules(&self, environment: &dyn Environment) -> Result<Vec<PathBuf>, Diagnostics> {
        let roots = self.roots(environment)?;
        Ok(roots.into_iter().map(|root| root.path).collect())
    }

    /// The same with the namespaces they are in.
    ///
    /// # Errors
    /// As [`Document::rules`].
    pub fn roots(&self, environment: &dyn Environment) -> Result<Vec<Root>, Diagnostics> {
        let roots = self.one("rules", environment, roots)?;
        Ok(located(roots, &self.folder))
    }

    /// The folders that hold provider definitions.
    ///
    /// # Errors
    /// What is written there names none.
    pub fn providers(&self, environment: &dyn Environment) -> Result<Vec<PathBuf>, Diagnostics> {
        self.paths("providers", environment)
            .map(Option::unwrap_or_default)
    }

    /// The names under `sources:` or `destinations:` of this file.
    pub(super) fn names(&self, key: &str) -> impl Iterator<Item = (&str, &Node)> {
        let entries = self.root.get(key).and_then(Node::as_map);
        entries
            .unwrap_or_default()
            .iter()
            .map(|(key, node)| (key.text.as_str(), node))
    }

    /// The names under `sources:` or `destinations:` of this file, and where they stand.
    pub fn declared(&self, key: &str) -> Vec<(String, Place)> {
        declared(&self.root, key)
    }

    fn paths(
        &self,
        key: &str,
        environment: &dyn Environment,
    ) -> Result<Option<Vec<PathBuf>>, Diagnostics> {
        self.one(key, environment, paths).map(|paths| {
            let paths = paths?.into_iter();
            Some(paths.map(|path| self.folder.join(path)).collect())
        })
    }

    /// One key, filled in and read by itself.
    fn one<T>(
        &self,
        key: &str,
        environment: &dyn Environment,
        parse: impl FnOnce(&Node, &mut Diagnostics) -> Option<T>,
    ) -> Result<Option<T>, Diagnostics> {
        let Some(node) = self.root.get(key) else {
            return Ok(None);
        };
        let mut node = node.clone();
        let (mut problems, mut found) = (Diagnostics::new(), Diagnostics::new());
        let mut filler = Filler::new(environment, &self.folder);
        filler.fill(&mut node, &mut problems);
        let value = parse(&node, &mut found);
        problems.extend(filler.scrub(found));
        match value {
            Some(value) if !problems.has_errors() => Ok(Some(value)),
            _ => Err(problems),
        }
    }
}

/// The names under a key, and where they stand.
pub(super) fn declared(root: &Node, key: &str) -> Vec<(String, Place)> {
    let map = root.get(key).into_iter();
    let named = map.flat_map(|map| {
        let entries = map.as_map().unwrap_or_default().iter();
        entries.map(|(key, _)| (key.text.clone(), map.key_place(key)))
    });
    named.collect()
}

/// The text of a file, or why it cannot be read.
pub(super) fn read_text(path: &Path) -> Result<Arc<SourceFile>, Diagnostic> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(SourceFile::new(path, text)),
        Err(error) => {
            let file = SourceFile::new(path, "");
            let place = Place { file, span: 0..0 };
            let message = format!("{} cannot be read: {error}", path.display());
            Err(Diagnostic::error(code::UNREADABLE, place, message))
        }
    }
}

/// What an address to listen on looks like.
pub(super) fn address_shape() -> Shape {
    Shape::matching(r"^.+:[0-9]{1,5}$")
}

/// Reads `127.0.0.1:8443`.
pub(super) fn address(node: &Node, problems: &mut Diagnostics) -> Option<SocketAddr> {
    // A port alone is a number.
    let port = match &node.value {
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let text = match &port {
        Some(port) => port,
        None => node.text(problems)?,
    };
    let literal = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    let parsed = literal.parse();
    if parsed.is_err() {
        let message = format!("`{text}` is not an address to listen on");
        problems.push(
            node.error(code::BAD_ADDRESS, message)
                .help("write an IP address and a port: 127.0.0.1:8443, or 0.0.0.0:8443 for all"),
        );
    }
    parsed.ok()
}

/// Reads the store's folder, relative to the file.
pub(super) fn store(node: &Node, problems: &mut Diagnostics) -> Option<PathBuf> {
    let text = node.text(problems)?;
    let database = text.starts_with("postgres://") || text.starts_with("postgresql://");
    if database || text.is_empty() {
        let message = if database {
            "a PostgreSQL store is not built into this hookrule"
        } else {
            "the store has no folder"
        };
        problems.push(
            node.error(code::BAD_VALUE, message)
                .help("name a folder: `store: data`"),
        );
        return None;
    }
    Some(text.into())
}

/// What a list of paths looks like.
pub(super) fn paths_shape(example: &str) -> Shape {
    let path = || Shape::matching(".");
    let map =
        Shape::map([key("path", path(), "The path, relative to this file.", example).required()]);
    Shape::one_or_list(Shape::either([path(), map]))
}

/// Reads a list of paths, each a string or `{path: …}`.
pub(super) fn paths(node: &Node, problems: &mut Diagnostics) -> Option<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for item in node.one_or_list() {
        let path = if item.as_map().is_some() {
            let mut fields = Fields::of(item, problems)?;
            let path = fields.required("path", problems);
            fields.finish(problems);
            path?.text(problems)?
        } else {
            item.text(problems)?
        };
        if path.is_empty() {
            problems.push(item.error(code::BAD_VALUE, "an empty path names nothing"));
            return None;
        }
        paths.push(path.into());
    }
    Some(paths)
}

fn one_problem(problem: Diagnostic) -> Diagnostics {
    let mut problems = Diagnostics::new();
    problems.push(problem);
    problems
}
