//! What the author wrote: rules, compiled, and the set of them that judges events.
//!
//! Comes in: the text of rule files. Goes out: an immutable [`RuleSet`], replaced whole at a reload.
//! What should happen for an event is left to `plan`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::actions::{Configured, Kind};
use crate::condition::Conditions;
use crate::diagnostic::Place;
use crate::event::PathSet;
use crate::expression::Tree;

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Unique in its namespace.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Where it stands.
    pub place: Place,
    /// Which events it is about.
    pub when: When,
    /// Values computed for it, in order: templates or literals.
    pub vars: Vec<(String, Tree)>,
    /// What it does.
    pub actions: Vec<Action>,
}

/// Which events a rule is about. None means any.
#[derive(Debug, Clone)]
pub struct When {
    /// Globs over provider names.
    pub providers: Vec<String>,
    /// Globs over source names.
    pub sources: Vec<String>,
    /// Patterns over dotted event names.
    pub events: Vec<String>,
    /// Only what no other rule matched.
    pub unmatched: bool,
    /// The conditions.
    pub conditions: Conditions,
}

/// One action of a rule.
#[derive(Clone)]
pub struct Action {
    /// Unique in the rule; the kind's name where the author gave none.
    pub name: String,
    /// Its kind.
    pub kind: &'static dyn Kind,
    /// The destinations, one job each; empty where the kind needs none.
    pub destinations: Vec<String>,
    /// Its own conditions.
    pub conditions: Conditions,
    /// Its configuration.
    pub configured: Arc<dyn Configured>,
}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Action({}: {})", self.name, self.kind.name())
    }
}

/// Every rule that is running, compiled. Immutable.
#[derive(Debug, Default)]
pub struct RuleSet {
    /// In the order they run: by path, then as written.
    pub rules: Vec<Rule>,
    /// The singular paths their conditions read.
    pub paths: PathSet,
    /// A hash of the files it was made from, in hex.
    pub hash: String,
    /// The text of those files, by path, as it is kept for `explain`.
    pub files: BTreeMap<PathBuf, Arc<crate::diagnostic::SourceFile>>,
}
