//! One reading of hookrule.yaml: every block goes to the room that owns it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::destinations::Destination;
use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};
use crate::intake::{self, Reach, Source, Sources};
use crate::providers::Providers;
use crate::yaml::{Fields, Key, Node};
use crate::{executor, server};

use super::document::{self, Document};
use super::environment::Environment;
use super::fill::Filler;
use super::{Config, Inputs, Policy, include, roots};

impl Config {
    /// Reads a document and its includes: all of it, or nothing. Problems are added in both cases.
    pub fn read(
        document: &Document,
        environment: &dyn Environment,
        providers: &Providers,
        problems: &mut Diagnostics,
    ) -> Option<Self> {
        let mut reading = Reading {
            filler: Filler::new(environment, &document.folder),
            found: Diagnostics::new(),
            inputs: Inputs::default(),
        };
        let mut own = Diagnostics::new();
        let config = reading.config(document, providers, &mut own);
        let failed = document.problems.has_errors();
        own.extend(reading.filler.scrub(reading.found));
        let usable = !failed && !own.has_errors();
        problems.extend(document.problems.clone());
        problems.extend(own);
        let mut config = config.filter(|_| usable)?;
        config.inputs = reading.inputs;
        config.inputs.secrets = reading.filler.files().to_vec();
        Some(config)
    }
}

/// The entries of `sources:` or `destinations:`.
type Entries = Vec<(Key, Node)>;

/// One reading; fillings that failed go to one list, what the rooms find to `found`.
struct Reading<'e> {
    filler: Filler<'e>,
    found: Diagnostics,
    inputs: Inputs,
}

impl Reading<'_> {
    fn config(
        &mut self,
        document: &Document,
        providers: &Providers,
        own: &mut Diagnostics,
    ) -> Option<Config> {
        let mut root = document.root.clone();
        self.filler.fill(&mut root, own);
        self.inputs.files.push(Arc::clone(&document.file));
        let mut fields = Fields::of(&root, &mut self.found)?;
        let found = &mut self.found;
        let listen = match fields.optional("listen") {
            Some(node) => document::address(node, found),
            None => Some(document::LISTEN),
        };
        let admin = fields.optional("admin").map(|node| admin(node, found));
        let store = fields.optional("store");
        let rules = fields.optional("rules");
        let folders = fields.optional("providers");
        let include = fields.optional("include");
        let mut sources = entries(fields.optional("sources"), found);
        let mut destinations = entries(fields.optional("destinations"), found);
        let policy = fields.optional("policy").map(|node| policy(node, found));
        fields.finish(found);
        self.check_paths([store, rules, folders]);
        if let Some(include) = include {
            let (more_sources, more_destinations) = self.included(include, document, own);
            sources.extend(more_sources);
            destinations.extend(more_destinations);
        }
        let reach = match listen {
            Some(address) if !address.ip().is_loopback() => Reach::Network,
            _ => Reach::Loopback,
        };
        let sources = self.sources(&sources, providers, reach);
        let destinations = self.destinations(&destinations);
        let roots = rules.and_then(|node| roots::roots(node, &mut Diagnostics::new()));
        let roots = roots::located(roots, &document.folder);
        Some(Config {
            path: document.file.path.clone(),
            listen: listen?,
            admin: match admin {
                Some(admin) => Some(admin?),
                None => None,
            },
            store: document
                .folder
                .join(located(store, document::store, document::STORE)),
            rules: roots.iter().map(|root| root.path.clone()).collect(),
            roots,
            providers: listed(folders, &document.folder).unwrap_or_default(),
            sources: Arc::new(sources),
            destinations: Arc::new(destinations),
            policy: policy.unwrap_or_default(),
            inputs: Inputs::default(),
        })
    }

    /// Reports what is wrong with `store`, `rules` and `providers`; they are read once more below.
    fn check_paths(&mut self, [store, rules, folders]: [Option<&Node>; 3]) {
        if let Some(node) = store {
            document::store(node, &mut self.found);
        }
        if let Some(node) = rules {
            roots::roots(node, &mut self.found);
        }
        if let Some(node) = folders {
            document::paths(node, &mut self.found);
        }
    }

    /// The sources and destinations of the included files.
    fn included(
        &mut self,
        include: &Node,
        document: &Document,
        own: &mut Diagnostics,
    ) -> (Entries, Entries) {
        let (mut sources, mut destinations) = (Vec::new(), Vec::new());
        for path in include::files(include, &document.folder, &mut self.found) {
            if let Some(folder) = path.parent() {
                self.inputs.folders.push(folder.to_owned());
            }
            let file = match document::read_text(&path) {
                Ok(file) => file,
                Err(problem) => {
                    self.found.push(problem);
                    continue;
                }
            };
            self.inputs.files.push(Arc::clone(&file));
            let Some(mut root) = crate::yaml::read(&file, &mut self.found) else {
                continue;
            };
            self.filler.fill(&mut root, own);
            let Some(mut fields) = Fields::of(&root, &mut self.found) else {
                continue;
            };
            sources.extend(entries(fields.optional("sources"), &mut self.found));
            destinations.extend(entries(fields.optional("destinations"), &mut self.found));
            self.inputs
                .sources
                .extend(document::declared(&root, "sources"));
            self.inputs
                .destinations
                .extend(document::declared(&root, "destinations"));
            fields.finish(&mut self.found);
        }
        (sources, destinations)
    }

    fn sources(&mut self, entries: &[(Key, Node)], providers: &Providers, reach: Reach) -> Sources {
        self.once(entries, "source");
        let read: Vec<_> = entries
            .iter()
            .filter_map(|(key, node)| {
                Source::parse(&key.text, node, providers, reach, &mut self.found)
            })
            .collect();
        let sources = Sources::new(read);
        sources.check(&mut self.found);
        sources
    }

    fn destinations(&mut self, entries: &[(Key, Node)]) -> BTreeMap<String, Arc<Destination>> {
        self.once(entries, "destination");
        entries
            .iter()
            .filter_map(|(key, node)| {
                let destination = Destination::parse(&key.text, node, &mut self.found)?;
                Some((key.text.clone(), Arc::new(destination)))
            })
            .collect()
    }

    /// Reports names that two files give.
    fn once(&mut self, entries: &[(Key, Node)], what: &str) {
        let mut first = BTreeMap::new();
        for (key, node) in entries {
            let place = Place {
                span: key.span.clone(),
                ..node.place.clone()
            };
            if let Some(other) = first.insert(key.text.as_str(), place.clone()) {
                let message = format!("there is a {what} `{}` in two files", key.text);
                self.found.push(
                    Diagnostic::error(code::DUPLICATE_KEY, place, message)
                        .also(other, "the other stands here")
                        .help("give one of them another name"),
                );
            }
        }
    }
}

