//! `hookrule serve`.

use std::sync::Arc;

use clap::{Args, ValueEnum};

use crate::app::{App, Options, StartError};
use crate::runtime::shutdown::Shutdown;
use crate::runtime::telemetry::{LogFormat, init_logs};

use super::output::{Done, Exit, Failure, Output};

/// Receives webhooks and carries out what the rules say
///
/// Logs go to standard error. Rules, provider definitions and hookrule.yaml are read again when they
/// are saved, and on SIGHUP; a file with an error never replaces one that works. SIGTERM and Ctrl-C
/// stop taking webhooks, finish what is begun, and leave the rest on disk for the next start.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule serve
  hookrule serve --config /etc/hookrule/hookrule.yaml --log-format json")]
pub(super) struct Serve {
    /// Start although rule or provider files have errors; those files are left out
    #[arg(long)]
    skip_bad_rules: bool,
    /// What is logged: a level (error, warn, info, debug), or levels for parts: hookrule=debug
    #[arg(
        long,
        value_name = "LEVEL",
        default_value = "info",
        env = "HOOKRULE_LOG"
    )]
    log: String,
    /// How log lines look
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    log_format: Lines,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Lines {
    /// For people
    Human,
    /// One JSON object a line
    Json,
}

impl Serve {
    pub(super) async fn run(self, output: &mut Output<'_>) -> Done {
        let format = match self.log_format {
            Lines::Human => LogFormat::Human,
            Lines::Json => LogFormat::Json,
        };
        let signals = |error| Failure::Other(format!("signals cannot be received: {error}"));
        let options = Options {
            config: output.config().to_owned(),
            clock: output.clock().clone(),
            environment: Arc::clone(output.environment()),
            shutdown: Shutdown::on_signals().map_err(signals)?,
            skip_bad_rules: self.skip_bad_rules,
        };
        // The file watcher tells of each watch that went with its folder; nobody can act on that.
        let filter = if self.log.contains("notify") {
            self.log
        } else {
            format!("{},notify=off", self.log)
        };
        init_logs(format, &filter).map_err(|error| Failure::Other(error.to_string()))?;
        let app = App::start(options).await.map_err(|error| match error {
            StartError::Diagnostics(problems) => Failure::Diagnostics(problems),
            StartError::Operational(why) => Failure::Other(why),
        })?;
        app.run_until_stopped().await;
        Ok(Exit::Fine)
    }
}
