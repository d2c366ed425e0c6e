//! What rules on disk are read with, for the commands that look at them.

use std::path::{Path, PathBuf};

use crate::config::{Config, Definitions, Document};
use crate::diagnostic::Diagnostics;
use crate::providers::Providers;
use crate::rule::{Names, is_named_as_test, with_shared_above};

use super::output::{Failure, Output};

/// The name that makes a file a configuration, in whatever folder.
pub(super) const CONFIG: &str = "hookrule.yaml";

/// What is looked at: the rules of a hookrule.yaml, or files and folders of rules.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) configs: Vec<PathBuf>,
    pub(super) roots: Vec<PathBuf>,
}

impl Wanted {
    /// What paths stand for; without any, the configured hookrule.yaml.
    pub(super) fn of(paths: Vec<PathBuf>, output: &Output<'_>) -> Result<Self, Failure> {
        let mut wanted = Self::default();
        if paths.is_empty() {
            wanted.configs.push(output.config().to_owned());
        }
        for path in paths {
            if !path.exists() {
                let why = format!("there is nothing at {}", path.display());
                return Err(Failure::Other(why));
            }
            let inside = path.join(CONFIG);
            if path.file_name().is_some_and(|name| name == CONFIG) {
                wanted.configs.push(path);
            } else if inside.is_file() {
                wanted.configs.push(inside);
            } else if is_named_as_test(&path) {
                // Its tests may be about any rule of its folder.
                let folder = path
                    .parent()
                    .filter(|folder| !folder.as_os_str().is_empty());
                wanted
                    .roots
                    .push(folder.unwrap_or(Path::new(".")).to_owned());
            } else {
                wanted.roots.push(path);
            }
        }
        Ok(wanted)
    }
}

/// The names that rules may use, and who defines them.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) names: Names,
    pub(super) providers: Providers,
    /// Where hookrule.yaml looks for rules.
    pub(super) roots: Vec<PathBuf>,
    /// Whether there is no hookrule.yaml, so that sources and destinations are not known.
    pub(super) alone: bool,
}

impl Known {
    /// What a hookrule.yaml says, if it is there; what else is wrong in it is not asked here.
    pub(super) fn by(config: &Path, output: &Output<'_>) -> Result<Self, Failure> {
        if !config.is_file() {
            let providers = Providers::builtin();
            let names = providers.names().into_iter().map(str::to_owned).collect();
            return Ok(Self {
                names: Names {
                    providers: names,
                    ..Names::default()
                },
                providers,
                roots: Vec::new(),
                alone: true,
            });
        }
        let document = Document::read(config)?;
        let environment = output.environment().as_ref();
        let definitions = Definitions::read(&document.providers(environment)?, None);
        let providers = definitions.providers;
        let config = Config::read(&document, environment, &providers, &mut Diagnostics::new());
        let names = match config {
            Some(config) => config.names(&providers),
            None => document.names_as_written(environment, &providers),
        };
        Ok(Self {
            names,
            providers,
            roots: document.rules(environment).unwrap_or_default(),
            alone: false,
        })
    }

    /// Files and folders of rules, with the `_shared.yaml` files above them.
    pub(super) fn with_shared(&self, roots: &[PathBuf]) -> Vec<PathBuf> {
        let above = roots
            .iter()
            .flat_map(|path| with_shared_above(path, &self.roots));
        above.collect()
    }
}
