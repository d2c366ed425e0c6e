//! What runs now, and how it is replaced.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};

use crate::config::{Config, Definitions, Environment};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::executor::{self, Destinations};
use crate::intake::{self, Sources};
use crate::providers::Providers;
use crate::rule::{RuleSet, tests_of};
use crate::runtime::nobody;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::telemetry::{Metric, Telemetry};
use crate::runtime::watch::Changes;
use crate::server;
use crate::stores::Store;

use super::load::{Loaded, Previous, load, stamp};

/// How often files are compared although no change was reported: some file systems report none.
const COMPARE_EVERY: Duration = Duration::from_secs(30);

/// What came of a reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reloaded {
    /// Nothing differs from what runs.
    Unchanged,
    /// Something new runs.
    Changed {
        /// Counted from 1, which is what the process started with.
        revision: u64,
    },
    /// What is new has errors; everything runs on as it was.
    Kept,
}

/// The places where other rooms see what runs.
pub(super) struct Outlets {
    pub(super) sources: watch::Sender<Arc<Sources>>,
    pub(super) destinations: watch::Sender<Arc<Destinations>>,
    pub(super) rules: watch::Sender<Arc<RuleSet>>,
    pub(super) providers: watch::Sender<Providers>,
    pub(super) server: watch::Sender<Arc<server::Settings>>,
    pub(super) intake: watch::Sender<Arc<intake::Settings>>,
    pub(super) executor: watch::Sender<Arc<executor::Settings>>,
    pub(super) stale: watch::Sender<Vec<PathBuf>>,
}

impl Outlets {
    pub(super) fn new(
        config: &Config,
        rules: RuleSet,
        providers: Providers,
        stale: Vec<PathBuf>,
    ) -> Self {
        Self {
            sources: watch::Sender::new(Arc::clone(&config.sources)),
            destinations: watch::Sender::new(Arc::clone(&config.destinations)),
            rules: watch::Sender::new(Arc::new(rules)),
            providers: watch::Sender::new(providers),
            server: watch::Sender::new(Arc::clone(&config.policy.server)),
            intake: watch::Sender::new(Arc::clone(&config.policy.intake)),
            executor: watch::Sender::new(Arc::clone(&config.policy.executor)),
            stale: watch::Sender::new(stale),
        }
    }

    /// Destinations first: a rule is never ahead of what it names.
    fn send(&self, config: &Config, rules: RuleSet, providers: Providers) {
        let policy = &config.policy;
        self.destinations
            .send_replace(Arc::clone(&config.destinations));
        self.server.send_replace(Arc::clone(&policy.server));
        self.intake.send_replace(Arc::clone(&policy.intake));
        self.executor.send_replace(Arc::clone(&policy.executor));
        self.providers.send_replace(providers);
        self.sources.send_replace(Arc::clone(&config.sources));
        self.rules.send_replace(Arc::new(rules));
    }
}

/// What runs now, in the form that the next reading falls back to.
pub(super) struct Current {
    pub(super) config: Arc<Config>,
    pub(super) definitions: Definitions,
    pub(super) config_stamp: u64,
    /// Files that rules take something from, as they were last read.
    pub(super) beside: BTreeSet<PathBuf>,
    /// Of everything on disk, as it was last looked at.
    pub(super) disk_stamp: u64,
    pub(super) revision: u64,
}

impl Current {
    /// Every path whose change may change what runs.
    fn watched(&self) -> Vec<PathBuf> {
        let mut paths = self.config.watched();
        paths.extend(self.beside.iter().cloned());
        // Beside a rule file that is named by itself these may come.
        for alone in self.config.rules.iter().filter(|root| root.is_file()) {
            paths.push(alone.with_file_name("_shared.yaml"));
            paths.extend(tests_of(alone));
        }
        paths
    }
}

/// What runs now, and what is needed to replace it.
pub(super) struct Live {
    pub(super) path: PathBuf,
    pub(super) environment: Arc<dyn Environment>,
    pub(super) store: Arc<dyn Store>,
    pub(super) telemetry: Telemetry,
    pub(super) outlets: Outlets,
    pub(super) current: Mutex<Current>,
}

impl Live {
    /// Reads all files again, if any of them differs.
    pub(super) async fn reload(&self) -> Reloaded {
        let mut current = self.current.lock().await;
        let paths = current.watched();
        let disk_stamp = tokio::task::spawn_blocking(move || stamp(&paths)).await;
        let disk_stamp = disk_stamp.unwrap_or_default();
        if disk_stamp == current.disk_stamp {
            return Reloaded::Unchanged;
        }
        let Some(loaded) = self.read(&current).await else {
            return Reloaded::Kept;
        };
        current.disk_stamp = disk_stamp;
        if let Some(rules) = &loaded.rules {
            current.beside.clone_from(&rules.beside);
        }
        tell(&loaded.problems);
        self.telemetry
            .set(Metric::StaleFiles, &[], loaded.stale.len() as u64);
        self.outlets.stale.send_replace(loaded.stale.clone());
        let failed = loaded.problems.has_errors();
        let came = self.replace(&mut current, loaded).await;
        let result = match came {
            Reloaded::Changed { .. } if failed => "partly",
            Reloaded::Changed { .. } => "changed",
            Reloaded::Unchanged if failed => "failed",
            Reloaded::Unchanged => "unchanged",
            Reloaded::Kept => "failed",
        };
        self.telemetry.count(Metric::Reloads, &[result]);
        match came {
            Reloaded::Unchanged if failed => Reloaded::Kept,
            other => other,
        }
    }

