//! Running one program: no shell, an environment of the operator's own, a time limit.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use crate::actions::exchange::{Redactor, beginning, reject};
use crate::actions::{Context, Outcome, Wait};
use crate::destinations::{PATH_DEFAULT, Program};
use crate::secret::Secret;

/// The most of a program's output that is read, in bytes.
const OUTPUT_BYTES_MAX: u64 = 64 * 1024;

/// `EX_TEMPFAIL` of sysexits.h: try again later.
const EXIT_TRY_AGAIN: i32 = 75;

/// How long output is waited for after the program has ended, where a child of it keeps the pipe.
const OUTPUT_GRACE: Duration = Duration::from_secs(1);

/// What a rule adds to the operator's program.
#[derive(Debug, Default)]
pub(in crate::actions) struct Added {
    /// Arguments behind its own.
    pub(in crate::actions) args: Vec<String>,
    /// Environment variables beside its own.
    pub(in crate::actions) env: Vec<(String, String)>,
}

/// Runs a program with more arguments and something to read.
///
/// # Cancellation
/// The program is killed, and what it has started.
pub(in crate::actions) async fn run(
    program: &Program,
    added: &Added,
    input: Bytes,
    timeout: Duration,
    context: &Context<'_>,
) -> Outcome {
    let mut child = match command(program, added, context).and_then(|mut command| command.spawn()) {
        Ok(child) => child,
        Err(error) => return unstarted(&error),
    };
    let mut group = Group(child.id());
    let redactor = Redactor::new(program.credentials());
    match tokio::time::timeout(timeout, talk(&mut child, input)).await {
        Ok(Ok((status, out, err))) => {
            group.leave();
            ended(status, &out, &err, &redactor)
        }
        Ok(Err(error)) => Outcome::InDoubt {
            note: format!("the program was lost: {error}"),
        },
        Err(_) => Outcome::InDoubt {
            note: format!("killed: it did not end within {timeout:?}"),
        },
    }
}

fn command(program: &Program, added: &Added, context: &Context<'_>) -> std::io::Result<Command> {
    let (name, own) = program
        .argv
        .split_first()
        .ok_or_else(|| std::io::Error::other("no program is named"))?;
    let mut command = Command::new(name.expose());
    command
        .args(own.iter().map(Secret::expose))
        .args(&added.args)
        .env_clear()
        .envs(added.env.iter().map(|(name, value)| (name, value)))
        .env("PATH", PATH_DEFAULT)
        .envs(
            program
                .env
                .iter()
                .map(|(name, value)| (name, value.expose())),
        )
        .env("HOOKRULE_EVENT", context.event.to_string())
        .env("HOOKRULE_EVENT_NAME", context.event_name.replace('\0', ""))
        .env("HOOKRULE_RULE", context.rule)
        .env("HOOKRULE_JOB", context.job.to_string())
        .env("HOOKRULE_ATTEMPT", context.attempt.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    if let Some(cwd) = &program.cwd {
        command.current_dir(cwd);
    }
    Ok(command)
}

type Output = (ExitStatus, Vec<u8>, Vec<u8>);

async fn talk(child: &mut Child, input: Bytes) -> std::io::Result<Output> {
    let stdin = child.stdin.take();
    tokio::spawn(async move {
        if let Some(mut stdin) = stdin {
            // A program that does not read its input has not failed.
            let _ = stdin.write_all(&input).await;
        }
    });
    let out = tokio::spawn(read(child.stdout.take()));
    let err = tokio::spawn(read(child.stderr.take()));
    let status = child.wait().await?;
    let late = async move { (out.await.unwrap_or_default(), err.await.unwrap_or_default()) };
    let (out, err) = tokio::time::timeout(OUTPUT_GRACE, late)
        .await
        .unwrap_or_default();
    Ok((status, out, err))
}

/// Reads to the end, so that the program never waits for us, and keeps the beginning.
async fn read(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    if let Some(mut pipe) = pipe {
        let _ = (&mut pipe)
            .take(OUTPUT_BYTES_MAX)
            .read_to_end(&mut kept)
            .await;
        let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    }
    kept
}

fn ended(status: ExitStatus, out: &[u8], err: &[u8], redactor: &Redactor) -> Outcome {
    let text = String::from_utf8_lossy(out);
    let said = if err.is_empty() {
        &text
    } else {
        &String::from_utf8_lossy(err)
    };
    let said = redactor.text(said);
    match status.code() {
        Some(0) => Outcome::Done {
            outputs: json!({
                "status": 0,
                "text": beginning(redactor.without_own(&text).trim_end(), 8 * 1024),
                "body": serde_json::from_slice::<serde_json::Value>(out)
                    .ok()
                    .filter(|_| out.len() <= 6 * 1024)
                    .map(|body| redactor.value(body)),
            }),
            note: format!("exit 0: {}", redactor.text(&text)),
        },
        Some(EXIT_TRY_AGAIN) => Outcome::Retry {
            note: format!("exit {EXIT_TRY_AGAIN}: {said}"),
            wait: Wait::Schedule,
        },
        Some(code) => reject(format!("exit {code}: {said}")),
        None => Outcome::InDoubt {
            note: format!("{status}: {said}"),
        },
    }
}

fn unstarted(error: &std::io::Error) -> Outcome {
    use std::io::ErrorKind as Kind;
    let note = format!("the program could not be started: {error}");
    match error.kind() {
        Kind::NotFound | Kind::PermissionDenied | Kind::InvalidInput | Kind::NotADirectory => {
            reject(note)
        }
        _ => Outcome::Retry {
            note,
            wait: Wait::Schedule,
        },
    }
}

/// A program and what it has started; killed when this is dropped.
struct Group(Option<u32>);

impl Group {
    /// The program has ended by itself: what it leaves running is meant to run.
    fn leave(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    /// Through `kill`, for the standard library signals no groups; the program itself dies with its
    /// handle in any case. Waits for it, a moment, for the process may be about to end.
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            let killed = std::process::Command::new("kill")
                .args(["-KILL", "--", &format!("-{leader}")])
                .env_clear()
                .env("PATH", PATH_DEFAULT)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            if let Err(error) = killed {
                tracing::warn!(%error, "a program that was broken off may have left others running");
            }
        }
    }
}
