//! How much a durable, verified, matched event costs beside a bare hyper server that answers 202.
//!
//! Both servers are processes of their own; the load comes from this one: 64 keep-alive connections,
//! each sending its next delivery when the last is answered. Rounds are interleaved, so that what else
//! the machine does falls on both. Figures that can be compared between machines are the ratios.
//!
//! `cargo bench --bench intake`; with `-- SECONDS ROUNDS RULES` for others than 3, 3 and 1,000.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measurement reads the machine's clock, divides, and prints"
)]

use std::convert::Infallible;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use hookrule::crypto::{Algorithm, Mac};

const CONNECTIONS: usize = 64;
const SECRET: &str = "a-secret-for-the-bench-only";
const BARE: &str = "serve-bare";

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    if arguments.first().is_some_and(|argument| argument == BARE) {
        return runtime.block_on(serve_bare());
    }
    let number = |at: usize, otherwise: u64| {
        arguments
            .get(at)
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    let (seconds, rounds, rules) = (
        Duration::from_secs(number(0, 3)),
        number(1, 3),
        number(2, 1_000),
    );
    for body in [small_body(), large_body()] {
        runtime.block_on(compare(&body, seconds, rounds, rules))?;
    }
    Ok(())
}

/// What one round of load came to.
#[derive(Debug, Clone)]
struct Figures {
    per_second: f64,
    p50: Duration,
    p99: Duration,
    cpu_micros: f64,
}

async fn compare(body: &Bytes, seconds: Duration, rounds: u64, rules: u64) -> Result<(), Failure> {
    let tag = Mac::tag(Algorithm::Sha256, SECRET.as_bytes(), &[body]);
    let signature = format!("sha256={}", hex::encode(tag));
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let server = Server::bare()?;
        bare.push(load(&server, body, &signature, seconds).await?);
        drop(server);
        let server = Server::hookrule(rules)?;
        ours.push(load(&server, body, &signature, seconds).await?);
    }
    let (bare, ours) = (median(bare), median(ours));
    println!(
        "\n{} B, {CONNECTIONS} connections, {rules} rules of which one matches:",
        body.len()
    );
    for (name, figures) in [("bare hyper", &bare), ("hookrule", &ours)] {
        println!(
            "  {name:<11}{:>8.0} events/s   p50 {:>7.2?}   p99 {:>7.2?}   {:>6.1} CPU µs an event",
            figures.per_second, figures.p50, figures.p99, figures.cpu_micros
        );
    }
    println!(
        "  ratio: {:.2} of the events a second, {:.2} times the p99, {:.2} times the CPU",
        ours.per_second / bare.per_second,
        ours.p99.as_secs_f64() / bare.p99.as_secs_f64(),
        ours.cpu_micros / bare.cpu_micros
    );
    Ok(())
}

fn median(mut rounds: Vec<Figures>) -> Figures {
    rounds.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    rounds.swap_remove(rounds.len() / 2)
}

/// A server under load, ended with the value.
struct Server {
    child: Child,
    address: SocketAddr,
    folder: Option<PathBuf>,
}

impl Server {
    fn bare() -> Result<Self, Failure> {
        Self::spawn(Command::new(std::env::current_exe()?).arg(BARE), None)
    }

    fn hookrule(rules: u64) -> Result<Self, Failure> {
        let folder = std::env::temp_dir().join(format!("hookrule-bench-{}", std::process::id()));
        write_configuration(&folder, rules)?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_hookrule"));
        command
            .args(["serve", "--config"])
            .arg(folder.join("hookrule.yaml"));
        Self::spawn(&mut command, Some(folder))
    }

