//! `hookrule init`.

use std::path::PathBuf;

use clap::Args;

use crate::crypto::{Encoding, random};

use super::output::{Done, Exit, Failure, Output};
use super::schema;
use super::written::{Written, write_all};

/// Writes a folder to start from: hookrule.yaml, a rule with its tests, a secret of its own
///
/// Nothing that is there is overwritten.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule init
  hookrule init /etc/hookrule")]
pub(super) struct Init {
    /// Where to write it
    #[arg(value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
}

/// How long a drawn secret is, in bytes.
const SECRET_BYTES: usize = 32;

impl Init {
    pub(super) fn run(self, output: &mut Output<'_>) -> Done {
        let secret = random::<SECRET_BYTES>().map_err(|error| Failure::Other(error.to_string()))?;
        let files = [
            Written::open("hookrule.yaml", include_str!("hookrule.yaml")),
            Written::open("rules/first.yaml", include_str!("first.yaml")),
            Written::open("rules/payloads/push.json", include_str!("push.json")),
            Written::secret("secrets/github", Encoding::Hex.encode(&secret) + "\n"),
            Written::open(".gitignore", "data/\nsecrets/\n"),
        ];
        let files: Vec<_> = files.into_iter().chain(schema::written()).collect();
        for path in write_all(&self.folder, &files)? {
            output.line(&format!("wrote {}", path.display()))?;
        }
        let config = self.folder.join("hookrule.yaml");
        let config = match self.folder.to_str() {
            Some(".") => String::new(),
            _ => format!(" --config {}", config.display()),
        };
        output.line(&format!(
            "\nNext:\n  hookrule check{config}\n  hookrule serve{config}\n  \
             hookrule send github push{config}      in another terminal"
        ))?;
        Ok(Exit::Fine)
    }
}
