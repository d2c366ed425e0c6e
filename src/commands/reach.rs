//! How a command reaches a store: through the process that has it open, or else by opening it.

use std::sync::Arc;

use tokio::sync::watch;

use crate::app::load_rules;
use crate::config::{Config, Definitions, Document};
use crate::diagnostic::Diagnostics;
use crate::operator::{Direct, Operator, Remote};
use crate::rule::RuleSet;
use crate::runtime::nobody;
use crate::stores::sqlite::SqliteStore;

use super::output::{Failure, Output};

/// Whether what is asked needs today's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// No: what is stored is looked at.
    Store,
    /// Yes, but nothing is planned.
    Rules,
    /// No, but jobs become ready that somebody is to perform.
    StoreAndWork,
    /// Yes, and jobs are planned that somebody is to perform.
    StoreAndRules,
}

/// Somebody who answers questions about the configured store.
pub(super) async fn reach(
    output: &mut Output<'_>,
    needs: Needs,
) -> Result<Box<dyn Operator>, Failure> {
    let document = Document::read(output.config())?;
    let environment = output.environment().as_ref();
    let folder = document.store(environment)?;
    if let Some(remote) = Remote::connect(&folder).await? {
        return Ok(Box::new(remote));
    }
    if !folder.is_dir() {
        return Err(Failure::Other(format!(
            "there is no store in {} yet: `hookrule serve` makes it",
            folder.display()
        )));
    }
    let rules = match needs {
        Needs::Store | Needs::StoreAndWork => RuleSet::default(),
        Needs::Rules | Needs::StoreAndRules => rules(&document, output)?,
    };
    let clock = output.clock().clone();
    let opened = tokio::task::spawn_blocking(move || SqliteStore::open(&folder, clock)).await;
    let store = opened
        .map_err(|error| Failure::Other(error.to_string()))?
        .map_err(|error| Failure::Other(error.to_string()))?;
    let folders = document.providers(environment).unwrap_or_default();
    let definitions = Definitions::read(&folders, None);
    let (_, rules) = watch::channel(Arc::new(rules));
    let (_, providers) = watch::channel(definitions.providers);
    // Nobody performs jobs here; the next `serve` finds them.
    if !matches!(needs, Needs::Store | Needs::Rules) {
        let note =
            "note: no hookrule is running here; `hookrule serve` performs what becomes ready";
        output.note(note)?;
    }
    Ok(Box::new(Direct::new(
        Arc::new(store),
        rules,
        providers,
        || {},
    )))
}

/// The rules as they stand on disk; all must be without errors.
pub(super) fn rules(document: &Document, output: &Output<'_>) -> Result<RuleSet, Failure> {
    let environment = output.environment().as_ref();
    let definitions = Definitions::read(&document.providers(environment)?, None);
    let mut problems = Diagnostics::new();
    let config = Config::read(
        document,
        environment,
        &definitions.providers,
        &mut Diagnostics::new(),
    );
    // What is wrong with credentials does not matter here.
    let names = match &config {
        Some(config) => config.names(&definitions.providers),
        None => document.names_as_written(environment, &definitions.providers),
    };
    let roots = document.rules(environment)?;
    let tried = load_rules(
        &roots,
        &names,
        &definitions.providers,
        &nobody,
        &mut problems,
    );
    match tried {
        Some(tried) if !problems.has_errors() => Ok(tried.loaded.set),
        _ => Err(Failure::Diagnostics(problems)),
    }
}
