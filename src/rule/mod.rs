//! What the author wrote: rules, compiled, and the set of them that judges events.
//!
//! Comes in: the text of rule files, and the [`Names`] they may use. Goes out: an immutable
//! [`RuleSet`], replaced whole at a reload, and every problem found on the way. What should happen for
//! an event is left to `plan`.

mod action;
mod ahead;
mod beside;
mod checks;
mod entry;
mod files;
mod flow;
mod for_each;
mod index;
mod items;
mod kept;
mod load;
mod loading;
mod names;
mod namespace;
mod order;
mod parse;
mod parsed;
mod pattern;
mod respond;
mod reuse;
mod routed;
#[cfg(test)]
mod tests;
mod uses;
mod vars;
mod when;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::{Place, SourceFile};
use crate::event::PathSet;
use crate::yaml::Node;

pub use action::Action;
pub use beside::find_beside;
pub use checks::examine;
pub use files::{
    FilesError, Found, TestFile, find_rule_files, is_named_as_test, read_rule_files, tests_of,
    with_shared_above,
};
pub use flow::{
    ChangedGate, Closing, DIGEST_EVENTS_MAX, DigestGate, During, Flow, JoinGate, Key, OrderBy,
    Other, Otherwise, ThrottleGate, UnlessGate, WINDOW_MAX,
};
pub use for_each::{ForEach, ITEMS_MAX};
pub use load::{Loaded, Verdict};
pub use names::Names;
pub use namespace::{Namespace, Root};
pub use parse::{given_shape, shape};
pub use pattern::glob;
pub use respond::{RESPONSE_BYTES_MAX, Respond, Response};
pub use routed::To;
pub use uses::{Read, Reads};
pub use vars::{Formula, Var};
pub use when::{NotAbout, When};

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Unique: in a namespace it is `namespace/name`.
    pub name: String,
    /// What it may use; none where that is everything.
    pub namespace: Option<Arc<Namespace>>,
    /// What it is for.
    pub description: Option<String>,
    /// Where it stands.
    pub place: Place,
    /// Whether it is considered at all.
    pub enabled: bool,
    /// Whether, once it matched, the later rules of its file are left out.
    pub stop: bool,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Which events it is about.
    pub when: When,
    /// What stands between a match and its actions.
    pub flow: Arc<Flow>,
    /// Values computed for it, in order.
    pub vars: Vec<Var>,
    /// Which values its actions are about, one after the other.
    pub for_each: Option<Box<ForEach>>,
    /// What the sender is answered.
    pub respond: Option<Arc<Respond>>,
    /// What it does, each after those whose outputs it uses.
    pub actions: Vec<Action>,
    /// Every destination that its actions name.
    named_destinations: Box<[action::NamedDestination]>,
    /// Its tests, as written; `trial` reads them.
    pub tests: Box<[Node]>,
}

impl Rule {
    fn runs_programs(&self) -> bool {
        let mut formulas = self.vars.iter().map(|var| &var.formula);
        formulas.any(|formula| matches!(formula, Formula::Program(_)))
    }

    /// The line it begins on, counted from 1.
    pub fn line(&self) -> usize {
        let before = self.place.file.text.get(..self.place.span.start);
        1 + before.map_or(0, |text| text.matches('\n').count())
    }
}

/// Every rule that is running, compiled. Immutable.
#[derive(Debug, Default)]
pub struct RuleSet {
    /// In the order they run: by path, then as written.
    pub rules: Vec<Arc<Rule>>,
    /// The singular paths their conditions read.
    pub paths: PathSet,
    /// A hash of the files it was made from, in hex.
    pub hash: String,
    /// The text of those files, by path, as it is kept for `explain`.
    pub files: BTreeMap<PathBuf, Arc<SourceFile>>,
    /// The other files that their rules took something from, or tried to: lists and `_shared.yaml`.
    pub beside: BTreeSet<PathBuf>,
    /// Whether a rule of it runs a program, which takes its time.
    pub programs: bool,
    index: index::Index,
    parsed: loading::ParsedFiles,
}

impl RuleSet {
    /// Whether some rule may match an event of a source, by its own `when` or that of a gate.
    pub fn looks_at(&self, source: &str, provider: &str) -> bool {
        let whens = |rule: &Rule| {
            let own = routed::may_match(&rule.when, source, provider);
            own || rule
                .flow
                .whens()
                .any(|when| routed::may_match(when, source, provider))
        };
        self.rules.iter().any(|rule| whens(rule))
    }

    /// Whether some action names a destination, or may by the labels of a source.
    pub fn names_destination(&self, destination: &str) -> bool {
        let fits = |to: &To| match to {
            To::Name(name) => name == destination,
            To::Labels(template) => {
                let mut parts = template.text().split("{{");
                let begins = parts.next().unwrap_or_default();
                destination.starts_with(begins)
            }
        };
        let mut actions = self.rules.iter().flat_map(|rule| &rule.actions);
        actions.any(|action| action.destinations.iter().any(fits))
    }

    /// The rule of that name.
    pub fn lookup(&self, name: &str) -> Option<&Rule> {
        self.index
            .position(&self.rules, name)
            .and_then(|at| self.rules.get(at))
            .map(Arc::as_ref)
    }
}
