//! What an event costs when there are many rules: 10, 1,000, 10,000 and 100,000 of them.
//!
//! Raw bytes in, names of the rules that match out. Beside the index stand reading the body alone, the
//! plain evaluator of the tests (each rule in turn) and `serde_json` building the tree alone; all in one
//! process and in turns, so that the ratios mean something on a busy machine. Each number of rules has
//! a process of its own, so that memory can be told.
//!
//! `cargo bench --bench matching`; with `-- SECONDS` for another time a round than 1, and
//! `-- equivalence CASES` for the index against the plain evaluator on so many drawn cases.
//! Rules and events are those of `shared/bench/rulegen` where it stands beside the project, and drawn
//! here otherwise. `HOOKRULE_SKETCH=PROGRAM` names the sketch of `shared/bench/matching`, which is then
//! measured in the same run and scales the peers' figures.

#![expect(
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a measurement reads the clock, divides, prints, and fails by panicking"
)]

#[path = "../../it/equivalence/mod.rs"]
mod equivalence;
mod input;
mod measure;
mod table;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The numbers of rules that are measured.
const SIZES: [usize; 4] = [10, 1_000, 10_000, 100_000];
const MEASURE: &str = "measure";

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [MEASURE, folder, size, seconds] => {
            let seconds = Duration::from_secs_f64(seconds.parse()?);
            measure::print(folder.as_ref(), size.parse()?, seconds)
        }
        ["equivalence", cases] => {
            compare_with_plain(cases.parse()?);
            Ok(())
        }
        [] => compare(1.0),
        [seconds] => compare(seconds.parse()?),
        other => Err(format!("what is {other:?}?").into()),
    }
}

/// Half of the cases drawn, half from real payloads; the first difference ends it.
fn compare_with_plain(cases: usize) {
    let drawn = equivalence::compare_drawn(2_000_000, cases / 2);
    let real = equivalence::compare_real(3_000_000, cases - cases / 2);
    println!(
        "{cases} cases, {} matches, not one difference",
        drawn + real
    );
}

/// Measures every size in a process of its own, and prints the table.
fn compare(seconds: f64) -> Result<(), Failure> {
    let folder = Folder::new()?;
    let mut rows = Vec::new();
    for size in SIZES {
        let origin = input::write(&folder.0, size)?;
        let output = Command::new(std::env::current_exe()?)
            .arg(MEASURE)
            .arg(&folder.0)
            .args([size.to_string(), seconds.to_string()])
            .stderr(std::process::Stdio::inherit())
            .output()?;
        let figures = serde_json::from_slice(&output.stdout)?;
        rows.push(table::Row {
            size,
            origin,
            figures,
            sketch: input::sketch(&folder.0, size, seconds)?,
        });
    }
    table::print(&rows);
    Ok(())
}

/// A folder for the rules and events, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Failure> {
        let name = format!("hookrule-matching-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left in the temporary folder harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
