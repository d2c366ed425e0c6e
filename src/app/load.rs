//! Reads everything that an operator can edit: hookrule.yaml, provider definitions, rules.
//!
//! `serve` starts and reloads with it, `check` shows what it finds.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{Config, Definitions, Document, Environment};
use crate::diagnostic::{Diagnostic, Diagnostics, MARK, Place, SourceFile, code};
use crate::providers::Providers;
use crate::rule::{Found, Names, RuleSet, read_rule_files};
use crate::runtime::Told;
use crate::trial::{self, Tried};
use crate::yaml;

use super::unused::unused;

/// Larger files are compared by size and time instead of content, in bytes.
const COMPARED_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Folders deeper than this are not compared.
const COMPARED_DEPTH_MAX: usize = 32;

/// What runs, as the next reading may fall back to it.
#[derive(Debug, Clone, Copy)]
pub struct Previous<'p> {
    /// The configuration.
    pub config: &'p Arc<Config>,
    /// The provider definitions.
    pub definitions: &'p Definitions,
    /// The rules.
    pub rules: &'p RuleSet,
}

/// What was read.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration; the previous one where the present one has errors, none where there is
    /// neither.
    pub config: Option<Arc<Config>>,
    /// The definitions that belong to it.
    pub definitions: Definitions,
    /// The rules; none where they could not be read at all.
    pub rules: Option<RuleSet>,
    /// Files with errors: their last good version stays, or nothing.
    pub stale: Vec<PathBuf>,
    /// Everything that was found.
    pub problems: Diagnostics,
    /// Tests that were run.
    pub tests: usize,
    /// Changes when a file that makes the configuration or a definition changes.
    pub stamp: u64,
}

/// Reads everything there is. What has errors stays as it was before.
pub fn load(
    path: &Path,
    environment: &dyn Environment,
    previous: Option<Previous<'_>>,
    told: Told<'_>,
) -> Loaded {
    let mut problems = Diagnostics::new();
    let mut stale = Vec::new();
    let document = Document::read(path);
    let folders = match &document {
        Ok(document) => document.providers(environment),
        Err(_) => Err(Diagnostics::new()),
    };
    // An unusable list of folders is reported by the reading of the whole file.
    let folders = folders.unwrap_or_default();
    let mut definitions = Definitions::read(&folders, previous.map(|p| p.definitions));
    let config = match &document {
        Ok(document) => Config::read(document, environment, &definitions.providers, &mut problems),
        Err(found) => {
            problems.extend(found.clone());
            None
        }
    };
    problems.extend(definitions.problems.clone());
    stale.extend(definitions.stale.iter().cloned());
    let config = match (config, previous) {
        (Some(config), _) => Some(Arc::new(config)),
        (None, Some(previous)) => {
            stale.push(path.to_owned());
            definitions = previous.definitions.clone();
            Some(Arc::clone(previous.config))
        }
        (None, None) => None,
    };
    let written = document.as_ref().ok();
    let (names, roots) = around_rules(config.as_deref(), written, environment, &definitions);
    let providers = &definitions.providers;
    let last = previous.map(|p| p.rules);
    let tried = read_rules(&roots, &names, providers, last, told, &mut problems);
    if let (Ok(document), Some(Tried { loaded, .. })) = (&document, &tried)
        && stale.is_empty()
        && loaded.stale.is_empty()
    {
        let included = config.as_ref().map(|config| config.inputs.clone());
        let included = included.unwrap_or_default();
        problems.extend(unused(document, &included, &loaded.set, &names));
    }
    let tests = tried.as_ref().map_or(0, |tried| tried.tests);
    let (rules, stale_rules) = match tried {
        Some(Tried { loaded, .. }) => (Some(loaded.set), loaded.stale),
        None => (None, roots),
    };
    stale.extend(stale_rules);
    let inputs = config.iter().flat_map(|config| &config.inputs.files);
    let rule_files = rules.iter().flat_map(|rules| rules.files.values());
    let files = inputs.chain(definitions.files()).chain(rule_files);
    // A last good version is not looked at again.
    let files = files.filter(|file| !stale.contains(&file.path));
    let problems = silence(problems, files);
    let stamp = config
        .as_ref()
        .map_or(0, |config| stamp_config(config, &definitions));
    Loaded {
        config,
        definitions,
        rules,
        stale,
        problems,
        tests,
        stamp,
    }
}

