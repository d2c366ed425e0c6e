//! How long `hookrule check` takes over many rules, beside reading their YAML and nothing else.
//!
//! Writes a folder of 200 files with 50 rules each, one in five of which has a test; then runs the
//! command as a person would, in this process, and its phases one by one. Of several rounds the
//! quickest counts.
//!
//! `cargo bench --bench checking`; with `-- FILES RULES` for others than 200 and 50, and with a folder
//! behind them to keep what was written there.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement reads the machine's clock, and prints"
)]

mod folder;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use hookrule::commands::{World, run};
use hookrule::config::{Config, Document};
use hookrule::diagnostic::Diagnostics;
use hookrule::providers::Providers;
use hookrule::rule::{Found, Names, RuleSet, examine, read_rule_files};
use hookrule::runtime::{Clock, nobody};
use hookrule::trial::Trial;
use hookrule::yaml;

use folder::Size;

const ROUNDS: usize = 7;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let number = |at: usize| {
        arguments
            .get(at)
            .map(|text| text.parse::<usize>())
            .transpose()
    };
    let size = Size {
        files: number(0)?.unwrap_or(200),
        rules: number(1)?.unwrap_or(50),
        tested: 5,
    };
    let kept = arguments.get(2).map(PathBuf::from);
    let name = format!("hookrule-checking-{}", std::process::id());
    let place = kept
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(name));
    folder::write(&place, size)?;
    let measured = measure(&place, size);
    if kept.is_none() {
        std::fs::remove_dir_all(&place)?;
    }
    measured
}

fn measure(place: &Path, size: Size) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new()?;
    let mut phases = Phases::default();
    let mut said = String::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        said = runtime.block_on(check(place))?;
        phases.add("check, as a whole", begun);
        alone(place, &mut phases)?;
    }
    println!(
        "{} rules in {} files: {}",
        size.files * size.rules,
        size.files,
        said.trim()
    );
    phases.print("YAML alone, on one thread");
    Ok(())
}

async fn check(place: &Path) -> Result<String, Failure> {
    let config = place.join("hookrule.yaml");
    let arguments = ["hookrule", "check", "--strict", "--config"].map(OsString::from);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let world = World {
        out: &mut out,
        err: &mut err,
        terminal: false,
        err_terminal: false,
        environment: Arc::new(BTreeMap::new()),
        clock: Clock::machine(),
    };
    let exit = run(arguments.into_iter().chain([config.into()]), world).await;
    let said = String::from_utf8(out)?;
    match exit {
        0 => Ok(said),
        exit => Err(format!("exit {exit}: {said}{}", String::from_utf8(err)?).into()),
    }
}

/// The phases of `check`, one after the other.
fn alone(place: &Path, phases: &mut Phases) -> Result<(), Failure> {
    let providers = Providers::builtin();
    let names = names(place, &providers)?;
    let begun = Instant::now();
    let Found { files, tests, .. } = read_rule_files(&[place.join("rules")])?;
    phases.add("files read", begun);
    let begun = Instant::now();
    for file in &files {
        std::hint::black_box(yaml::read(file, &mut Diagnostics::new()));
    }
    phases.add("YAML alone, on one thread", begun);
    let present: BTreeSet<_> = files.iter().map(|file| file.path.clone()).collect();
    let begun = Instant::now();
    let set = RuleSet::load(files, &names, None).set;
    phases.add("YAML and rules", begun);
    let begun = Instant::now();
    let cores = std::thread::available_parallelism()?;
    let found = examine(&set, &names, &providers, &present, cores, &nobody);
    phases.add("what rules mean", begun);
    let begun = Instant::now();
    let report = Trial {
        set: &set,
        names: &names,
        providers: &providers,
        tests: &tests,
        missing: &[],
        only: Some(&present),
        stored: None,
        told: &nobody,
    }
    .run(&|_| true);
    phases.add("tests", begun);
    if found.iter().count() > 0 || report.diagnostics.has_errors() {
        return Err(format!("{found:?} {:?}", report.diagnostics).into());
    }
    Ok(())
}

fn names(place: &Path, providers: &Providers) -> Result<Names, Failure> {
    let document = Document::read(&place.join("hookrule.yaml"));
    let document = document.map_err(|found| format!("{found:?}"))?;
    let mut problems = Diagnostics::new();
    let environment: BTreeMap<String, String> = BTreeMap::new();
    let config = Config::read(&document, &environment, providers, &mut problems);
    let config = config.ok_or_else(|| format!("{problems:?}"))?;
    Ok(config.names(providers))
}

/// The quickest round of each phase, in seconds, in the order they were first seen.
#[derive(Debug, Default)]
struct Phases(Vec<(&'static str, f64)>);

impl Phases {
    fn add(&mut self, name: &'static str, begun: Instant) {
        let took = begun.elapsed().as_secs_f64();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, quickest)) => *quickest = quickest.min(took),
            None => self.0.push((name, took)),
        }
    }

    fn print(&self, unit: &str) {
        let of_unit = self.0.iter().find(|(name, _)| *name == unit);
        let of_unit = of_unit.map_or(f64::NAN, |(_, took)| *took);
        for (name, took) in &self.0 {
            println!(
                "  {name:26} {:7.0} ms {:6.2} times the YAML",
                took * 1e3,
                took / of_unit
            );
        }
    }
}