    fn spawn(command: &mut Command, folder: Option<PathBuf>) -> Result<Self, Failure> {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stderr.take().ok_or("no standard error")?).lines();
        let address = loop {
            let line = lines
                .next()
                .ok_or("the server ended before it listened")??;
            if let Some((_, rest)) = line.split_once("listening on http://") {
                break rest
                    .split([' ', '/', '"'])
                    .next()
                    .unwrap_or_default()
                    .parse()?;
            }
        };
        // A pipe that nobody reads would stop the server's log, and then the server.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self {
            child,
            address,
            folder,
        })
    }

    /// Processor time the server has used so far, in microseconds.
    fn cpu_micros(&self) -> Result<f64, Failure> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let after_name = stat
            .rsplit_once(") ")
            .ok_or("an unknown form of /proc/PID/stat")?
            .1;
        let ticks: u64 = after_name
            .split(' ')
            .skip(11)
            .take(2)
            .filter_map(|t| t.parse::<u64>().ok())
            .sum();
        // Linux counts these in hundredths of a second on every machine in use.
        Ok(ticks as f64 * 10_000.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

fn write_configuration(folder: &Path, rule_count: u64) -> Result<(), Failure> {
    std::fs::create_dir_all(folder.join("rules"))?;
    // The destination takes one job an hour, so that delivering costs nothing during the measurement.
    std::fs::write(
        folder.join("hookrule.yaml"),
        format!(
            "listen: 127.0.0.1:0\nsources:\n  github: {{provider: github, secrets: [{SECRET}]}}\n\
             destinations:\n  sink: {{http: {{url: \"http://127.0.0.1:9/\"}}, allow_private: true, rate: 1/1h}}\n"
        ),
    )?;
    let mut rules = std::fs::File::create(folder.join("rules/bench.yaml"))?;
    writeln!(rules, "rules:")?;
    for number in 0..rule_count {
        writeln!(
            rules,
            "  - name: rule-{number}\n    when:\n      provider: github\n      event: push\n      conditions:\n        \
             - {{path: $.repository.id, equals: {number}}}\n        - {{path: $.ref, starts_with: refs/heads/}}\n    \
             actions: [{{forward: {{destination: sink}}}}]"
        )?;
    }
    Ok(())
}

async fn load(
    server: &Server,
    body: &Bytes,
    signature: &str,
    seconds: Duration,
) -> Result<Figures, Failure> {
    let warm = Duration::from_millis(300);
    hammer(server.address, body, signature, warm).await?;
    let cpu_before = server.cpu_micros()?;
    let began = Instant::now();
    let mut latencies = hammer(server.address, body, signature, seconds).await?;
    let took = began.elapsed();
    let cpu = server.cpu_micros()? - cpu_before;
    latencies.sort_unstable();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
    Ok(Figures {
        per_second: latencies.len() as f64 / took.as_secs_f64(),
        p50: at(0.5),
        p99: at(0.99),
        cpu_micros: cpu / latencies.len() as f64,
    })
}

static DELIVERIES: AtomicU64 = AtomicU64::new(0);

async fn hammer(
    address: SocketAddr,
    body: &Bytes,
    signature: &str,
    length: Duration,
) -> Result<Vec<Duration>, Failure> {
    let end = Instant::now() + length;
    let signature: Arc<str> = signature.into();
    let mut connections = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (body, signature) = (body.clone(), Arc::clone(&signature));
        connections.spawn(async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            let mut latencies = Vec::new();
            while Instant::now() < end {
                let delivery = DELIVERIES.fetch_add(1, Ordering::Relaxed);
                let request = hyper::Request::post("/webhook/github")
                    .header("host", "localhost")
                    .header("content-type", "application/json")
                    .header("x-github-event", "push")
                    .header("x-github-delivery", format!("bench-{delivery}"))
                    .header("x-hub-signature-256", &*signature)
                    .body(Full::new(body.clone()))?;
                let began = Instant::now();
                let response = sender.send_request(request).await?;
                let status = response.status();
                let _ = response.into_body().collect().await?;
                latencies.push(began.elapsed());
                if status != 202 {
                    return Err(Failure::from(format!("answered {status}")));
                }
            }
            Ok(latencies)
        });
    }
    let mut all = Vec::new();
    while let Some(latencies) = connections.join_next().await {
        all.extend(latencies??);
    }
    Ok(all)
}

/// Reads each body and answers 202: what any server must pay.
async fn serve_bare() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| async {
                let _ = request.into_body().collect().await;
                let response = hyper::Response::builder()
                    .status(202)
                    .body(Full::new(Bytes::new()));
                Ok::<_, Infallible>(response.unwrap_or_default())
            });
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// 324 bytes.
fn small_body() -> Bytes {
    body_of(324, 0)
}

/// 7,676 bytes: the size of a push of a few commits.
fn large_body() -> Bytes {
    body_of(7_676, 18)
}

fn body_of(bytes: usize, commits: usize) -> Bytes {
    let commit = |number: usize| {
        serde_json::json!({
            "id": format!("{number:040x}"),
            "message": "Weigh parcels in grams, round up and never down",
            "timestamp": "2026-01-02T03:04:05Z",
            "author": {"name": "Mira", "email": "mira@example.com", "username": "mira"},
            "added": [format!("src/parcel/{number}.rs")], "removed": [], "modified": ["src/lib.rs", "README.md"],
        })
    };
    let mut push = serde_json::json!({
        "ref": "refs/heads/main",
        "repository": {"id": 0, "full_name": "example/parcel", "private": false},
        "sender": {"login": "mira", "id": 41},
        "commits": (0..commits).map(commit).collect::<Vec<_>>(),
        "padding": "",
    });
    let short = bytes.saturating_sub(push.to_string().len());
    push["padding"] = "x".repeat(short).into();
    Bytes::from(push.to_string())
}
