//! `hookrule explain`.

use clap::Args;

use crate::diagnostic::{Code, code, did_you_mean};

use super::output::{Done, Exit, Failure, Format, Output};

/// Says what a finding of `check` means, with an example of what is wrong and what is right
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule explain HR0101
  hookrule explain HR0101 --format json")]
pub(super) struct Explain {
    /// The code of a finding, as in error[HR0101]
    #[arg(value_name = "CODE")]
    what: String,
    /// Who reads the output
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

impl Explain {
    pub(super) fn run(self, output: &mut Output<'_>) -> Done {
        let code = find(&self.what).ok_or_else(|| Failure::Other(unknown(&self.what)))?;
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
        None => "a code stands in each finding of `hookrule check`, as in error[HR0101]".to_owned(),
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
