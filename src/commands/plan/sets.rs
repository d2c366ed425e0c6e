//! The rules that run, and those that would.

use std::path::{Path, PathBuf};

use crate::app::load_rules;
use crate::diagnostic::{Diagnostics, did_you_mean};
use crate::operator::{Answer, Masks, Operator, Question};
use crate::providers::Providers;
use crate::rule::{Root, RuleSet, with_shared_above};
use crate::runtime::nobody;

use super::super::known::{CONFIG, Known};
use super::super::output::{Failure, Output};
use super::super::show::mismatch;
use super::git::Checkout;

/// Both rule sets.
#[derive(Debug)]
pub(super) struct Sets {
    pub(super) running: RuleSet,
    pub(super) new: RuleSet,
    /// What the new one was read from.
    pub(super) named: String,
    providers: Providers,
}

/// A rule set and what it was read from.
pub(super) struct NewRules {
    set: RuleSet,
    named: String,
    providers: Providers,
}

impl Sets {
    /// Both; the provider definitions of the new one say what is masked.
    pub(super) fn new(running: RuleSet, new: NewRules) -> Self {
        Self {
            running,
            new: new.set,
            named: new.named,
            providers: new.providers,
        }
    }

    /// What is masked in events of a provider.
    pub(super) fn masks(&self, provider: &str) -> Masks {
        let provider = self.providers.find(provider);
        provider.map_or_else(Masks::default, |provider| Masks::of(&provider))
    }

    /// Rules that only the new set has.
    pub(super) fn added(&self) -> Vec<&str> {
        only_in(&self.new, &self.running)
    }

    /// Rules that only the running set has.
    pub(super) fn removed(&self) -> Vec<&str> {
        only_in(&self.running, &self.new)
    }

    /// That one of both has a rule of this name.
    pub(super) fn expect_rule(&self, name: &str) -> Result<(), Failure> {
        if self.running.lookup(name).is_some() || self.new.lookup(name).is_some() {
            return Ok(());
        }
        let rules = self.new.rules.iter().chain(&self.running.rules);
        let why = match did_you_mean(name, rules.map(|rule| rule.name.as_str())) {
            Some(meant) => format!("there is no rule `{name}`; did you mean `{meant}`?"),
            None => format!("there is no rule `{name}`, neither running nor new"),
        };
        Err(Failure::Other(why))
    }
}

fn only_in<'s>(set: &'s RuleSet, other: &RuleSet) -> Vec<&'s str> {
    let rules = set.rules.iter().map(|rule| rule.name.as_str());
    rules.filter(|name| other.lookup(name).is_none()).collect()
}

/// The rules that run, or would if hookrule were started.
pub(super) async fn running(operator: &dyn Operator) -> Result<RuleSet, Failure> {
    let Answer::RuleSet(text) = operator.ask(Question::RuleSet).await? else {
        return Err(mismatch());
    };
    let loaded = RuleSet::of_text(&text);
    let unreadable = || {
        let why = "the rules that run cannot be read here; the running hookrule may be of another version";
        Failure::Other(why.to_owned())
    };
    Ok(loaded.ok_or_else(unreadable)?.set)
}

/// The rules in files and folders that were named.
pub(super) fn of_paths(paths: &[PathBuf], output: &mut Output<'_>) -> Result<NewRules, Failure> {
    for path in paths {
        if !path.exists() {
            let why = format!("there is nothing at {}", path.display());
            return Err(Failure::Other(why));
        }
    }
    let named: Vec<_> = paths.iter().map(|p| p.display().to_string()).collect();
    let named = named.join(", ");
    if let [folder] = paths
        && folder.join(CONFIG).is_file()
    {
        let known = Known::by(&folder.join(CONFIG), output)?;
        return read(known, named);
    }
    let mut known = Known::by(output.config(), output)?;
    let running = &mut known.names;
    let roots = paths.iter().map(|path| Root {
        path: path.clone(),
        namespace: like(path, &running.roots).and_then(|root| root.namespace.clone()),
    });
    let mut new: Vec<_> = roots.collect();
    let spaces = |roots: &[Root]| roots.iter().any(|root| root.namespace.is_some());
    if spaces(&running.roots) && !spaces(&new) {
        output.note(
            "note: hookrule.yaml has namespaces, and no NEW is called as one of their folders: these \
             rules are in none",
        )?;
    }
    let above: Vec<_> = running.roots.iter().map(|root| root.path.clone()).collect();
    let shared = paths.iter().flat_map(|path| shared_with(path, &above));
    new.extend(shared.map(|path| Root {
        path,
        namespace: None,
    }));
    running.roots = new;
    read(known, named)
}

/// What files get from the folders they lie in.
fn shared_with(path: &Path, roots: &[PathBuf]) -> Vec<PathBuf> {
    let mut roots = roots.to_vec();
    if path.is_file() {
        roots.extend(path.parent().map(Path::to_owned));
    }
    let mut found = with_shared_above(path, &roots);
    found.retain(|found| found.is_file() && found != path);
    found
}

/// The configured folder or file of the same name.
fn like<'r>(path: &Path, roots: &'r [Root]) -> Option<&'r Root> {
    let name = path.canonicalize().ok();
    let name = name.as_deref().unwrap_or(path).file_name()?;
    roots
        .iter()
        .find(|root| root.path.file_name() == Some(name))
}

/// The rules of a revision, where hookrule.yaml looks for them.
pub(super) fn of_revision(revision: &str, output: &Output<'_>) -> Result<NewRules, Failure> {
    let mut known = Known::by(output.config(), output)?;
    let folder = output.config().parent().unwrap_or(Path::new(""));
    let running = &mut known.names;
    let roots: Vec<_> = running.roots.iter().map(|root| root.path.clone()).collect();
    let checkout = Checkout::of(revision, folder, &roots).map_err(Failure::Other)?;
    for root in &mut running.roots {
        root.path = checkout.path_of(&root.path).map_err(Failure::Other)?;
    }
    let read = read(known, format!("revision {revision}"));
    read.map_err(|failure| match failure {
        Failure::Diagnostics(problems) => Failure::Diagnostics(checkout.renamed(problems)),
        other => other,
    })
}

fn read(known: Known, named: String) -> Result<NewRules, Failure> {
    let mut problems = Diagnostics::new();
    let Known {
        names, providers, ..
    } = known;
    let roots: Vec<_> = names.roots.iter().map(|root| root.path.clone()).collect();
    match load_rules(&roots, &names, &providers, &nobody, &mut problems) {
        Some(tried) if !problems.has_errors() => Ok(NewRules {
            set: tried.loaded.set,
            named,
            providers,
        }),
        _ => Err(Failure::Diagnostics(problems)),
    }
}
