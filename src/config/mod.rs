//! hookrule.yaml → settings.
//!
//! Comes in: the path of a file. Goes out: a [`Config`] whose blocks the rooms that own them have
//! read, or every problem that was found. Nothing else in the program reads the environment.

mod definitions;
mod document;
mod environment;
mod fill;
mod filling;
mod include;
mod names;
mod reading;
mod roots;
mod sender;
mod shape;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::destinations::Destination;
use crate::diagnostic::{Place, SourceFile};
use crate::intake::{self, Sources};
use crate::rule::Root;
use crate::{executor, server};

pub use definitions::Definitions;
pub use document::Document;
pub use environment::{Environment, ProcessEnvironment};
pub use sender::Sender;
pub use shape::shape;

/// Everything that hookrule.yaml says.
#[derive(Debug)]
pub struct Config {
    /// The file.
    pub path: PathBuf,
    /// Where webhooks come in.
    pub listen: SocketAddr,
    /// Where operators look, if anywhere.
    pub admin: Option<SocketAddr>,
    /// The store's folder.
    pub store: PathBuf,
    /// Folders and files of rules.
    pub rules: Vec<PathBuf>,
    /// The same with the namespaces they are in.
    pub roots: Vec<Root>,
    /// Folders of provider definitions.
    pub providers: Vec<PathBuf>,
    /// Who may send.
    pub sources: Arc<Sources>,
    /// What actions can reach.
    pub destinations: Arc<BTreeMap<String, Arc<Destination>>>,
    /// The limits.
    pub policy: Policy,
    /// The text of all files that it was made from, credentials of `${file:…}` included.
    pub inputs: Inputs,
}

/// `policy:`, each part read by its owner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// The listeners' part.
    pub server: Arc<server::Settings>,
    /// Intake's part.
    pub intake: Arc<intake::Settings>,
    /// The executor's part.
    pub executor: Arc<executor::Settings>,
}

/// What a configuration was made from.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// hookrule.yaml and its includes.
    pub files: Vec<Arc<SourceFile>>,
    /// Files that `${file:…}` names.
    pub secrets: Vec<PathBuf>,
    /// The folders in which includes are looked for.
    pub folders: Vec<PathBuf>,
    /// The sources that includes name, and where.
    pub sources: Vec<(String, Place)>,
    /// The destinations that includes name, and where.
    pub destinations: Vec<(String, Place)>,
}

impl Config {
    /// Every path whose change may change the configuration, the definitions or the rules.
    pub fn watched(&self) -> Vec<PathBuf> {
        let mut paths: Vec<_> = self.inputs.files.iter().map(|f| f.path.clone()).collect();
        paths.extend(self.inputs.secrets.iter().cloned());
        paths.extend(self.inputs.folders.iter().cloned());
        paths.extend(self.rules.iter().cloned());
        paths.extend(self.providers.iter().cloned());
        paths
    }
}
