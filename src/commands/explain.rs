//! `hookrule explain`.

use std::path::PathBuf;

use clap::Args;

use crate::config::{Definitions, Document};
use crate::diagnostic::{Code, code, did_you_mean};
use crate::event::{EventId, Strength};
use crate::operator::{
    Answer, Asked, Explanation, Operator as _, Question, Remote, Said, Why, explain_here,
};

use super::output::{Done, Exit, Failure, Format, Output};
use super::reach::{self, Needs};
use super::show::mismatch;
use super::why;

/// Says why rules did, or did not, do something with an event; or what a finding of `check` means
///
/// A stored event is judged by the rules that judged it when it came in. A file is a body as its
/// provider would send it; nothing is stored and nothing performed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule explain evt_0190…
  hookrule explain evt_0190… --rule big-payment-to-notion
  hookrule explain evt_0190… --now
  hookrule explain invoice.json --provider stripe --event invoice.paid
  hookrule explain HR0101")]
pub(super) struct Explain {
    /// A stored event (evt_…), a file with an event's body, or the code of a finding (HR0101)
    #[arg(value_name = "EVENT|FILE|CODE")]
    what: String,
    /// Only this rule
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// By today's rules, not by those that judged the event
    #[arg(long)]
    now: bool,
    /// Who would send the file: a name from `hookrule providers list`
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// What the file's event is called, where neither body nor headers say it
    #[arg(long, value_name = "EVENT")]
    event: Option<String>,
    /// The source that the file would come in by
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// A header that would come with the file, as 'X-GitHub-Event: push'
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// How far the file would be shown to be authentic; else the most that the provider can show
    #[arg(long, value_name = "PROOF", value_parser = ["signed", "authenticated", "unsigned"])]
    proof: Option<String>,
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

impl Explain {
    pub(super) async fn run(self, output: &mut Output<'_>) -> Done {
        if self.what.starts_with("evt_") {
            let id = self.what.parse::<EventId>();
            let id = id.map_err(|_| Failure::Other(format!("`{}` is no event id", self.what)))?;
            let explanation = self.stored(id, output).await?;
            return self.show(&explanation, output);
        }
        if let Some(code) = find(&self.what) {
            return self.code(code, output);
        }
        if self.provider.is_none() && !PathBuf::from(&self.what).is_file() {
            return Err(Failure::Other(unknown(&self.what)));
        }
        let explanation = self.imagined(output).await?;
        self.show(&explanation, output)
    }

    fn code(&self, code: Code, output: &mut Output<'_>) -> Done {
        if self.format == Format::Json {
            output.json(&serde_json::json!({
                "code": code.id(),
                "title": code.title(),
                "explanation": code.explanation(),
            }))?;
        } else {
            output.line(&format!("{}: {}", code.id(), code.title()))?;
            output.line("")?;
            output.text(code.explanation())?;
        }
        Ok(Exit::Fine)
    }

    async fn stored(&self, id: EventId, output: &mut Output<'_>) -> Result<Explanation, Failure> {
        let needs = if self.now { Needs::Rules } else { Needs::Store };
        let operator = reach::reach(output, needs).await?;
        let why = Why {
            event: Asked::Stored(id),
            now: self.now,
            rule: self.rule.clone(),
        };
        match operator.ask(Question::Explain(why)).await? {
            Answer::Explained(explanation) => Ok(*explanation),
            _ => Err(mismatch()),
        }
    }

    /// Asks the running hookrule, or else the rules on disk.
    async fn imagined(&self, output: &mut Output<'_>) -> Result<Explanation, Failure> {
        let said = self.said(output)?;
        let document = Document::read(output.config())?;
        let environment = output.environment().as_ref();
        let folder = document.store(environment)?;
        let why = Why {
            event: Asked::Imagined(said.clone()),
            now: true,
            rule: self.rule.clone(),
        };
        if let Some(remote) = Remote::connect(&folder).await? {
            return match remote.ask(Question::Explain(why)).await? {
                Answer::Explained(explanation) => Ok(*explanation),
                _ => Err(mismatch()),
            };
        }
        let rules = reach::rules(&document, output)?;
        let definitions = Definitions::read(&document.providers(environment)?, None);
        explain_here(&rules, &definitions.providers, &said, self.rule.as_deref())
            .map_err(Failure::from)
    }

    fn said(&self, output: &Output<'_>) -> Result<Said, Failure> {
        let Some(provider) = self.provider.clone() else {
            let message = "say who would send it: --provider NAME (and --event where the body does not say it)";
            return Err(Failure::Refused(message.to_owned()));
        };
        let body = std::fs::read_to_string(&self.what)
            .map_err(|error| Failure::Other(format!("{} cannot be read: {error}", self.what)))?;
        let headers = self
            .headers
            .iter()
            .map(|header| match header.split_once(':') {
                Some((name, value)) => Ok((name.trim().to_owned(), value.trim().to_owned())),
                None => Err(Failure::Refused(format!(
                    "`{header}` is no header; it is written 'X-GitHub-Event: push'"
                ))),
            });
        Ok(Said {
            source: self.source.clone().unwrap_or_else(|| provider.clone()),
            provider,
            event: self.event.clone(),
            headers: headers.collect::<Result<_, _>>()?,
            body,
            at: output.clock().now(),
            proof: self.proof.as_deref().and_then(Strength::called),
        })
    }

    fn show(&self, explanation: &Explanation, output: &mut Output<'_>) -> Done {
        match self.format {
            Format::Json => output.json(explanation)?,
            Format::Human => why::write(output, explanation)?,
        }
        Ok(Exit::Fine)
    }
}

/// The code of that number, in whatever case, with or without the `HR`.
fn find(what: &str) -> Option<Code> {
    let what = what.to_uppercase();
    let number = what.strip_prefix("HR").unwrap_or(&what);
    code::ALL
        .iter()
        .find(|code| code.id().strip_prefix("HR") == Some(number))
        .copied()
}

fn unknown(what: &str) -> String {
    let codes = code::ALL.iter().map(|code| code.id());
    let help = match did_you_mean(&what.to_uppercase(), codes) {
        Some(meant) => format!("did you mean {meant}?"),
        None => "a code stands in each finding of `hookrule check`, as in error[HR0101]; an event has an id, \n                 evt_…; a file needs --provider".replace("\n                 ", ""),
    };
    format!("there is no code `{what}`; {help}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_however_they_are_written() {
        for written in ["HR0101", "hr0101", "0101"] {
            assert_eq!(find(written), Some(code::DUPLICATE_RULE), "{written}");
        }
        assert_eq!(find("HR101"), None);
        assert!(unknown("HR0110").contains("did you mean HR01"));
        assert!(unknown("push").contains("error[HR0101]"));
    }
}
