//! `hookrule import`.

mod adnanh;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::app;
use crate::diagnostic::{Diagnostics, SourceFile, human, json};
use crate::runtime::nobody;

use super::output::{Done, Exit, Failure, Format, Output};
use super::written::write_all;

/// Turns another program's configuration into hookrule.yaml and rules, and says what was left behind
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule import adnanh hooks.json --into imported")]
pub(super) struct Import {
    #[command(subcommand)]
    from: From,
}

#[derive(Debug, Subcommand)]
enum From {
    Adnanh(Adnanh),
}

/// hooks.json or hooks.yaml of adnanh/webhook
///
/// Each hook becomes a source, a destination that runs its command, and a rule. Senders post to
/// /webhook/ID instead of /hooks/ID. A hook that would fire more often than it did is written with
/// `enabled: false`. Secrets go into files of their own. Nothing that is there is overwritten.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule import adnanh hooks.json --into imported
  hookrule import adnanh hooks.yaml --into imported --format json

Exit codes: 0 every hook does what it did; 1 some are disabled or not converted; 2 nothing was written.")]
struct Adnanh {
    /// The file with the hooks
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where to write hookrule.yaml, rules and secrets
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    into: PathBuf,
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

impl Import {
    pub(super) fn run(self, output: &mut Output<'_>) -> Done {
        match self.from {
            From::Adnanh(command) => command.run(output),
        }
    }
}

impl Adnanh {
    fn run(self, output: &mut Output<'_>) -> Done {
        let text = std::fs::read_to_string(&self.file).map_err(|error| {
            Failure::Other(format!("{} cannot be read: {error}", self.file.display()))
        })?;
        let file = SourceFile::new(&self.file, text);
        let imported = adnanh::import(&file);
        if imported.files.is_empty() {
            return Err(Failure::Diagnostics(imported.problems));
        }
        let paths = write_all(&self.into, &imported.files)?;
        let mut problems = imported.problems;
        let whole = imported.disabled == 0 && !problems.has_errors();
        problems.extend(self.check(output));
        let failed = !whole || problems.has_errors();
        let found = problems.sorted();
        if self.format == Format::Json {
            let mut shown = json(&found, paths.len());
            if let Some(shown) = shown.as_object_mut() {
                let paths = paths.iter().map(|path| path.to_string_lossy());
                shown.insert("hooks".to_owned(), json!(imported.hooks));
                shown.insert("disabled".to_owned(), json!(imported.disabled));
                shown.insert("written".to_owned(), json!(paths.collect::<Vec<_>>()));
            }
            output.json(&shown)?;
        } else {
            let shown = human(&found, output.colour());
            output.text(&shown)?;
            for path in &paths {
                output.line(&format!("wrote {}", path.display()))?;
            }
            let (hooks, disabled) = (imported.hooks, imported.disabled);
            output.line(&format!("{hooks} hooks, {disabled} of them disabled"))?;
        }
        Ok(if failed { Exit::Problems } else { Exit::Fine })
    }

    /// What `check` says of what was written.
    fn check(&self, output: &Output<'_>) -> Diagnostics {
        let config = self.into.join("hookrule.yaml");
        let environment = Arc::clone(output.environment());
        app::load(&config, environment.as_ref(), None, &nobody).problems
    }
}
