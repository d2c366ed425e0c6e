//! Forged deliveries by the million: none may be believed.
//!
//! `cargo bench --bench forgery` tries a hundred thousand; `-- 10000000 SEED` as many as wanted.

#![expect(clippy::print_stdout, reason = "it says what it found")]

use hookrule::providers::fuzz::{forge, read_nonsense, specimens};

/// Rounds between two lines of output.
const LAP: u64 = 1_000_000;

fn main() -> Result<(), String> {
    let arguments: Vec<u64> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    let rounds = arguments.first().copied().unwrap_or(100_000);
    let seed = arguments.get(1).copied().unwrap_or(0x5eed);
    let specimens = specimens();
    println!("{} schemes", specimens.len());
    let (mut done, mut tried) = (0, 0);
    while done < rounds {
        let lap = LAP.min(rounds - done);
        let (forged, believed) = forge(&specimens, seed.wrapping_add(done), lap);
        if let Some(first) = believed.first() {
            return Err(format!("{} were believed, such as {first}", believed.len()));
        }
        done += lap;
        tried += forged;
        println!("{tried} forged, none believed");
    }
    read_nonsense(seed, rounds / 100);
    println!("{} nonsensical bodies and definitions read", rounds / 100);
    Ok(())
}
