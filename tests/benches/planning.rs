//! How long `hookrule plan` takes over many stored events.
//!
//! Makes a store with so many events of about 500 bytes, and two rule sets of so many rules, one in
//! eleven of which says something else; then runs the command as a person would, in this process.
//!
//! `cargo bench --bench planning`; with `-- EVENTS RULES` for others than 100,000 and 1,000.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement reads the machine's clock, and prints"
)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use hookrule::commands::{World, run};
use hookrule::event::{EventId, Headers, MediaKind, Query, SourceRef, Strength};
use hookrule::plan::Plan;
use hookrule::runtime::Clock;
use hookrule::stores::sqlite::SqliteStore;
use hookrule::stores::{Acceptance, Store, WholeEvent};

/// Events of one transaction.
const BATCH: u64 = 500;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments = std::env::args().skip(1).filter(|a| a != "--bench");
    let mut numbers = arguments.map(|text| text.parse::<u64>());
    let events = numbers.next().transpose()?.unwrap_or(100_000);
    let rules = numbers.next().transpose()?.unwrap_or(1_000);
    let folder = std::env::temp_dir().join(format!("hookrule-planning-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let measured = runtime.block_on(measure(&folder, events, rules));
    std::fs::remove_dir_all(&folder)?;
    measured
}

async fn measure(folder: &Path, events: u64, rules: u64) -> Result<(), Failure> {
    write(folder, rules)?;
    let clock = Clock::machine();
    let store = SqliteStore::open(&folder.join("data"), clock.clone())?;
    let begun = Instant::now();
    for first in (0..events).step_by(usize::try_from(BATCH)?) {
        let batch =
            (first..events.min(first + BATCH)).map(|number| accepted(number, rules, &clock));
        store.accept(batch.collect::<Result<_, _>>()?).await?;
    }
    drop(store);
    println!(
        "{events} events stored in {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    let begun = Instant::now();
    let config = folder.join("hookrule.yaml");
    let new = folder.join("new");
    let limit = events.to_string();
    let arguments = ["hookrule", "plan", "--limit", &limit, "--config"].map(OsString::from);
    let arguments = arguments.into_iter().chain([config.into(), new.into()]);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let world = World {
        out: &mut out,
        err: &mut err,
        terminal: false,
        err_terminal: false,
        environment: Arc::new(BTreeMap::new()),
        clock,
    };
    let exit = run(arguments, world).await;
    let took = begun.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&out);
    for line in said.lines().take(4) {
        println!("  {line}");
    }
    println!("{}", String::from_utf8_lossy(&err));
    println!("exit {exit}; {events} events before two sets of {rules} rules: {took:.1} s");
    Ok(())
}

fn accepted(number: u64, rules: u64, clock: &Clock) -> Result<Acceptance, Failure> {
    let body = format!(
        "{{\"number\":{number},\"repository\":{{\"full_name\":\"acme/repo-{}\"}},\"sender\":{{\"login\":\"ann\"}},\"padding\":\"{}\"}}",
        number % rules.max(1),
        "x".repeat(400)
    );
    let event = WholeEvent {
        id: EventId::generate(),
        source: SourceRef {
            name: "github".to_owned(),
            labels: BTreeMap::new(),
        },
        provider: "github".to_owned(),
        names: vec!["push".to_owned()],
        delivery_id: None,
        received_at: clock.now(),
        strength: Strength::Signed,
        nonce: [7; 16],
        headers: Headers::new([
            ("content-type", "application/json"),
            ("x-github-event", "push"),
        ]),
        query: Query::default(),
        media: MediaKind::Json,
        body: body.into(),
    };
    Ok(Acceptance {
        event: event.restore()?,
        dedupe: None,
        plan: Plan {
            rule_set: "bench".to_owned(),
            matched: Vec::new(),
            jobs: Vec::new(),
            firings: Vec::new(),
            signals: Vec::new(),
            respond: None,
        },
        lease: Vec::new(),
    })
}

/// The configuration and both rule sets.
fn write(folder: &Path, rules: u64) -> Result<(), Failure> {
    for (name, changed) in [("rules", false), ("new", true)] {
        std::fs::create_dir_all(folder.join(name))?;
        let mut text = "rules:\n".to_owned();
        for number in 0..rules {
            let says = if changed && number % 11 == 0 {
                "Pushed"
            } else {
                "A push"
            };
            writeln!(
                text,
                "  - name: rule-{number}
    when: {{provider: github, event: push, conditions: [{{path: $.repository.full_name, equals: acme/repo-{number}}}]}}
    actions:
      - {{http: {{destination: sink, path: /hooks, body: {{text: '{says} by {{{{payload.sender.login}}}}', number: '{{{{payload.number}}}}'}}}}}}
      - {{log: {{message: '{{{{payload.repository.full_name}}}}'}}}}"
            )?;
        }
        std::fs::write(folder.join(name).join("a.yaml"), text)?;
    }
    let config = "sources: {github: {provider: github, secrets: [a-secret-for-the-bench-only]}}
destinations: {sink: {http: {url: 'https://example.com'}}}
";
    std::fs::write(folder.join("hookrule.yaml"), config)?;
    Ok(())
}
