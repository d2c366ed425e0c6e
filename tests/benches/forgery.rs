//! Forged deliveries by the million: none may be believed.
//!
//! `cargo bench --bench forgery` tries a hundred thousand; `-- 10000000 SEED` as many as wanted.

#![expect(clippy::print_stdout, reason = "it says what it found")]

use hookrule::providers::fuzz::{Report, Verdict, forge, read_nonsense, specimens};

/// Forgeries between two lines of output.
const LAP: u64 = 1_000_000;
/// Where the numbers begin, unless another beginning is given.
const SEED: u64 = 0x5eed;
/// The most believed forgeries that are shown.
const SHOWN_MAX: usize = 20;

fn main() -> Result<(), String> {
    let arguments: Vec<u64> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    let wanted = arguments.first().copied().unwrap_or(100_000);
    let seed = arguments.get(1).copied().unwrap_or(SEED);
    let specimens = specimens();
    println!("{} good deliveries", specimens.len());
    let (mut report, mut done) = (Report::default(), 0);
    while done < wanted {
        let lap = LAP.min(wanted - done);
        let seed = seed.wrapping_add(done);
        report.add(forge(&specimens, seed, lap));
        done += lap;
        let believed = report.believed.len();
        println!("seed {seed}: {done} forged, {believed} believed");
    }
    tell(&report);
    read_nonsense(seed, wanted / 100);
    println!("{} nonsensical texts read", wanted / 100);
    match report.believed.len() {
        0 => Ok(()),
        believed => Err(format!("{believed} of {wanted} forgeries were believed")),
    }
}

fn tell(report: &Report) {
    for (kind, tally) in &report.kinds {
        let of = |verdict| tally.verdicts.get(&verdict).copied().unwrap_or_default();
        println!(
            "{kind}: {} forged; {} refused, {} unreadable, {} say the same, {} where nothing is signed, \
             {} called plain text, {} BELIEVED",
            tally.tried,
            of(Verdict::Refused),
            of(Verdict::Unreadable),
            of(Verdict::Same),
            of(Verdict::Uncovered),
            of(Verdict::Reread),
            of(Verdict::Forged),
        );
    }
    let counts = report.providers.values();
    let fewest = counts.min().copied().unwrap_or_default();
    println!(
        "{} providers, each at least {fewest} times",
        report.providers.len()
    );
    for forged in report.believed.iter().take(SHOWN_MAX) {
        println!("BELIEVED {forged}");
    }
}