    async fn read(&self, current: &Current) -> Option<Loaded> {
        // Not the whole of `self`: a reading that outlives the process's end would hold the store.
        let (path, environment) = (self.path.clone(), Arc::clone(&self.environment));
        let config = Arc::clone(&current.config);
        let definitions = current.definitions.clone();
        let rules = Arc::clone(&self.outlets.rules.borrow());
        let read = tokio::task::spawn_blocking(move || {
            let previous = Previous {
                config: &config,
                definitions: &definitions,
                rules: &rules,
            };
            load(&path, environment.as_ref(), Some(previous), &nobody)
        });
        match read.await {
            Ok(loaded) => Some(loaded),
            Err(error) => {
                tracing::error!(%error, "reading the files broke off; everything runs on as it was");
                None
            }
        }
    }

    /// Makes what was read run: all rules and the whole configuration, or what they were before.
    async fn replace(&self, current: &mut Current, loaded: Loaded) -> Reloaded {
        let (Some(config), Some(rules)) = (loaded.config, loaded.rules) else {
            return Reloaded::Kept;
        };
        let same_rules = rules.hash == self.outlets.rules.borrow().hash;
        if same_rules && loaded.stamp == current.config_stamp {
            return Reloaded::Unchanged;
        }
        if let Err(error) = self.store.keep_rule_set(&rules.hash, &rules.text()).await {
            tracing::error!(%error, "the new rules cannot be kept; everything runs on as it was");
            // The next look tries again.
            current.disk_stamp = 0;
            return Reloaded::Kept;
        }
        say_restart(&current.config, &config);
        let (count, files) = (rules.rules.len(), rules.files.len());
        let providers = loaded.definitions.providers.clone();
        self.outlets.send(&config, rules, providers);
        current.config = config;
        current.definitions = loaded.definitions;
        current.config_stamp = loaded.stamp;
        current.revision += 1;
        let revision = current.revision;
        tracing::info!("live: {}, revision {revision}", counted(count, files));
        Reloaded::Changed { revision }
    }

    /// Reloads whenever files change or SIGHUP comes, until the order to stop.
    pub(super) async fn follow(
        self: Arc<Self>,
        mut hangups: Hangups,
        mut changes: Option<Changes>,
        shutdown: Shutdown,
    ) {
        loop {
            let mut asked = false;
            tokio::select! {
                () = shutdown.draining() => return,
                () = changed(&mut changes) => {}
                () = hangups.next() => {
                    tracing::info!("SIGHUP: files are read again");
                    asked = true;
                    self.current.lock().await.disk_stamp = 0;
                }
                () = tokio::time::sleep(COMPARE_EVERY) => {}
            }
            let came = self.reload().await;
            if asked && came == Reloaded::Unchanged {
                tracing::info!("nothing has changed");
            }
            if let Some(changes) = &changes {
                changes.set_paths(self.current.lock().await.watched());
            }
        }
    }
}

async fn changed(changes: &mut Option<Changes>) {
    match changes {
        Some(changes) => changes.next().await,
        None => std::future::pending().await,
    }
}

/// SIGHUP, where there is such a thing.
pub(super) struct Hangups(#[cfg(unix)] Option<tokio::signal::unix::Signal>);

impl Hangups {
    /// From here on SIGHUP does not end the process.
    #[cfg(unix)]
    pub(super) fn listen() -> Self {
        Self(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok())
    }

    #[cfg(not(unix))]
    pub(super) fn listen() -> Self {
        Self()
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.0
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

/// Says which changes a running process cannot follow.
fn say_restart(old: &Config, new: &Config) {
    let changed = [
        ("listen", old.listen != new.listen),
        ("admin", old.admin != new.admin),
        ("store", old.store != new.store),
    ];
    for (key, changed) in changed {
        if changed {
            tracing::warn!("`{key}` has changed; it takes a restart to follow");
        }
    }
}

/// `1 rule in 2 files`.
pub(super) fn counted(rules: usize, files: usize) -> String {
    let ending = |count| if count == 1 { "" } else { "s" };
    let (s_rules, s_files) = (ending(rules), ending(files));
    format!("{rules} rule{s_rules} in {files} file{s_files}")
}

/// Logs what was found, one line each.
pub(super) fn tell(problems: &Diagnostics) {
    for problem in problems.clone().sorted() {
        let line = one_line(&problem);
        match problem.severity {
            Severity::Error => tracing::error!("stale: {line}"),
            Severity::Warning => tracing::warn!("{line}"),
        }
    }
}

/// `rules/a.yaml:3:5: HR0004 …; help`.
fn one_line(problem: &Diagnostic) -> String {
    let (start, _) = problem.place.positions();
    let (line, column) = (start.line, start.column);
    let (path, code) = (problem.place.file.path.display(), problem.code.id());
    let mut text = format!("{path}:{line}:{column}: {code} {}", problem.message);
    if let Some(help) = &problem.help {
        text.push_str("; ");
        text.push_str(help);
    }
    // A message may quote a file; a log line stays one line.
    text.replace(['\n', '\r'], " ")
}
