//! `hookrule schema`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::yaml::Shape;
use crate::{config, providers, rule, trial};

use super::output::{Done, Exit, Failure, Output};
use super::written::Written;

/// Writes the JSON Schemas by which an editor completes and checks YAML files
///
/// With --output all of them are written into a folder, over those that are there. A file names its
/// schema in its first line: `# yaml-language-server: $schema=../schemas/rules.schema.json`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule schema rules > rules.schema.json
  hookrule schema --output schemas")]
pub(super) struct SchemaCommand {
    /// Which one to print
    #[arg(value_name = "WHICH", required_unless_present = "output")]
    which: Option<Which>,
    /// Write all of them into this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "which")]
    output: Option<PathBuf>,
}

/// What a schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Which {
    /// Rule files
    Rules,
    /// hookrule.yaml
    Config,
    /// Definitions of providers
    Provider,
    /// Files of tests: NAME.test.yaml
    Tests,
    /// _shared.yaml: templates and lists for a folder of rules
    Shared,
}

impl Which {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Rules,
        Self::Config,
        Self::Provider,
        Self::Tests,
        Self::Shared,
    ];

    /// As the command names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Config => "config",
            Self::Provider => "provider",
            Self::Tests => "tests",
            Self::Shared => "shared",
        }
    }

    /// The name of its file.
    pub fn file_name(self) -> String {
        format!("{}.schema.json", self.name())
    }

    /// What such a file looks like.
    pub fn shape(self) -> Shape {
        match self {
            Self::Rules => rule::shape(&trial::shape()),
            Self::Config => config::shape(),
            Self::Provider => providers::shape(),
            Self::Tests => trial::file_shape(),
            Self::Shared => rule::given_shape(),
        }
    }

    /// The schema, as it is printed.
    pub fn text(self) -> String {
        let title = match self {
            Self::Rules => "hookrule: a rule file",
            Self::Config => "hookrule.yaml",
            Self::Provider => "hookrule: the definition of a provider",
            Self::Tests => "hookrule: tests of rules",
            Self::Shared => "hookrule: templates and lists for a folder of rules",
        };
        let schema = self.shape().json_schema(title, self == Self::Config);
        format!("{schema:#}\n")
    }
}

/// The line by which an editor finds the schema of a file.
pub(super) fn modeline(folder: &str, which: Which) -> String {
    let name = which.file_name();
    format!("# yaml-language-server: $schema={folder}/{name}\n")
}

/// All of them, for a new folder.
pub(super) fn written() -> impl Iterator<Item = Written> {
    let one = |which: Which| Written::open(format!("schemas/{}", which.file_name()), which.text());
    Which::ALL.into_iter().map(one)
}

impl SchemaCommand {
    pub(super) fn run(self, output: &mut Output<'_>) -> Done {
        if let Some(which) = self.which {
            output.text(&which.text())?;
        }
        if let Some(folder) = self.output {
            for which in Which::ALL {
                let path = write(&folder, which)?;
                output.line(&format!("wrote {}", path.display()))?;
            }
        }
        Ok(Exit::Fine)
    }
}

fn write(folder: &Path, which: Which) -> Result<PathBuf, Failure> {
    let path = folder.join(which.file_name());
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, which.text()));
    written.map_err(|error| {
        Failure::Other(format!("{} cannot be written: {error}", path.display()))
    })?;
    Ok(path)
}
