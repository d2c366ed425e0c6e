//! `hookrule providers verify`: definitions run against deliveries with known answers.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use crate::diagnostic::{Diagnostics, SourceFile};
use crate::providers::{Providers, Replay, replay};

use super::output::{Done, Exit, Failure, Format, Output};
use super::progress::Progress;
use super::providers::definitions;

/// Run definitions against deliveries with known answers: their own, or those of a file
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// One definition file; without it, every provider there is
    #[arg(value_name = "FILE", conflicts_with = "vectors")]
    file: Option<PathBuf>,
    /// A file of vectors, one JSON object a line
    #[arg(long, value_name = "FILE")]
    vectors: Option<PathBuf>,
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

impl Verify {
    pub(super) fn run(self, output: &mut Output<'_>) -> Done {
        let found = match (&self.file, &self.vectors) {
            (Some(file), _) => own(&one(file)?),
            (None, Some(file)) => {
                let lines = read(file)?;
                let providers = definitions(output)?.providers;
                let progress = Progress::of(output, self.format == Format::Human);
                replay(&providers, &lines, &|step| progress.tell(step))
            }
            (None, None) => own(&definitions(output)?.providers),
        };
        self.tell(&found, output)?;
        Ok(match found.failures.as_slice() {
            [] => Exit::Fine,
            _ => Exit::Problems,
        })
    }

    fn tell(&self, found: &Replay, output: &mut Output<'_>) -> Result<(), Failure> {
        let (providers, passed) = (found.providers.len(), found.passed);
        let (failed, skipped) = (found.failures.len(), found.skipped.len());
        if self.format == Format::Json {
            let failures = found.failures.iter();
            let failures = failures.map(|(id, why)| json!({"id": id, "why": why}));
            output.json(&json!({
                "providers": providers,
                "passed": passed,
                "failed": failed,
                "skipped": skipped,
                "failures": failures.collect::<Vec<_>>(),
            }))?;
            return Ok(());
        }
        for (id, why) in &found.failures {
            output.line(&format!("{id}: {why}"))?;
        }
        output.line(&format!(
            "{passed} passed, {failed} failed, {skipped} skipped, of {providers} providers"
        ))?;
        Ok(())
    }
}

fn read(file: &std::path::Path) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|error| Failure::Other(format!("{} cannot be read: {error}", file.display())))
}

/// The one definition of a file. What is wrong with it is said; failing vectors are left for later.
fn one(file: &std::path::Path) -> Result<Providers, Failure> {
    let text = read(file)?;
    let file: Arc<SourceFile> = SourceFile::new(file, text);
    let mut problems = Diagnostics::new();
    let mut providers = Providers::default();
    providers.add(&file, &mut problems);
    if problems.has_errors() {
        return Err(Failure::Diagnostics(problems));
    }
    Ok(providers)
}

/// What comes of every definition's own vectors.
fn own(providers: &Providers) -> Replay {
    let mut found = Replay::default();
    for name in providers.names() {
        let Some(provider) = providers.find(name) else {
            found
                .failures
                .push((name.to_owned(), "it cannot be read".to_owned()));
            continue;
        };
        found.providers.insert(name.to_owned());
        for vector in provider.vectors() {
            match vector.run(&provider) {
                Ok(()) => found.passed += 1,
                Err(why) => found
                    .failures
                    .push((format!("{name}/{}", vector.name), why)),
            }
        }
    }
    found
}
