//! `hookrule completions`.

use clap::{Args, Command};
use clap_complete::Shell;

use super::output::{Done, Exit, Output};

/// Writes what a shell needs to complete hookrule's commands and options
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule completions bash > /etc/bash_completion.d/hookrule
  hookrule completions zsh > ~/.zfunc/_hookrule
  hookrule completions fish > ~/.config/fish/completions/hookrule.fish")]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    /// `command` is the whole command line.
    pub(super) fn run(self, mut command: Command, output: &mut Output<'_>) -> Done {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut command, "hookrule", &mut text);
        output.text(&String::from_utf8_lossy(&text))?;
        Ok(Exit::Fine)
    }
}
