//! Which rules and tests are looked at.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::find_rules;
use crate::config::Document;
use crate::diagnostic::{Diagnostics, SourceFile};
use crate::event::EventId;
use crate::operator::{Answer, EventView, Question};
use crate::rule::{RuleSet, TestFile, is_named_as_test};
use crate::runtime::{Told, nobody};
use crate::trial::{StoredEvent, Title, Trial};

use super::list::Ran;
use crate::commands::known::{Known, Wanted};
use crate::commands::output::{Failure, Output};
use crate::commands::progress::Progress;
use crate::commands::reach::{Needs, reach};
use crate::commands::show::mismatch;

/// Rules that are read together.
#[derive(Debug)]
pub(super) struct Choice {
    /// The hookrule.yaml that says what they may name.
    config: PathBuf,
    /// Files and folders; none for all that hookrule.yaml names.
    roots: Option<Vec<PathBuf>>,
    /// The only file whose tests are run.
    only: Option<PathBuf>,
}

/// Rules, read, with the tests beside them.
pub(super) struct Loaded {
    pub(super) known: Known,
    pub(super) set: RuleSet,
    tests: Vec<TestFile>,
    missing: Vec<Arc<SourceFile>>,
    pub(super) problems: Diagnostics,
}

impl Choice {
    /// What paths stand for: those of rules are read together, each file of tests by itself.
    pub(super) fn of(paths: &[PathBuf], output: &Output<'_>) -> Result<Vec<Self>, Failure> {
        let (tests, others): (Vec<_>, Vec<_>) = paths
            .iter()
            .cloned()
            .partition(|path| is_named_as_test(path));
        let mut choices = Vec::new();
        let config = output.config();
        if !others.is_empty() || tests.is_empty() {
            let wanted = Wanted::of(others, output)?;
            choices.extend(wanted.configs.into_iter().map(|config| Self {
                config,
                roots: None,
                only: None,
            }));
            if !wanted.roots.is_empty() {
                choices.push(Self::rules(config, wanted.roots, None));
            }
        }
        for path in tests {
            let wanted = Wanted::of(vec![path.clone()], output)?;
            choices.push(Self::rules(config, wanted.roots, Some(path)));
        }
        Ok(choices)
    }

    /// Everything that hookrule.yaml names.
    pub(super) fn whole(config: &Path) -> Self {
        Self {
            config: config.to_owned(),
            roots: None,
            only: None,
        }
    }

    fn rules(config: &Path, roots: Vec<PathBuf>, only: Option<PathBuf>) -> Self {
        Self {
            config: config.to_owned(),
            roots: Some(roots),
            only,
        }
    }

    /// Reads the rules without running their tests.
    pub(super) fn load(&self, output: &Output<'_>) -> Result<Loaded, Failure> {
        if self.roots.is_none() && !self.config.is_file() {
            // Says where it was looked for, and what to do.
            Document::read(&self.config)?;
        }
        let known = Known::by(&self.config, output)?;
        let roots = match &self.roots {
            Some(roots) => known.with_shared(roots),
            None => known.roots.clone(),
        };
        let mut problems = Diagnostics::new();
        let found = find_rules(&roots, &mut problems).unwrap_or_default();
        problems.extend(found.problems);
        let files = found.files.clone();
        let loaded = RuleSet::load(found.files, &known.names, None);
        problems.extend(loaded.diagnostics);
        let is_stale = |file: &&Arc<SourceFile>| loaded.stale.contains(&file.path);
        Ok(Loaded {
            missing: files.iter().filter(is_stale).map(Arc::clone).collect(),
            known,
            set: loaded.set,
            tests: found.tests,
            problems,
        })
    }

    /// Runs the tests.
    pub(super) async fn run(
        &self,
        filter: &[String],
        ran: &mut Ran,
        for_people: bool,
        output: &mut Output<'_>,
    ) -> Result<(), Failure> {
        let loaded = self.load(output)?;
        let ids = loaded.trial(None, &nobody).stored_events();
        // Another hookrule.yaml has another store.
        let stored = if ids.is_empty() || loaded.known.alone || self.config != output.config() {
            None
        } else {
            stored_events(ids, output).await?
        };
        let only = self.only.as_deref().map(whole);
        let fits = |file: &Path| only.as_ref().is_none_or(|only| *only == whole(file));
        let filter: Vec<_> = filter.iter().map(|text| text.to_lowercase()).collect();
        let named = |name: &str| {
            let name = name.to_lowercase();
            filter.iter().any(|text| name.contains(text))
        };
        let wanted = |title: Title<'_>| {
            fits(title.file) && (filter.is_empty() || named(title.name) || named(title.rule))
        };
        let progress = Progress::of(output, for_people);
        let told = |step| progress.tell(step);
        let report = loaded.trial(stored.as_ref(), &told).run(&wanted);
        ran.covered
            .extend(report.coverage.report(&loaded.set, |_| true));
        ran.results.extend(report.results);
        ran.add_problems(&loaded.problems);
        ran.add_problems(&report.diagnostics);
        Ok(())
    }
}

impl Loaded {
    pub(super) fn trial<'t>(
        &'t self,
        stored: Option<&'t BTreeMap<EventId, StoredEvent>>,
        told: Told<'t>,
    ) -> Trial<'t> {
        Trial {
            set: &self.set,
            names: &self.known.names,
            providers: &self.known.providers,
            tests: &self.tests,
            missing: &self.missing,
            only: None,
            stored,
            told,
        }
    }
}

/// A path as it is compared with others.
fn whole(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Events of the store; none where it cannot be asked, which is said.
async fn stored_events(
    ids: impl IntoIterator<Item = EventId>,
    output: &mut Output<'_>,
) -> Result<Option<BTreeMap<EventId, StoredEvent>>, Failure> {
    let operator = match reach(output, Needs::Store).await {
        Ok(operator) => operator,
        Err(Failure::Other(why) | Failure::Refused(why)) => {
            output.note(&format!("note: tests of stored events are skipped: {why}"))?;
            return Ok(None);
        }
        Err(failure) => return Err(failure),
    };
    let mut found = BTreeMap::new();
    for id in ids {
        match operator.ask(Question::Event { id, body: true }).await? {
            Answer::Event(Some(view)) => {
                found.insert(id, stored(*view));
            }
            Answer::Event(None) => {}
            _ => return Err(mismatch()),
        }
    }
    Ok(Some(found))
}

/// An event as it is shown, masked.
pub(super) fn stored(view: EventView) -> StoredEvent {
    let headers = view.headers.into_iter();
    StoredEvent {
        source: view.summary.source,
        provider: view.summary.provider,
        names: view.summary.names,
        headers: headers.map(|header| (header.name, header.value)).collect(),
        body: view.body.unwrap_or_default(),
        received_at: view.summary.received_at,
        proof: view.summary.strength,
    }
}