/// What rules may name and where they are: by the configuration, or as it is written where it has errors.
fn around_rules(
    config: Option<&Config>,
    document: Option<&Document>,
    environment: &dyn Environment,
    definitions: &Definitions,
) -> (Names, Vec<PathBuf>) {
    let providers = &definitions.providers;
    match (config, document) {
        (Some(config), _) => (config.names(providers), config.rules.clone()),
        (None, Some(document)) => {
            let names = document.names_as_written(environment, providers);
            (names, document.rules(environment).unwrap_or_default())
        }
        (None, None) => (Names::default(), Vec::new()),
    }
}

/// Reads the rules under some roots and runs their tests. None where a root cannot be read.
pub fn load_rules(
    roots: &[PathBuf],
    names: &Names,
    providers: &Providers,
    told: Told<'_>,
    problems: &mut Diagnostics,
) -> Option<Tried> {
    let mut found = Diagnostics::new();
    let tried = read_rules(roots, names, providers, None, told, &mut found);
    let sets = tried.iter().map(|tried| &tried.loaded.set);
    problems.extend(silence(found, sets.flat_map(|set| set.files.values())));
    tried
}

/// What comments in these files and in those with findings allow is left out.
fn silence<'f>(
    problems: Diagnostics,
    files: impl Iterator<Item = &'f Arc<SourceFile>>,
) -> Diagnostics {
    let found = problems.iter().map(|found| Arc::clone(&found.place.file));
    let speaking: BTreeMap<_, _> = files
        .cloned()
        .chain(found)
        .filter(|file| file.text.contains(MARK))
        .map(|file| ((file.path.clone(), Arc::as_ptr(&file)), file))
        .collect();
    let comments: Vec<_> = speaking.values().map(yaml::comments).collect();
    problems.silenced(&comments)
}

fn read_rules(
    roots: &[PathBuf],
    names: &Names,
    providers: &Providers,
    previous: Option<&RuleSet>,
    told: Told<'_>,
    problems: &mut Diagnostics,
) -> Option<Tried> {
    let found = find_rules(roots, problems)?;
    let mut tried = trial::load(found, names, providers, previous, told);
    problems.extend(std::mem::take(&mut tried.loaded.diagnostics));
    Some(tried)
}

/// The rule files under some roots. None where a root cannot be read.
pub fn find_rules(roots: &[PathBuf], problems: &mut Diagnostics) -> Option<Found> {
    match read_rule_files(roots) {
        Ok(found) => Some(found),
        Err(error) => {
            let path = roots.first().cloned().unwrap_or_default();
            let file = SourceFile::new(path, "");
            let place = Place { file, span: 0..0 };
            problems.push(
                Diagnostic::error(code::UNREADABLE, place, error.to_string())
                    .help("make the folder, or name another under `rules:` in hookrule.yaml"),
            );
            None
        }
    }
}

/// A number that differs when what a configuration was made of differs.
fn stamp_config(config: &Config, definitions: &Definitions) -> u64 {
    let mut hasher = DefaultHasher::new();
    let files = config.inputs.files.iter();
    for file in files.chain(definitions.files()) {
        (&file.path, &file.text).hash(&mut hasher);
    }
    for secret in &config.inputs.secrets {
        hash_file(secret, &mut hasher);
    }
    hasher.finish()
}

/// A number that differs when anything under the watched paths differs; cheap beside loading.
pub(super) fn stamp(paths: &[PathBuf]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for path in paths {
        hash_path(path, 0, &mut hasher);
    }
    hasher.finish()
}

fn hash_path(path: &Path, depth: usize, hasher: &mut DefaultHasher) {
    if !path.is_dir() {
        return hash_file(path, hasher);
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let mut inside: Vec<_> = entries.map(|entry| entry.path()).collect();
    inside.sort();
    for path in inside {
        if depth < COMPARED_DEPTH_MAX {
            hash_path(&path, depth + 1, hasher);
        }
    }
}

fn hash_file(path: &Path, hasher: &mut DefaultHasher) {
    path.hash(hasher);
    match fs::metadata(path) {
        Ok(about) if about.is_file() && about.len() <= COMPARED_BYTES_MAX => {
            fs::read(path).ok().hash(hasher);
        }
        Ok(about) => (about.len(), about.modified().ok()).hash(hasher),
        Err(error) => error.kind().hash(hasher),
    }
}