fn entries(node: Option<&Node>, problems: &mut Diagnostics) -> Entries {
    node.and_then(|node| node.map(problems))
        .unwrap_or_default()
        .to_vec()
}

fn located(
    node: Option<&Node>,
    parse: fn(&Node, &mut Diagnostics) -> Option<PathBuf>,
    default: &str,
) -> PathBuf {
    node.and_then(|node| parse(node, &mut Diagnostics::new()))
        .unwrap_or_else(|| default.into())
}

fn listed(node: Option<&Node>, folder: &Path) -> Option<Vec<PathBuf>> {
    let paths = document::paths(node?, &mut Diagnostics::new())?;
    Some(paths.into_iter().map(|path| folder.join(path)).collect())
}

fn admin(node: &Node, problems: &mut Diagnostics) -> Option<SocketAddr> {
    if let Some(address) = node.as_str() {
        let message = "the address stands under `listen` here";
        let help = format!("write `admin: {{listen: {address}}}`");
        problems.push(node.error(code::WRONG_TYPE, message).help(help));
        return None;
    }
    let mut fields = Fields::of(node, problems)?;
    let listen = fields
        .required("listen", problems)
        .and_then(|node| document::address(node, problems));
    if let Some(token) = fields.optional("token")
        && token.text(problems).is_some()
    {
        problems.push(
            token
                .warning(
                    code::BAD_VALUE,
                    "nothing on the admin listener asks for a token yet",
                )
                .help("keep `admin.listen` on 127.0.0.1"),
        );
    }
    fields.finish(problems);
    listen
}

fn policy(node: &Node, problems: &mut Diagnostics) -> Policy {
    let Some(mut fields) = Fields::of(node, problems) else {
        return Policy::default();
    };
    let policy = Policy {
        server: Arc::new(server::Settings::parse(&mut fields, problems)),
        intake: Arc::new(intake::Settings::parse(&mut fields, problems)),
        executor: Arc::new(executor::Settings::parse(&mut fields, problems)),
    };
    fields.finish(problems);
    policy
}
