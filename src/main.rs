//! argv in, exit code out.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use hookrule::commands::{World, run};
use hookrule::config::ProcessEnvironment;
use hookrule::runtime::Clock;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = writeln!(
                std::io::stderr(),
                "error: no threads can be started: {error}"
            );
            return ExitCode::from(2);
        }
    };
    let stdout = std::io::stdout();
    let world = World {
        terminal: stdout.is_terminal(),
        err_terminal: std::io::stderr().is_terminal(),
        out: &mut stdout.lock(),
        err: &mut std::io::stderr(),
        environment: Arc::new(ProcessEnvironment),
        clock: Clock::machine(),
    };
    ExitCode::from(runtime.block_on(run(std::env::args_os(), world)))
}
