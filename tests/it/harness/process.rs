//! hookrule as its own process, for what only a process can show: kill -9, signals, the command line.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// A running `hookrule serve`. Killed with the value.
pub struct Process {
    child: Child,
    config: PathBuf,
    log: Arc<Log>,
    /// Where it takes webhooks.
    pub address: SocketAddr,
}

#[derive(Default)]
struct Log {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

impl Log {
    /// The last of so many lines with this in them; none if there are fewer in the end.
    fn wait_for(&self, what: &str, count: usize) -> Option<String> {
        let lines = self.lines.lock().unwrap();
        let nth = |lines: &[String]| {
            let mut found = lines.iter().filter(|line| line.contains(what));
            found.nth(count - 1).cloned()
        };
        let found = |lines: &[String]| {
            nth(lines).is_some() || lines.last().is_some_and(|line| line == ENDED)
        };
        let patience = Duration::from_mins(1);
        let (lines, _) = self
            .more
            .wait_timeout_while(lines, patience, |lines| !found(lines))
            .unwrap();
        nth(&lines)
    }
}

const ENDED: &str = "(the log has ended)";

/// The program with these arguments, no environment of ours but PATH and what is given.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hookrule"));
    command
        .args(arguments)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub fn run(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the program runs")
}

impl Process {
    /// Starts `serve` with a configuration file whose `listen` has port 0.
    pub fn start(config: &Path) -> Self {
        Self::start_with(config, &[])
    }

    /// The same, with environment variables.
    pub fn start_with(config: &Path, environment: &[(&str, &str)]) -> Self {
        let config = config.to_owned();
        let mut command = command(&["serve", "--config"]);
        command
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command.envs(environment.iter().copied());
        let mut child = command.spawn().expect("the program starts");
        let log = Arc::new(Log::default());
        let stderr = BufReader::new(child.stderr.take().expect("its standard error"));
        std::thread::spawn({
            let log = Arc::clone(&log);
            move || {
                for line in stderr.lines().map_while(Result::ok) {
                    log.lines.lock().unwrap().push(line);
                    log.more.notify_all();
                }
                log.lines.lock().unwrap().push(ENDED.to_owned());
                log.more.notify_all();
            }
        });
        let line = log.wait_for("listening on http://", 1);
        let Some(line) = line else {
            let lines = log.lines.lock().unwrap().join("\n");
            panic!("it did not start:\n{lines}");
        };
        let address = address_after(&line, "listening on http://");
        Self {
            child,
            config,
            log,
            address,
        }
    }

    /// Waits for a line of its log, and returns it.
    pub fn wait_for_log(&self, what: &str) -> String {
        self.wait_for_logs(what, 1)
    }

    /// Waits for so many of them, and returns the last.
    pub fn wait_for_logs(&self, what: &str, count: usize) -> String {
        let line = self.log.wait_for(what, count);
        line.unwrap_or_else(|| {
            let log = self.log().join("\n");
            panic!("not {count} times `{what}` in its log:\n{log}")
        })
    }

    /// Where its admin listener is.
    pub fn admin(&self) -> SocketAddr {
        address_after(&self.wait_for_log("admin: http://"), "admin: http://")
    }

    pub fn log(&self) -> Vec<String> {
        self.log.lines.lock().unwrap().clone()
    }

    /// kill -9.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// kill -TERM, and the wait for its end.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.end()
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.expect("kill runs").success(), "it has ended already");
    }

    /// Waits for its end.
    pub fn end(&mut self) -> ExitStatus {
        self.child.wait().expect("its end")
    }

    /// Waits until none of its threads runs any more, after SIGSTOP.
    pub fn wait_until_stopped(&self) {
        let tasks = format!("/proc/{}/task", self.child.id());
        let is_stopped = |task: std::fs::DirEntry| {
            let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            let state = stat
                .rsplit_once(") ")
                .and_then(|(_, rest)| rest.chars().next());
            matches!(state, None | Some('T'))
        };
        let all_stopped = || {
            let tasks = std::fs::read_dir(&tasks).expect("its threads");
            tasks.map_while(Result::ok).all(is_stopped)
        };
        while !all_stopped() {
            std::thread::yield_now();
        }
    }

    /// The ids of all stored events. Each delivery is there once.
    pub fn event_ids(&self) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        let mut deliveries = BTreeSet::new();
        let mut oldest: Option<String> = None;
        loop {
            let mut arguments = vec!["events", "list", "--limit", "500", "--format", "json"];
            if let Some(oldest) = &oldest {
                arguments.extend(["--before", oldest]);
            }
            let output = self.ask(&arguments);
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{error}");
            let page: Vec<serde_json::Value> =
                serde_json::from_slice(&output.stdout).expect("a JSON list");
            let text = |event: &serde_json::Value, key| event[key].as_str().map(str::to_owned);
            for event in &page {
                ids.extend(text(event, "id"));
                if let Some(delivery) = text(event, "delivery_id") {
                    let first = deliveries.insert(delivery);
                    assert!(first, "a delivery is there twice: {event}");
                }
            }
            oldest = page.last().and_then(|event| text(event, "id"));
            if oldest.is_none() {
                return ids;
            }
        }
    }

    /// Another command on the same configuration.
    pub fn ask(&self, arguments: &[&str]) -> Output {
        let mut command = command(arguments);
        command.arg("--config").arg(&self.config);
        command.output().expect("the program runs")
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

fn address_after(line: &str, start: &str) -> SocketAddr {
    let address = line.split(start).nth(1).expect("an address");
    let address = address.split([' ', '/', '"']).next().expect("an address");
    address.parse().expect("an address")
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
