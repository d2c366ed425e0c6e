//! `hookrule providers list|show|verify`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::config::{Definitions, Document};
use crate::diagnostic::did_you_mean;
use crate::providers::Provider;
use crate::providers::definition::Confidence;
use crate::providers::guide::plain::plain;
use crate::providers::guide::{proof, source, standing};

use super::output::{Done, Exit, Failure, Format, Output};
use super::proving::Verify;

/// Who can send
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule providers list
  hookrule providers show stripe
  hookrule providers verify providers/acme.yaml
  hookrule providers verify --vectors vectors.jsonl --format json")]
pub(super) struct ProvidersCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    List(List),
    Show(Show),
    Verify(Verify),
}

/// Every provider: the built-in ones and your own
#[derive(Debug, Args)]
struct List {
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// How one provider signs and names its events, and what to paste where to connect it
#[derive(Debug, Args)]
struct Show {
    /// Its name
    name: String,
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

impl ProvidersCommand {
    pub(super) fn run(self, output: &mut Output<'_>) -> Done {
        if let What::Verify(verify) = self.what {
            return verify.run(output);
        }
        let definitions = definitions(output)?;
        match self.what {
            What::List(list) => list.run(&definitions, output),
            What::Show(show) => show.run(&definitions, output),
            What::Verify(verify) => verify.run(output),
        }
    }
}

/// The built-in definitions and, where there is a hookrule.yaml, those of its folders.
pub(super) fn definitions(output: &Output<'_>) -> Result<Definitions, Failure> {
    let folders = if output.config().exists() {
        Document::read(output.config())?.providers(output.environment().as_ref())?
    } else {
        Vec::new()
    };
    let definitions = Definitions::read(&folders, None);
    if definitions.problems.has_errors() {
        return Err(Failure::Diagnostics(definitions.problems));
    }
    Ok(definitions)
}

/// A provider that must be there, with advice where it is not.
pub(super) fn find(
    definitions: &Definitions,
    name: &str,
) -> Result<std::sync::Arc<Provider>, Failure> {
    definitions.providers.find(name).ok_or_else(|| {
        let help = match did_you_mean(name, definitions.providers.names()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "`hookrule providers list` shows them all".to_owned(),
        };
        Failure::Refused(format!("there is no provider `{name}`; {help}"))
    })
}

impl List {
    fn run(self, definitions: &Definitions, output: &mut Output<'_>) -> Done {
        let all = &definitions.providers;
        let found = all.names().into_iter().filter_map(|name| all.find(name));
        let found: Vec<_> = found.collect();
        if self.format == Format::Json {
            output.json(&found.iter().map(|p| describe(p)).collect::<Vec<_>>())?;
            return Ok(Exit::Fine);
        }
        let row = |provider: &std::sync::Arc<Provider>| {
            vec![
                provider.name().to_owned(),
                or_dash(&provider.schemes()),
                or_dash(provider.recognise()),
                standing(provider.confidence()).to_owned(),
            ]
        };
        let head = ["PROVIDER", "SIGNS BY", "RECOGNISED BY", "FACTS"];
        output.table(&head, &found.iter().map(row).collect::<Vec<_>>())?;
        Ok(Exit::Fine)
    }
}

impl Show {
    fn run(self, definitions: &Definitions, output: &mut Output<'_>) -> Done {
        let provider = find(definitions, &self.name)?;
        if self.format == Format::Json {
            output.json(&describe(&provider))?;
            return Ok(Exit::Fine);
        }
        output.line(&plain(&provider))?;
        Ok(Exit::Fine)
    }
}

fn or_dash<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [] => "-".to_owned(),
        names => names
            .iter()
            .map(AsRef::as_ref)
            .collect::<Vec<_>>()
            .join(", "),
    }
}

fn describe(provider: &Provider) -> Value {
    json!({
        "name": provider.name(),
        "aliases": provider.aliases().iter().map(|alias| &alias.name).collect::<Vec<_>>(),
        "schemes": provider.schemes(),
        "proof": proof(provider),
        "bodies": provider.content_types().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "signature_headers": provider.signature_headers(),
        "recognise": provider.recognise(),
        "body_bytes_max": provider.body_bytes_max(),
        "samples": provider.samples().iter().map(|sample| &sample.event).collect::<Vec<_>>(),
        "events": provider.events().map(|events| &events.names),
        "events_open": provider.events().is_none_or(|events| events.open),
        "docs": provider.docs(),
        "setup": provider.setup(),
        "notes": provider.notes(),
        "confidence": format!("{:?}", provider.confidence()).to_lowercase(),
        "experimental": provider.confidence() == Confidence::Low,
        "settings": provider.declared().iter().map(|known| (&known.name, &known.about)).collect::<std::collections::BTreeMap<_, _>>(),
        "source": format!("sources:\n{}", source(provider)),
        "response_seconds": provider.response().map(|wait| wait.as_secs()),
    })
}
