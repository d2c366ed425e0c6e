//! FAMILY: what a person can ask for on the command line. One member for each subcommand.
//!
//! Comes in: the arguments. Goes out: text or JSON, and an exit code: 0 fine, 1 what was looked at has
//! problems, 2 it could not be done. A member owns its arguments, its help and its output.

mod check;
mod completions;
mod dead;
mod destinations;
mod events;
mod explain;
mod import;
mod init;
mod jobs;
mod known;
mod output;
mod plan;
mod progress;
mod providers;
mod proving;
mod reach;
mod refused;
mod rules;
mod scalar;
pub mod schema;
mod send;
mod serve;
mod show;
mod sources;
mod test;
mod why;
mod written;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::config::Environment;
use crate::runtime::Clock;

use output::{Exit, Failure, Output};

/// Receives webhooks, proves who sent them, and carries out what your rules say, without losing one.
///
/// Rules are YAML files that go live when you save them. What hookrule has acknowledged is on disk:
/// it is performed, tried again, or ends as a dead letter that you can read and requeue.
#[derive(Debug, Parser)]
#[command(name = "hookrule", version, after_help = FIRST_STEPS, max_term_width = 100)]
#[command(disable_help_subcommand = true)]
struct Arguments {
    /// hookrule.yaml: where it listens, who may send, what rules can reach
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "hookrule.yaml"
    )]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

const FIRST_STEPS: &str = "\
The first commands:
  hookrule init                  a folder to start from
  hookrule check                 what is wrong in hookrule.yaml and the rules, and what to write instead
  hookrule test                  whether rules do what their tests say
  hookrule serve                 receive webhooks; Ctrl-C stops it and loses nothing
  hookrule send github push      in another terminal: a signed sample, as GitHub would send it

Then see what became of it:
  hookrule events list
  hookrule jobs list

Exit codes: 0 fine, 1 what was looked at has problems, 2 could not run.";

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Check(check::Check),
    Test(test::Test),
    Explain(explain::Explain),
    Plan(plan::PlanCommand),
    Init(init::Init),
    Import(import::Import),
    Schema(schema::SchemaCommand),
    Completions(completions::Completions),
    Send(send::Send),
    Events(events::Events),
    Jobs(jobs::Jobs),
    Dead(dead::Dead),
    Destinations(destinations::DestinationsCommand),
    Sources(sources::SourcesCommand),
    Providers(providers::ProvidersCommand),
    Rules(rules::Rules),
}

/// What a command may use of the world around it.
pub struct World<'w> {
    /// Standard output.
    pub out: &'w mut dyn Write,
    /// Standard error.
    pub err: &'w mut dyn Write,
    /// Whether standard output is a terminal.
    pub terminal: bool,
    /// Whether standard error is one.
    pub err_terminal: bool,
    /// Environment variables.
    pub environment: std::sync::Arc<dyn Environment>,
    /// The time.
    pub clock: Clock,
}

/// Carries out one command line, and answers with its exit code.
pub async fn run(arguments: impl IntoIterator<Item = OsString>, world: World<'_>) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap knows which of the two it belongs on; a closed pipe is nobody's problem.
            let _ = error.print();
            return if error.use_stderr() { 2 } else { 0 };
        }
    };
    let mut output = Output::new(world, arguments.config);
    let done = match arguments.command {
        Command::Serve(command) => command.run(&mut output).await,
        Command::Check(command) => command.run(&mut output),
        Command::Test(command) => command.run(&mut output).await,
        Command::Explain(command) => command.run(&mut output).await,
        Command::Init(command) => command.run(&mut output),
        Command::Import(command) => command.run(&mut output),
        Command::Schema(command) => command.run(&mut output),
        Command::Completions(command) => command.run(Arguments::command(), &mut output),
        Command::Plan(command) => command.run(&mut output).await,
        Command::Send(command) => command.run(&mut output).await,
        Command::Events(command) => command.run(&mut output).await,
        Command::Jobs(command) => command.run(&mut output).await,
        Command::Dead(command) => command.run(&mut output).await,
        Command::Destinations(command) => command.run(&mut output).await,
        Command::Sources(command) => command.run(&mut output).await,
        Command::Providers(command) => command.run(&mut output),
        Command::Rules(command) => command.run(&mut output).await,
    };
    let exit = match done {
        Ok(exit) => output.flush().map_or(Exit::Fine, |()| exit),
        Err(failure) => output.fail(&failure),
    };
    exit as u8
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;

    async fn run_here(arguments: &[&str]) -> (u8, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let world = World {
            out: &mut out,
            err: &mut err,
            terminal: false,
            err_terminal: false,
            environment: Arc::new(BTreeMap::new()),
            clock: Clock::machine(),
        };
        let arguments = std::iter::once("hookrule").chain(arguments.iter().copied());
        let code = run(arguments.map(OsString::from), world).await;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (code, text(out), text(err))
    }

    #[test]
    fn the_arguments_are_well_formed_and_each_command_explains_itself() {
        let command = Arguments::command();
        command.clone().debug_assert();
        for subcommand in command.get_subcommands() {
            let name = subcommand.get_name();
            assert!(subcommand.get_about().is_some(), "{name} says what it does");
            let shown = subcommand.get_after_help().map(ToString::to_string);
            assert!(
                shown.is_some_and(|text| text.contains("hookrule ")),
                "{name} has an example"
            );
        }
    }

    #[tokio::test]
    async fn a_missing_configuration_is_named_with_what_to_do() {
        for arguments in [
            &["events", "list", "--config", "/nowhere/hookrule.yaml"][..],
            &["serve", "--config", "/nowhere/hookrule.yaml"][..],
            &[
                "send",
                "github",
                "push",
                "--config",
                "/nowhere/hookrule.yaml",
            ][..],
        ] {
            let (code, out, err) = run_here(arguments).await;
            assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {err}");
            assert!(err.contains("/nowhere/hookrule.yaml"), "{err}");
            assert!(err.contains("--config"), "{err}");
        }
    }

    #[tokio::test]
    async fn an_id_of_the_wrong_form_is_a_usage_error() {
        let (code, ..) = run_here(&["events", "show", "nonsense"]).await;
        assert_eq!(code, 2);
    }
}
